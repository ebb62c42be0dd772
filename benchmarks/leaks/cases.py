"""Texts that hospitals write names into: which of a file of cases keep a word that must not leave.

The file is a CSV with the columns kind, PatientName, SpecificCharacterSet, description and
must_not_leave (words with ``|`` between them).  Each case's description becomes the study's and the
series'; what is left of both is compared, folded, letter by letter.
"""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.dicom.read import read_header
from workbench.simulate.hospital import simulate_hospital

PLACES = ("StudyDescription", "SeriesDescription")


@dataclass(frozen=True)
class Case:
    """One text, and the words of it that name somebody."""

    kind: str
    name: str
    character_set: str
    text: str
    words: tuple[str, ...]


def read_cases(file: Path) -> list[Case]:
    """Read a file of cases."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return [
            Case(row["kind"], row["PatientName"], row["SpecificCharacterSet"], row["description"],
                 tuple(word for word in row["must_not_leave"].split("|") if word))
            for row in csv.DictReader(opened)
        ]  # fmt: skip


def leaving(cases: list[Case]) -> list[str]:
    """Return the kinds of those cases of which a word leaves."""
    engine = Deidentifier(load_profile(None), Pseudonyms(bytes(32), "cases", "LU01"))
    template = next(simulate_hospital(patients=1).objects())
    return [case.kind for case in cases if _leaves(case, template, engine)]


def _leaves(case: Case, template: Dataset, engine: Deidentifier) -> bool:
    data = Dataset()
    data.update(template)
    data.file_meta = template.file_meta
    data.SpecificCharacterSet = case.character_set.split("\\")
    data.PatientName = case.name
    for place in PLACES:
        setattr(data, place, case.text)
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    written = dcmread(BytesIO(buffer.getvalue()))
    if [str(written[place].value) for place in ("PatientName", *PLACES)] != [
        str(data[place].value) for place in ("PatientName", *PLACES)
    ]:
        raise ValueError(f"{case.kind}: the text cannot be written in its character set")
    clean = engine.apply(read_header(buffer.getvalue()).dataset).dataset
    left = " ".join(str(clean.get(place, "")) for place in PLACES)
    return any(folded(word) in f" {folded(left)} " for word in case.words)


def folded(text: str) -> str:
    """Return small letters without marks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
