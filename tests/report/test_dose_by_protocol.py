"""What a dose table must say: like with like, linear percentiles, levels for what they mean."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.report_frames import scans, tables_of
from workbench.dose import estimate, reference_levels
from workbench.dose.coefficients import ADULT_YEARS as DOSE_ADULT_YEARS
from workbench.report.dose_by_protocol import (
    ADULT_YEARS,
    by_protocol,
    counted_events,
    effective_dose_sets,
    lanes,
    summary,
)
from workbench.report.missing import missing
from workbench.report.reference import chosen_levels, compare, event_levels, study_sums
from workbench.schema import IRRADIATION_EVENT

UK = chosen_levels(reference_levels(), "UK", 2022)
FRANCE = chosen_levels(reference_levels(), "FR", 2011)


def test_percentiles_are_linear_between_neighbours() -> None:
    # 1, 2, 3, 4: the 75th percentile is 3.25, the nearest-rank answer would be 3
    events = scans(*({"dlp_mgy_cm": float(dlp)} for dlp in (1, 2, 3, 4)))
    row = by_protocol(events, estimate(events)).row(0, named=True)
    assert (row["dlp_mgy_cm_p25"], row["dlp_mgy_cm_median"], row["dlp_mgy_cm_p75"]) == (
        1.75, 2.5, 3.25,
    )  # fmt: skip


def test_phantoms_ages_and_scanners_are_not_mixed() -> None:
    events = scans(
        {}, {"ctdi_phantom_cm": 16}, {"ctdi_phantom_cm": None}, {"patient_age_years": 7.0},
        {"patient_age_years": None}, {"station": "CT2"}, {"protocol": "Other"}, {},
    )  # fmt: skip
    table = by_protocol(events, estimate(events))
    assert table.height == 7
    assert table["events"].to_list() == [2, 1, 1, 1, 1, 1, 1]


def test_topograms_phantom_scans_and_second_sources_are_not_counted() -> None:
    events = scans(
        {}, {"localizer": True}, {"body_region": "phantom_qa"}, {"preferred": False},
        {"modality": "DX", "dlp_mgy_cm": None},
    )  # fmt: skip
    assert counted_events(events).height == 1
    assert summary(events).events == 1


def test_median_effective_dose_stands_beside_its_group() -> None:
    events = scans({"dlp_mgy_cm": 100.0}, {"dlp_mgy_cm": 300.0}, {"ctdi_phantom_cm": 16})
    doses = estimate(events)
    table = by_protocol(events, doses)
    aapm = next(c for c in effective_dose_sets(doses) if "ICRP60_kfactor_aapm96" in c)
    of = {row["ctdi_phantom_cm"]: row[aapm] for row in table.to_dicts()}
    assert of[32] == pytest.approx(200 * 0.014)
    converted = 0.5  # a body's DLP of the 16 cm phantom, told in the 32 cm one (PixelMed)
    assert of[16] == pytest.approx(events["dlp_mgy_cm"][2] * converted * 0.014)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.1, 5000), min_size=1, max_size=12), st.randoms())
def test_order_of_events_changes_nothing_and_quartiles_are_ordered(
    values: list[float], shuffle: object
) -> None:
    events = scans(*({"dlp_mgy_cm": value, "protocol": f"p{value > 10}"} for value in values))
    doses = estimate(events)
    table = by_protocol(events, doses)
    assert table.equals(by_protocol(events.reverse(), doses))
    assert (table["dlp_mgy_cm_p25"] <= table["dlp_mgy_cm_median"]).all()
    assert (table["dlp_mgy_cm_median"] <= table["dlp_mgy_cm_p75"]).all()
    assert table["events"].sum() == len(values)


def test_uk_dlp_is_compared_with_sums_over_a_study_and_ctdi_with_events() -> None:
    two_phases = {"StudyInstanceUID": "9", "patient": "P9"}
    events = scans(
        {**two_phases, "irradiation_event_uid": "9.1", "dlp_mgy_cm": 200.0},
        {**two_phases, "irradiation_event_uid": "9.2", "dlp_mgy_cm": 300.0},
        {**two_phases, "irradiation_event_uid": "9.3", "dlp_mgy_cm": 5.0, "localizer": True},
    )
    rows = {row["quantity"]: row for row in compare(events, UK).to_dicts()}
    assert rows["dlp"]["median"] == 500.0
    assert rows["dlp"]["compared_with"] == "sums over a study"
    assert rows["dlp"]["ratio"] == pytest.approx(500 / 290)
    assert rows["ctdi_vol"]["count"] == 2
    assert rows["ctdi_vol"]["compared_with"] == "single events"
    assert "fewer than 30 patients" in rows["dlp"]["note"]


def test_french_dlp_is_compared_with_single_events_of_its_phantom() -> None:
    events = scans({}, {"ctdi_phantom_cm": 16}, {"dlp_mgy_cm": 500.0})
    dlp = compare(events, FRANCE).filter(pl.col("quantity") == "dlp")
    assert dlp.select("count", "median", "level").rows() == [(2, 400.0, 475.0)]


def test_children_and_unknown_ages_are_not_compared_with_adult_levels() -> None:
    events = scans({"patient_age_years": 17.0}, {"patient_age_years": None})
    assert compare(events, UK).is_empty()
    assert (
        lanes(by_protocol(events, estimate(events)), "ctdi_vol_mgy", event_levels(UK, "ctdi_vol"))[
            "reference"
        ]
        .is_null()
        .all()
    )


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ({"dlp_mgy_cm": None}, "an event has no DLP"),
        ({"dlp_mgy_cm": math.nan}, "an event has no DLP"),
        ({"body_region": None}, "the body region of an event is unknown"),
        ({"body_region": "head"}, "not one body region"),
        ({"ctdi_phantom_cm": None}, "the CTDI phantom of an event is unknown"),
        ({"ctdi_phantom_cm": 16}, "two CTDI phantoms, whose DLP do not add up"),
        ({"station": "CT2"}, "more than one scanner"),
        ({"body_region": "bolus_tracking"}, None),
    ],
)
def test_a_study_that_does_not_add_up_has_a_reason(
    second: dict[str, object], reason: str | None
) -> None:
    same = {"StudyInstanceUID": "9"}
    sums = study_sums(scans(same, {**same, **second}))
    assert sums["not_compared"].to_list() == [reason]


def test_no_events_give_empty_tables() -> None:
    tables = tables_of(IRRADIATION_EVENT.empty())
    assert by_protocol(tables.events, tables.doses).is_empty()
    assert compare(tables.events, UK).is_empty()
    assert missing(tables).is_empty()
    assert "No CT irradiation event" in str(summary(tables.events))


def test_what_is_missing_is_counted() -> None:
    events = scans(
        {}, {"dlp_mgy_cm": None}, {"body_region": None}, {"ctdi_phantom_cm": None},
        {"patient_age_years": None}, {"localizer": True},
    )  # fmt: skip
    counts = {
        (row["area"], row["what"]): (row["count"], row["of"])
        for row in missing(tables_of(events)).to_dicts()
    }
    for what in ("no DLP", "no body region", "no CTDI phantom", "no age"):
        assert counts["CT events", what] == (1, 5)
    assert counts["not summed up", "topograms"] == (1, 6)
    # three sets of coefficients for each of five events
    assert counts["effective doses without a value", "age unknown"] == (3, 15)


def test_labels_of_a_chart_are_unlike() -> None:
    events = scans({}, {"ctdi_phantom_cm": 16}, {"ctdi_phantom_cm": None})
    frame = lanes(by_protocol(events, estimate(events)), "dlp_mgy_cm")
    assert frame["label"].is_unique().all()


def test_adults_begin_at_one_age_in_doses_and_reports() -> None:
    assert ADULT_YEARS == DOSE_ADULT_YEARS
