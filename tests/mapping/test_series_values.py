"""What a series tells of itself: first texts, ends of its time, means of its technique."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.mapping.series_values import copied_values, mean_of


def series(frame: pl.DataFrame) -> list[dict[str, Any]]:
    keyed = frame.with_columns(
        series_key=pl.col("SeriesInstanceUID"), age_contradictory=pl.lit(False)
    )
    return copied_values(keyed, "series_key").to_dicts()


def test_the_first_text_that_is_given_counts(cases: Any) -> None:
    made = cases.slices("2", [0, 5, 10])
    made[0].ProtocolName, made[1].ProtocolName, made[2].ProtocolName = None, "Thorax", "Abdomen"
    (row,) = series(cases.frame(made))
    assert row["ProtocolName"] == "Thorax"


def test_a_series_begins_with_its_first_and_ends_with_its_last_image(cases: Any) -> None:
    made = cases.slices("2", [0, 5, 10])
    for image, time in zip(made, ["101502", "101500", "101504.5"], strict=True):
        image.AcquisitionTime = time
    (row,) = series(cases.frame(made))
    assert row["started_at"] == datetime(2020, 1, 2, 10, 15)
    assert row["ended_at"] == datetime(2020, 1, 2, 10, 15, 4, 500_000)


def test_a_series_without_a_clock_has_no_start(cases: Any) -> None:
    made = cases.slices("2", [0, 5], AcquisitionTime=None, AcquisitionDate=None, StudyDate=None)
    (row,) = series(cases.frame(made))
    assert row["started_at"] is None
    assert row["ended_at"] is None


def test_technique_is_the_mean_and_current_may_be_modulated(cases: Any) -> None:
    made = cases.slices("2", [0, 5, 10, 15])
    for image, current in zip(made, [100, 200, 300, 400], strict=True):
        image.XRayTubeCurrent = current
    (row,) = series(cases.frame(made))
    assert row["tube_current_ma"] == pytest.approx(250.0)
    assert row["kvp_kv"] == pytest.approx(120.0)


def test_acquisition_numbers_are_all_told_once(cases: Any) -> None:
    made = [*cases.slices("2", [0], AcquisitionNumber=5), *cases.slices("2", [5, 10]),
            *cases.slices("2", [15], AcquisitionNumber=None)]  # fmt: skip
    (row,) = series(cases.frame(made))
    assert list(row["AcquisitionNumbers"]) == [2, 5]


def test_each_series_has_its_own_row_in_the_order_they_come(cases: Any) -> None:
    frame = cases.frame(cases.slices("4", [0]), cases.slices("2", [0]), cases.slices("4", [5]))
    assert [row["SeriesNumber"] for row in series(frame)] == [4, 2]


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))))
def test_a_mean_is_of_what_was_really_given(numbers: list[float | None]) -> None:
    frame = pl.DataFrame({"KVP": pl.Series(numbers, dtype=pl.Float64)})
    mean = frame.select(mean_of("KVP")).item()
    given_ones = [x for x in numbers if x is not None and 0 < x < float("inf")]
    if not given_ones:
        assert mean is None
    elif max(given_ones) < 1e300:
        assert min(given_ones) * (1 - 1e-9) <= mean <= max(given_ones) * (1 + 1e-9)
    else:  # a sum beyond all numbers is no mean
        assert mean is None or mean < float("inf")


@pytest.mark.parametrize(
    ("numbers", "mean"),
    [([0.0, 120.0, 100.0], 110.0), ([0.0, 0.0], None), ([-5.0, 120.0], 120.0),
     ([float("nan"), 80.0], 80.0)],
)  # fmt: skip
def test_zero_says_not_given(numbers: list[float], mean: float | None) -> None:
    assert pl.DataFrame({"KVP": numbers}).select(mean_of("KVP")).item() == mean
