"""One row a series of CT: technique, dose, region; a length where slices lie along the table."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.mapping import map_instances


def rows(cases: Any, *objects: Any) -> dict[int, dict[str, Any]]:
    series = map_instances(cases.frame(*objects)).series.to_dicts()
    return {row["SeriesNumber"]: row for row in series}


def test_a_series_has_its_technique_in_the_units_of_the_schema(cases: Any) -> None:
    row = rows(cases, cases.slices("2", range(0, 300, 5)))[2]
    assert row["kvp_kv"] == pytest.approx(120)
    assert row["tube_current_ma"] == pytest.approx(200)
    assert row["rotation_time_s"] == pytest.approx(0.5)
    assert row["slice_increment_mm"] == pytest.approx(5)
    assert row["scan_length_mm"] == pytest.approx(300)  # 60 slices of 5 mm
    assert row["instances"] == 60
    assert row["body_region"] == "chest"


def test_a_topogram_has_no_length_from_the_places_of_its_pictures(cases: Any) -> None:
    pictures = [
        cases.localizer("1", ImagePositionPatient=[0.0, 0.0, z], ImageOrientationPatient=axes)
        for z, axes in ((0.0, [1.0, 0, 0, 0, 0, -1.0]), (-400.0, [0, 1.0, 0, 0, 0, -1.0]))
    ]
    row = rows(cases, pictures)[1]
    assert row["scan_length_mm"] is None
    assert row["slice_increment_mm"] is None


def test_the_region_follows_the_texts_in_their_order_of_trust(cases: Any) -> None:
    made = cases.slices("2", range(0, 50, 5), ProtocolName="Abdomen", StudyDescription="Thorax")
    assert rows(cases, made)[2]["body_region"] == "abdomen"
    other = cases.slices("3", range(0, 50, 5), ProtocolName=None, SeriesDescription="Schädel")
    assert rows(cases, other)[3]["body_region"] == "head"


def test_values_of_another_modality_in_the_series_do_not_enter_its_means(cases: Any) -> None:
    stray = cases.data_set("2", Modality="MR", KVP=10)
    row = rows(cases, cases.slices("2", range(0, 50, 5)), stray)[2]
    assert row["kvp_kv"] == pytest.approx(120)
    assert row["instances"] == 11


def test_every_series_has_one_row_whatever_is_missing(cases: Any) -> None:
    bare = cases.data_set("7", Manufacturer=None)
    found = rows(cases, cases.localizer("1"), cases.slices("2", [0]), bare)
    assert sorted(found) == [1, 2, 7]
