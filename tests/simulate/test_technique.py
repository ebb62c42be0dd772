"""The physics of the simulated scans, against definitions and published numbers."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.simulate.technique import Technique

BODY = Technique(
    acquisition="SPIRAL",
    kvp_kv=120.0,
    mean_current_ma=200.0,
    rotation_time_s=0.5,
    ctdi_w_mgy=6.735,
    ctdi_phantom_cm=32,
    single_collimation_mm=0.6,
    total_collimation_mm=38.4,
    advance_mm=38.4,
    scan_length_mm=300.0,
)


def changed(**values: object) -> Technique:
    return dataclasses.replace(BODY, **values)


def test_ctdi_vol_is_ctdi_w_over_pitch() -> None:
    assert BODY.pitch == 1.0
    assert BODY.ctdi_vol_mgy == pytest.approx(6.735)  # 100 mAs at the reference voltage
    assert changed(advance_mm=57.6).ctdi_vol_mgy == pytest.approx(6.735 / 1.5)


def test_two_real_headers_of_one_scanner_model() -> None:
    at_100_kv = changed(kvp_kv=100.0, mean_current_ma=172.0, advance_mm=46.0, ctdi_w_mgy=6.7352)
    assert at_100_kv.ctdi_vol_mgy == pytest.approx(2.8257, rel=2e-3)  # MPR of a thorax, AS+
    assert changed(mean_current_ma=442.0, rotation_time_s=1.0).ctdi_vol_mgy == pytest.approx(
        29.7696, rel=1e-3
    )  # neck spiral, AS+


@pytest.mark.parametrize(("advance", "overranging"), [(38.75, 22.9), (55.0, 32.3)])
def test_overranging_of_the_published_report(advance: float, overranging: float) -> None:
    scan = changed(advance_mm=advance, total_collimation_mm=40.0)
    assert scan.exposed_length_mm - scan.scan_length_mm == pytest.approx(overranging, abs=0.5)


def test_sequenced_scan_exposes_whole_rotations() -> None:
    scan = changed(
        acquisition="SEQUENCED", total_collimation_mm=14.4, advance_mm=14.4, scan_length_mm=150.0
    )
    assert scan.exposed_length_mm == pytest.approx(11 * 14.4)
    assert scan.exposure_time_s == pytest.approx(11 * 0.5)
    assert scan.pitch is None


def test_stationary_scan_adds_its_rotations() -> None:
    one = changed(acquisition="STATIONARY", advance_mm=0.0)
    four = changed(acquisition="STATIONARY", advance_mm=0.0, rotations=4)
    assert four.ctdi_vol_mgy == pytest.approx(4 * one.ctdi_vol_mgy)
    assert four.exposed_length_mm == one.exposed_length_mm == 38.4


def test_topogram_dose_falls_with_table_speed() -> None:
    slow = changed(acquisition="CONSTANT_ANGLE", advance_mm=100.0)
    fast = changed(acquisition="CONSTANT_ANGLE", advance_mm=200.0)
    assert slow.ctdi_vol_mgy == pytest.approx(2 * fast.ctdi_vol_mgy)


@given(st.integers(2, 300))
def test_modulation_keeps_the_mean_current(slices: int) -> None:
    scan = changed(modulated=True)
    currents = [scan.current_ma((index + 0.5) / slices) for index in range(slices)]
    assert sum(currents) / slices == pytest.approx(200.0)
    assert max(currents) <= scan.maximum_current_ma * (1 + 1e-12)


@given(
    current=st.floats(10, 800), pitch=st.floats(0.2, 2.0), length=st.floats(10, 2000),
    rotation=st.floats(0.25, 2.0),
)  # fmt: skip
def test_more_current_more_dose_and_more_pitch_less(
    current: float, pitch: float, length: float, rotation: float
) -> None:
    scan = changed(
        mean_current_ma=current, advance_mm=38.4 * pitch, scan_length_mm=length,
        rotation_time_s=rotation,
    )  # fmt: skip
    doubled = dataclasses.replace(scan, mean_current_ma=2 * current)
    assert doubled.dlp_mgy_cm == pytest.approx(2 * scan.dlp_mgy_cm)
    assert scan.effective_mas == pytest.approx(current * rotation / pitch)
    assert scan.exposed_length_mm > length
