"""Makers' rule files and private elements."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from pydicom.dataset import Dataset

from workbench.errors import SettingsError
from workbench.mapping import map_instances
from workbench.mapping.ct.private_elements import private_values
from workbench.mapping.rules import built_in_rules, parse_vendor

Header = dict[str, Any]


def header(group: int, creator: str, **elements: Any) -> Header:
    """DICOM JSON of private elements; keyword e27=value is element 27 of block 10."""
    item: Header = {f"{group:04X}0010": {"vr": "LO", "Value": [creator]}}
    for name, value in elements.items():
        key = f"{group:04X}10{name[1:].upper()}"
        if isinstance(value, bytes):
            item[key] = {"vr": "UN", "InlineBinary": base64.b64encode(value).decode()}
        else:
            item[key] = {"vr": "LO", "Value": [value]}
    return item


def read(maker: str, item: Header) -> dict[str, float]:
    vendor = next(vendor for vendor in built_in_rules().vendors if vendor.name == maker)
    return private_values(item, vendor)[0]


@pytest.mark.parametrize(
    ("maker", "item", "column", "value"),
    [
        ("ge", header(0x43, "GEMS_PARM_01", e27="0.984:1"), "pitch", 0.984),
        ("ge", header(0x19, "GEMS_ACQU_01", e23="39.375"), "table_feed_mm", 39.375),
        ("ge", header(0x19, "GEMS_ACQU_01", e27="0.800000"), "rotation_time_s", 0.8),
        ("ge", header(0x45, "GEMS_HELIOS_01", e01=64, e02=0.625), "total_collimation_mm", 40.0),
        ("philips", header(0x01F1, "ELSCINT1", e26=b"1.063 "), "pitch", 1.063),
        ("philips", header(0x01E1, "ELSCINT1", e26="HEAD 16 CM"), "ctdi_phantom_cm", 16.0),
        ("toshiba", header(0x7005, "TOSHIBA_MEC_CT3", e63=struct.pack("<d", 12.5)),
         "ctdi_vol_mgy", 12.5),
        ("toshiba", header(0x7005, "TOSHIBA_MEC_CT3", e40=struct.pack("<d", 345.6)),
         "dlp_mgy_cm", 345.6),
        ("toshiba", header(0x7005, "TOSHIBA_MEC_CT3", e09="0" * 8 + "1" * 64, e08=0.5),
         "total_collimation_mm", 32.0),
    ],
)  # fmt: skip
def test_private_elements(maker: str, item: Header, column: str, value: float) -> None:
    assert read(maker, item) == {column: pytest.approx(value)}


@pytest.mark.parametrize(
    ("maker", "item"),
    [
        ("ge", header(0x45, "GEMS_HELIOS_01", e01=8, e02=2.8e-45)),
        ("ge", header(0x43, "GEMS_PARM_01", e27="")),
        ("ge", header(0x43, "SOMEONE ELSE", e27="0.984:1")),
        ("ge", header(0x19, "GEMS_ACQU_01", e23="0.000000", e27="800")),
        ("toshiba", header(0x7005, "TOSHIBA_MEC_CT3", e63=struct.pack("<d", -1e300))),
        ("toshiba", header(0x7005, "TOSHIBA_MEC_CT3", e63=b"\xff\xfe")),
        ("toshiba", header(0x7005, "TOSHIBA_MEC_CT3", e09="1112", e08=0.5)),
    ],
)
def test_implausible_private_values_are_not_used(maker: str, item: Header) -> None:
    assert read(maker, item) == {}


def test_toshiba_doses_reach_the_event(cases: Any) -> None:
    images = cases.slices("2", range(0, 300, 5), Manufacturer="TOSHIBA", CTDIvol=None)
    for image in images:
        block = image.private_block(0x7005, "TOSHIBA_MEC_CT3", create=True)
        block.add_new(0x63, "UN", struct.pack("<d", 12.5))
        block.add_new(0x40, "UN", struct.pack("<d", 400.0))
    event = map_instances(cases.frame(images)).events.row(0, named=True)
    assert (event["ctdi_vol_mgy"], event["dlp_mgy_cm"]) == (12.5, 400.0)
    assert event["dlp_basis"] == "reported"


@pytest.mark.parametrize(
    "text",
    ["name = ", 'name = "x"\nunknown = 1', 'name = "x"\nmanufacturer = "(("',
     'name = "x"\n[[kinds]]\nkind = "nothing"\nbecause = "b"'],
)  # fmt: skip
def test_a_wrong_rule_file_is_explained(text: str) -> None:
    with pytest.raises(SettingsError, match=r"x\.toml"):
        parse_vendor(text, "x")


def exposure(**said: Any) -> Dataset:
    item = Dataset()
    defaults = {"KVP": 120, "CTDIvol": 10.0, "AcquisitionType": "SPIRAL", "ScanLength": 300}
    for keyword, value in (defaults | said).items():
        setattr(item, keyword, value)
    block = item.private_block(0x00E1, "ELSCINT1", create=True)
    block.add_new(0x21, "UN", b"300.5 ")
    return item


def page(cases: Any, series: str, exposures: list[Dataset]) -> Dataset:
    ds: Dataset = cases.data_set(
        series, Manufacturer="Philips", SOPClassUID="1.2.840.10008.5.1.4.1.1.7",
        ImageType=["DERIVED", "SECONDARY", "DOSE_INFO"], ExposureDoseSequence=exposures,
    )  # fmt: skip
    return ds


def test_dose_sequences_are_read_and_repeated_pages_count_once(cases: Any) -> None:
    first, second = exposure(SeriesNumber=1), exposure(SeriesNumber=2)
    frame = cases.frame(page(cases, "9", [first]), page(cases, "10", [first, second]))
    events = map_instances(frame).events
    assert events["dlp_mgy_cm"].to_list() == [300.5, 300.5]
    assert events["source"].unique().to_list() == ["dose_sequence"]


def test_two_equal_exposures_of_one_page_are_two_events(cases: Any) -> None:
    frame = cases.frame(page(cases, "9", [exposure(), exposure()]))
    assert map_instances(frame).events["irradiation_event_uid"].n_unique() == 2


def test_a_report_counts_before_a_dose_sequence(cases: Any) -> None:
    frame = cases.frame(page(cases, "9", [exposure()]), cases.report("8", [cases.event()]))
    counted = map_instances(frame).events.filter("preferred")
    assert counted["source"].to_list() == ["rdsr"]
