"""Two scans in one series: split where the headers tell them apart, else no dose is computed."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from workbench.mapping import Mapped, map_instances

RANGE = range(0, 100, 5)  # 20 slices, 100 mm: 100 mGy.cm at 10 mGy
NO_TIME: dict[str, Any] = {"AcquisitionTime": None, "AcquisitionDate": None}


def flags(mapped: Mapped) -> list[str]:
    return mapped.events.filter("preferred")["flags"].explode().to_list()


def severities(mapped: Mapped) -> list[str]:
    found = mapped.findings.filter(pl.col("code") == "positions_repeated")
    return [str(severity) for severity in found["severity"]]


@pytest.mark.parametrize("number", [None, 2])
@pytest.mark.parametrize("offset", [0.0, 2.5, 40.0])
def test_two_phases_of_one_series_are_two_events(
    cases: Any, number: int | None, offset: float
) -> None:
    mapped = map_instances(cases.frame(
        cases.slices("2", RANGE, AcquisitionNumber=number, AcquisitionTime="100000"),
        cases.slices("2", [z + offset for z in RANGE], AcquisitionNumber=number,
                     AcquisitionTime="100040"),
    ))  # fmt: skip
    assert mapped.events["dlp_mgy_cm"].to_list() == [pytest.approx(cases.dlp(100.0))] * 2
    assert severities(mapped) == []


def test_phases_with_a_further_reconstruction_stay_two_events(cases: Any) -> None:
    images = [
        image
        for time in ("100000", "100040")
        for series, step in (("2", 5), ("3", 2))
        for image in cases.slices(
            series, range(0, 100, step), AcquisitionNumber=None, AcquisitionTime=time
        )
    ]
    mapped = map_instances(cases.frame(images))
    assert mapped.events["dlp_mgy_cm"].to_list() == [pytest.approx(cases.dlp(100.0))] * 2
    assert [len(series) for series in mapped.events["SeriesInstanceUIDs"]] == [2, 2]


def test_two_kernels_in_one_series_are_one_scan(cases: Any) -> None:
    mapped = map_instances(cases.frame(
        cases.slices("2", RANGE, ConvolutionKernel="B30f"),
        cases.slices("2", RANGE, ConvolutionKernel="B70f"),
    ))  # fmt: skip
    assert mapped.events["dlp_mgy_cm"].to_list() == [pytest.approx(cases.dlp(100.0))]
    assert "positions_repeated" not in flags(mapped)


@pytest.mark.parametrize("times", [NO_TIME, {"AcquisitionTime": "100000"}])
@pytest.mark.parametrize("uid", [None, "1.2.99.5"])
def test_positions_twice_that_nothing_tells_apart_give_no_dose(
    cases: Any, times: dict[str, Any], uid: str | None
) -> None:
    images = [
        image
        for _ in range(2)
        for image in cases.slices("2", RANGE, IrradiationEventUID=uid, **times)
    ]
    mapped = map_instances(cases.frame(images))
    event = mapped.events.row(0, named=True)
    assert mapped.events.height == 1
    assert (event["dlp_mgy_cm"], event["dlp_basis"]) == (None, None)
    assert event["ctdi_vol_mgy"] == 10.0
    assert "positions_repeated" in event["flags"]
    assert severities(mapped) == ["warning"]


def test_a_shuttle_perfusion_is_not_cut_into_scans(cases: Any) -> None:
    images = [
        image
        for turn in range(20)
        for image in cases.slices(
            "2", [0, 10, 20, 30], AcquisitionNumber=turn + 1, AcquisitionTime=f"1000{turn:02d}",
            ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], SpiralPitchFactor=None,
            ScanOptions="AXIAL MODE", SliceThickness=10.0,
        )
    ]  # fmt: skip
    mapped = map_instances(cases.frame(images))
    assert mapped.events["dlp_mgy_cm"].to_list() == [None]
    assert "positions_repeated" in flags(mapped)


def test_two_like_series_without_times_may_be_two_scans(cases: Any) -> None:
    same = map_instances(cases.frame(
        cases.slices("2", RANGE, **NO_TIME), cases.slices("3", RANGE, **NO_TIME)
    ))  # fmt: skip
    assert same.events["dlp_mgy_cm"].to_list() == [None]
    assert severities(same) == ["warning"]
    thin = map_instances(cases.frame(
        cases.slices("2", RANGE, **NO_TIME),
        cases.slices("3", range(99), SliceThickness=1.0, **NO_TIME),
    ))  # fmt: skip
    assert thin.events["dlp_mgy_cm"].to_list() == [pytest.approx(cases.dlp(99.0))]


def test_a_stationary_exposure_has_no_computed_dlp(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.slices("2", [50.0] * 4, SpiralPitchFactor=None)))
    assert mapped.events["dlp_mgy_cm"].to_list() == [None]
    assert {"positions_repeated", "stationary"} <= set(flags(mapped))
    assert severities(mapped) == ["note"]


def test_a_few_shared_positions_at_a_seam_do_not_matter(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.slices("2", [*range(0, 100, 5), 45.0])))
    assert mapped.events["dlp_mgy_cm"].to_list() == [pytest.approx(cases.dlp(100.0))]


def test_a_multi_frame_image_without_functional_groups_is_told(cases: Any) -> None:
    enhanced = cases.data_set(
        "2", SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1", NumberOfFrames=40,
        ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
    )  # fmt: skip
    mapped = map_instances(cases.frame(enhanced))
    found = mapped.findings.filter(pl.col("code") == "multi_frame_without_groups")
    assert found.select("severity", "SeriesInstanceUID").rows() == [("warning", "1.2.3.1.2")]


@pytest.mark.parametrize(("pitch", "once"), [(0.2, True), (0.5, True), (1.2, False), (None, False)])
def test_phases_of_a_gated_spiral_are_one_exposure(
    cases: Any, pitch: float | None, once: bool
) -> None:
    images = [
        image for _ in range(4)
        for image in cases.slices("2", RANGE, SpiralPitchFactor=pitch, ScanOptions="HELICAL")
    ]  # fmt: skip
    event = map_instances(cases.frame(images)).events.row(0, named=True)
    assert event["scan_length_mm"] == pytest.approx(100.0)
    assert (event["dlp_mgy_cm"] is not None) is once
    assert ("positions_repeated" not in event["flags"]) is once


@pytest.mark.parametrize("passes", [1, 2])
def test_phases_of_step_and_shoot_are_one_exposure_unless_the_table_returns(
    cases: Any, passes: int
) -> None:
    """Four places of 40 mm, each reconstructed at three phases of the heart."""
    images = [
        image
        for again in range(passes) for place in range(4) for _ in range(3)
        for image in cases.slices(
            "2", range(40 * place, 40 * place + 40, 5), SpiralPitchFactor=None,
            ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], ScanOptions="CINE MODE",
            AcquisitionTime=f"10{again:02d}{place:02d}",
        )
    ]  # fmt: skip
    event = map_instances(cases.frame(images)).events.row(0, named=True)
    assert event["dlp_mgy_cm"] == (pytest.approx(160.0) if passes == 1 else None)
