"""Read the list of patients that a survey asks for.

Either one ID a line, or a table (CSV with commas, semicolons or tabs) whose first line names its
columns, in any letter case, with underscores, blanks or none:

patient_id            also PatientID, ID, MRN, PID, Patienten-ID, Patientennummer, ID patient,
                      IPP; the only one that must be there
issuer                also IssuerOfPatientID
accession             also AccessionNumber: only this examination
date_from, date_to    only studies of these days, both ends included
birth_date            also PatientBirthDate: compared with the PACS's, never asked for
priority              a whole number; larger comes first

Dates are 2024-12-31 or 20241231.  Leading zeros stay.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from workbench.errors import SettingsError
from workbench.language import mark

LONGEST = {"patient_id": 64, "issuer": 64, "accession": 16}  # characters, PS3.5 table 6.2-1
MAX_PRIORITY = 10**9
# A backslash separates values, * and ? would ask for other patients (PS3.4 C.2.2.2.4).
FORBIDDEN = re.compile(r"[\\*?\x00-\x1f\x7f]")
DATE = re.compile(r"(\d{4})(-?)(\d{2})\2(\d{2})\Z", re.ASCII)
WHOLE = re.compile(r"[+-]?\d{1,10}\Z", re.ASCII)
AS_TEXT = re.compile(r'="([^"]*)"\Z')  # how Excel is kept from eating leading zeros
MARKS = ";\t,"
COLUMNS = {
    "patientid": "patient_id", "id": "patient_id", "mrn": "patient_id",
    "patientenid": "patient_id", "patientennummer": "patient_id", "pid": "patient_id",
    "idpatient": "patient_id", "ipp": "patient_id",
    "issuer": "issuer", "issuerofpatientid": "issuer",
    "accession": "accession", "accessionnumber": "accession",
    "datefrom": "date_from", "studyfrom": "date_from",
    "dateto": "date_to", "studyto": "date_to",
    "birthdate": "birth_date", "patientbirthdate": "birth_date",
    "priority": "priority",
}  # fmt: skip
NO_WILDCARDS = mark("Write it without wildcards.")
# What is wrong with a line, and what to write.
SAID = {
    "patient_id": (mark("line {number} of the patient list is not a patient ID."), NO_WILDCARDS),
    "issuer": (mark("line {number} of the patient list is not an issuer."), NO_WILDCARDS),
    "accession": (
        mark("line {number} of the patient list is not an accession number."),
        NO_WILDCARDS,
    ),
    "date": (
        mark("line {number} of the patient list is not a date."),
        mark("Write dates as 2024-12-31 or 20241231."),
    ),
    "priority": (
        mark("line {number} of the patient list is not a priority."),
        mark("Write a whole number."),
    ),
}


@dataclass(frozen=True)
class ListedPatient:
    """A patient as a list names it.

    Attributes
    ----------
    patient_id
        With its leading zeros.
    issuer
        Who issued the ID, if known.
    accession
        Only this examination is meant.
    study_from, study_to
        Only studies of these days are meant, both ends included.
    birth_date
        Compared with what the PACS tells, never asked for.
    priority
        Larger comes first.
    """

    patient_id: str = field(repr=False)
    issuer: str = field(default="", repr=False)
    accession: str = field(default="", repr=False)
    study_from: date | None = field(default=None, repr=False)
    study_to: date | None = field(default=None, repr=False)
    birth_date: date | None = field(default=None, repr=False)
    priority: int = field(default=0, repr=False)


def read_patient_list(path: Path) -> tuple[ListedPatient, ...]:
    """Read one ID a line, or a table as the module says; UTF-8, or UTF-16 with its mark.

    Blank lines are ignored, and a patient named twice counts once.

    Raises
    ------
    SettingsError
        A line cannot be understood, or the list is empty or in another encoding; names the line,
        never what stands there.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError("the patient list cannot be read.", "Check the file.") from error
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        lines = content.decode("utf-16" if utf16 else "utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise SettingsError(
            "the patient list is not UTF-8.", 'Save it as "CSV UTF-8" (in Excel: Save as).'
        ) from error
    patients = parse_patients(lines)
    if not patients:
        raise SettingsError("the patient list is empty.", "Write one patient ID a line.")
    return patients


def parse_patients(lines: Sequence[str]) -> tuple[ListedPatient, ...]:
    """Read lines as ``read_patient_list`` does; raises ``SettingsError`` as it does."""
    patients: dict[ListedPatient, None] = {}
    for _, patient in listed_lines(lines):
        if isinstance(patient, SettingsError):
            raise patient
        patients[patient] = None
    return tuple(patients)


