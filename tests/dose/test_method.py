"""Dose methods: every event that counts has a row, whoever estimates, in one order."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from workbench.dose.method import NO_METHOD, DoseMethod, estimate, k_factor
from workbench.errors import DoseError
from workbench.schema import DOSE_ESTIMATE, IRRADIATION_EVENT

EVENTS = IRRADIATION_EVENT.frame([
    {"patient": "P", "StudyInstanceUID": "1.2", "irradiation_event_uid": uid, "preferred": counts,
     "modality": modality, "dlp_mgy_cm": dlp}
    for uid, counts, modality, dlp in (
        ("b", True, "CT", 10.0), ("a", True, "DX", None), ("c", False, "CT", 30.0),
        ("d", None, "CT", 40.0),
    )
])  # fmt: skip


def of_dlp(events: pl.DataFrame) -> pl.DataFrame:
    return DOSE_ESTIMATE.frame([
        {"patient": row["patient"], "StudyInstanceUID": row["StudyInstanceUID"],
         "irradiation_event_uid": row["irradiation_event_uid"], "quantity": "effective_dose",
         "value": row["dlp_mgy_cm"] / 10, "unit": "mSv", "method": "tenth", "flags": []}
        for row in events.to_dicts() if row["dlp_mgy_cm"] is not None
    ])  # fmt: skip


TENTH = DoseMethod(name="tenth", version="1", needs=("dlp_mgy_cm",), estimate=of_dlp)


def test_events_that_count_have_a_row_and_others_none() -> None:
    found = estimate(EVENTS, [TENTH])
    assert found["irradiation_event_uid"].to_list() == ["a", "b"]
    assert found["value"].to_list() == [None, 1.0]
    assert found["reason"].to_list() == [NO_METHOD, None]


def test_without_any_method_each_event_says_so() -> None:
    found = estimate(EVENTS, [])
    assert set(found["reason"]) == {NO_METHOD}
    assert found.height == 2


def test_the_order_of_methods_and_events_changes_nothing() -> None:
    both = estimate(EVENTS, [TENTH, k_factor()])
    assert_frame_equal(both, estimate(EVENTS.reverse(), [k_factor(), TENTH]))
    assert both.schema == DOSE_ESTIMATE.empty().schema


def test_a_column_that_is_needed_is_asked_for_by_name() -> None:
    with pytest.raises(DoseError, match=r"tenth.*dlp_mgy_cm"):
        estimate(EVENTS.drop("dlp_mgy_cm"), [TENTH])


def test_conversion_of_phantoms_can_be_refused() -> None:
    child = EVENTS.head(1).with_columns(
        body_region=pl.lit("chest"), patient_age_years=pl.lit(5.0), kvp_kv=pl.lit(120.0),
        ctdi_phantom_cm=pl.lit(32, pl.Int64),
    )  # fmt: skip
    assert estimate(child, [k_factor(convert_phantom=False)])["value"].null_count() == 3
    assert estimate(child, [k_factor()])["value"].null_count() == 0
