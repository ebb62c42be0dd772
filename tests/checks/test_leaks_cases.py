"""Texts that name people are counted where a word of them leaves, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.leaks import __main__ as program
from benchmarks.leaks.cases import Case, folded, leaving, read_cases

HEAD = "kind,PatientName,SpecificCharacterSet,description,must_not_leave\n"
GONE = "own name,Grottenolm^Egon,ISO_IR 192,CT Grottenolm Thorax,grottenolm|egon\n"
STAYS = "a word that may leave,Grottenolm^Egon,ISO_IR 192,CT Thorax,thorax\n"


@pytest.mark.parametrize(("rows", "left"), [(GONE, 0), (GONE + STAYS, 1)])
def test_a_word_that_leaves_is_counted_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, left: int
) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(HEAD + rows, "utf-8")
    assert program.main(["--cases", str(file)]) == (1 if left else 0)
    said = capsys.readouterr().out
    assert f"A word of {left} of {rows.count(chr(10))} texts leaves." in said
    assert ("- a word that may leave" in said) == bool(left)


def test_cases_are_read_with_their_words(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(HEAD + GONE, "utf-8-sig")
    assert read_cases(tmp_path / "c.csv") == [
        Case("own name", "Grottenolm^Egon", "ISO_IR 192", "CT Grottenolm Thorax",
             ("grottenolm", "egon"))
    ]  # fmt: skip


def test_a_name_of_other_letters_is_removed_as_it_is_spelled() -> None:
    case = Case("Greek", "Παπαδόπουλος^Ελένη", "ISO_IR 192", "CT ΠΑΠΑΔΟΠΟΥΛΟΣ", ("παπαδοπουλος",))
    assert leaving([case]) == []


@pytest.mark.parametrize(
    ("text", "plain"), [("MÜLLER", "muller"), ("Straße", "strasse"), ("A", "a")]
)
def test_letters_are_compared_without_marks(text: str, plain: str) -> None:
    assert folded(text) == plain


def test_a_text_that_its_character_set_cannot_hold_is_no_case(tmp_path: Path) -> None:
    """It could never leave, and would be told as if it did not."""
    file = tmp_path / "cases.csv"
    file.write_text(
        "kind,PatientName,SpecificCharacterSet,description,must_not_leave\n"
        "polish,Wałęsa^Lech,ISO_IR 100,CT Wałęsa,wałęsa\n", "utf-8",
    )  # fmt: skip
    with pytest.raises(ValueError, match="polish"):
        leaving(read_cases(file))


def test_a_file_without_a_case_is_no_good_news(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("kind,PatientName,SpecificCharacterSet,description,must_not_leave\n")
    assert program.main(["--cases", str(file)]) == program.NOT_MEASURED
    assert "NOT MEASURED" in capsys.readouterr().out
