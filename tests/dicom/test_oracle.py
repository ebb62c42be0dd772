"""Every readable file of the test data: the header's elements are those pydicom reads.

pydicom's own DICOM JSON is the truth, element by element at every depth.  Elements of which it
makes none (a decimal string that is no number) must be there too; their values are other tests'.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from math import isfinite
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from workbench.dicom.jsonmodel import Item
from workbench.dicom.read import Header, read_header
from workbench.dicom.record import as_text, dicom_json
from workbench.dicom.walk import PIXELS
from workbench.errors import ReadError

SOP_UIDS = {"00080016", "00080018"}  # taken from the file meta information where they are missing
LARGE = 1 << 20  # bytes of a header: one report of 3 MB takes as long as all others
WHOLE = 1 << 40  # bytes: all binary values inline


def by_pydicom(data: Dataset, without: frozenset[int] = frozenset()) -> Item:
    """Return pydicom's JSON of a data set; ``None`` for elements of which it makes none."""
    found: Item = {}
    for tag in data.keys():  # noqa: SIM118 - iterating reads the elements
        if tag in without:
            continue
        try:
            element = data[tag]
            if element.VR == "SQ":
                found[f"{tag:08X}"] = {"vr": "SQ", "Value": [by_pydicom(one) for one in element]}
            else:
                found[f"{tag:08X}"] = element.to_json_dict(None, WHOLE)
        except Exception:  # noqa: BLE001 - whatever it raises, it has no JSON of this element
            found[f"{tag:08X}"] = None
    return found


def differences(ours: Item, theirs: Item, where: str = "") -> Iterator[str]:
    """Yield what is other in our JSON than in pydicom's."""
    for key in sorted((ours.keys() | theirs.keys()) - (SOP_UIDS - theirs.keys())):
        mine, other = ours.get(key), theirs.get(key)
        if mine is None or key not in theirs:
            yield f"{where}{key} is in one only"
        elif other is None or mine == other or is_pydicoms(mine, other):
            continue
        elif mine["vr"] == other["vr"] == "SQ" and len(mine["Value"]) == len(other["Value"]):
            for one, two in zip(mine["Value"], other["Value"], strict=True):
                yield from differences(one, two, f"{where}{key}.")
        else:
            yield f"{where}{key} {mine['vr']} differs"


def is_pydicoms(mine: Item, other: Item) -> bool:
    """Tell whether pydicom alone changed the value: NaN is no JSON, an IS of 161.3 is not 161."""
    numbers, kept = other.get("Value", []), mine.get("Value", [])
    if any(isinstance(one, float) and not isfinite(one) for one in numbers):
        return [str(one).lower() for one in kept] == [str(one) for one in numbers]
    return mine["vr"] == "IS" and [int(float(one)) for one in kept] == numbers


def headers(folder: Path) -> Iterator[tuple[Path, Header]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                yield path, read_header(path)
            except ReadError:
                continue


@pytest.mark.parametrize("kind", ["dose", "qa", "bad"])
def test_elements_are_those_of_pydicom(kind: str, test_data: Path) -> None:
    compared, found = 0, Counter[str]()
    for path, header in headers(test_data / kind):
        if len(header.encoded) > LARGE:
            continue
        ours = json.loads(as_text(dicom_json(header.dataset)[0]))
        theirs = by_pydicom(dcmread(path, force=True), frozenset(PIXELS))
        found.update(f"{path.name}: {one}" for one in differences(ours, theirs))
        compared += 1
    assert compared > {"dose": 400, "qa": 50, "bad": 50}[kind]
    assert not found
