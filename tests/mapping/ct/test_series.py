"""Series: roles, states and the values read from slices, with known truth."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from pydicom.dataset import Dataset

from workbench.mapping import map_instances
from workbench.schema import FINDING, INSTANCE, IRRADIATION_EVENT, SERIES

ORIGINAL = ["ORIGINAL", "PRIMARY", "AXIAL"]


def only(series: pl.DataFrame) -> dict[str, Any]:
    assert series.height == 1
    return series.row(0, named=True)


def test_an_empty_survey_maps_to_empty_tables() -> None:
    mapped = map_instances(INSTANCE.empty())
    assert mapped.series.schema == SERIES.empty().schema
    assert mapped.events.schema == IRRADIATION_EVENT.empty().schema
    assert mapped.findings.schema == FINDING.empty().schema
    assert mapped.series.height == mapped.events.height == mapped.findings.height == 0


def test_a_complete_scan_is_mapped_with_its_values(cases: Any) -> None:
    row = only(map_instances(cases.frame(cases.slices("2", range(0, 300, 5)))).series)
    assert (row["role"], row["state"], row["state_reason"]) == ("SCAN", "MAPPED", None)
    assert row["scan_length_mm"] == pytest.approx(300.0)  # 0..295 plus one increment
    assert row["slice_increment_mm"] == pytest.approx(5.0)
    assert (row["kvp_kv"], row["ctdi_vol_mgy"], row["ctdi_phantom_cm"]) == (120.0, 10.0, 32)
    assert row["table_feed_mm"] == pytest.approx(1.2 * 40)
    assert (row["body_region"], row["patient_age_years"]) == ("chest", 45.0)
    assert row["spiral"] is True


def test_overlapping_slices_add_one_increment_not_one_thickness(cases: Any) -> None:
    positions = [0.5 * i for i in range(201)]
    frame = cases.frame(cases.slices("2", positions, SliceThickness=3.0))
    assert only(map_instances(frame).series)["scan_length_mm"] == pytest.approx(100.5)


def test_a_tilted_gantry_does_not_shorten_the_way_along_the_table(cases: Any) -> None:
    tilt = [1.0, 0.0, 0.0, 0.0, 0.8, 0.6]  # rotated about x: the normal is (0, -0.6, 0.8)
    frame = cases.frame(cases.slices("2", range(0, 100, 5), ImageOrientationPatient=tilt))
    assert only(map_instances(frame).series)["slice_increment_mm"] == pytest.approx(5.0)


def test_slice_location_stands_in_for_missing_positions(cases: Any) -> None:
    images = cases.slices("2", range(0, 50, 5))
    for index, image in enumerate(images):
        del image.ImagePositionPatient
        image.SliceLocation = -2.5 * index
    assert only(map_instances(cases.frame(images)).series)["scan_length_mm"] == pytest.approx(25.0)


def test_a_gap_is_not_counted_as_scanned_and_is_reported(cases: Any) -> None:
    positions = [*range(0, 50, 5), *range(200, 250, 5)]
    mapped = map_instances(cases.frame(cases.slices("2", positions)))
    assert only(mapped.series)["scan_length_mm"] == pytest.approx(100.0)
    assert "gap_in_slices" in mapped.findings["code"].to_list()
    assert "gap_in_slices" in mapped.events["flags"][0].to_list()


@pytest.mark.parametrize(
    ("missing", "column"),
    [("KVP", "kvp_kv"), ("CTDIvol", "ctdi_vol_mgy"), ("PatientAge", "patient_age_years"),
     ("CTDIPhantomTypeCodeSequence", "ctdi_phantom_cm"), ("ProtocolName", "body_region"),
     ("XRayTubeCurrent", "tube_current_ma"), ("PatientSex", "PatientSex")],
)  # fmt: skip
def test_an_incomplete_scan_says_what_is_missing(cases: Any, missing: str, column: str) -> None:
    frame = cases.frame(cases.slices("2", range(0, 50, 5), **{missing: None}))
    row = only(map_instances(frame).series)
    assert (row["state"], row["state_reason"]) == ("INCOMPLETE", f"missing: {column}")


def test_a_zero_in_a_header_means_not_given(cases: Any) -> None:
    images = [*cases.slices("2", [0, 5]), *cases.slices("2", [10, 15], KVP=0, XRayTubeCurrent=0)]
    row = only(map_instances(cases.frame(images)).series)
    assert (row["kvp_kv"], row["tube_current_ma"]) == (120.0, 200.0)


@pytest.mark.parametrize(
    ("age", "years"), [("067Y", 67.0), ("018M", 1.5), ("010D", 10 / 365.25), ("52W", 364 / 365.25),
                       ("old", None)]
)  # fmt: skip
def test_age_strings_become_years(cases: Any, age: str, years: float | None) -> None:
    row = only(map_instances(cases.frame(cases.slices("2", [0, 5], PatientAge=age))).series)
    assert row["patient_age_years"] == (None if years is None else pytest.approx(years))


def test_age_in_days_goes_before_the_age_string(cases: Any) -> None:
    frame = cases.frame(cases.slices("2", [0, 5])).with_columns(patient_age_days=pl.lit(16_700))
    assert only(map_instances(frame).series)["patient_age_years"] == pytest.approx(16_700 / 365.25)


def test_an_impossible_pitch_is_not_used(cases: Any) -> None:
    images = cases.slices("2", [0, 5], SpiralPitchFactor=53.0, TableFeedPerRotation=48.0)
    row = only(map_instances(cases.frame(images)).series)
    assert row["pitch"] == pytest.approx(48.0 / 40.0)


def screen(cases: Any, **attributes: Any) -> Dataset:
    return cases.data_set("999", SOPClassUID="1.2.840.10008.5.1.4.1.1.7", **attributes)


@pytest.mark.parametrize(
    "attributes",
    [
        {"Manufacturer": "GE MEDICAL SYSTEMS",
         "ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]},
        {"ImageType": ["DERIVED", "SECONDARY", "OTHER", "CT_SOM5 PROT"], "SeriesNumber": 501},
        {"Manufacturer": "TOSHIBA", "ImageType": ["DERIVED", "SECONDARY"],
         "SeriesDescription": "Dose SUMMARY", "SeriesNumber": 7},
        {"Manufacturer": "Philips", "ImageType": ["DERIVED", "SECONDARY", "DOSE-INFO"]},
    ],
)  # fmt: skip
def test_dose_screens_are_recognised_and_wait_for_their_text(
    cases: Any, attributes: dict[str, Any]
) -> None:
    row = only(map_instances(cases.frame(screen(cases, **attributes))).series)
    assert (row["role"], row["state"]) == ("DOSEINFO", "INCOMPLETE")
    assert "text is not read" in row["state_reason"]


def test_a_ge_screen_save_of_another_series_is_no_dose_screen(cases: Any) -> None:
    saved = screen(cases, Manufacturer="GE MEDICAL SYSTEMS", SeriesNumber=5,
                   ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"])  # fmt: skip
    row = only(map_instances(cases.frame(saved)).series)
    assert (row["role"], row["state"]) == ("OTHER", "UNUSED")


def test_a_philips_localizer_called_dose_info_stays_a_topogram(cases: Any) -> None:
    image = cases.localizer("1", Manufacturer="Philips", SeriesDescription="Dose Info",
                            ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])  # fmt: skip
    assert only(map_instances(cases.frame(image)).series)["role"] == "TOPOGRAM"


@pytest.mark.parametrize("scan_options", ["SCOUT MODE", "SURVIEW"])
def test_localizers_are_recognised_by_scan_options(cases: Any, scan_options: str) -> None:
    image = cases.localizer("1", ImageType=ORIGINAL, ScanOptions=scan_options)
    assert only(map_instances(cases.frame(image)).series)["role"] == "TOPOGRAM"


def test_other_modalities_are_unused_with_the_reason(cases: Any) -> None:
    row = only(map_instances(cases.frame(cases.data_set("1", Modality="MR"))).series)
    assert (row["role"], row["state"]) == ("OTHER", "UNUSED")
    assert row["state_reason"] == "modality MR is not part of this application"


def test_objects_without_a_series_are_a_row_and_a_finding(cases: Any) -> None:
    mapped = map_instances(
        cases.frame(cases.slices("2", range(0, 50, 5)), cases.data_set("3", SeriesInstanceUID=None))
    )
    lost = mapped.series.filter(pl.col("SeriesInstanceUID").is_null())
    assert only(lost)["state"] == "UNUSED"
    assert mapped.findings["code"].to_list() == ["no_series"]


def test_a_header_that_is_no_json_does_not_stop_the_others(cases: Any) -> None:
    frame = cases.frame(cases.slices("2", range(0, 50, 5)), cases.report("9", [cases.event()]))
    broken = cases.frame(cases.report("8", [cases.event()])).with_columns(header=pl.lit("{]"))
    mapped = map_instances(pl.concat([frame, broken]))
    roles = dict(mapped.series.select("SeriesNumber", "role").iter_rows())
    assert roles == {2: "SCAN", 8: "OTHER", 9: "DOSEINFO"}


def test_an_unknown_maker_is_a_note_not_a_guess(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.slices("2", range(0, 50, 5), Manufacturer="Nobody")))
    assert mapped.findings.select("code", "severity").rows() == [("unknown_maker", "note")]


@pytest.mark.parametrize("name", [name for name in INSTANCE.names if name != "SeriesInstanceUID"])
def test_no_single_missing_column_stops_the_mapping(cases: Any, name: str) -> None:
    frame = cases.frame(
        cases.localizer("1"), cases.slices("2", range(0, 50, 5)), cases.report("9", [cases.event()])
    )
    empty = frame.with_columns(pl.lit(None).cast(INSTANCE.polars()[name]).alias(name))
    assert map_instances(empty).series["instances"].sum() == 12


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e308, 0.0])
def test_impossible_numbers_stay_out_of_the_tables(cases: Any, value: float) -> None:
    frame = cases.frame(cases.slices("2", range(0, 50, 5)))
    reals = [name for name, kind in INSTANCE.polars().items() if kind == pl.Float64]
    places = [pl.lit([value] * 3).alias("ImagePositionPatient")]
    mapped = map_instances(frame.with_columns(*(pl.lit(value).alias(n) for n in reals), *places))
    row = only(mapped.series)
    for name in ("kvp_kv", "ctdi_vol_mgy", "pitch", "tube_current_ma"):
        assert row[name] is None
    assert mapped.events["dlp_mgy_cm"].to_list() == [None]


def test_an_object_received_twice_counts_once(cases: Any) -> None:
    frame = cases.frame(cases.slices("2", range(0, 50, 5)))
    twice = map_instances(pl.concat([frame, frame]))
    assert only(twice.series)["instances"] == 10
    assert twice.events.equals(map_instances(frame).events)
