"""Every attribute that an option of PS3.15 annex E retains or cleans: is it honoured?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from workbench.deidentify import standard_tables
from workbench.deidentify.confidentiality_profile import OPTIONS, ProfileFile, resolved
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms

NAME = "Quixoteberg"
# Binary values never leave, whatever the options say; they may hold anything.
NEVER = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN", ""})
HARMLESS = {
    "DA": "20210811", "DT": "20210811101112", "TM": "101112", "AS": "041Y", "DS": "1.5", "IS": "7",
    "UI": "1.2.826.0.1.55.77", "CS": "CHEST", "US": 3, "SS": 3, "UL": 3, "SL": 3, "FL": 1.5,
    "FD": 1.5, "AE": "CT1",
}  # fmt: skip
BASE = "SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID Modality StudyDate"
NESTED = "CodeMeaning CodeValue CodingSchemeDesignator"


def attributes(option: str) -> Iterator[tuple[int, str, str]]:
    """Yield tag, VR and action of what an option retains (K) or cleans (C)."""
    for tag, row in standard_tables.attribute_actions().items():
        vr = vr_of(tag)
        if row[option] in ("K", "C") and vr not in NEVER:
            yield tag, vr, row[option]


def vr_of(tag: int) -> str:
    try:
        return dictionary_VR(tag).split(" ")[0]
    except KeyError:
        return ""


FORMS = {0x00080201: "+0100"}  # TimezoneOffsetFromUTC has one form (PS3.3 C.12.1.1.8)


def deidentifier(option: str, keyword: str) -> Deidentifier:
    """Return one that keeps an attribute under one option alone."""
    base = BASE if option.startswith("rtn_long") else BASE.replace("StudyDate", "")
    keep = {"base": base, "nested": NESTED, "one": keyword}
    form = ProfileFile(name="one", table_edition="2026c", options=[option], keep=keep)
    return Deidentifier(resolved(form), Pseudonyms(bytes(range(32)), "EPI-CT", "LU01"))


def value_for(vr: str, text: str) -> object:
    if vr == "SQ":
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "99LOCAL", text
        return [item]
    return HARMLESS.get(vr, text)


def kept(option: str, tag: int, vr: str, text: str, patient: Dataset) -> object:
    """Return what of an attribute with ``text`` in it is left under an option."""
    data = Dataset()
    data.update(patient)
    data[tag] = DataElement(tag, vr, value_for(vr, text))
    made = deidentifier(option, keyword_for_tag(tag)).apply(data).dataset
    return made[tag].value if tag in made else None


def is_honoured(option: str, tag: int, vr: str, action: str, patient: Dataset) -> bool:
    """Say whether a harmless value stays as the option says, and a name does not where cleaned."""
    harmless = FORMS.get(tag, "Abdomen routine")
    found = kept(option, tag, vr, harmless, patient)
    if found is None:
        return False
    if vr == "SQ":
        return is_honoured_sequence(option, tag, action, found, patient)
    expected = HARMLESS.get(vr, harmless)
    if option == "rtn_long_modif" and vr in ("DA", "DT"):
        return len(str(found)) == len(str(expected)) and str(found) < str(expected)
    if str(found) != str(expected):
        return False
    return vr in HARMLESS or NAME not in str(kept(option, tag, vr, f"Abdomen {NAME}", patient))


def is_honoured_sequence(option: str, tag: int, action: str, found: Any, patient: Dataset) -> bool:
    """Say the same of a sequence, whose items are treated by their own attributes."""
    assert action in ("K", "C")
    (item,) = found
    named = kept(option, tag, "SQ", f"Abdomen {NAME}", patient)
    return item.CodeMeaning == "Abdomen routine" and NAME not in str(named)


def results(patient: Dataset) -> dict[str, list[tuple[int, bool]]]:
    """Return, by option, each attribute with whether it is honoured."""
    return {
        option: [
            (tag, is_honoured(option, tag, vr, action, patient))
            for tag, vr, action in attributes(option)
        ]
        for option in sorted(OPTIONS)
    }
