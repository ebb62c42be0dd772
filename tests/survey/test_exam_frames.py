"""A sum is empty unless all of it is there; an exam without events is a row with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.schema import DOSE_ESTIMATE, IRRADIATION_EVENT, SERIES
from workbench.survey.dose_frames import NOT_ESTIMATED, doses, estimates
from workbench.survey.exam_frames import (
    NO_DLP,
    NO_EVENT,
    SERIES_INCOMPLETE,
    exams,
    patient_doses,
    with_estimates,
)
from workbench.survey.grouping import age_band, protocol_key


def event(number: int, study: str = "1.1", **values: Any) -> dict[str, Any]:
    return {
        "patient": "P1", "StudyInstanceUID": study, "irradiation_event_uid": f"{study}.{number}",
        "modality": "CT", "source": "rdsr", "preferred": True, "localizer": False,
        "started_at": datetime(2020, 1, 1, 8, number), "patient_age_years": 4.2,
        "patient_sex": "F", "body_region": "chest", "dlp_mgy_cm": 100.0, "ctdi_vol_mgy": 5.0,
        "ctdi_phantom_cm": 32, "flags": [], "protocol": "Thorax", **values,
    }  # fmt: skip


def events(*rows: dict[str, Any]) -> pl.DataFrame:
    return IRRADIATION_EVENT.frame(list(rows)).with_columns(pl.lit("CT 1").alias("scanner"))


def series(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {"patient": "P1", "StudyInstanceUID": "1.1", "Modality": "CT", "role": "SCAN",
            "state": "MAPPED", "PatientSex": "F", "patient_age_years": 4.2}  # fmt: skip
    return SERIES.frame([
        {**base, "SeriesInstanceUID": f"1.9.{number}", **row} for number, row in enumerate(rows)
    ])  # fmt: skip


def one(*rows: dict[str, Any], shown: tuple[dict[str, Any], ...] = ({},)) -> dict[str, Any]:
    return exams("LU01", events(*rows), series(*shown)).row(0, named=True)


def test_an_exam_counts_scans_regions_phases_and_topograms() -> None:
    exam = one(
        event(0, localizer=True, dlp_mgy_cm=None, body_region="unknown"),
        event(1), event(2, body_region="abdomen"), event(3, body_region="abdomen"),
        event(4, body_region="bolus_tracking", dlp_mgy_cm=2.0),
        shown=({}, {"ContrastBolusAgent": "Iomeron"}),
    )  # fmt: skip
    assert (exam["scans"], exam["topograms"], exam["phases"]) == (4, 1, 2)
    assert exam["exam_region"] == "chest + abdomen", "tracking a bolus is no region"
    assert exam["contrast"] is True
    assert exam["dlp_mgy_cm"] == exam["known_dlp_mgy_cm"] == 302.0
    assert (exam["complete"], exam["reasons"]) == (True, [])
    assert (exam["hospital"], exam["scanner"], exam["patient_sex"]) == ("LU01", "CT 1", "F")
    assert exam["started_at"] == datetime(2020, 1, 1, 8, 0)


def test_one_missing_dlp_empties_the_sum_and_leaves_a_lower_bound() -> None:
    exam = one(event(1), event(2, dlp_mgy_cm=None))
    assert exam["dlp_mgy_cm"] is None
    assert exam["known_dlp_mgy_cm"] == 100.0
    assert (exam["complete"], exam["reasons"]) == (False, [NO_DLP])


def test_an_exam_without_any_dlp_has_no_dose_of_zero() -> None:
    exam = one(event(1, dlp_mgy_cm=None))
    assert exam["dlp_mgy_cm"] is exam["known_dlp_mgy_cm"] is None


def test_a_study_whose_images_gave_no_event_is_a_row_with_the_reason() -> None:
    frame = exams("LU01", events(), series({"StudyInstanceUID": "1.7"}))
    exam = frame.row(0, named=True)
    assert (exam["StudyInstanceUID"], exam["scans"], exam["complete"]) == ("1.7", 0, False)
    assert exam["reasons"] == [NO_EVENT]
    assert exam["dlp_mgy_cm"] is None


def test_a_series_that_is_not_whole_is_told_but_where_a_report_names_every_exposure() -> None:
    shown = ({"state": "INCOMPLETE"},)
    assert one(event(1, source="header"), shown=shown)["reasons"] == [SERIES_INCOMPLETE]
    assert one(event(1), shown=shown)["reasons"] == []


def test_a_report_alone_is_no_exam_of_its_own_modality() -> None:
    frame = exams("LU01", events(event(1)), series({"Modality": "SR", "role": "DOSEINFO"}))
    assert frame["modality"].to_list() == ["CT"]


def test_two_modalities_of_a_study_are_two_exams() -> None:
    frame = exams("LU01", events(event(1), event(2, modality="DX")), series())
    assert frame["modality"].to_list() == ["CT", "DX"]


def test_a_patients_dose_needs_every_exam() -> None:
    shown = exams(
        "LU01", events(event(1), event(1, "1.2"), event(2, "1.3", dlp_mgy_cm=None)), series()
    )
    patient = patient_doses(shown).row(0, named=True)
    assert (patient["exams"], patient["complete_exams"]) == (3, 2)
    assert patient["dlp_mgy_cm"] is None
    assert patient["known_dlp_mgy_cm"] == 200.0
    assert patient["reasons"] == [NO_DLP]
    whole = patient_doses(shown.filter(pl.col("complete"))).row(0, named=True)
    assert (whole["dlp_mgy_cm"], whole["complete"]) == (200.0, True)


@given(st.lists(st.lists(st.one_of(st.none(), st.floats(0, 1e4)), min_size=1, max_size=4),
                min_size=1, max_size=5))  # fmt: skip
def test_whatever_is_missing_no_sum_is_smaller_than_the_truth(given_: Any) -> None:
    rows = [
        event(number, f"1.{study}", dlp_mgy_cm=value)
        for study, values in enumerate(given_)
        for number, value in enumerate(values)
    ]
    shown = exams("LU01", events(*rows), series())
    for study, values in enumerate(given_):
        exam = shown.filter(StudyInstanceUID=f"1.{study}").row(0, named=True)
        if None in values:
            assert exam["dlp_mgy_cm"] is None
        else:
            assert exam["dlp_mgy_cm"] == pytest.approx(sum(values))
    whole = all(None not in values for values in given_)
    assert (patient_doses(shown)["dlp_mgy_cm"][0] is not None) == whole


# --- estimates -----------------------------------------------------------------------------------


def estimate(number: int, table: str, weights: str, value: float | None = 1.0) -> dict[str, Any]:
    return {
        "patient": "P1", "StudyInstanceUID": "1.1", "irradiation_event_uid": f"1.1.{number}",
        "quantity": "effective_dose", "value": value, "unit": "mSv", "method": "k_factor",
        "table_id": table, "tissue_weights": weights,
        "reason": None if value is not None else "no DLP",
    }  # fmt: skip


def rows(*made: dict[str, Any]) -> pl.DataFrame:
    return DOSE_ESTIMATE.frame(list(made))


THREE = rows(*(
    estimate(number, table, weights, value)
    for number, value in ((1, 2.0), (2, None))
    for table, weights in (("aapm96@1", "ICRP60"), ("lee2012@1", "ICRP60"),
                           ("lee2012@1", "ICRP103"))
))  # fmt: skip


def test_estimates_are_named_as_shortly_as_tells_them_apart() -> None:
    assert estimates(THREE)["estimate"].to_list() == [
        "effective_dose_icrp103_lee2012", "effective_dose_icrp60_aapm96",
        "effective_dose_icrp60_lee2012",
    ]  # fmt: skip
    alone = rows(estimate(1, "lee2012@1", "ICRP103"))
    assert estimates(alone)["estimate"].to_list() == ["effective_dose_icrp103"]
    assert estimates(THREE)["with_value"].to_list() == [1, 1, 1]


def test_doses_are_one_row_an_event_so_a_sum_of_dlp_is_true() -> None:
    shown = events(event(1), event(2), event(3))
    frame = doses(shown, THREE, "effective_dose_icrp103_lee2012")
    assert frame.height == 3
    assert frame["dlp_mgy_cm"].sum() == 300.0
    assert frame["value"].to_list() == [2.0, None, None]
    assert frame["reason"].to_list() == [None, "no DLP", NOT_ESTIMATED]
    assert doses(shown, THREE, wide=True).height == 3


def test_one_of_several_has_to_be_chosen_and_the_error_names_them() -> None:
    with pytest.raises(Exception, match="effective_dose_icrp60_aapm96"):
        doses(events(event(1)), THREE)
    with pytest.raises(Exception, match="no estimate thyroid"):
        doses(events(event(1)), THREE, "thyroid")


def test_without_any_estimate_every_event_says_so() -> None:
    frame = doses(events(event(1)), rows())
    assert frame.select("value", "reason").rows() == [(None, NOT_ESTIMATED)]


def test_the_estimate_of_an_exam_needs_every_scan() -> None:
    whole = events(event(1), event(9, localizer=True))
    names = estimates(THREE)["estimate"].to_list()
    shown = with_estimates(exams("LU01", whole, series()), doses(whole, THREE, wide=True), names)
    assert shown[names[0]].to_list() == [2.0], "a topogram has no estimate and needs none"
    lacking = events(event(1), event(2))
    shown = with_estimates(
        exams("LU01", lacking, series()), doses(lacking, THREE, wide=True), names
    )
    assert shown[names[0]].to_list() == [None]


# --- groups --------------------------------------------------------------------------------------


def test_age_groups_go_by_completed_time_and_sort_by_age() -> None:
    ages = [0.0, 0.24, 0.25, 0.999, 5.999, 6.0, 17.99, 18.0, 95.0, None]
    frame = pl.DataFrame({"patient_age_years": ages}).with_columns(age_band())
    assert frame["age_band"].to_list() == [
        "00-<00.25", "00-<00.25", "00.25-<01", "00.25-<01", "01-<06", "06-<18", "06-<18",
        "18-<30", "80+", None,
    ]  # fmt: skip
    known = frame["age_band"].drop_nulls().to_list()
    assert known == sorted(known)


@given(st.floats(0, 120), st.lists(st.integers(0, 100), min_size=1, max_size=6))
def test_every_age_has_one_group(age: float, bands: list[int]) -> None:
    frame = pl.DataFrame({"patient_age_years": [age]}).with_columns(age_band(bands=bands))
    assert frame["age_band"][0] is not None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("01 Thorax-Nativ", "Thorax nativ", True),
        ("THORAX  NATIV (Adult)", "thorax nativ adult", True),
        ("Abd 2 Phase", "Abd 3 Phase", False),
        ("Schädel", "Schadel", False),
        ("5.12 HEAD", "HEAD", True),
        ("2", "3", False),
    ],
)
def test_spelling_does_not_make_a_protocol(one: str, other: str, same: bool) -> None:
    frame = pl.DataFrame({"protocol": [one, other]}).with_columns(protocol_key())
    assert (frame["protocol_key"][0] == frame["protocol_key"][1]) == same
