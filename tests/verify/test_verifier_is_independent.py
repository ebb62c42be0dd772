"""The verifier's reading of PS3.15 is its own, and a mistake in the engine's table does not pass.

Both tables were transcribed from the standard, in two forms, and are read by two parsers.  What
one of them has otherwise is a mistake in one of them, and is named here.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.datadict import keyword_for_tag

import workbench.deidentify
import workbench.verify
from tests.verify.cases import KEY, SITE, SURVEY, write_originals
from workbench.deidentify import standard_tables
from workbench.deidentify.cleaned_files import deidentify_files
from workbench.deidentify.confidentiality_profile import BUILT_IN, load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.errors import SettingsError
from workbench.verify import demands
from workbench.verify.lexicon import lexicon
from workbench.verify.scheme import Scheme
from workbench.verify.verify import verify


def of_engine() -> dict[str, tuple[str, dict[str, str]]]:
    """Return the engine's table by tag: basic action, and actions by the codes of options."""
    codes = {row["option"]: row["code"] for row in standard_tables.method_codes() if row["option"]}
    return {
        f"{tag:08X}": (row["basic"], {code: row[name] for name, code in codes.items()
                                      if row.get(name) and name != "basic"})
        for tag, row in standard_tables.attribute_actions().items()
    }  # fmt: skip


def of_verifier() -> dict[str, tuple[str, dict[str, str]]]:
    return {f"{tag:08X}": (one.basic, dict(one.under)) for tag, one in demands.table().items()}


def differences(
    ours: dict[str, tuple[str, dict[str, str]]], theirs: dict[str, tuple[str, dict[str, str]]]
) -> Iterator[str]:
    """Yield each attribute of which two tables demand different things."""
    for tag in sorted(ours.keys() | theirs.keys()):
        if ours.get(tag) != theirs.get(tag):
            yield f"{tag} {keyword_for_tag(int(tag, 16))}: {ours.get(tag)} and {theirs.get(tag)}"


def test_two_transcriptions_of_table_e_1_1_agree() -> None:
    assert list(differences(of_engine(), of_verifier())) == []
    assert len(of_verifier()) == 652


def test_a_difference_is_named() -> None:
    other = of_verifier() | {"00100010": ("K", {})}
    del other["00100020"]
    found = list(differences(of_engine(), other))
    assert [one[:8] for one in found] == ["00100010", "00100020"]
    assert "PatientName" in found[0]


def test_the_words_that_name_nobody_are_its_own() -> None:
    """Two lists of two people's habits: most of what one knows, the other may not."""
    ours, theirs = lexicon(), standard_tables.vocabulary()
    assert len(ours - theirs) > 500
    data = Path(str(demands.__file__)).with_name("data")
    engine = {hashlib.sha256(path.read_bytes()).digest()
              for path in Path(workbench.deidentify.__path__[0]).rglob("*") if path.is_file()}  # fmt: skip
    assert not [p.name for p in data.iterdir() if hashlib.sha256(p.read_bytes()).digest() in engine]


def test_it_reads_files_and_values_by_its_own_code() -> None:
    for path in Path(workbench.verify.__path__[0]).glob("*.py"):
        used = {
            name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [node.module or ""] if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
            if name.startswith("workbench")
        }  # fmt: skip
        allowed = ("workbench.verify", "workbench.errors")
        other = {name for name in used if not name.startswith(allowed)}
        assert other <= {"workbench.dicom"}, path.name


def test_the_other_lists_agree_too() -> None:
    assert demands.safe_private() == frozenset(load_profile().private)
    options = {row["code"] for row in standard_tables.method_codes() if row["option"]}
    assert demands.OPTIONS | {demands.BASIC} == options


def test_each_keyword_of_the_table_is_that_of_its_tag() -> None:
    text = Path(str(demands.__file__)).with_name("data").joinpath(demands.TABLE).read_text("utf-8")
    lines = [line.split() for line in text.splitlines() if line.startswith(" ")]
    named = {line[0]: line[1] for line in lines if len(line) > 1}
    known = {tag: keyword_for_tag(int(tag.replace(",", ""), 16)) for tag in named}
    assert {tag for tag in named if known[tag] and known[tag] != named[tag]} == set()
    assert len({line[0] for line in lines}) == len(lines), "a tag stands twice"


def test_the_verifier_opens_no_file_of_what_it_verifies() -> None:
    for path in Path(workbench.verify.__path__[0]).glob("*.py"):
        strings = [
            node.value for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            and not node.value.count("\n")
        ]  # fmt: skip
        assert not [one for one in strings if "deidentify" in one], path.name


# --- the engine's table corrupted ------------------------------------------------------------------


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verify") / "in"
    write_originals(folder)
    return folder


def corrupted(keyword: str, how: str) -> bytes:
    """Return the engine's table with the action on one attribute flipped to keep, or its row lost."""
    rows = csv.DictReader(
        io.StringIO(standard_tables.data_bytes(standard_tables.ATTRIBUTES).decode())
    )
    out = io.StringIO()
    table = csv.DictWriter(out, list(rows.fieldnames or ()))
    table.writeheader()
    for row in rows:
        if row["keyword"] == keyword:
            if how == "a row lost":
                continue
            row["basic"] = "K"
        table.writerow(row)
    return out.getvalue().encode()


@pytest.mark.parametrize("how", ["a row lost", "an action flipped"])
@pytest.mark.parametrize(
    "keyword", ["PatientReligiousPreference", "MilitaryRank", "CountryOfResidence"]
)
def test_a_corrupted_table_of_the_engine_is_noticed(
    how: str, keyword: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = tmp_path / "profile.toml"
    text = standard_tables.data_bytes(BUILT_IN).decode()
    profile.write_text(text.replace("[keep]\n", f'[keep]\nmore = "{keyword}"\n'))
    with pytest.raises(SettingsError, match=keyword):
        load_profile(profile)  # a sound table forbids it
    whole, bad = standard_tables.data_bytes, corrupted(keyword, how)
    monkeypatch.setattr(
        standard_tables, "data_bytes",
        lambda name: bad if name == standard_tables.ATTRIBUTES else whole(name),
    )  # fmt: skip
    standard_tables.attribute_actions.cache_clear()
    try:
        engine = Deidentifier(load_profile(profile), Pseudonyms(KEY, SURVEY, SITE))
        deidentify_files(source, tmp_path / "out", engine)
        found = verify(source, tmp_path / "out", Scheme(KEY, SURVEY, SITE), profile)
        where = {failure.where.rpartition("/")[2] for failure in found.failures}
        assert keyword in where
    finally:
        standard_tables.attribute_actions.cache_clear()
