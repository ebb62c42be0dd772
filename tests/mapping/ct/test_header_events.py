"""Irradiation events of images: each acquisition counts once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.mapping import Mapped, map_instances


def counted_dlp(mapped: Mapped) -> float:
    return float(mapped.events.filter("preferred")["dlp_mgy_cm"].sum())


def test_dlp_is_ctdi_vol_times_exposed_length(cases: Any) -> None:
    event = map_instances(cases.frame(cases.slices("2", range(0, 300, 5)))).events.row(
        0, named=True
    )
    assert event["scan_length_mm"] == pytest.approx(300.0)
    assert event["dlp_mgy_cm"] == pytest.approx(10.0 * event["exposed_length_mm"] / 10)
    assert event["dlp_mgy_cm"] == pytest.approx(cases.dlp(300.0))
    assert event["dlp_basis"] == "ctdi_vol_times_exposed_length"
    assert event["exposed_length_basis"] == "spiral_range_and_overranging"
    assert 0.03 < event["exposed_length_sd_log"] < 0.12
    assert (event["source"], event["event_type"]) == ("header", "SPIRAL")


def test_reconstructions_of_one_scan_are_one_event(cases: Any) -> None:
    frame = cases.frame(
        cases.localizer("1"),
        cases.slices("2", range(0, 300, 5)),
        cases.slices("3", range(0, 300, 1), SliceThickness=1.0),
        cases.slices("4", range(100, 150, 1), SliceThickness=1.0),
        cases.slices("5", range(0, 300, 5), ImageType=["DERIVED", "SECONDARY", "AXIAL", "MPR"]),
    )
    mapped = map_instances(frame)
    roles = dict(mapped.series.select("SeriesNumber", "role").iter_rows())
    assert roles == {1: "TOPOGRAM", 2: "RECONSTRUCTION", 3: "SCAN", 4: "RECONSTRUCTION",
                     5: "RECONSTRUCTION"}  # fmt: skip
    assert mapped.events["localizer"].sort().to_list() == [False, True]
    assert counted_dlp(mapped) == pytest.approx(cases.dlp(300.0))
    reason = mapped.series.filter(pl.col("SeriesNumber") == 2)["state_reason"].item()
    assert reason == "reconstruction of a scan that is already counted"


@pytest.mark.parametrize(
    "other",
    [{"AcquisitionNumber": 3}, {"AcquisitionTime": "102000"},
     {"KVP": 80, "AcquisitionTime": "102000"}, {"KVP": 80, "CTDIvol": 4.0},
     {"IrradiationEventUID": "1.2.99.2"}],
)  # fmt: skip
def test_another_acquisition_is_another_event(cases: Any, other: dict[str, Any]) -> None:
    uid = {"IrradiationEventUID": "1.2.99.1"} if "IrradiationEventUID" in other else {}
    frame = cases.frame(
        cases.slices("2", range(0, 300, 5), **uid), cases.slices("3", range(0, 300, 5), **other)
    )
    doses = 10.0, float(other.get("CTDIvol", 10.0))
    assert counted_dlp(map_instances(frame)) == pytest.approx(
        sum(cases.dlp(300.0, dose) for dose in doses)
    )


def test_the_event_uid_decides_where_both_have_one(cases: Any) -> None:
    uid = "1.2.99.1"
    frame = cases.frame(
        cases.slices("2", range(0, 300, 5), IrradiationEventUID=uid),
        cases.slices("3", range(0, 300, 5), IrradiationEventUID=uid, AcquisitionNumber=9),
    )
    events = map_instances(frame).events
    assert events["irradiation_event_uid"].to_list() == [uid]


def test_reconstructions_without_times_are_recognised_by_number_and_range(cases: Any) -> None:
    frame = cases.frame(
        cases.slices("2", range(0, 300, 5), AcquisitionTime=None, SeriesTime="101500"),
        cases.slices("3", range(0, 300, 5), AcquisitionTime=None, SeriesTime="103000"),
    )
    events = map_instances(frame).events
    assert events.height == 1
    assert "matched_without_time" in events["flags"][0].to_list()


def test_step_and_shoot_rotations_are_one_scan(cases: Any) -> None:
    images = []
    for number in range(10):
        images += cases.slices(
            "2", [number * 10, number * 10 + 5], AcquisitionNumber=number + 1,
            AcquisitionTime=f"1015{number:02d}", SpiralPitchFactor=None,
            ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], ScanOptions="AXIAL MODE",
        )  # fmt: skip
    events = map_instances(cases.frame(images)).events
    assert events["event_type"].to_list() == ["SEQUENCED"]
    # Ten rotations 10 mm apart; each is 40 mm wide: 90 + 40 mm were in a beam.
    assert events["dlp_mgy_cm"].item() == pytest.approx(10.0 * 12.0)


def test_two_spirals_of_one_series_are_two_events(cases: Any) -> None:
    images = [
        *cases.slices("2", range(0, 100, 5), AcquisitionNumber=1),
        *cases.slices("2", range(200, 300, 5), AcquisitionNumber=2, AcquisitionTime="101700"),
    ]
    assert (
        map_instances(cases.frame(images)).events["dlp_mgy_cm"].to_list()
        == [pytest.approx(cases.dlp(100.0))] * 2
    )


def test_derived_images_alone_are_an_event_that_says_so(cases: Any) -> None:
    mapped = map_instances(
        cases.frame(cases.slices("2", range(0, 100, 5), ImageType=["DERIVED", "PRIMARY", "AXIAL"]))
    )
    assert "derived_images_only" in mapped.events["flags"][0].to_list()
    assert mapped.series.select("role", "state").row(0) == ("RECONSTRUCTION", "INCOMPLETE")
    assert "derived_only" in mapped.findings["code"].to_list()


def test_sagittal_reformats_give_no_scan_length(cases: Any) -> None:
    sagittal = [0.0, 1.0, 0.0, 0.0, 0.0, -1.0]
    images = cases.slices("2", [0], ImageType=["DERIVED", "SECONDARY", "MPR"],
                          ImageOrientationPatient=sagittal)  # fmt: skip
    event = map_instances(cases.frame(images)).events.row(0, named=True)
    assert event["scan_length_mm"] is None
    assert event["dlp_mgy_cm"] is None


def test_an_event_without_uid_keeps_its_name_when_a_reconstruction_arrives(cases: Any) -> None:
    scan = cases.slices("3", range(0, 300, 1))
    before = map_instances(cases.frame(scan)).events["irradiation_event_uid"].item()
    later = cases.slices("2", range(0, 300, 5))
    assert map_instances(cases.frame(scan, later)).events["irradiation_event_uid"].item() == before
    assert before.startswith("2.25.")


def test_images_copied_into_a_second_study_count_once(cases: Any) -> None:
    uid = {"IrradiationEventUID": "1.2.99.1"}
    frame = cases.frame(
        cases.slices("2", range(0, 100, 5), **uid),
        cases.slices("3", range(0, 100, 5), StudyInstanceUID="1.2.3.2", **uid),
    )
    mapped = map_instances(frame)
    assert counted_dlp(mapped) == pytest.approx(cases.dlp(100.0))
    assert "event_in_two_studies" in mapped.findings["code"].to_list()


def study(cases: Any) -> pl.DataFrame:
    event = cases.event()
    return cases.frame(
        cases.localizer("1"), cases.slices("2", range(0, 300, 5)),
        cases.slices("3", range(0, 300, 3)), cases.report("9", [event]),
        cases.slices("4", range(0, 60, 5), AcquisitionNumber=5, AcquisitionTime="103500"),
    )  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_instances_never_changes_the_tables(
    new_cases: Callable[[], Any], seed: int
) -> None:
    frame = study(new_cases())
    expected = map_instances(frame)
    shuffled = map_instances(frame.sample(fraction=1.0, shuffle=True, seed=seed))
    assert shuffled.series.equals(expected.series)
    assert shuffled.events.equals(expected.events)
    assert shuffled.findings.equals(expected.findings)


@settings(max_examples=20, deadline=None)
@given(
    increment=st.sampled_from([0.5, 0.7, 1.0, 2.0, 3.0, 5.0, 7.5]),
    begin=st.floats(0, 100), end=st.floats(150, 295), ctdi_vol=st.floats(5, 20),
    series=st.integers(1, 20).filter(lambda number: number != 2), derived=st.booleans(),
)  # fmt: skip
def test_a_further_reconstruction_never_changes_the_dose(
    new_cases: Callable[[], Any], increment: float, begin: float, end: float,
    ctdi_vol: float, series: int, derived: bool,
) -> None:  # fmt: skip
    cases = new_cases()
    scan = cases.slices("2", range(0, 300, 1), SliceThickness=1.0)
    count = int((end - begin) / increment)
    kind = ["DERIVED", "SECONDARY", "AXIAL"] if derived else ["ORIGINAL", "PRIMARY", "AXIAL"]
    more = cases.slices(str(series), [begin + i * increment for i in range(count)],
                        ImageType=kind, ScanOptions="HELICAL", CTDIvol=ctdi_vol)  # fmt: skip
    alone, both = map_instances(cases.frame(scan)), map_instances(cases.frame(scan, more))
    assert both.events.height == 1
    assert counted_dlp(both) == counted_dlp(alone)


def test_philips_study_counts_three_reconstructions_once(test_data: Any, cases: Any) -> None:
    from workbench.dicom.read import read_header
    from workbench.errors import ReadError

    data_sets = []
    for path in sorted((test_data / "dose" / "dcm_qa_ct").rglob("I*")):
        try:
            data_sets.append(read_header(path).dataset)
        except ReadError:
            continue
    mapped = map_instances(cases.frame(data_sets))
    roles = dict(mapped.series.select("SeriesNumber", "role").iter_rows())
    assert roles == {100: "TOPOGRAM", 201: "RECONSTRUCTION", 202: "SCAN", 203: "RECONSTRUCTION",
                     401: "DOSEINFO"}  # fmt: skip
    counted = mapped.events.filter("preferred")
    assert counted["source"].to_list() == ["dose_sequence", "dose_sequence"]
    assert counted["localizer"].to_list() == [True, False]
    assert counted_dlp(mapped) == pytest.approx(277.1)
    scan = mapped.events.filter((pl.col("source") == "header") & ~pl.col("localizer"))
    assert scan["irradiation_event_uid"].item() == counted["irradiation_event_uid"][1]
    assert scan["SeriesInstanceUIDs"].list.len().item() == 3
    assert scan["scan_length_mm"].item() == pytest.approx(140.0)
