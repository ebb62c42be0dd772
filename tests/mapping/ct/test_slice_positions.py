"""Where slices lie is geometry: any way the image lies, one length comes out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.mapping.ct.slice_positions import AXIAL as AXIAL_NORMAL
from workbench.mapping.ct.slice_positions import scan_ranges, with_position

FIELDS = {
    "series_key": pl.Int64, "kind": pl.String, "ImagePositionPatient": pl.List(pl.Float64),
    "ImageOrientationPatient": pl.List(pl.Float64), "SliceLocation": pl.Float64,
    "SpacingBetweenSlices": pl.Float64, "SliceThickness": pl.Float64,
}  # fmt: skip
AXIAL = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def slices(*given: dict[str, object]) -> pl.DataFrame:
    usual = {"series_key": 1, "kind": "image", "ImageOrientationPatient": AXIAL,
             "SliceThickness": 5.0}  # fmt: skip
    return pl.DataFrame([usual | one for one in given], schema=FIELDS)


def at(*positions: float, **more: object) -> pl.DataFrame:
    return slices(*({"ImagePositionPatient": [-100.0, -90.0, z]} | more for z in positions))


def ranges(frame: pl.DataFrame) -> dict[str, object]:
    return scan_ranges(with_position(frame), "series_key").row(0, named=True)


@given(st.floats(-180, 180), st.floats(-60, 60), st.floats(-200, 200))
def test_a_position_lies_along_the_table_a_reformats_along_its_normal(
    turn: float, tilt: float, far: float
) -> None:
    turned, tilted = np.radians(turn), np.radians(tilt)
    row = np.array([np.cos(turned), np.sin(turned), 0])
    column = np.cross([0, np.sin(tilted), np.cos(tilted)], row)
    column /= np.linalg.norm(column)
    normal = np.cross(row, column)
    place = far * normal + 33 * row - 21 * column
    frame = slices({"ImagePositionPatient": place.tolist(),
                    "ImageOrientationPatient": [*row.tolist(), *column.tolist()]})  # fmt: skip
    found = with_position(frame)
    across = abs(normal[2]) >= AXIAL_NORMAL
    assert found["position_mm"][0] == pytest.approx(place[2] if across else far, abs=1e-6)
    assert found["normal_z"][0] == pytest.approx(abs(normal[2]))


def test_slice_location_stands_for_all_of_a_series_where_one_has_no_place() -> None:
    frame = slices(
        {"ImagePositionPatient": [0.0, 0.0, 10.0], "SliceLocation": 100.0},
        {"ImagePositionPatient": None, "SliceLocation": 105.0},
        {"ImagePositionPatient": [0.0, 0.0, 7.0], "SliceLocation": 1.0, "series_key": 2},
    )
    assert with_position(frame)["position_mm"].to_list() == [100, 105, 7]


@pytest.mark.parametrize("place", [[0.0, 0], [0.0, 0, float("nan")], []])
def test_a_place_that_is_none_is_not_used(place: list[float]) -> None:
    assert with_position(slices({"ImagePositionPatient": place}))["position_mm"][0] is None


def test_the_length_is_the_distance_and_one_increment_not_the_thickness() -> None:
    found = ranges(at(0, 2, 4, 6, 8))
    assert found["span_mm"] == 8
    assert found["slice_increment_mm"] == 2
    assert found["scan_length_mm"] == 10
    assert (found["positions"], found["gaps"]) == (5, 0)


@given(st.permutations([0.0, 2, 4, 6, 8, 8, 2]))
def test_order_and_copies_change_nothing(positions: list[float]) -> None:
    assert ranges(at(*positions)) == ranges(at(0, 2, 4, 6, 8))


def test_what_lies_in_a_gap_was_not_shown_to_be_irradiated() -> None:
    found = ranges(at(0, 2, 4, 100, 102, 104))
    assert found["gaps"] == 1
    assert found["scan_length_mm"] == 12, "two ranges of three slices, 2 mm each"
    assert found["span_mm"] == 104


def test_a_step_of_one_and_a_half_increments_is_no_gap() -> None:
    assert ranges(at(0, 2, 4, 7, 9, 11, SliceThickness=2.0))["gaps"] == 0
    assert ranges(at(0, 2, 4, 7.02, 9.02, 11.02, SliceThickness=2.0))["gaps"] == 1


@pytest.mark.parametrize(
    ("more", "length"),
    [
        ({}, 5), ({"SpacingBetweenSlices": 3.0}, 3), ({"SpacingBetweenSlices": -3.0}, 3),
        ({"SliceThickness": None}, None), ({"SliceThickness": 0.0}, None),
    ],
)  # fmt: skip
def test_a_single_slice_has_its_spacing_else_its_thickness(
    more: dict[str, object], length: float | None
) -> None:
    assert ranges(at(50, **more))["scan_length_mm"] == length
