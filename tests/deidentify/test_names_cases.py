"""The list of names in texts, as a hospital's objects would bring them, through the engine."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from workbench.deidentify.engine import Deidentified

Apply = Callable[[Dataset], Deidentified]
DESCRIPTIONS = (
    "StudyDescription", "SeriesDescription", "ProtocolName", "RequestedProcedureDescription",
    "PerformedProcedureStepDescription", "ScheduledProcedureStepDescription", "ImageComments",
)  # fmt: skip


def test_no_listed_name_leaves(
    test_data: Path, apply: Apply, reread: Callable[[Dataset, bool], Dataset]
) -> None:
    with (test_data / "cases" / "names" / "names.csv").open(encoding="utf-8") as file:
        cases = list(csv.DictReader(file))
    leaks = []
    for number, case in enumerate(cases):
        secrets = _filled(case["must_not_leave"], number).split("|")
        made = apply(reread(_object(case, number), False)).dataset
        for keyword in DESCRIPTIONS:
            text = f" {made.get(keyword, '')} ".casefold()
            leaks += [(case["kind"], keyword) for word in secrets if word and word in text]
    assert len(cases) > 30
    assert leaks == []


def _filled(text: str, number: int) -> str:
    return text % number if "%" in text else text


def _object(case: dict[str, str], number: int) -> Dataset:
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", f"1.2.826.0.1.{number}"
    data.SpecificCharacterSet = case["SpecificCharacterSet"].split("\\")
    data.PatientName, data.PatientID = case["PatientName"], f"ZX0000{number:02d}Q"
    for keyword in DESCRIPTIONS:
        data.add_new(keyword, "LO", _filled(case["description"], number))
    return data


@pytest.mark.parametrize("case", ["b15_gb18030", "b15_gbk", "b18_declared100_utf8",
 "b18_undeclared_utf8",
                                  "b19_umlaut_spelled"])  # fmt: skip
def test_names_in_odd_bytes(case: str, test_data: Path, apply: Apply) -> None:
    from pydicom import dcmread

    made = apply(dcmread(test_data / "cases" / "dose" / case / "f.dcm")).dataset
    for keyword in ("StudyDescription", "SeriesDescription", "ProtocolName"):
        assert set(str(made[keyword].value).split()) <= {"CT", "Thorax", "Abdomen", "X"}
