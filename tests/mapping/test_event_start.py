"""Times are compared in one zone; a clock that is not known is no time (PS3.3 C.12.1.1.8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.header_rows import HeaderRows
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.dicom.read import read_header
from workbench.mapping import Mapped, map_instances
from workbench.schema import INSTANCE

PSEUDONYMS = Pseudonyms(bytes(range(32)), "cases", "test")


def mapped_case(folder: Path) -> tuple[Mapped, set[str]]:
    """Map the files of a case as they arrive: de-identified; also the codes told at import."""
    rows, made, codes = HeaderRows(Deidentifier(load_profile(), PSEUDONYMS)), [], set()
    for number, path in enumerate(sorted(folder.rglob("*.dcm"))):
        row, found, _ = rows.row(read_header(path))
        made.append(row | {"object_number": number})
        codes |= {finding.code for finding in found}
    assert made
    return map_instances(INSTANCE.frame(made)), codes


def codes_of(mapped: Mapped) -> set[str]:
    return set(mapped.findings["code"])


def scans(cases: Any, **zone: Any) -> list[Any]:
    """A head scan at 10:00 and a scan of the abdomen at 11:00, alike in dose and length."""
    return [
        image
        for series, clock, name in (("2", "100000", "Head"), ("3", "110000", "Abdomen"))
        for image in cases.slices(series, range(0, 105, 5), AcquisitionTime=clock,
                                  ProtocolName=name, AcquisitionNumber=int(series), **zone)
    ]  # fmt: skip


def reported(cases: Any, *starts: str) -> list[Any]:
    return [
        cases.event(started=start, protocol=None, length=(105.0, "mm"), dlp=(dlp, "mGy.cm"))
        for start, dlp in zip(starts, (105.0, 106.0), strict=True)
    ]


def regions(mapped: Mapped) -> dict[float, str]:
    counted = mapped.events.filter("preferred")
    return dict(counted.select("dlp_mgy_cm", "body_region").iter_rows())


@pytest.mark.parametrize("own", [None, "+0100", "+0000"])
def test_a_report_in_utc_fits_local_images(cases: Any, own: str | None) -> None:
    starts = ("20200102090000+0000", "20200102100000+0000")
    report = cases.report("9", reported(cases, *starts))
    if own:
        report.TimezoneOffsetFromUTC = own
    images = scans(cases, TimezoneOffsetFromUTC="+0100")
    mapped = map_instances(cases.frame(*images, report))
    assert regions(mapped) == {105.0: "head", 106.0: "abdomen"}
    times = mapped.events.filter("preferred")["started_at"].to_list()
    assert times == [datetime(2020, 1, 2, 10), datetime(2020, 1, 2, 11)]


def test_moments_without_offset_are_in_the_zone_of_their_object(cases: Any) -> None:
    report = cases.report("9", reported(cases, "20200102090000", "20200102100000"))
    report.TimezoneOffsetFromUTC = "+0000"
    mapped = map_instances(
        cases.frame(*scans(cases, TimezoneOffsetFromUTC="+0100"), report)
    )  # fmt: skip
    assert regions(mapped) == {105.0: "head", 106.0: "abdomen"}
    assert "several_zones" in codes_of(mapped)


def test_an_offset_beside_an_unknown_zone_is_told_and_matches_nothing(cases: Any) -> None:
    starts = ("20200102100000+0000", "20200102110000+0000")
    mapped = map_instances(
        cases.frame(*scans(cases), cases.report("9", reported(cases, *starts)))
    )  # fmt: skip
    assert "zone_unknown" in codes_of(mapped)
    flags = mapped.events.filter(source="rdsr")["flags"].to_list()
    assert all("start_in_unknown_zone" in own for own in flags)


def test_the_zone_of_a_report_in_utc_is_not_taken_for_that_of_silent_images(cases: Any) -> None:
    """Otherwise the report's head, at 10:00 UTC, would be the abdomen of 11:00 local time."""
    report = cases.report("9", reported(cases, "20200102090000", "20200102100000"))
    report.TimezoneOffsetFromUTC = "+0000"
    mapped = map_instances(cases.frame(*scans(cases), report))
    assert "zone_unknown" in codes_of(mapped)
    assert all(
        "start_in_unknown_zone" in own
        for own in mapped.events.filter(source="rdsr")["flags"].to_list()
    )


def test_a_report_in_another_zone_than_utc_is_in_that_of_its_silent_images(cases: Any) -> None:
    report = cases.report("9", reported(cases, "20200102100000", "20200102110000"))
    report.TimezoneOffsetFromUTC = "+0100"
    mapped = map_instances(cases.frame(*scans(cases), report))
    assert regions(mapped) == {105.0: "head", 106.0: "abdomen"}
    assert not {"zone_unknown", "several_zones"} & codes_of(mapped)


def test_the_zone_is_that_of_most_images_whatever_reports_tell(cases: Any) -> None:
    images = scans(cases, TimezoneOffsetFromUTC="+0100")
    images[0].TimezoneOffsetFromUTC = "+0000"
    reports = [cases.report(str(number), []) for number in range(20, 90)]
    for report in reports:
        report.TimezoneOffsetFromUTC = "+0000"
    mapped = map_instances(cases.frame(*images, *reports))
    assert datetime(2020, 1, 2, 10) in mapped.events["started_at"].to_list()


