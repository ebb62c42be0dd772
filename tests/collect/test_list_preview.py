"""What a list would add: nothing is lost, each line left out is named, no ID is said."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.collect.list_preview import (
    MAX_BYTES,
    MAX_LINES,
    TELL_EVERY,
    ListPreview,
    preview_file,
    preview_text,
)
from workbench.errors import SettingsError

IDS = ("0001", "Ü-42", "M 7")


def ids(preview: ListPreview) -> list[str]:
    return [patient.patient_id for patient in preview.patients]


def lines(notes: tuple[object, ...]) -> list[int]:
    return [note.line for note in notes]  # type: ignore[attr-defined]


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"]
)
def test_a_list_is_read_in_each_usual_encoding(encoding: str, end: str) -> None:
    preview = preview_file(end.join(IDS).encode(encoding))
    assert ids(preview) == list(IDS)
    assert preview.wrong == ()
    assert bool(preview.guessed) == (encoding in ("latin-1", "cp1252"))


@pytest.mark.parametrize("mark", [";", ",", "\t"])
@pytest.mark.parametrize("head", ["patient_id", "PatientID", "Patienten-ID", "IPP", "ID patient"])
def test_separators_and_headings(mark: str, head: str) -> None:
    text = "\n".join(mark.join(row) for row in ((head, "Name"), ("0001", "N"), ("2", "N"), ("3",)))
    preview = preview_text(text)
    assert ids(preview) == ["0001", "2", "3"]
    assert preview.unread == (2,)


def test_each_wrong_line_is_named_and_the_others_are_taken() -> None:
    preview = preview_text(
        "patient_id;date_from\n1;2020-01-01\n2;tomorrow\n\n3;\n4*;2020-01-01\n1;2020-01-01\n"
    )
    assert ids(preview) == ["1", "3"]
    assert lines(preview.wrong) == [3, 6]
    assert lines(preview.notes) == [5], "a line without a date among lines with one"
    assert preview.repeated == 1
    assert preview.lines == 5
    assert "4*" not in "".join(str(note.said) for note in preview.wrong)


def test_a_heading_that_nobody_knows_is_left_out_and_said() -> None:
    preview = preview_text("Krankenblatt\n17\n18")
    assert ids(preview) == ["17", "18"]
    assert lines(preview.wrong) == [1]
    assert ids(preview_text("ANNA\n17\nBERTA")) == ["ANNA", "17", "BERTA"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (archive("xl/workbook.xml"), "spreadsheet"),
        (archive("content.xml"), "LibreOffice"),
        (archive("word/document.xml"), "word processor"),
        (archive("a.txt"), "compressed"),
        (b"PK\x03\x04 torn", "compressed"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Office"),
        (b"%PDF-1.7", "PDF"),
        (bytes(128) + b"DICM" + bytes(40), "DICOM"),
        (b"\x89PNG\r\n", "picture"),
        (b"<!DOCTYPE html><p>", "web page"),
        (b"1\x002\x81\x8d3", "no text"),
        (b"", "empty"),
        (b"patient_id\n\n", "empty"),
        (b"x" * (MAX_BYTES + 1), "too large"),
        (b"1\n" * (MAX_LINES + 1), "at most"),
    ],
)
def test_what_is_no_list_is_said_in_words(content: bytes, word: str) -> None:
    with pytest.raises(SettingsError, match=word) as caught:
        preview_file(content)
    assert caught.value.remedy


def test_a_long_list_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    count = 2 * TELL_EVERY
    preview_text("\n".join(f"Q{number}" for number in range(count)),
                 lambda done, of: told.append((done, of)))  # fmt: skip
    assert told == [(TELL_EVERY, count), (2 * TELL_EVERY, count)]


@given(st.lists(st.text(st.characters(blacklist_categories=("Cs",)), max_size=80), max_size=8))
def test_every_line_is_taken_repeated_or_left_out(texts: list[str]) -> None:
    text = "\n".join(texts)
    try:
        preview = preview_text(text)
    except SettingsError:
        return
    assert preview.lines == len(preview.patients) + preview.repeated + len(preview.wrong)


@given(st.binary(max_size=400))
def test_any_file_is_a_list_or_refused(content: bytes) -> None:
    try:
        preview_file(content)
    except SettingsError as error:
        assert str(error)
