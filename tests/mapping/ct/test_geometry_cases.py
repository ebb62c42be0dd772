"""Scans rebuilt from users' reports, through the whole line: what is right stands beside each."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.dicom.read import read_header
from workbench.dicom.record import dicom_json, instance_row
from workbench.mapping import Mapped, map_instances
from workbench.schema import INSTANCE

Case = Callable[[str], Mapped]
PUBLISHED = ["T05_D010_published_436", "T05_D011_published_635", "T05_D012_published_286",
             "T05_D014_published_59", "T05_D015_published_146"]  # fmt: skip


@pytest.fixture
def case(test_data: Path) -> Case:
    def mapped(name: str) -> Mapped:
        rows: list[dict[str, Any]] = []
        for path in sorted((test_data / "cases" / "ct" / name).iterdir()):
            row, _ = instance_row(dicom_json(read_header(path).dataset)[0])
            rows.append(row | {"patient": "P1", "object_number": len(rows) + 1})
        return map_instances(INSTANCE.frame(rows))

    return mapped


def events(mapped: Mapped) -> list[dict[str, Any]]:
    return mapped.events.filter("preferred").to_dicts()


def codes(mapped: Mapped) -> set[str]:
    return set(mapped.findings["code"])


@pytest.mark.parametrize(
    ("name", "shown", "exposed"),
    [
        ("C01_two_increments", 160.0, 160.0),  # 16 x 4 mm and 12 x 8 mm, side by side
        ("C02_tilt20", 150.0, 150.0),  # 30 steps of 5 mm along the table
        ("C15_ge_cardiac_axial", 160.0, 160.0),  # four volumes of 64 x 0.625 mm
        ("C19_age_months", 150.0, 150.0),
        ("T09_hrct_1mm_every10", 300.0, 60.0),  # 30 rotations, each 2 mm wide
    ],
)
def test_sequences_expose_what_their_rotations_cover(
    case: Case, name: str, shown: float, exposed: float
) -> None:
    mapped = case(name)
    (event,) = events(mapped)
    assert event["scan_length_mm"] == pytest.approx(shown, rel=1e-4)  # places to 0.01 mm
    assert event["exposed_length_mm"] == pytest.approx(exposed, rel=1e-4)
    assert event["dlp_mgy_cm"] == pytest.approx(event["ctdi_vol_mgy"] * exposed / 10, rel=1e-4)
    assert "gap_in_slices" not in codes(mapped)


def test_two_series_of_one_spiral_are_one_event_of_both_ranges(case: Case) -> None:
    mapped = case("U08_two_ranges_one_spiral")
    (event,) = events(mapped)
    assert event["scan_length_mm"] == pytest.approx(500.0)
    assert event["dlp_mgy_cm"] > 500.0
    assert mapped.series["role"].to_list() == ["SCAN", "SCAN"]


def test_one_slice_of_a_spiral_has_no_dose(case: Case) -> None:
    mapped = case("C04_one_slice_spiral")
    (event,) = events(mapped)
    assert (event["dlp_mgy_cm"], event["dlp_basis"]) == (None, None)
    assert "images_missing" in event["flags"]
    (series,) = mapped.series.to_dicts()
    assert series["state"] == "INCOMPLETE"
    assert "how long the scan was" in series["state_reason"]
    assert codes(mapped) == {"images_missing"}


def test_a_selection_of_slices_shows_the_whole_range_and_is_told(case: Case) -> None:
    mapped = case("C13_every_4th")
    (event,) = events(mapped)
    assert event["scan_length_mm"] == pytest.approx(300.0)
    assert event["dlp_mgy_cm"] > 300.0
    assert codes(mapped) == {"slices_apart"}


def test_two_voltages_at_once_are_one_exposure_that_says_so(case: Case) -> None:
    mapped = case("C06_dual_energy")
    (event,) = events(mapped)
    assert "several_voltages" in event["flags"]
    assert event["x_ray_sources"] == '[{"kvp_kv": 80.0}, {"kvp_kv": 140.0}]'
    assert codes(mapped) == {"several_voltages"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_doses_lie_within_the_stated_uncertainty(case: Case, name: str) -> None:
    (event,) = events(case(name))
    published = float(re.search(r"published_(\d+)", name)[1])  # type: ignore[index]
    off = math.log(event["dlp_mgy_cm"] / published)
    assert event["exposed_length_sd_log"] > 0.03
    assert abs(off) <= 1.96 * event["exposed_length_sd_log"]


def test_phases_of_one_gated_spiral_are_one_exposure(case: Case) -> None:
    (event,) = events(case("U02_cardiac_one_series"))
    assert event["scan_length_mm"] == pytest.approx(120.0)
    assert event["dlp_mgy_cm"] > 600.0


def test_a_perfusion_has_no_computed_dose_and_tells_its_times(case: Case) -> None:
    mapped = case("U04_perfusion")
    (event,) = events(mapped)
    assert event["dlp_mgy_cm"] is None
    (finding,) = mapped.findings.to_dicts()
    assert (finding["code"], "at 30 times" in finding["detail"]) == ("positions_repeated", True)


@pytest.mark.parametrize(
    ("name", "lengths", "doses"),
    [
        ("C09_two_groups", [200.0, 200.0], [8.0, 16.0]),
        ("C11_two_phases", [300.0, 300.0], [10.0, 10.0]),
        ("C17_ffs", [300.0], [10.0]), ("C18_ctdi_zero", [300.0], [None]),
        ("U05_petct", [900.0], [4.0]), ("U06_topo_two", [None, None], [0.13, 0.13]),
        ("U07_axial_mpr_only", [300.0], [8.0]),
    ],
)  # fmt: skip
def test_scans_that_were_right_stay_right(
    case: Case, name: str, lengths: list[float | None], doses: list[float | None]
) -> None:
    found = events(case(name))
    assert [event["scan_length_mm"] for event in found] == lengths
    assert [event["ctdi_vol_mgy"] for event in found] == doses
    without = [event for event in found if event["dlp_mgy_cm"] is None]
    assert len(without) == (len(found) if name in ("C18_ctdi_zero", "U06_topo_two") else 0)


def test_a_ctdi_vol_of_every_slice_is_a_mean_that_says_so(case: Case) -> None:
    (event,) = events(case("U12_ctdi_per_slice"))
    assert event["ctdi_vol_mgy"] == pytest.approx(12.375)
    assert "ctdi_vol_mean_of_slices" in event["flags"]


def test_the_rotation_time_is_feed_over_speed(case: Case) -> None:
    (event,) = events(case("T11_siemens_rot"))
    assert event["rotation_time_s"] == pytest.approx(46.0 / 92.0)
