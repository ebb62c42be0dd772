"""Reference levels: like is compared with like, and what is not compared says why."""

from __future__ import annotations

import polars as pl
import pytest

from tests.report.report_frames import scans
from workbench.errors import SettingsError
from workbench.report.reference import (
    ENOUGH_PATIENTS,
    chosen_levels,
    compare,
    event_levels,
    named_levels,
    study_sums,
)

LEVEL: dict[str, object] = {
    "country": "UK", "year": 2022, "modality": "CT", "exam": "chest (lung cancer)",
    "body_region": "chest", "compared": True, "group": "adult", "quantity": "dlp",
    "value": 290.0, "unit": "mGy.cm", "phantom_cm": None, "scope": "complete exam",
}  # fmt: skip
TYPES = {"phantom_cm": pl.Int64}


def levels(*changes: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([LEVEL | one for one in changes], schema_overrides=TYPES)


@pytest.mark.parametrize(
    "change",
    [{"country": "DE"}, {"year": 2016}, {"modality": "DX"}, {"group": "child 0-1 y"},
     {"compared": False}, {"quantity": "dap"}],
)  # fmt: skip
def test_only_levels_of_the_country_and_year_for_adults_in_ct_are_compared(
    change: dict[str, object],
) -> None:
    assert chosen_levels(levels({}, change), "UK", 2022).height == 1


@pytest.mark.parametrize(("country", "year"), [("XX", 2022), ("UK", 1999), ("", 0), ("uk", 2022)])
def test_a_country_without_levels_is_refused_and_those_that_have_some_are_named(
    country: str, year: int
) -> None:
    known = levels({}, {"country": "FR", "year": 2011}, {"country": "DE", "modality": "DX"})
    with pytest.raises(SettingsError) as refusal:
        named_levels(known, country, year)
    assert f"country={country} year={year}" in str(refusal.value)
    assert "There are: FR 2011, UK 2022." in str(refusal.value), "DE has none for CT"
    assert named_levels(known, "FR", 2011).equals(chosen_levels(known, "FR", 2011))


def test_levels_of_one_sequence_are_for_events_and_others_for_sums() -> None:
    both = levels({"scope": "per sequence"}, {"scope": "one acquisition"}, {})
    assert event_levels(both, "dlp").height == 2
    assert event_levels(both, "ctdi_vol").height == 0


def test_sums_are_compared_with_levels_of_complete_exams_and_events_with_those_of_one() -> None:
    events = scans(
        {"dlp_mgy_cm": 200.0},
        {"dlp_mgy_cm": 100.0, "StudyInstanceUID": "1.0", "irradiation_event_uid": "1.0.2",
         "patient": "P0"},
    )  # fmt: skip
    (whole,) = compare(events, levels({})).to_dicts()
    assert (whole["compared_with"], whole["count"], whole["median"]) == (
        "sums over a study",
        1,
        300,
    )
    assert whole["ratio"] == pytest.approx(300 / 290)
    (single,) = compare(events, levels({"scope": "per sequence"})).to_dicts()
    assert (single["compared_with"], single["count"], single["median"]) == ("single events", 2, 150)


def test_a_level_that_states_its_phantom_is_for_doses_in_it_alone() -> None:
    events = scans({}, {"ctdi_phantom_cm": 16, "dlp_mgy_cm": 900.0}, {"ctdi_phantom_cm": None})
    stated = compare(events, levels({"phantom_cm": 32, "scope": "per sequence"}))
    assert stated["median"].to_list() == [300]
    unsaid = compare(events, levels({"scope": "per sequence"}))
    assert dict(unsaid.select("ctdi_phantom_cm", "median").iter_rows()) == {16: 900, 32: 300}
    assert unsaid["note"].str.contains("does not state its phantom").all()


def test_children_are_not_compared_with_levels_for_adults() -> None:
    found = compare(
        scans({"patient_age_years": 17.9}, {"patient_age_years": None}),
        levels({}, {"scope": "per sequence"}),
    )
    assert found.is_empty()
    assert compare(scans({"patient_age_years": 18.0}), levels({})).height == 1


@pytest.mark.parametrize("patients", [ENOUGH_PATIENTS - 1, ENOUGH_PATIENTS])
def test_few_patients_are_told(patients: int) -> None:
    (row,) = compare(scans(*[{}] * patients), levels({"phantom_cm": 32})).to_dicts()
    assert row["patients"] == patients
    assert row["note"] == ("fewer than 30 patients" if patients < 30 else None)


SECOND = {"StudyInstanceUID": "1.0", "irradiation_event_uid": "1.0.2", "patient": "P0"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dlp_mgy_cm": None}, "no DLP"), ({"body_region": None}, "unknown"),
        ({"body_region": "head"}, "not one body region"),
        ({"ctdi_phantom_cm": None}, "phantom of an event is unknown"),
        ({"ctdi_phantom_cm": 16}, "two CTDI phantoms"), ({"station": "CT2"}, "one scanner"),
    ],
)  # fmt: skip
def test_a_sum_that_would_be_wrong_is_not_compared_and_says_why(
    change: dict[str, object], reason: str
) -> None:
    (row,) = study_sums(scans({}, SECOND | change)).to_dicts()
    assert reason in row["not_compared"]
    assert compare(scans({}, SECOND | change), levels({})).is_empty()


def test_topograms_add_nothing_and_bolus_tracking_belongs_to_its_scan() -> None:
    (row,) = study_sums(scans(
        {}, SECOND | {"localizer": True, "dlp_mgy_cm": None},
        SECOND | {"irradiation_event_uid": "1.0.3", "body_region": "bolus_tracking",
                  "dlp_mgy_cm": 20.0},
    )).to_dicts()  # fmt: skip
    assert (row["dlp_mgy_cm"], row["body_region"], row["not_compared"]) == (320, "chest", None)
