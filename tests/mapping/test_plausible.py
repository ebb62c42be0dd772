"""Impossible values are missing, with a finding; contradicting ages are no age."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.mapping import map_instances
from workbench.mapping.ct.prepared import CHECKED
from workbench.mapping.plausible import bounds

COLUMN = {
    "KVP": "kvp_kv", "XRayTubeCurrent": "tube_current_ma", "CTDIvol": "ctdi_vol_mgy",
    "RevolutionTime": "rotation_time_s", "TotalCollimationWidth": "total_collimation_mm",
}  # fmt: skip


@pytest.mark.parametrize("keyword", sorted(COLUMN))
@pytest.mark.parametrize("value", [1e308, -5.0])
def test_impossible_header_values_are_missing_with_a_finding(
    cases: Any, keyword: str, value: float
) -> None:
    frame = cases.frame(cases.slices("2", range(0, 100, 5), **{keyword: value}))
    mapped = map_instances(frame)
    assert mapped.events[COLUMN[keyword]].to_list() == [None]
    assert mapped.findings.select("code", "column", "severity").rows() == [
        ("implausible_value", keyword, "warning")
    ]


def test_a_position_beyond_any_table_gives_no_length(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.slices("2", [0, 5, 1e300])))
    assert mapped.events["dlp_mgy_cm"].to_list() == [None]
    assert "ImagePositionPatient" in mapped.findings["column"].to_list()


def test_zero_is_not_given_and_no_finding(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.slices("2", range(0, 100, 5), XRayTubeCurrent=0)))
    assert mapped.events["tube_current_ma"].to_list() == [None]
    assert mapped.findings.height == 0


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(
    st.sampled_from([*CHECKED, "patient_age_days", "InstanceNumber"]),
    st.floats(allow_nan=True, allow_infinity=True), min_size=1,
))  # fmt: skip
def test_no_number_in_a_header_stops_the_mapping(new_cases: Any, values: dict[str, float]) -> None:
    frame = new_cases().frame(new_cases().slices("2", [0, 5, 10]))
    odd = frame.with_columns(
        pl.lit(value).cast(frame.schema[name], strict=False).alias(name)
        for name, value in values.items()
    )
    event = map_instances(odd).events.row(0, named=True)
    for name, quantity in (("ctdi_vol_mgy", "ctdi_vol"), ("kvp_kv", "voltage"),
                           ("dlp_mgy_cm", "dlp")):  # fmt: skip
        low, high = bounds()[quantity]
        assert event[name] is None or low <= event[name] <= high


@pytest.mark.parametrize(
    ("values", "code"),
    [("-196.0", "negative_value"), ("196.0\\77.0", "multi_valued"), ("1E30", "implausible_value"),
     ("much", "bad_value")],
)  # fmt: skip
def test_a_dose_sequence_refuses_what_no_exposure_can_have(
    cases: Any, values: str, code: str
) -> None:
    page = cases.data_set("4", ImageType=["DERIVED", "SECONDARY", "DOSE_INFO"])
    header = json.loads(cases.frame(page)["header"].item())
    header["0040030E"] = {"vr": "SQ", "Value": [{
        "00E10010": {"vr": "LO", "Value": ["ELSCINT1"]},
        "00E11021": {"vr": "DS", "Value": values.split("\\")},
        "00189345": {"vr": "FD", "Value": [7.2]},
        "00189302": {"vr": "CS", "Value": ["SPIRAL"]},
    }]}  # fmt: skip
    frame = cases.frame(page).with_columns(header=pl.lit(json.dumps(header)))
    mapped = map_instances(frame)
    assert mapped.events.select("ctdi_vol_mgy", "dlp_mgy_cm").rows() == [(7.2, None)]
    assert (code, "dlp_mgy_cm") in mapped.findings.select("code", "column").rows()


@pytest.mark.parametrize("days", [730, 29_000])
def test_ages_that_contradict_each_other_are_no_age(cases: Any, days: int) -> None:
    frame = cases.frame(cases.slices("2", [0, 5]), cases.report("9", [cases.event()]))
    one = frame.with_columns(  # the report alone knows the birth date; PatientAge is 045Y
        patient_age_days=pl.when(pl.col("Modality") == "SR").then(days).cast(pl.Int64)
    )
    mapped = map_instances(one)
    assert mapped.events["patient_age_years"].null_count() == mapped.events.height
    assert all("age_contradictory" in flags for flags in mapped.events["flags"])
    assert mapped.series["patient_age_years"].null_count() == mapped.series.height
    assert "age_contradictory" in mapped.findings["code"].to_list()


def test_an_object_whose_birth_date_contradicts_its_age_makes_the_study_ageless(
    cases: Any,
) -> None:
    frame = cases.frame(cases.slices("2", [0, 5]), cases.report("9", [cases.event()]))
    mapped = map_instances(frame, ages_differ=[3])
    assert mapped.events["patient_age_years"].null_count() == mapped.events.height
    assert map_instances(frame).events["patient_age_years"].unique().to_list() == [45.0]


def test_an_age_of_no_person_is_no_age(cases: Any) -> None:
    frame = cases.frame(cases.slices("2", [0, 5], PatientAge="999Y"))
    assert map_instances(frame).events["patient_age_years"].to_list() == [None]
