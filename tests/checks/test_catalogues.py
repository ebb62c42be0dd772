"""The check of catalogues finds each thing that can be wrong, and begins a fourth language."""

from __future__ import annotations

import json
from gettext import GNUTranslations
from pathlib import Path

import pytest

from checks import catalogues
from checks.catalogues import CATALOGUES, Problem, Text, main, problems, python_texts, texts

MODULE = """
from workbench.errors import SettingsError
from workbench.language import mark, n, t

NOW = mark("Now")


def said(count: int, name: str) -> str:
    if count > 9:
        raise SettingsError("that is {much}.", "Take less.", much=count)
    return t("Survey {name}", name=name) + n("one patient", "{count} patients", count)
"""
TEMPLATE = (
    '<p>{{ t("Log in") }}{{ n("one dose", "{count} doses", 3) }}{{ html("By {who}", who=x) }}</p>'
)
NOTEBOOK = {
    "metadata": {"title": "Doses"},
    "cells": [
        {"cell_type": "markdown", "source": ["# My scanner\n", "\n", "Its doses.\n", "All."]},
        {"cell_type": "code", "source": ["# no text"]},
    ],
}
ALL = {
    "Now", "that is {much}.", "Take less.", "Survey {name}", "one patient", "Log in", "one dose",
    "By {who}", "Doses", "My scanner", "Its doses.\nAll.",
}  # fmt: skip
GERMAN = {
    "Now": "Jetzt", "that is {much}.": "das ist {much}.", "Take less.": "Nehmen Sie weniger.",
    "Survey {name}": "Erhebung {name}", "Log in": "Anmelden", "By {who}": "Von {who}",
    "Doses": "Dosen", "My scanner": "Mein Gerät", "Its doses.\\nAll.": "Seine Dosen.\\nAlle.",
}  # fmt: skip
GERMAN_PLURALS = {
    "one patient": ("ein Patient", "{count} Patienten"),
    "one dose": ("eine Dosis", "{count} Dosen"),
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small program with a German catalogue in which nothing is wrong."""
    write(tmp_path / "src/workbench/page.py", MODULE)
    write(tmp_path / "src/workbench/templates/page.html", TEMPLATE)
    write(tmp_path / "notebooks/reports/doses.ipynb", json.dumps(NOTEBOOK))
    assert main(["--add", "de"], tmp_path) == 1, "nothing is translated yet"
    file = german(tmp_path)
    content = file.read_text("utf-8")
    for english, said in GERMAN.items():
        empty = f'msgid "{english}"\nmsgstr ""'
        if empty not in content:  # a text of several lines
            first, last = english.split("\\n")
            empty = f'msgid ""\n"{first}\\n"\n"{last}"\nmsgstr ""'
        assert content.count(empty) == 1, english
        content = content.replace(empty, empty.removesuffix('""') + f'"{said}"')
    for english, (single, several) in GERMAN_PLURALS.items():
        head, _, rest = content.partition(f'msgid "{english}"')
        rest = rest.replace('msgstr[0] ""', f'msgstr[0] "{single}"', 1)
        rest = rest.replace('msgstr[1] ""', f'msgstr[1] "{several}"', 1)
        content = f'{head}msgid "{english}"{rest}'
    file.write_text(content, "utf-8")
    assert main(["--update"], tmp_path) == 0
    return tmp_path


def write(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, "utf-8")


def german(root: Path) -> Path:
    return root / CATALOGUES / "de" / "messages.po"


def change(root: Path, old: str, new: str) -> list[str]:
    """Change the German catalogue and compile it; return what is wrong with it."""
    file = german(root)
    content = file.read_text("utf-8")
    assert old in content
    file.write_text(content.replace(old, new), "utf-8")
    file.with_suffix(".mo").write_bytes(catalogues.compile_catalog(catalogues._read(file)))
    return [str(problem) for problem in problems(root)]


def test_every_kind_of_text_is_found(root: Path) -> None:
    found = [text for text in texts(root) if isinstance(text, Text)]
    assert {text.words for text in found} == ALL
    assert {text.plural for text in found} == {"", "{count} patients", "{count} doses"}


def test_a_sound_catalogue_is_let_pass_and_speaks(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main([], root) == 0
    assert capsys.readouterr().out == f"{len(ALL)} texts, 0 problems\n"
    with german(root).with_suffix(".mo").open("rb") as file:
        said = GNUTranslations(file)
    assert said.gettext("Its doses.\nAll.") == "Seine Dosen.\nAlle."
    assert said.ngettext("one dose", "{count} doses", 2) == "{count} Dosen"


@pytest.mark.parametrize(("old", "new", "problem"), [
    ('msgstr "Jetzt"', 'msgstr ""', "de: is not translated: 'Now'"),
    ('msgstr[1] "{count} Dosen"', 'msgstr[1] ""', "de: is not translated: 'one dose'"),
    ('"Erhebung {name}"', '"Erhebung {nam}"', "de: has other places than the English text"),
    ('"Erhebung {name}"', '"Erhebung"', "de: has other places"),
    ('"Erhebung {name}"', '"Erhebung {name"', "de: has other places"),
    ('"Jetzt"', '"Jetzt {name}"', "de: has other places"),
    ('"{count} Dosen"', '"{number} Dosen"', "de: has other places"),
    ('"Jetzt"', '"Jetzt "', "de: begins or ends with a blank"),
    ('msgid "Now"', '#, fuzzy\nmsgid "Now"', "de: is to be read by somebody (fuzzy): 'Now'"),
    ('msgid "Now"', 'msgid "Then"', "de: is missing: 'Now'"),
    ('msgid "Now"', 'msgid "Then"', "de: is said nowhere: 'Then'"),
])  # fmt: skip
def test_what_is_wrong_with_a_translation_is_found(
    root: Path, old: str, new: str, problem: str
) -> None:
    assert any(said.startswith(problem) for said in change(root, old, new))


def test_a_number_may_be_written_out(root: Path) -> None:
    assert change(root, '"{count} Dosen"', '"mehrere Dosen"') == []


def test_a_catalogue_that_was_not_compiled_is_found(root: Path) -> None:
    file = german(root)
    file.write_text(file.read_text("utf-8").replace("Jetzt", "Nun"), "utf-8")
    assert [str(each) for each in problems(root)] == [
        "de: messages.mo is older than messages.po: run with --update"
    ]
    assert main(["--update"], root) == 0
    file.with_suffix(".mo").unlink()
    assert main([], root) == 1


@pytest.mark.parametrize("content", ["\x00\xff", "no catalogue"])
def test_a_catalogue_that_cannot_be_read_is_found(root: Path, content: str) -> None:
    german(root).write_bytes(content.encode("latin-1"))
    assert any("cannot be read" in str(problem) for problem in problems(root))


@pytest.mark.parametrize("source", [
    't(f"Survey {name}")', 'mark("Now" + x)', 't("%s doses" % x)', "n(one, many, 3)",
    'n("one", f"{count}", 3)', 'SettingsError(f"no {x}.")', 'SettingsError("no.", "try " + x)',
    'html(f"{x}")', 'DamagedObject("code", f"{x}")',
    'why = f"no {x}."; SettingsError(why)', 'why: str = "a" + x; SettingsError("no.", why)',
])  # fmt: skip
def test_what_cannot_be_extracted_is_found(source: str) -> None:
    (problem,) = python_texts(f"\n{source}", "page.py")
    assert isinstance(problem, Problem)
    assert problem.where == "page.py:2"


@pytest.mark.parametrize("source", [
    "t(NOW)", 'TypeError(f"{x}")', "SettingsError(text)", 'data(f"{x}")',
    'NotDicom("no_code", why)',
])  # fmt: skip
def test_what_needs_no_extraction_is_let_pass(source: str) -> None:
    assert list(python_texts(source, "page.py")) == []


@pytest.mark.parametrize("source", [
    'why = "it is not there."\nSettingsError("no.", why)',
    'why: str = "it is not there."\nraise SettingsError(why, "no.")',
    'WHY = {1: ("it is not there.", "no.")}\nwhat, why = WHY[1]\nSettingsError(what, why)',
    'WHY = "it is not there."\nwhy = "no."\nif x:\n    why = WHY\nSettingsError(why)',
])  # fmt: skip
def test_what_an_error_takes_from_a_name_is_found(source: str) -> None:
    found = [each.words for each in python_texts(source, "x.py") if isinstance(each, Text)]
    assert "it is not there." in found


def test_new_texts_are_taken_in_and_old_ones_dropped(root: Path) -> None:
    write(root / "src/workbench/page.py", MODULE.replace('mark("Now")', 'mark("Then")'))
    said = [str(problem) for problem in problems(root)]
    assert "de: is missing: 'Then'" in said
    assert "de: is said nowhere: 'Now'" in said
    assert main(["--update"], root) == 1
    assert [str(problem) for problem in problems(root)] == ["de: is not translated: 'Then'"]
    assert "Erhebung {name}" in german(root).read_text("utf-8"), "what was translated stays"


def test_a_catalogue_does_not_change_with_the_day_or_a_line(root: Path) -> None:
    before = german(root).read_bytes()
    write(root / "src/workbench/page.py", "\n\n" + MODULE)
    assert main(["--update"], root) == 0
    assert german(root).read_bytes() == before


def test_a_fourth_language_is_added(root: Path) -> None:
    assert main(["--add", "pl"], root) == 1
    file = root / CATALOGUES / "pl" / "messages.po"
    said = [str(problem) for problem in problems(root)]
    assert len(said) == len(ALL)
    assert all(line.startswith("pl: is not translated") for line in said)
    assert "msgstr[2]" in file.read_text("utf-8"), "Polish has more than two forms"
    assert main(["--add", "pl"], root) == 1, "again: what is there stays"
    assert file.with_suffix(".mo").is_file()


def test_the_program_marks_what_it_says_in_a_way_that_can_be_read() -> None:
    """Of the real program: the catalogues must be whole, which `make check` sees to."""
    found = [each for each in texts() if isinstance(each, Text)]
    files = {text.file for text in found}
    assert "src/workbench/server/templates/workbench/home.html" in files
    assert "src/workbench/deidentify/data/key_sheet.html.j2" in files
    assert "notebooks/dashboards/quality.ipynb" in files
    assert "src/workbench/errors.py" not in files
    assert not any(file.startswith("notebooks/explore") for file in files)
