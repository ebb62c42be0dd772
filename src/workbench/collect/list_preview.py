"""What a list of patients would add, before anything is added: line by line, nobody shown.

What is handed over on a page is read leniently where nothing can be lost by it: a wrong line is
named and left out, an encoding is guessed and said, a column of another name is passed over.
"""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from workbench.collect.patient_list import ListedPatient, listed_lines, unread_columns
from workbench.errors import SettingsError
from workbench.language import Marked, Saying, mark

# A list of 100,000 patients with every column is some 8 MB; more is split by who has more.
MAX_BYTES, MAX_LINES = 20_000_000, 200_000
TELL_EVERY = 5_000  # lines
DIGIT = re.compile(r"\d")
AS_CSV = mark('In the spreadsheet program: Save as, "CSV UTF-8", and choose that file.')
TO_TEXT = mark("Copy the column of the patient IDs and paste it.")
# The first bytes of what is no text, and what to call it.
KINDS: tuple[tuple[bytes, Marked, Marked], ...] = (
    (b"\xd0\xcf\x11\xe0", mark("an older Office file (.xls or .doc)"), AS_CSV),
    (b"%PDF", mark("a PDF file"), TO_TEXT),
    (b"{\\rtf", mark("a document of a word processor"), TO_TEXT),
    (b"\x89PNG", mark("a picture"), TO_TEXT),
    (b"\xff\xd8\xff", mark("a picture"), TO_TEXT),
    (b"GIF8", mark("a picture"), TO_TEXT),
    (b"\x1f\x8b", mark("a compressed file"), mark("Unpack it first.")),
)
# What a ZIP file of each kind has inside.
ARCHIVES = (
    ("xl/", mark("a spreadsheet (.xlsx)"), AS_CSV),
    ("content.xml", mark("a file of LibreOffice or OpenOffice"), AS_CSV),
    ("word/", mark("a document of a word processor"), TO_TEXT),
    ("", mark("a compressed file"), mark("Unpack it first.")),
)
WRITTEN_AS = MappingProxyType({
    "cp1252": mark("The file is not UTF-8; it was read as Western European (Latin-1). Check that "
                   "IDs with letters such as é or ü are meant so."),
})  # fmt: skip

Told = Callable[[int, int], None]


def _nothing_told(done: int, of: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class LineNote:
    """One line and what is to be said of it; no part of what stands there."""

    line: int
    said: Saying | SettingsError


@dataclass(frozen=True)
class ListPreview:
    """What a list holds.

    Attributes
    ----------
    patients
        Whom it names, each once, in its order.
    lines
        Lines that are not blank and no heading.
    repeated
        Lines that name somebody whom an earlier line names, with the same limits.
    wrong
        Lines that cannot be understood: they are left out.
    notes
        Lines that are taken, and of which something is to be known.
    unread
        Numbers of the columns, from 1, that have no known name.
    guessed
        What is to be said of its encoding; empty where it is certain.
    """

    patients: tuple[ListedPatient, ...] = field(repr=False)
    lines: int
    repeated: int
    wrong: tuple[LineNote, ...]
    notes: tuple[LineNote, ...]
    unread: tuple[int, ...] = ()
    guessed: Marked | None = None


def preview_file(content: bytes, told: Told = _nothing_told) -> ListPreview:
    """Return what a file would add; raises ``SettingsError`` for what is no list."""
    text, encoding = _text(content)
    return _preview(text, WRITTEN_AS.get(encoding), told)


def preview_text(text: str, told: Told = _nothing_told) -> ListPreview:
    """Return what a pasted list would add; raises ``SettingsError`` for what is no list."""
    return _preview(text, None, told)


def _preview(text: str, guessed: Marked | None, told: Told) -> ListPreview:
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise SettingsError(
            "the list has {lines} lines; at most {most} are read at once.",
            "Split it into several lists.",
            lines=len(lines), most=MAX_LINES,
        )  # fmt: skip
    named: list[tuple[int, ListedPatient]] = []
    wrong: list[LineNote] = []
    for number, each in _telling(lines, told):
        if isinstance(each, SettingsError):
            wrong.append(LineNote(number, each))
        else:
            named.append((number, each))
    named = _without_heading(named, wrong)
    patients = tuple(dict.fromkeys(patient for _, patient in named))
    if not patients and not wrong:
        raise SettingsError("the list is empty.", "Write one patient ID a line.")
    return ListPreview(
        patients, len(named) + len(wrong), len(named) - len(patients), tuple(wrong),
        tuple(_undated(named)), unread_columns(lines), guessed,
    )  # fmt: skip


def _telling(
    lines: Sequence[str], told: Told
) -> Iterator[tuple[int, ListedPatient | SettingsError]]:
    for number, each in listed_lines(lines, known_columns_only=False):
        if number % TELL_EVERY == 0:
            told(number, len(lines))
        yield number, each


def _without_heading(
    named: list[tuple[int, ListedPatient]], wrong: list[LineNote]
) -> list[tuple[int, ListedPatient]]:
    """Leave out a first line without a digit where every other line has one, and say so."""
    if len(named) < 2 or DIGIT.search(named[0][1].patient_id):
        return named
    if not all(DIGIT.search(patient.patient_id) for _, patient in named[1:]):
        return named
    said = Saying("line {number} looks like a heading: it has no digit, and every other line has.",
                  number=named[0][0])  # fmt: skip
    wrong.insert(0, LineNote(named[0][0], said))
    return named[1:]


def _undated(named: Sequence[tuple[int, ListedPatient]]) -> Iterator[LineNote]:
    """Yield the lines without days in a list whose other lines have some."""
    dated = [bool(patient.study_from or patient.study_to) for _, patient in named]
    if any(dated):
        for (number, _), has in zip(named, dated, strict=True):
            if not has:
                yield LineNote(number, Saying(
                    "line {number} has no date: studies of all days are asked for.", number=number
                ))  # fmt: skip


# --- from bytes to text ---------------------------------------------------------------------------


def _text(content: bytes) -> tuple[str, str]:
    """Return the text of a file and its encoding."""
    if len(content) > MAX_BYTES:
        raise SettingsError(
            "the file is too large for a list: {size} MB.", "Split it into several lists.",
            size=len(content) // 10**6,
        )  # fmt: skip
    _refuse_what_is_no_text(content)
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise _no_list(mark("no text"), TO_TEXT)


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    if content[1:200:2].count(0) > len(content[1:200:2]) // 2:
        return ("utf-16-le",)  # Notepad's "Unicode" without its mark
    return ("utf-8-sig", "cp1252")


def _refuse_what_is_no_text(content: bytes) -> None:
    if content.startswith(b"PK\x03\x04"):
        raise _archive(content)
    if content[128:132] == b"DICM":  # PS3.10 7.1
        raise _no_list(mark("a DICOM file"), TO_TEXT)
    if content[:1000].lstrip().lower().startswith((b"<html", b"<!doctype", b"<?xml")):
        raise _no_list(mark("a web page"), TO_TEXT)
    for begins, kind, remedy in KINDS:
        if content.startswith(begins):
            raise _no_list(kind, remedy)


def _archive(content: bytes) -> SettingsError:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        names = []
    for part, kind, remedy in ARCHIVES:
        if not part or any(name.startswith(part) for name in names):
            return _no_list(kind, remedy)
    raise AssertionError


def _no_list(kind: Marked, remedy: Marked) -> SettingsError:
    return SettingsError("that is no list of patients but {kind}.", remedy, kind=Saying(kind))
