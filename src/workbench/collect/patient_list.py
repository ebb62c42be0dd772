"""Read the list of patients that a survey asks for."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from workbench.errors import SettingsError

LONGEST_ID = 64  # characters of an LO value, PS3.5 table 6.2-1
# A backslash separates values, * and ? would ask for other patients (PS3.4 C.2.2.2.4).
FORBIDDEN = re.compile(r"[\\*?\x00-\x1f\x7f]")
COLUMNS = {"patient_id": "patient_id", "patientid": "patient_id", "issuer": "issuer",
           "issuerofpatientid": "issuer", "issuer_of_patient_id": "issuer"}  # fmt: skip


@dataclass(frozen=True)
class ListedPatient:
    """A patient as a list names it: ID with its leading zeros, and who issued it, if known."""

    patient_id: str = field(repr=False)
    issuer: str = field(default="", repr=False)
    accession: str = field(default="", repr=False)
    study_from: date | None = field(default=None, repr=False)
    study_to: date | None = field(default=None, repr=False)
    birth_date: date | None = field(default=None, repr=False)
    priority: int = field(default=0, repr=False)


def read_patient_list(path: Path) -> tuple[ListedPatient, ...]:
    """Read one ID a line, or a CSV with a column ``patient_id`` and perhaps ``issuer``.

    Blank lines are ignored, and a patient named twice counts once.

    Raises
    ------
    SettingsError
        A line cannot be an ID, the list is empty or not UTF-8; names the line, not the ID.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "the patient list cannot be read.", "Save it as text in UTF-8."
        ) from error
    patients = tuple(dict.fromkeys(_patients(lines)))
    if not patients:
        raise SettingsError("the patient list is empty.", "Write one patient ID a line.")
    return patients


def parse_patients(lines: Sequence[str]) -> tuple[ListedPatient, ...]:
    """Read lines as ``read_patient_list`` does; raises ``SettingsError`` as it does."""
    return tuple(dict.fromkeys(_patients(list(lines))))


def _patients(lines: list[str]) -> Iterator[ListedPatient]:
    columns: list[str] | None = None
    delimiter = ","
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if columns is None:
            delimiter = next((mark for mark in ";\t," if mark in line), ",")
            header = [COLUMNS.get(cell.lower(), "") for cell in _cells(line, delimiter)]
            columns = header if "patient_id" in header else []
            if columns:
                continue
        yield _patient(line, columns, delimiter, number)


def _patient(line: str, columns: list[str], delimiter: str, number: int) -> ListedPatient:
    cells = _cells(line, delimiter)
    if columns and len(cells) > len(columns):
        raise SettingsError(f"line {number} of the patient list has too many columns.")
    row = dict(zip(columns, cells, strict=False)) if columns else {"patient_id": line.strip()}
    patient = ListedPatient(row.get("patient_id", ""), row.get("issuer", ""))
    for value in (patient.patient_id, patient.issuer):
        if len(value) > LONGEST_ID or FORBIDDEN.search(value):
            raise SettingsError(
                f"line {number} of the patient list is not a patient ID.",
                "Write one ID a line, without wildcards, or a CSV with a column patient_id.",
            )
    if not patient.patient_id:
        raise SettingsError(f"line {number} of the patient list has no patient ID.")
    return patient


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
