"""A filter that keeps out what its author wants is told before a night is spent on it."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import XRayRadiationDoseSRStorage

from tests.language.unmarked import wrong_in_text
from workbench.collect.filter_warnings import filter_warnings
from workbench.collect.filters import SurveyFilter
from workbench.errors import SettingsError
from workbench.language import use_language

TODAY = date(2026, 11, 30)


def warned(table: dict[str, Any]) -> list[str]:
    return filter_warnings(SurveyFilter.from_settings(table), TODAY)


def tag(name: str, **said: Any) -> dict[str, Any]:
    return {"tag": [{"tag": name, **said}]}


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"modalities": ["CT", "SR"], **tag("KVP", range=[80, 140])},
        {"age_years": [0, 18], "study_date": ["2020-01-01", "2026-11-30"]},
        tag("Modality", values=["SR", "CT"]),
        tag("Manufacturer", values=["SIEMENS"]),
        tag("0029,1010", creator="MAKER", values=["yes"]),
    ],
)
def test_a_filter_that_reports_pass_is_not_warned_of(table: dict[str, Any]) -> None:
    assert warned(table) == []


@pytest.mark.parametrize(
    "table",
    [
        {"modalities": ["CT"]},
        tag("Modality", values=["CT"]),
        tag("SOPClassUID", values=["1.2.840.10008.5.1.4.1.1.2"]),
    ],
)
def test_a_filter_that_no_report_can_pass(table: dict[str, Any]) -> None:
    (words,) = warned(table)
    assert words.startswith("No dose report can pass")
    report = Dataset()
    report.SOPClassUID, report.Modality = XRayRadiationDoseSRStorage, "SR"
    assert SurveyFilter.from_settings(table).refusal(report), "it is so"


@pytest.mark.parametrize("name", ["StationName", "ProtocolName", "PatientAge", "SeriesDescription"])
def test_what_reports_may_lack_is_told(name: str) -> None:
    assert "need not" in " ".join(warned(tag(name, values=["X"])))


def test_a_condition_that_no_object_can_meet_has_no_effect_and_is_told() -> None:
    (words,) = warned(tag("ScheduledProcedureStepID", values=["X"]))  # within requests only
    assert "no effect" in words


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"study_date": ["2030-01-01", ""]}, "future"),
        ({"age_years": [200, ""]}, "old"),
        ({"age_years": ["", -1]}, "birth"),
        (tag("ProtocolName", range=[1, 2]), "is no number"),
        ({"tag": [{"tag": "KVP", "range": [80, 140]}, {"tag": "KVP", "range": [150, ""]}]},
         "no value of KVP"),
        ({"tag": [{"tag": "KVP", "values": ["60"]}, {"tag": "KVP", "range": [80, 140]}]},
         "no value of KVP"),
        ({"tag": [{"tag": "StationName", "values": ["A"]},
                  {"tag": "StationName", "values": ["B"]}]}, "no value of StationName"),
        ({"modalities": ["CT"], **tag("Modality", values=["MR"])}, "no value of Modality"),
    ],
)  # fmt: skip
def test_a_filter_that_nothing_can_pass_is_wrong(table: dict[str, Any], why: str) -> None:
    with pytest.raises(SettingsError, match=why) as raised:
        warned(table)
    assert "no object can pass" in str(raised.value)


def test_the_example_of_the_documentation_lets_reports_in() -> None:
    text = (Path(__file__).parents[2] / "docs" / "collect.md").read_text("utf-8")
    (example,) = [block for block in re.findall(r"```toml\n(.*?)```", text, re.S)
                  if block.startswith("[filter]")]  # fmt: skip
    table = tomllib.loads(example)["filter"]
    assert warned(table) == []
    report = Dataset()
    report.SOPClassUID, report.Modality = XRayRadiationDoseSRStorage, "SR"
    report.StudyDate, report.PatientBirthDate = "20220601", "20100601"
    assert SurveyFilter.from_settings(table).refusal(report) == ""


@pytest.mark.parametrize("table", [
    {"modalities": ["CT"]}, tag("Modality", values=["CT"]), tag("DeviceSerialNumber", values=["1"]),
    tag("PixelData", values=["1"]), {"age_years": [200, 210]}, {"study_date": ["2100-01-01", ""]},
    {"age_years": [-5, -1]}, tag("Manufacturer", range=[1, 2]),
])  # fmt: skip
def test_each_can_be_said_in_another_language(table: dict[str, Any]) -> None:
    with use_language("xx"):
        try:
            said = warned(table)
        except SettingsError as error:
            said = [error.words()]
        assert [wrong_in_text(each) for each in said] == [[]] * len(said)
