"""What headers tell of each scan of a series, and what no mean may hide."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from pydicom.dataset import Dataset

from tests.mapping.conftest import code
from workbench.mapping import map_instances

TOSHIBA: dict[str, Any] = {"Manufacturer": "TOSHIBA"}


def with_dlp(images: list[Dataset], dlp: float) -> list[Dataset]:
    """Images of a Toshiba scanner that tell their DLP in a private element."""
    for image in images:
        block = image.private_block(0x7005, "TOSHIBA_MEC_CT3", create=True)
        block.add_new(0x40, "FD", dlp)
    return images


def two_scans(cases: Any, first: dict[str, Any], second: dict[str, Any]) -> list[list[Dataset]]:
    """Two spirals of one series, 100 and 200 mm long."""
    return [
        cases.slices("2", range(0, 100, 5), AcquisitionNumber=1, **first),
        cases.slices("2", range(200, 400, 5), AcquisitionNumber=2, AcquisitionTime="101700",
                     **second),
    ]  # fmt: skip


def test_phantom_pitch_and_rotation_are_those_of_each_scan(cases: Any) -> None:
    head = {"CTDIPhantomTypeCodeSequence": [code("113690")], "SpiralPitchFactor": 0.5,
            "RevolutionTime": 1.0}  # fmt: skip
    events = map_instances(cases.frame(*two_scans(cases, head, {}))).events
    told = events.sort("scan_length_mm").select("ctdi_phantom_cm", "pitch", "rotation_time_s")
    assert told.rows() == [(16, 0.5, 1.0), (32, 1.2, 0.5)]


def test_each_scan_of_a_series_has_its_own_private_dose(cases: Any) -> None:
    short, long = two_scans(cases, TOSHIBA, TOSHIBA)
    events = map_instances(cases.frame(with_dlp(short, 140.0), with_dlp(long, 260.0))).events
    told = events.sort("scan_length_mm").select("dlp_mgy_cm", "dlp_basis", "exposed_length_sd_log")
    assert told.rows() == [(140.0, "reported", None), (260.0, "reported", None)]


def test_one_private_dose_of_two_scans_is_neithers(cases: Any) -> None:
    short, long = two_scans(cases, TOSHIBA, TOSHIBA)
    mapped = map_instances(cases.frame(with_dlp(short, 400.0), with_dlp(long, 400.0)))
    doses = mapped.events.sort("scan_length_mm")["dlp_mgy_cm"].to_list()
    assert doses == [pytest.approx(cases.dlp(100.0)), pytest.approx(cases.dlp(200.0))]
    assert mapped.findings["code"].to_list() == ["private_dlp_shared"] * 2


def test_the_same_private_dose_of_two_phases_is_each_ones_own(cases: Any) -> None:
    phases = [
        with_dlp(cases.slices("2", range(0, 100, 5), AcquisitionNumber=number,
                              AcquisitionTime=f"10{number}500", **TOSHIBA), 150.0)
        for number in (1, 2)
    ]  # fmt: skip
    mapped = map_instances(cases.frame(*phases))
    assert mapped.events["dlp_mgy_cm"].to_list() == [150.0, 150.0]


def test_a_voltage_is_never_the_mean_of_two(cases: Any) -> None:
    mapped = map_instances(cases.frame(*two_scans(cases, {"KVP": 80}, {"KVP": 140})))
    assert mapped.events["kvp_kv"].sort().to_list() == [80.0, 140.0]
    assert mapped.series["kvp_kv"].to_list() == [140.0]  # of most slices
    assert "several_voltages" not in mapped.findings["code"]


def test_two_voltages_of_one_scan_are_told(cases: Any) -> None:
    images = [
        image
        for number, z in enumerate(range(0, 300, 5))
        for image in cases.slices("2", [z], KVP=80 if number % 2 else 140)
    ]
    mapped = map_instances(cases.frame(images))
    (event,) = mapped.events.to_dicts()
    assert event["kvp_kv"] == 140.0
    assert event["x_ray_sources"] == '[{"kvp_kv": 80.0}, {"kvp_kv": 140.0}]'
    assert "several_voltages" in event["flags"]
    assert mapped.findings["code"].to_list() == ["several_voltages"]


def test_dual_energy_with_unlike_doses_stays_two_events(cases: Any) -> None:
    """Each CTDIvol is then that of its own tube."""
    mapped = map_instances(cases.frame(
        cases.slices("2", range(0, 300, 5), KVP=80, CTDIvol=4.0),
        cases.slices("3", range(0, 300, 5), KVP=140, CTDIvol=6.0),
    ))  # fmt: skip
    assert mapped.events.sort("kvp_kv").select("kvp_kv", "ctdi_vol_mgy").rows() == [
        (80.0, 4.0), (140.0, 6.0)
    ]  # fmt: skip


@pytest.mark.parametrize(("spread", "flagged"), [(0.0, False), (0.05, False), (1.0, True)])
def test_a_dose_that_varies_along_the_scan_is_a_mean(
    cases: Any, spread: float, flagged: bool
) -> None:
    images = cases.slices("2", range(0, 300, 5))
    for number, image in enumerate(images):
        image.CTDIvol = 10.0 + spread * (number % 2)
    event = map_instances(cases.frame(images)).events.row(0, named=True)
    assert event["ctdi_vol_mgy"] == pytest.approx(10.0 + spread / 2)
    assert ("ctdi_vol_mean_of_slices" in event["flags"]) is flagged


def test_a_range_of_two_series_has_the_dose_of_both(cases: Any) -> None:
    mapped = map_instances(cases.frame(
        cases.slices("2", range(0, 100, 5), CTDIvol=8.0),
        cases.slices("3", range(100, 300, 5), CTDIvol=14.0),
    ))  # fmt: skip
    (event,) = mapped.events.to_dicts()
    assert event["ctdi_vol_mgy"] == pytest.approx((8.0 * 100 + 14.0 * 200) / 300)
    assert event["dlp_mgy_cm"] == pytest.approx(cases.dlp(300.0, 12.0))
    assert "range_of_several_series" in event["flags"]
    assert mapped.series.filter(pl.col("role") == "SCAN").height == 2
