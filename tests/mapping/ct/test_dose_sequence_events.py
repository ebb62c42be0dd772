"""Exposure Dose Sequences (0040,030E): every exposure once, units as the standard says."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from pydicom.dataset import Dataset

from workbench.mapping.ct.dose_sequence_events import dose_sequence_events
from workbench.mapping.ct.kinds import with_kinds
from workbench.mapping.event_start import with_study_zone
from workbench.mapping.report_kinds import with_report_kind
from workbench.mapping.rules import built_in_rules
from workbench.model import Finding


def elscint(item: Dataset, group: int, element: int, vr: str, value: object) -> None:
    item.private_block(group, "ELSCINT1", create=True).add_new(element, vr, value)


def exposure(**values: Any) -> Dataset:
    """An exposure of 10 mGy and 300 mGy.cm; ``None`` leaves an attribute out."""
    item = Dataset()
    given = {
        "IrradiationEventUID": "1.2.77.1", "AcquisitionType": "SPIRAL", "KVP": 120,
        "CTDIvol": 10.0, "ScanLength": 300.0, "ExposureTime": 4_000, "XRayTubeCurrentInmA": 200.0,
        "SpiralPitchFactor": 0.9, "AcquisitionDateTime": "20200102101500",
        "SeriesDescription": "Thorax", "dlp": 300.0, "phantom": "32 CM",
    } | values  # fmt: skip
    dlp, phantom = given.pop("dlp"), given.pop("phantom")
    for keyword, value in given.items():
        if value is not None:
            setattr(item, keyword, value)
    if dlp is not None:
        elscint(item, 0x00E1, 0x21, "FD", dlp)
    if phantom is not None:
        elscint(item, 0x01E1, 0x26, "LO", phantom)
    return item


def page(cases: Any, exposures: list[Dataset], total: float | None = None, **said: Any) -> Dataset:
    made: Dataset = cases.data_set(
        "7", Manufacturer="Philips", ImageType=["DERIVED", "SECONDARY", "OTHER"],
        SOPClassUID="1.2.840.10008.5.1.4.1.1.7", **said,
    )  # fmt: skip
    made.ExposureDoseSequence = exposures
    if total is not None:
        elscint(made, 0x00E1, 0x21, "FD", total)
    return made


def read(cases: Any, *pages: Dataset) -> tuple[list[dict[str, Any]], list[Finding]]:
    frame, _ = with_study_zone(with_report_kind(cases.frame(list(pages))))
    rules = built_in_rules()
    frame = frame.with_columns(foreign=pl.lit(False), age_contradictory=pl.lit(False))
    marked = with_kinds(frame, rules)
    assert set(marked["kind"]) == {"dose_info"}
    events, findings = dose_sequence_events(marked, rules)
    return events.to_dicts(), findings


def test_an_exposure_is_an_event_with_its_dose(cases: Any) -> None:
    (event,), findings = read(cases, page(cases, [exposure()], total=300.0))
    assert (event["source"], event["irradiation_event_uid"]) == ("dose_sequence", "1.2.77.1")
    assert (event["ctdi_vol_mgy"], event["dlp_mgy_cm"], event["dlp_basis"]) == (
        10.0, 300.0, "reported",
    )  # fmt: skip
    assert (event["event_type"], event["ctdi_phantom_cm"], event["pitch"]) == ("SPIRAL", 32, 0.9)
    assert findings == []


def test_time_is_told_in_milliseconds(cases: Any) -> None:
    (event,), _ = read(cases, page(cases, [exposure()]))
    assert event["exposure_time_s"] == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("XRayTubeCurrentInmA", 200.0), ("XRayTubeCurrent", 200), ("XRayTubeCurrentInuA", 200_000)],
)
def test_current_is_told_in_one_of_three_ways(cases: Any, keyword: str, value: float) -> None:
    item = exposure(**{"XRayTubeCurrentInmA": None} | {keyword: value})
    (event,), _ = read(cases, page(cases, [item]))
    assert event["tube_current_ma"] == pytest.approx(200.0)


def test_a_later_page_repeats_and_does_not_add(cases: Any) -> None:
    first, second = exposure(), exposure(IrradiationEventUID="1.2.77.2", dlp=200.0)
    events, _ = read(cases, page(cases, [first]), page(cases, [exposure(), second]))
    assert [event["dlp_mgy_cm"] for event in events] == [300.0, 200.0]


def test_without_uids_a_repeat_is_told_by_what_it_says(cases: Any) -> None:
    def anonymous(**values: Any) -> Dataset:
        return exposure(IrradiationEventUID=None, **values)

    later = anonymous(AcquisitionDateTime="20200102101700")
    events, _ = read(cases, page(cases, [anonymous()]), page(cases, [anonymous(), later]))
    assert len(events) == 2


def test_two_equal_exposures_of_one_page_are_two(cases: Any) -> None:
    twice = [exposure(IrradiationEventUID=None), exposure(IrradiationEventUID=None)]
    events, _ = read(cases, page(cases, twice, total=600.0))
    assert len({event["irradiation_event_uid"] for event in events}) == 2
    again, _ = read(cases, page(cases, twice), page(cases, twice))
    assert {event["irradiation_event_uid"] for event in again} == {
        event["irradiation_event_uid"] for event in events
    }


@pytest.mark.parametrize(("total", "differs"), [(300.0, False), (302.9, False), (310.0, True)])
def test_a_total_that_is_not_the_sum_is_said(cases: Any, total: float, differs: bool) -> None:
    _, findings = read(cases, page(cases, [exposure()], total=total))
    assert [finding.code for finding in findings] == ["total_differs"] * differs


def test_the_pages_own_total_is_kept_with_each_event(cases: Any) -> None:
    (event,), _ = read(cases, page(cases, [exposure()], total=310.0))
    assert json.loads(event["report"]) == {"number_of_events": 1, "dlp_total_mgy_cm": 310.0}


def test_a_scout_is_a_localizer(cases: Any) -> None:
    (event,), _ = read(cases, page(cases, [exposure(AcquisitionType="CONSTANT_ANGLE")]))
    assert event["localizer"] is True


def test_what_is_not_told_is_null_and_said(cases: Any) -> None:
    item = exposure(AcquisitionType="WONDER", CTDIvol=None, dlp=None, phantom="20 CM")
    (event,), _ = read(cases, page(cases, [item]))
    assert event["event_type"] == "unknown"
    assert (event["ctdi_vol_mgy"], event["dlp_mgy_cm"], event["dlp_basis"]) == (None, None, None)
    assert event["ctdi_phantom_cm"] is None
    assert "phantom_unknown" in event["flags"]


@pytest.mark.parametrize("pitch", [0.0, 40.0])
def test_a_pitch_no_scanner_has_is_not_taken(cases: Any, pitch: float) -> None:
    (event,), _ = read(cases, page(cases, [exposure(SpiralPitchFactor=pitch)]))
    assert event["pitch"] is None


def test_series_of_several_pages_of_one_event_are_all_named(cases: Any) -> None:
    other = page(cases, [exposure()])
    other.SeriesInstanceUID = "1.2.3.1.8"
    (event,), _ = read(cases, page(cases, [exposure()]), other)
    assert list(event["SeriesInstanceUIDs"]) == ["1.2.3.1.7", "1.2.3.1.8"]


def test_a_zero_beside_a_dose_is_not_believed(cases: Any) -> None:
    rows, findings = read(cases, page(cases, [exposure(dlp=0.0)]))
    assert [(row["ctdi_vol_mgy"], row["dlp_mgy_cm"], row["dlp_basis"]) for row in rows] == [
        (10.0, None, None)
    ]
    assert "zero_contradicted" in [finding.code for finding in findings]
