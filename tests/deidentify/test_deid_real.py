"""Real headers: all pass and none leaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from pydicom.dataset import Dataset

from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.identity import WORD
from workbench.deidentify.spellings import fold
from workbench.deidentify.standard_tables import vocabulary
from workbench.dicom.read import read_header
from workbench.errors import ReadError

IDENTIFYING = (
    "PatientName", "PatientID", "AccessionNumber", "ReferringPhysicianName", "InstitutionName",
    "PerformingPhysicianName", "OperatorsName", "PhysiciansOfRecord", "OtherPatientIDs",
    "NameOfPhysiciansReadingStudy", "PatientBirthDate", "InstitutionAddress", "OtherPatientNames",
)  # fmt: skip
SIGNS = re.compile(r"[0-9.]+\Z")


def real(folder: Path) -> Iterator[Dataset]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                yield read_header(path).dataset
            except ReadError:
                continue


def identifying_words(data: Dataset) -> set[str]:
    """Return words of four letters or more that may not be found in the output.

    Exempt are words of the vocabulary (a phantom named HEAD), and whole numbers of fewer than
    six digits: those occur in any header as measurements.
    """
    found: set[str] = set()
    for keyword in IDENTIFYING:
        value = str(data.get(keyword) or "")
        found |= {word for word in WORD.findall(fold(value)) if len(word) >= 4}
    return {w for w in found - vocabulary() if not (SIGNS.match(w) and len(w) < 6)}


def texts_in(data: Dataset) -> Iterator[str]:
    """Yield all texts at any depth, without UIDs, numbers and what we wrote ourselves."""
    for element in data:
        if element.VR == "SQ":
            for item in element.value:
                yield from texts_in(item)
        elif element.VR in ("LO", "SH", "ST", "LT", "UT", "CS", "PN", "UC"):
            yield fold(str(element.value))


def test_no_word_of_a_person_or_place_leaves(test_data: Path, deidentifier: Deidentifier) -> None:
    objects, leaks = 0, []
    for number, data in enumerate(real(test_data / "dose")):
        objects += 1
        words = identifying_words(data)
        made = deidentifier.apply(data).dataset
        for keyword in ("PatientID", "PatientName", "DeidentificationMethod"):
            del made[keyword]
        del made.DeidentificationMethodCodeSequence
        text = "\n".join(texts_in(made))
        exempt = {word for word in words if word in text and _only_inside_vocabulary(word, text)}
        leaks += [(number, word) for word in words - exempt if word in text]
    assert objects > 400
    assert leaks == []


def _only_inside_vocabulary(word: str, text: str) -> bool:
    """Say whether a word stands only inside words of the vocabulary ("anon" in "anonymous")."""
    return all(found in vocabulary() for found in WORD.findall(text) if word in found)


def test_every_output_can_be_written_and_deidentified_again(
    test_data: Path, deidentifier: Deidentifier, written: Callable[[Dataset], bytes]
) -> None:
    for data in real(test_data / "dose" / "wad"):
        made = deidentifier.apply(data).dataset
        assert written(made)
        again = deidentifier.apply(made)
        assert again.dataset.get("CTDIvol") == made.get("CTDIvol")


def test_numbers_of_real_reports_are_all_there(test_data: Path, deidentifier: Deidentifier) -> None:
    reports = 0
    for data in real(test_data / "dose" / "openrem"):
        if data.get("Modality") != "SR":
            continue
        reports += 1
        assert list(_numbers(deidentifier.apply(data).dataset)) == list(_numbers(data))
    assert reports > 10


def _numbers(data: Dataset) -> Iterator[tuple[str, str]]:
    for item in data.get("ContentSequence") or ():
        measured = item.get("MeasuredValueSequence") or ()
        for one in measured:
            value = str(one.get("NumericValue", ""))
            if re.fullmatch(r"[-+0-9.,eE]+", value):
                yield item.ConceptNameCodeSequence[0].CodeValue, value
        yield from _numbers(item)
