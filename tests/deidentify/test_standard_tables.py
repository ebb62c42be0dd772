"""Every attribute of PS3.15 table E.1-1, at the top, nested, and read back in both encodings.

The canary of an attribute that nothing retains is a stranger's word; where an option retains or
cleans the attribute, it is the patient's name, which no option lets pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.standard_tables import action, attribute_actions

NAME, NUMBER = "QUIXOTEBERG", "73519284"
RETAINED = frozenset({"K", "C"})
VALUES = {
    "DA": "19411207", "DT": "19411207031415", "TM": "031415.926", "AS": "041Y", "DS": NUMBER,
    "IS": NUMBER, "FD": 73519284.5, "FL": 73519284.0, "US": 54321, "UL": 73519284, "SL": 73519284,
}  # fmt: skip
COMMAND_GROUPS = (0x0000, 0x0002, 0x0004)  # cannot be written in a data set


def canary(tag: int, retained: bool) -> tuple[str, object, str]:
    """Return VR, value and what must not be found in the output."""
    try:
        vr = dictionary_VR(tag).split(" ")[0]
    except KeyError:
        vr = "LO"
    text = NAME if retained else f"Canary{tag:08X}"
    if vr == "UI":
        uid = f"1.2.826.0.1.9.{tag}"
        return vr, uid, uid
    if vr in ("OB", "OW", "UN"):
        return vr, (text + " ").encode().ljust(16), text
    if vr == "SQ":
        item = Dataset()
        item.PatientComments, item.PatientName, item.CodeValue = "Canary", NAME, NAME
        item.CodeMeaning, item.CodingSchemeDesignator = NAME, "99LOCAL"
        return vr, [item], NAME
    value = VALUES.get(vr, text)
    return vr, value, str(value)


def canaries(patient: Dataset, options: frozenset[str]) -> Iterator[tuple[int, Dataset, str]]:
    """Yield each attribute's tag, a header with its canary and what must not be found."""
    for tag in attribute_actions():
        vr, value, hidden = canary(tag, action(tag, options) in RETAINED)
        data = Dataset()
        data.update(patient)
        data[tag] = DataElement(tag, vr, value)
        yield tag, data, hidden


def nested(data: Dataset, patient: Dataset) -> Dataset:
    """Put a header two deep into kept sequences that the table does not list."""
    inner, outer, made = Dataset(), Dataset(), Dataset()
    inner.update(data)
    outer.CTExposureSequence = [inner]
    made.update(patient)
    made.SharedFunctionalGroupsSequence = [outer]
    return made


def permitted(tag: int, options: frozenset[str]) -> bool:
    """Say whether an option lets the value itself pass: never a text, UID or date."""
    row = attribute_actions()[tag]
    kept = "K" in {row[option] for option in options}
    time = dictionary_VR(tag) == "TM" and row["rtn_long_modif"] == "C"
    return (kept and dictionary_VR(tag) in ("AS", "DS", "US")) or time


@pytest.mark.parametrize("layout", ["top", "nested", "explicit", "implicit", "nested implicit"])
def test_no_canary_survives(
    layout: str,
    patient: Dataset,
    deidentifier: Deidentifier,
    leaked: Callable[[Dataset, str], bool],
    reread: Callable[[Dataset, bool], Dataset],
) -> None:
    options = deidentifier.profile.options
    alive = []
    for tag, data, hidden in canaries(patient, options):
        shown = nested(data, patient) if "nested" in layout else data
        if "plicit" in layout:
            if tag >> 16 in COMMAND_GROUPS:
                continue
            shown = reread(shown, "implicit" in layout)
        if leaked(shown, hidden):
            alive.append(tag)
    assert [f"{tag:08X}" for tag in alive if not permitted(tag, options)] == []


def test_the_search_finds_what_does_survive(
    patient: Dataset, leaked: Callable[[Dataset, str], bool]
) -> None:
    patient.ProtocolName, patient.StudyTime = "Grottenolm", "031415.926"
    assert leaked(patient, "Grottenolm")
    assert leaked(patient, "031415.926")


def test_attributes_that_must_be_empty_are_there_and_empty(
    patient: Dataset, deidentifier: Deidentifier
) -> None:
    patient.AccessionNumber, patient.StudyID = "A77", "S77"
    made = deidentifier.apply(patient).dataset
    for keyword in ("PatientBirthDate", "AccessionNumber", "ReferringPhysicianName", "StudyID"):
        assert made[keyword].is_empty, keyword