@pytest.mark.parametrize(
    ("started", "code"),
    [(None, "start_absent"), ("20200102", "time_absent"), ("20200102250000", "time_unreadable"),
     ("20200102100000+2500", "offset_unreadable")],
)  # fmt: skip
def test_a_start_without_a_clock_is_not_midnight(
    cases: Any, started: str | None, code: str
) -> None:
    mapped = map_instances(cases.frame(cases.report("9", [cases.event(started=started)])))
    (event,) = mapped.events.to_dicts()
    assert code in codes_of(mapped)
    assert event["started_at"] == datetime(2020, 1, 2, 10, 14)  # of the report
    assert event["flags"] == ["start_not_of_event"]


@pytest.mark.parametrize("clock", ["250000", "9", "1060"])
def test_two_scans_with_unreadable_clocks_stay_two(cases: Any, clock: str) -> None:
    images = [
        image
        for series, first in (("2", 0), ("3", 400))
        for image in cases.slices(series, range(first, first + 105, 5), AcquisitionTime=clock,
                                  AcquisitionNumber=None)
    ]  # fmt: skip
    frame = cases.frame(*images)
    assert frame["started_at"].null_count() == frame.height
    assert map_instances(frame).events.filter("preferred").height == 2


def test_a_clock_of_the_series_is_none_of_the_acquisition(cases: Any) -> None:
    images = [
        image
        for series, first in (("2", 0), ("3", 400))
        for image in cases.slices(series, range(first, first + 105, 5), AcquisitionDate=None,
                                  StudyTime="093000", AcquisitionNumber=None)
    ]  # fmt: skip
    assert map_instances(cases.frame(*images)).events.filter("preferred").height == 2


# --- small inputs that users reported -------------------------------------------------------------


def test_case_report_in_utc(test_data: Path) -> None:
    mapped, _ = mapped_case(test_data / "cases" / "dose" / "a10_timezone")
    counted = mapped.events.filter("preferred")
    images = mapped.events.filter(source="header")
    assert counted["source"].to_list() == ["rdsr", "rdsr"]
    assert images.height == 2
    for event in counted.to_dicts():
        image = images.filter(irradiation_event_uid=event["irradiation_event_uid"])
        assert image["started_at"].to_list() == [event["started_at"]]
    assert counted["body_region"].to_list() == ["head", "abdomen"]
    assert counted["started_at"].dt.hour().to_list() == [10, 11]


def test_case_report_in_utc_without_a_zone_of_its_own(test_data: Path) -> None:
    mapped, _ = mapped_case(test_data / "cases" / "ct" / "R02_utc_report")
    times = mapped.events["started_at"].unique()
    assert times.dt.strftime("%H:%M").to_list() == ["10:01"]
    assert mapped.events.filter("preferred")["source"].to_list() == ["rdsr"]


@pytest.mark.parametrize(
    ("case", "clock"),
    [("b13_tm_0", "12:21:00"), ("b13_tm_1", "12:00:00"), ("b13_tm_2", "12:21:00"),
     ("b13_tm_3", "12:21:00"), ("b13_tm_4", "12:21:00"), ("b13_tm_5", "12:22:00")],
)  # fmt: skip
def test_case_times(test_data: Path, case: str, clock: str) -> None:
    mapped, codes = mapped_case(test_data / "cases" / "dose" / case)
    assert mapped.events["started_at"].dt.strftime("%H:%M:%S").to_list() == [clock]
    assert not codes & {"time_unreadable", "time_absent"}


@pytest.mark.parametrize("number", range(6))
def test_case_moments_are_read_or_told(test_data: Path, number: int) -> None:
    mapped, codes = mapped_case(test_data / "cases" / "dose" / f"b14_dt_{number}")
    (event,) = mapped.events.filter("preferred").to_dicts()
    told = codes | codes_of(mapped)
    plain = number == 3  # the one that is a DT of the standard, without an offset
    assert (event["flags"] == []) is plain
    assert plain or told & {"value_dropped", "zone_unknown"}
    assert event["started_at"].time() != datetime.min.time()


@pytest.mark.parametrize("case", ["c01_colon_times", "c01b_colon_times_acq1", "c01c_colon_control"])
def test_case_times_with_colons(test_data: Path, case: str) -> None:
    mapped, _ = mapped_case(test_data / "cases" / "dose" / case)
    counted = mapped.events.filter("preferred").sort("started_at")
    assert counted["body_region"].to_list() == ["chest", "abdomen"]
    assert counted["started_at"].diff().to_list()[1] == timedelta(minutes=20)


def test_case_without_acquisition_time(test_data: Path) -> None:
    mapped, codes = mapped_case(test_data / "cases" / "ct" / "C12_no_acq_time")
    (event,) = mapped.events.filter("preferred").to_dicts()
    assert "matched_without_time" in event["flags"]  # times of a series do not part scans
    assert event["dlp_mgy_cm"] is None
    assert not codes


def test_case_voltage_in_volts(test_data: Path) -> None:
    mapped, _ = mapped_case(test_data / "cases" / "ct" / "C07_kvp_volts")
    (event,) = mapped.events.filter("preferred").to_dicts()
    assert event["kvp_kv"] is None
    assert event["scan_length_mm"] == 200.0
    assert codes_of(mapped) == {"implausible_value"}
