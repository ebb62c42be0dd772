"""CT dose reports: recognised by content, deduplicated, units refused when unknown."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench.dicom.read import read_header
from workbench.mapping import map_instances

ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"


def test_a_report_gives_its_events(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.report("9", [cases.event(), cases.event()])))
    assert mapped.events["source"].unique().to_list() == ["rdsr"]
    row = mapped.events.row(0, named=True)
    assert (row["ctdi_vol_mgy"], row["dlp_mgy_cm"], row["dlp_basis"]) == (10.0, 300.0, "reported")
    assert (row["event_type"], row["localizer"], row["ctdi_phantom_cm"]) == ("SPIRAL", False, 32)
    assert (row["kvp_kv"], row["scan_length_mm"], row["exposure_time_s"]) == (120.0, 310.0, 4.0)
    assert row["body_region"] == "chest"
    assert mapped.series.select("role", "state").row(0) == ("DOSEINFO", "MAPPED")


def test_the_root_concept_decides_not_the_sop_class(cases: Any) -> None:
    enhanced = cases.report("9", [cases.event()], sop_class=ENHANCED_SR)
    assert map_instances(cases.frame(enhanced)).events.height == 1
    other = cases.report("9", [cases.event()], root="126000")
    mapped = map_instances(cases.frame(other))
    assert mapped.events.height == 0
    assert mapped.series["state_reason"].item() == "structured report without a dose"


def test_projection_reports_wait_for_their_mapping(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.report("9", [])))
    assert mapped.series.select("role", "state", "state_reason").row(0) == (
        "DOSEINFO", "UNUSED", "projection dose report: not mapped yet",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "dlp"),
    [("mGy.cm", 300.0), ("mGycm", 300.0), ("mSv", None), ("", None)],
)
def test_units_are_normalised_or_refused(cases: Any, unit: str, dlp: float | None) -> None:
    mapped = map_instances(cases.frame(cases.report("9", [cases.event(dlp=(300.0, unit))])))
    assert mapped.events["dlp_mgy_cm"].item() == dlp
    codes = mapped.findings.select("code", "column").rows()
    assert codes == ([] if dlp else [("unknown_unit", "dlp_mgy_cm")])


def test_a_unit_of_another_size_is_converted(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.report("9", [cases.event(dlp=(0.3, "Gy.cm"))])))
    assert mapped.events["dlp_mgy_cm"].to_list() == [pytest.approx(300.0)]


@pytest.mark.parametrize(
    ("value", "code"),
    [("-300", "negative_value"), ("300\\400", "multi_valued"), ("1E30", "implausible_value")],
)
@pytest.mark.parametrize(
    ("name", "unit", "column"),
    [("dlp", "mGy.cm", "dlp_mgy_cm"), ("ctdi_vol", "mGy", "ctdi_vol_mgy"),
     ("length", "mm", "scan_length_mm"), ("kvp", "kV", "kvp_kv")],
)  # fmt: skip
def test_values_that_no_event_can_have_are_refused(
    cases: Any, value: str, code: str, name: str, unit: str, column: str
) -> None:
    mapped = map_instances(cases.frame(cases.report("9", [cases.event(**{name: (value, unit)})])))
    assert mapped.events[column].to_list() == [None]
    assert mapped.findings.select("code", "column", "severity").rows() == [
        (code, column, "warning")
    ]


def test_exposure_time_in_milliseconds_becomes_seconds(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.report("9", [cases.event(time=(4000, "ms"))])))
    assert mapped.events["exposure_time_s"].item() == pytest.approx(4.0)


def test_cumulative_reports_repeat_and_continued_reports_add(cases: Any) -> None:
    first, second = cases.event(dlp=(100.0, "mGy.cm")), cases.event(dlp=(50.0, "mGy.cm"))
    cumulative = cases.frame(cases.report("9", [first]), cases.report("10", [first, second]))
    continued = cases.frame(cases.report("9", [first]), cases.report("10", [second]))
    for frame in (cumulative, continued):
        assert map_instances(frame).events["dlp_mgy_cm"].sum() == pytest.approx(150.0)
    both = map_instances(cumulative).events["SeriesInstanceUIDs"].list.len().sort().to_list()
    assert both == [1, 2]


def test_the_later_of_two_conflicting_reports_wins_and_it_is_said(cases: Any) -> None:
    uid = "1.2.99.7"
    early = cases.report("9", [cases.event(uid=uid, dlp=(1.0, "mGy.cm"))], written="100000")
    late = cases.report("8", [cases.event(uid=uid, dlp=(2.0, "mGy.cm"))], written="120000")
    for frame in (cases.frame(early, late), cases.frame(late, early)):
        mapped = map_instances(frame)
        assert mapped.events["dlp_mgy_cm"].to_list() == [2.0]
        assert ("conflicting_reports", uid) in mapped.findings.select(
            "code", "irradiation_event_uid"
        ).rows()


def test_a_later_emptier_report_erases_no_dose(cases: Any) -> None:
    uid = "1.2.99.7"
    early = cases.report("9", [cases.event(uid=uid, dlp=(300.0, "mGy.cm"))], written="100000")
    late = cases.report("8", [cases.event(uid=uid, dlp=(300.0, "foo"), length=(280.0, "mm"))],
                        written="120000")  # fmt: skip
    for frame in (cases.frame(early, late), cases.frame(late, early)):
        mapped = map_instances(frame)
        event = mapped.events.row(0, named=True)
        assert (event["dlp_mgy_cm"], event["dlp_basis"]) == (300.0, "reported")
        assert event["scan_length_mm"] == 280.0  # what the later report does say counts
        assert "dose_from_earlier_report" in event["flags"]
        assert "emptier_report" in mapped.findings["code"].to_list()


def test_two_events_with_one_uid_in_one_report_both_count(cases: Any) -> None:
    uid = "1.2.99.7"
    events = [cases.event(uid=uid), cases.event(uid=uid, dlp=(200.0, "mGy.cm"))]
    mapped = map_instances(cases.frame(cases.report("9", events, total=(500.0, "mGy.cm"))))
    assert mapped.events.filter("preferred")["dlp_mgy_cm"].to_list() == [300.0, 200.0]
    assert uid in mapped.events["irradiation_event_uid"].to_list()
    assert mapped.findings["code"].to_list() == ["event_uid_repeated"]
    again = map_instances(cases.frame(cases.report("9", events), cases.report("10", events)))
    assert again.events["dlp_mgy_cm"].sum() == 500.0  # cumulative reports still count once


def test_an_event_written_twice_in_one_report_counts_once(cases: Any) -> None:
    event = cases.event(uid="1.2.99.7")
    report = cases.report("9", [event, event], total=(300.0, "mGy.cm"))
    mapped = map_instances(cases.frame(report))
    assert mapped.events["dlp_mgy_cm"].to_list() == [300.0]
    assert mapped.findings["code"].to_list() == ["event_uid_repeated"]


def test_a_total_that_is_not_the_sum_is_a_finding(cases: Any) -> None:
    events = [cases.event(), cases.event()]
    wrong = cases.report("9", events, total=(700.0, "mGy.cm"))
    right = cases.report("9", events, total=(600.0, "mGy.cm"))
    assert "total_differs" in map_instances(cases.frame(wrong)).findings["code"].to_list()
    assert map_instances(cases.frame(right)).findings.height == 0


def test_constant_angle_is_a_localizer(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.report("9", [cases.event(type="113805")])))
    assert mapped.events.select("event_type", "localizer").row(0) == ("CONSTANT_ANGLE", True)


def test_a_missing_phantom_is_flagged_and_an_unknown_one_found(cases: Any) -> None:
    missing = map_instances(cases.frame(cases.report("9", [cases.event(phantom=None)])))
    assert missing.events["flags"][0].to_list() == ["phantom_unknown"]
    unknown = map_instances(cases.frame(cases.report("9", [cases.event(phantom="999999")])))
    assert unknown.events["ctdi_phantom_cm"].item() is None
    assert unknown.findings["code"].to_list() == ["unknown_phantom"]


def test_events_without_uid_are_kept_apart_and_reported(cases: Any) -> None:
    events = [cases.event(uid=None), cases.event(uid=None)]
    mapped = map_instances(cases.frame(cases.report("9", events)))
    assert mapped.events["irradiation_event_uid"].n_unique() == 2
    assert "no_event_uid" in mapped.findings["code"].to_list()


def test_numbers_that_are_words_are_refused(cases: Any) -> None:
    report = cases.report("9", [cases.event()])
    frame = cases.frame(report).with_columns(pl.col("header").str.replace_all("300.0", '"much"'))
    mapped = map_instances(frame)
    assert mapped.events["dlp_mgy_cm"].item() is None
    assert mapped.findings["code"].to_list() == ["bad_value"]


def test_reference_totals_of_real_reports(test_data: Path, cases: Any) -> None:
    with (test_data / "dosimetry" / "REFERENCE_CASES.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["quantity"] == "DLP_total"]
    folder = test_data / "dose" / "openrem"
    checked = 0
    for row in rows:
        inputs = json.loads(row["inputs"])
        names = inputs.get("files") or [inputs.get("file", "")]
        if not all(name and (folder / name).is_file() for name in names):
            continue
        frame = cases.frame([read_header(folder / name).dataset for name in names])
        found = map_instances(frame).events.filter("preferred")["dlp_mgy_cm"].sum()
        assert found == pytest.approx(float(row["expected"]), abs=float(row["tolerance"])), row[
            "id"
        ]
        checked += 1
    assert checked > 0
