"""A part of a scan never gives a smaller dose: no dose, and the series says why."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from tests.mapping.conftest import STUDY
from workbench.mapping import Mapped, map_instances

WHOLE = range(0, 300, 5)  # 60 slices
SEQUENCE: dict[str, Any] = {
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "ScanOptions": "AXIAL MODE",
    "SpiralPitchFactor": None,
}  # fmt: skip


def told(mapped: Mapped) -> str | None:
    """Why the one scan has no dose; ``None`` where it has one, and its series is mapped."""
    (event,) = mapped.events.to_dicts()
    counted = mapped.series.filter(pl.col("role") == "SCAN").to_dicts()
    findings = mapped.findings.filter(pl.col("code") == "images_missing")
    if event["dlp_mgy_cm"] is not None:
        assert {row["state"] for row in counted} == {"MAPPED"}
        assert findings.is_empty()
        return None
    assert {row["state"] for row in counted} == {"INCOMPLETE"}
    (reason,) = {row["state_reason"] for row in counted}
    assert findings["detail"].to_list() == [f"{reason}; no DLP is computed"]
    return str(reason)


@pytest.mark.parametrize(("here", "whole"), [(60, True), (59, False), (30, False), (1, False)])
@pytest.mark.parametrize("mode", [{}, SEQUENCE])
def test_images_in_acquisition_say_whether_all_are_here(
    cases: Any, here: int, whole: bool, mode: dict[str, Any]
) -> None:
    reason = told(map_instances(cases.frame(
        cases.slices("2", WHOLE[:here], ImagesInAcquisition=60, **mode)
    )))  # fmt: skip
    assert (reason is None) is whole
    if reason:
        assert "Images in Acquisition" in reason


@pytest.mark.parametrize("count", [0, "", None, 12])
def test_a_count_that_says_nothing_withholds_nothing(cases: Any, count: object) -> None:
    images = cases.slices("2", WHOLE, ImagesInAcquisition=count)
    assert told(map_instances(cases.frame(images))) is None


def test_ranges_of_one_spiral_are_complete_together(cases: Any) -> None:
    first = cases.slices("2", WHOLE[:25], ImagesInAcquisition=60)
    second = cases.slices("3", WHOLE[25:], ImagesInAcquisition=60)
    assert told(map_instances(cases.frame(first, second))) is None
    assert told(map_instances(cases.frame(first, second[:-1]))) is not None


def test_a_whole_reconstruction_makes_up_for_a_cut_one(cases: Any) -> None:
    thin = cases.slices("3", range(0, 300, 2), ImagesInAcquisition=150, SliceThickness=2.0)
    cut = cases.slices("2", WHOLE[:9], ImagesInAcquisition=60)
    mapped = map_instances(cases.frame(cut, thin))
    assert told(mapped) is None
    assert mapped.events["scan_length_mm"].item() == pytest.approx(300.0)


@pytest.mark.parametrize(("first", "whole"), [(0, True), (1, True), (2, False), (31, False)])
def test_images_that_are_numbered_from_later_on_are_not_all(
    cases: Any, first: int, whole: bool
) -> None:
    images = cases.slices("2", WHOLE)
    for number, image in enumerate(images, first):
        image.InstanceNumber = number
    assert (told(map_instances(cases.frame(images))) is None) is whole


def test_a_second_scan_of_a_series_may_begin_at_any_number(cases: Any) -> None:
    mapped = map_instances(cases.frame(
        cases.slices("2", WHOLE), cases.slices("2", WHOLE, AcquisitionNumber=3,
                                               AcquisitionTime="102000"),
    ))  # fmt: skip
    assert mapped.events["dlp_mgy_cm"].null_count() == 0
    assert mapped.findings.is_empty()


@pytest.mark.parametrize(("slices", "whole"), [(1, False), (2, False), (9, False), (10, True)])
def test_a_spiral_shows_at_least_one_rotation(cases: Any, slices: int, whole: bool) -> None:
    """The table moves 48 mm a rotation."""
    reason = told(map_instances(cases.frame(cases.slices("2", WHOLE[:slices]))))
    assert (reason is None) is whole


def test_slices_missing_inside_a_spiral_were_exposed(cases: Any) -> None:
    places = [z for z in WHOLE if not 100 <= z < 150]
    mapped = map_instances(cases.frame(cases.slices("2", places)))
    (event,) = mapped.events.to_dicts()
    assert event["scan_length_mm"] == pytest.approx(300.0)
    assert event["dlp_mgy_cm"] == pytest.approx(cases.dlp(300.0))
    assert mapped.findings["code"].to_list() == ["gap_in_slices"]


def test_a_gap_in_what_may_be_two_spirals_gives_no_dose(cases: Any) -> None:
    places = [z for z in WHOLE if not 100 <= z < 150]
    reason = told(map_instances(cases.frame(cases.slices("2", places, AcquisitionNumber=None))))
    assert reason is not None
    assert "may be two scans" in reason


def test_a_reported_dose_needs_no_images(cases: Any) -> None:
    images = cases.slices("2", [0], IrradiationEventUID="1.2.99.5")
    report = cases.report("9", [cases.event(uid="1.2.99.5")])
    counted = map_instances(cases.frame(images, report)).events.filter("preferred")
    assert counted.select("source", "dlp_mgy_cm").rows() == [("rdsr", 300.0)]


@pytest.mark.parametrize(("missing", "whole"), [(0, True), (1, True), (2, False), (40, False)])
@pytest.mark.parametrize("counted", [False, True])
def test_what_the_pacs_never_sent_may_be_of_a_scan(
    cases: Any, missing: int, whole: bool, counted: bool
) -> None:
    """One slice of sixty is less than the 3 % to which a DLP agrees with its length."""
    images = cases.slices("2", WHOLE, ImagesInAcquisition=60 if counted else None)
    reason = told(map_instances(cases.frame(images), missing={STUDY: missing, "1.9": 99}))
    assert (reason is None) is (whole or counted)