def listed_lines(
    lines: Iterable[str], known_columns_only: bool = True
) -> Iterator[tuple[int, ListedPatient | SettingsError]]:
    """Yield the number of each line that is not blank, and whom it names or what is wrong with it.

    Raises ``SettingsError`` where the first line cannot be understood: nothing after it can be
    then.  Without ``known_columns_only`` columns of other names are passed over.
    """
    births: dict[tuple[str, str], date | None] = {}
    columns: list[str] = []
    for number, cells in _rows(lines):
        if not columns:
            columns = _columns(cells, known_columns_only)
            if columns:
                continue
            columns = ["patient_id"]
        try:
            patient = _patient(columns, cells, number)
        except SettingsError as error:
            yield number, error
            continue
        who = (patient.patient_id, patient.issuer)
        if births.setdefault(who, patient.birth_date) == patient.birth_date:
            yield number, patient
        else:
            yield (
                number,
                SettingsError(
                    "line {number} of the patient list has another birth date than an earlier line "
                    "of the same patient.",
                    "Correct one of them.",
                    number=number,
                ),
            )


def unread_columns(lines: Iterable[str]) -> tuple[int, ...]:
    """Return the numbers of the columns, from 1, that the first line gives no known name."""
    for _, cells in _rows(lines):
        names = _names(cells)
        return tuple(place for place, name in enumerate(names, 1) if not name and any(names))
    return ()


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each line that is not blank; the first one shows the mark."""
    mark = ""
    for number, line in enumerate(lines, 1):
        if not line.strip(" \t;,\ufeff\xa0"):
            continue
        mark = mark or next((separator for separator in MARKS if separator in line), ",")
        quoted = '"' in line and len(line) <= csv.field_size_limit()
        cells = next(csv.reader([line], delimiter=mark)) if quoted else line.split(mark)
        cells = [_cell(cell) for cell in cells]
        while len(cells) > 1 and not cells[-1]:  # spreadsheets fill lines up
            cells.pop()
        yield number, cells


def _cell(text: str) -> str:
    text = text.strip()
    as_text = AS_TEXT.match(text)
    return as_text[1].strip() if as_text else text


def _names(cells: list[str]) -> list[str]:
    return [COLUMNS.get(re.sub(r"[\s_-]", "", cell).casefold(), "") for cell in cells]


def _columns(cells: list[str], known_only: bool) -> list[str]:
    """Return the columns that a first line names; empty when it is a patient already."""
    names = _names(cells)
    if not any(names):
        if len(cells) > 1:
            raise SettingsError(
                "the first line of the patient list names no column.",
                "Write patient_id above the column of the IDs.",
            )
        return []
    if "" in names and known_only:
        raise SettingsError(
            "column {column} of the patient list has no known name.",
            "Remove it: only {known} are read.",
            column=names.index("") + 1,
            known=", ".join(dict.fromkeys(COLUMNS.values())),
        )
    known = [name for name in names if name]
    if len(set(known)) < len(known) or "patient_id" not in known:
        raise SettingsError(
            "the patient list needs one column patient_id, and each other column once at most.",
            "Mend its first line.",
        )
    return names


def _patient(columns: list[str], cells: list[str], number: int) -> ListedPatient:
    if len(cells) > len(columns):
        raise SettingsError(
            "line {number} of the patient list has too many columns.", number=number
        )
    row = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
    for name, longest in LONGEST.items():
        value = row.get(name, "")
        if len(value) > longest or FORBIDDEN.search(value):
            raise _not(name, number)
    if not row.get("patient_id"):
        raise SettingsError("line {number} of the patient list has no patient ID.", number=number)
    patient_id, issuer = row["patient_id"], row.get("issuer", "")
    if len(row) == 1:
        return ListedPatient(patient_id)
    first, last, birth = (
        _day(row, name, number) for name in ("date_from", "date_to", "birth_date")
    )
    if first and last and first > last:
        raise SettingsError(
            "line {number} of the patient list ends before it begins.", number=number
        )
    priority = row.get("priority", "") or "0"
    if not WHOLE.match(priority) or abs(int(priority)) > MAX_PRIORITY:
        raise _not("priority", number)
    return ListedPatient(
        patient_id, issuer, row.get("accession", ""), first, last, birth, int(priority)
    )


def _day(row: dict[str, str], name: str, number: int) -> date | None:
    value = row.get(name, "")
    if not value:
        return None
    match = DATE.match(value)
    try:
        if match:
            return date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        pass
    raise _not("date", number)


def _not(name: str, number: int) -> SettingsError:
    what, remedy = SAID[name]
    return SettingsError(what, remedy, number=number)
