"""Exposed lengths: of simulated spirals and sequences whose truth is known, and of published."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.mapping import map_instances
from workbench.mapping.ct.exposed_length import (
    coefficients,
    exposed_length,
    irradiated,
    overranging,
    overranging_cases,
)

SPIRAL: dict[str, Any] = {
    "spiral": True, "pitch": 1.0, "total_collimation_mm": 40.0, "slice_increment_mm": 1.0,
}  # fmt: skip


def event(frame: pl.DataFrame) -> dict[str, Any]:
    (row,) = map_instances(frame).events.to_dicts()
    return dict(row)


def test_coefficients_are_what_the_measured_scans_say() -> None:
    share, typical = [], []
    for row in overranging_cases():
        beyond = float(row["exposed_length_mm"]) - float(row["shown_length_mm"])
        if row["kind"] == "spiral":
            wide = (1 + float(row["pitch"])) * float(row["total_collimation_mm"])
            share.append(math.log(beyond / wide))
        else:
            typical.append(math.log(beyond))
    stated = coefficients()["overranging_share"]
    assert stated.value == pytest.approx(math.exp(statistics.mean(share)), rel=0.01)
    assert stated.sd_log == pytest.approx(statistics.stdev(share), rel=0.02)
    assert math.exp(statistics.mean(typical)) == pytest.approx(43.7, abs=0.05)
    assert coefficients()["overranging_typical"].value == pytest.approx(
        (43.7 * 29.5 * math.sqrt(32 * 58)) ** (1 / 3), rel=0.01
    )


def test_overranging_grows_with_collimation_and_pitch_and_shrinks_in_rotations() -> None:
    def beyond(pitch: float, wide: float) -> float:
        return overranging(pitch, wide)[0].value

    assert beyond(1.0, 20.0) < beyond(1.0, 40.0)
    assert beyond(0.5, 40.0) < beyond(1.5, 40.0)
    assert beyond(0.5, 40.0) / (0.5 * 40) > beyond(1.5, 40.0) / (1.5 * 40)
    assert not overranging(None, 40.0)[1]
    assert not overranging(1.0, None)[1]


@pytest.mark.parametrize("missing", ["pitch", "total_collimation_mm"])
def test_less_known_is_less_sure(missing: str) -> None:
    known = exposed_length(300.0, [(0.0, 300.0)], SPIRAL)
    assert known is not None
    assert known.basis == "spiral_range_and_overranging"
    typical = exposed_length(300.0, [(0.0, 300.0)], SPIRAL | {missing: None})
    assert typical is not None
    assert typical.basis == "spiral_range_and_typical_overranging"
    short = exposed_length(100.0, [(0.0, 100.0)], SPIRAL)
    assert short is not None
    assert short.sd_log > known.sd_log > coefficients()["dlp_agreement"].sd_log
    assert exposed_length(None, [], SPIRAL) is None


def test_an_unknown_mode_is_less_sure_than_a_sequence() -> None:
    unknown = exposed_length(300.0, [(0.0, 300.0)], SPIRAL | {"spiral": None})
    sequence = exposed_length(300.0, [(0.0, 300.0)], SPIRAL | {"spiral": False})
    assert unknown is not None
    assert sequence is not None
    assert (unknown.length_mm, unknown.basis) == (300.0, "range_of_images")
    assert (sequence.length_mm, sequence.basis) == (320.0, "rotations_times_collimation")
    assert unknown.sd_log > sequence.sd_log


@given(
    rotations=st.integers(1, 30), wide=st.floats(1, 160), step=st.floats(0.2, 12),
)  # fmt: skip
def test_irradiated_is_the_union_of_the_beams(rotations: int, wide: float, step: float) -> None:
    """Rotations of a beam of ``wide`` mm, each ``step`` widths on; one slice in the middle."""
    middles = [number * step * wide for number in range(rotations)]
    runs = [(middle - 0.1 * wide, middle + 0.1 * wide) for middle in middles]
    truth = wide * (1 + (rotations - 1) * min(step, 1.0))
    assert irradiated(runs, wide) == pytest.approx(truth)
    assert irradiated(runs[::-1], wide) == pytest.approx(truth)
    assert irradiated(runs, None) <= irradiated(runs, wide) + 1e-6


@settings(max_examples=25, deadline=None)
@given(
    rotations=st.integers(1, 6), rows=st.sampled_from([1, 4, 8]),
    width=st.sampled_from([1.25, 5.0]), apart=st.sampled_from([1.0, 2.5]),
    tilt=st.sampled_from([0, 12, 25]), numbered=st.booleans(),
)  # fmt: skip
def test_a_sequence_exposes_its_rotations(
    new_cases: Callable[[], Any], rotations: int, rows: int, width: float, apart: float, tilt: int,
    numbered: bool,
) -> None:  # fmt: skip
    cases, wide = new_cases(), rows * width
    turn = math.radians(tilt)
    images = [
        image
        for rotation in range(rotations)
        for image in cases.slices(
            "2", [rotation * apart * wide + row * width for row in range(rows)],
            ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, math.cos(turn), math.sin(turn)],
            ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], ScanOptions="AXIAL MODE",
            AcquisitionNumber=rotation + 1 if numbered else 2, SpiralPitchFactor=None,
            AcquisitionTime=f"1015{rotation:02d}", SliceThickness=width, TotalCollimationWidth=wide,
        )
    ]  # fmt: skip
    found = event(cases.frame(images))
    assert found["exposed_length_mm"] == pytest.approx(rotations * wide, rel=0.001)
    assert found["dlp_mgy_cm"] == pytest.approx(rotations * wide, rel=0.001)  # at 10 mGy
    assert found["exposed_length_basis"] == "rotations_times_collimation"


@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(st.integers(10, 290), max_size=2, unique=True), increment=st.sampled_from([1, 2]),
    tilt=st.sampled_from([0, 20]), derived=st.booleans(),
)  # fmt: skip
def test_a_spiral_is_as_long_as_all_its_series_together(
    new_cases: Callable[[], Any], cuts: list[int], increment: int, tilt: int, derived: bool
) -> None:
    cases, turn = new_cases(), math.radians(tilt)
    axes = [1.0, 0.0, 0.0, 0.0, math.cos(turn), math.sin(turn)]
    ends = [0, *sorted(2 * (cut // 2) for cut in set(cuts)), 300]
    images = [
        image
        for series, (begin, end) in enumerate(itertools.pairwise(ends), 2)
        for image in cases.slices(
            str(series),
            range(begin, end, increment),
            SliceThickness=2.0,
            ImageOrientationPatient=axes,
        )
    ]
    more = cases.slices("90", range(-60, 400, 5), ImageType=["DERIVED", "SECONDARY", "AXIAL"])
    mapped = map_instances(cases.frame(images, more if derived else []))
    (found,) = mapped.events.to_dicts()
    assert found["scan_length_mm"] == pytest.approx(300.0)
    assert found["dlp_mgy_cm"] == pytest.approx(cases.dlp(300.0))
