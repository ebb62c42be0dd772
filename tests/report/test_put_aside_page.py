"""A damaged or hostile file can be looked at, and shows nothing of what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRLittleEndian

import workbench as wb
from tests.dicom.headers import ordinary
from tests.fuzz.target import part10
from tests.language.unmarked import unmarked
from workbench.cli import main
from workbench.dicom.anatomy import MAX_LINES, anatomy
from workbench.language import Marked, use_language
from workbench.report.put_aside_page import REASONS, look_page, refusals_page
from workbench.schema import REJECTED
from workbench.stages.importing import import_files


def named(data_name: str) -> bytes:
    data = ordinary()
    data.PatientName, data.PatientID = data_name, "<script>alert(1)</script>"
    return part10(data, ExplicitVRLittleEndian)


def test_elements_are_told_and_values_are_not() -> None:
    content = named("Qzxvk^Anna")
    found = anatomy(content)
    assert found.ends == ""
    assert found.syntax == "Explicit VR Little Endian"
    by_tag = {(line.depth, line.tag): line for line in found.lines}
    name = by_tag[0, 0x00100010]
    assert (name.vr, name.length, name.name) == ("PN", 10, "Patient's Name")
    assert content[name.offset : name.offset + 4] == b"\x10\x00\x10\x00"
    assert by_tag[2, 0x00080100].name == "Code Value"
    page = look_page(found)
    for value in ("Qzxvk", "Anna", "<script", "alert", "1.2.3"):
        assert value not in page


def test_where_the_reading_ended() -> None:
    content = named("Qzxvk^Anna")[:-3]
    found = anatomy(content)
    assert found.code == "truncated"
    assert found.lines[-1].name == "Slice Location"
    assert "Slice Location" in look_page(found)


def test_bytes_out_of_step_are_not_told_as_tags(tmp_path: Path) -> None:
    """Where a length lies, the next tag is text of a value: it must not come out as hex."""
    content = named("Qzxvk^Anna")
    at = content.index(b"PN\x0a\x00Qzxvk")
    (tmp_path / "x.dcm").write_bytes(content[: at + 2] + b"\x02\x00" + content[at + 4 :])
    survey = wb.create_survey(tmp_path / "w")
    import_files(survey, [tmp_path / "x.dcm"])
    (reason,) = survey.rejected()["reason"]
    hexes = "".join(f"{letter:02X}" for letter in b"Qzxvk^Anna")
    swapped = [f"{b:02X}{a:02X}" for a, b in zip(b"Qzxvk^Anna", b"zxvk^Anna", strict=False)]
    assert not any(one in reason for one in (hexes, *swapped))


@given(st.binary(max_size=400))
def test_any_bytes_have_a_page(content: bytes) -> None:
    for whole in (content, bytes(128) + b"DICM" + content):
        assert "<main>" in look_page(anatomy(whole))


def test_hostile_files_have_a_page(test_data: Path) -> None:
    pages = 0
    for path in sorted((test_data / "bad").rglob("*")):
        if path.is_file():
            found = anatomy(path.read_bytes())
            assert len(found.lines) <= MAX_LINES
            page = look_page(found)
            assert "<script" not in page
            assert "onerror" not in page
            pages += 1
    assert pages > 80


def test_every_reason_is_explained(test_data: Path, tmp_path: Path) -> None:
    survey = wb.create_survey(tmp_path / "w")
    import_files(survey, [test_data / "bad"])
    rejected = survey.rejected()
    assert set(rejected["code"]) <= REASONS.keys()
    page = refusals_page(rejected)
    assert f"{rejected.filter(pl.col('verdict') != 'duplicate').height:,} objects" in page
    assert "see the reason" not in page
    assert "<script" not in page


def test_the_verbs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "Qzxvk.dcm", tmp_path / "page.html"
    file.write_bytes(named("Qzxvk^Anna")[:-3])
    assert main(["look", str(file), "--out", str(out)]) == 0
    said = "".join(capsys.readouterr())
    assert "truncated" in said
    assert "Qzxvk" not in said + out.read_text("utf-8")
    assert main(["look", str(tmp_path / "none")]) == 2
    assert main(["init", "-w", str(tmp_path / "w")]) == 0
    assert main(["import", str(file), "-w", str(tmp_path / "w")]) == 1
    assert main(["quarantine", "-w", str(tmp_path / "w"), "--out", str(out)]) == 0
    page = out.read_text("utf-8")
    assert "it ends early" in page
    assert "Have it sent again." in page
    assert "Qzxvk" not in page


def test_an_empty_workspace_says_so(tmp_path: Path) -> None:
    survey = wb.create_survey(tmp_path / "w")
    assert "nothing was put aside" in refusals_page(survey.rejected())


def test_nothing_is_left_in_english() -> None:
    rejected = REJECTED.frame([
        {"verdict": "quarantined", "code": code, "reason": "it ends early", "source": "network",
         "received_at": datetime(2026, 3, 2, tzinfo=UTC)}
        for code in (*REASONS, "of_a_plugin")
    ])  # fmt: skip
    whole, cut = named("Qzxvk^Anna"), named("Qzxvk^Anna")[:-3]
    with use_language("xx"):
        pages = [
            refusals_page(rejected), refusals_page(rejected.clear()),
            look_page(anatomy(whole)), look_page(anatomy(cut)), look_page(anatomy(b"")),
        ]  # fmt: skip
    for page in pages:
        assert unmarked(page) == []
        assert '<html lang="xx">' in page


def test_every_reason_is_a_text_to_be_translated() -> None:
    assert all(isinstance(text, Marked) for texts in REASONS.values() for text in texts)
