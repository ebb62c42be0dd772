"""Which source counts: sources are matched one to one, no dose counts twice."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from workbench.mapping import Mapped, map_instances


def counted(mapped: Mapped) -> list[tuple[str, float]]:
    rows = mapped.events.filter("preferred").select("source", "dlp_mgy_cm").rows()
    return sorted(rows)


def test_the_report_counts_and_the_images_keep_their_row_under_its_uid(cases: Any) -> None:
    frame = cases.frame(
        cases.slices("2", range(0, 300, 5)), cases.report("9", [cases.event(uid="1.2.99.5")])
    )
    mapped = map_instances(frame)
    assert counted(mapped) == [("rdsr", 300.0)]
    assert mapped.events["irradiation_event_uid"].to_list() == ["1.2.99.5", "1.2.99.5"]
    reasons = mapped.events.filter(~pl.col("preferred"))["preferred_reason"].to_list()
    assert reasons == ["rdsr is trusted more"]
    images = mapped.series.filter(pl.col("SeriesNumber") == 2)["irradiation_event_uids"].item()
    assert images.to_list() == ["1.2.99.5"]


def test_equal_scans_are_matched_in_their_order(cases: Any) -> None:
    early = cases.slices("2", range(0, 300, 5), IrradiationEventUID=None)
    late = cases.slices("3", range(0, 300, 5), AcquisitionNumber=3, AcquisitionTime="101900")
    report = cases.report("9", [cases.event(uid="1.2.99.1"), cases.event(uid="1.2.99.2")])
    events = map_instances(cases.frame(late, early, report)).events
    images = events.filter(pl.col("source") == "header").sort("started_at")
    assert images["irradiation_event_uid"].to_list() == ["1.2.99.1", "1.2.99.2"]


@pytest.mark.parametrize(
    ("said", "fits"),
    [({}, True), ({"ctdi_vol": (10.9, "mGy")}, True), ({"ctdi_vol": (12.0, "mGy")}, False),
     ({"kvp": (100, "kV")}, False), ({"length": (100.0, "mm")}, False),
     ({"type": "113805"}, False)],
)  # fmt: skip
def test_kind_voltage_dose_and_length_must_fit(
    cases: Any, said: dict[str, Any], fits: bool
) -> None:
    frame = cases.frame(
        cases.slices("2", range(0, 300, 5)), cases.report("9", [cases.event(**said)])
    )
    mapped = map_instances(frame)
    assert mapped.events["irradiation_event_uid"].n_unique() == (1 if fits else 2)
    assert mapped.events["preferred"].sum() == 1  # never both


def test_images_that_fit_no_event_of_the_report_do_not_count(cases: Any) -> None:
    frame = cases.frame(
        cases.slices("2", range(0, 300, 5)),
        cases.slices(
            "3", range(0, 300, 5), AcquisitionNumber=3, AcquisitionTime="101900", CTDIvol=3
        ),
        cases.report("9", [cases.event()]),
    )
    mapped = map_instances(frame)
    assert counted(mapped) == [("rdsr", 300.0)]
    finding = mapped.findings.filter(pl.col("code") == "not_in_report")
    assert finding["severity"].to_list() == ["warning"]


def test_a_scan_outside_the_time_of_a_fully_imaged_report_counts(cases: Any) -> None:
    late = cases.slices("3", range(0, 300, 5), AcquisitionNumber=3, AcquisitionTime="150000",
                        CTDIvol=3)  # fmt: skip
    report = cases.report("9", [cases.event()])
    frame = cases.frame(cases.slices("2", range(0, 300, 5)), late, report)
    mapped = map_instances(frame)
    assert counted(mapped) == [("header", pytest.approx(cases.dlp(300.0, 3.0))), ("rdsr", 300.0)]
    assert "beyond_report" in mapped.findings["code"].to_list()
    without_images = map_instances(cases.frame(late, report))
    assert counted(without_images) == [("rdsr", 300.0)]


def test_another_makers_scan_counts_beside_the_report(cases: Any) -> None:
    other = cases.slices("3", range(0, 300, 5), Manufacturer="GE MEDICAL SYSTEMS", KVP=100,
                         AcquisitionNumber=3, AcquisitionTime="102000")  # fmt: skip
    mapped = map_instances(cases.frame(other, cases.report("9", [cases.event()])))
    assert counted(mapped) == [("header", pytest.approx(cases.dlp(300.0))), ("rdsr", 300.0)]


def test_a_header_uid_of_the_report_needs_no_likeness(cases: Any) -> None:
    images = cases.slices("2", [0, 5], IrradiationEventUID="1.2.99.5", KVP=80, CTDIvol=1)
    mapped = map_instances(cases.frame(images, cases.report("9", [cases.event(uid="1.2.99.5")])))
    assert counted(mapped) == [("rdsr", 300.0)]


def test_localizers_and_scans_are_not_mixed_up(cases: Any) -> None:
    report = cases.report("9", [
        cases.event(uid="1.2.99.1", type="113805", ctdi_vol=None, dlp=None, phantom=None),
        cases.event(uid="1.2.99.2"),
    ])  # fmt: skip
    frame = cases.frame(cases.localizer("1"), cases.slices("2", range(0, 300, 5)), report)
    events = map_instances(frame).events.filter(pl.col("source") == "header")
    assert dict(events.select("irradiation_event_uid", "localizer").iter_rows()) == {
        "1.2.99.1": True, "1.2.99.2": False,
    }  # fmt: skip


def test_every_event_that_counts_has_one_preferred_source(cases: Any) -> None:
    events = [cases.event(), cases.event(dlp=(10.0, "mGy.cm"))]
    frame = cases.frame(cases.localizer("1"), cases.slices("2", range(0, 300, 5)),
                        cases.report("9", events), cases.report("10", events))  # fmt: skip
    mapped = map_instances(frame)
    assert mapped.events.select("irradiation_event_uid", "source").is_duplicated().sum() == 0
    counts = mapped.events.group_by("irradiation_event_uid").agg(pl.col("preferred").sum())
    assert counts["preferred"].max() == 1
    assert mapped.events.filter("preferred")["irradiation_event_uid"].n_unique() == 2
    assert mapped.events["preferred_reason"].null_count() == 0


def test_a_report_without_protocol_takes_it_from_the_images(cases: Any) -> None:
    images = cases.slices("2", range(0, 300, 5), ProtocolName="Thorax nativ")
    silent = cases.event(uid="1.2.99.5", protocol=None)
    events = map_instances(cases.frame(images, cases.report("9", [silent]))).events
    report = events.row(by_predicate=pl.col("source") == "rdsr", named=True)
    assert report["protocol"] == "Thorax nativ"
    assert "protocol_from_header" in report["flags"]


@pytest.mark.parametrize("lost", [{"ctdi_vol": None, "dlp": None}, {"dlp": (300.0, "foo")}])
def test_a_report_without_dose_does_not_replace_images_with_one(
    cases: Any, lost: dict[str, Any]
) -> None:
    images = cases.slices("2", range(0, 300, 5), IrradiationEventUID="1.2.99.5")
    report = cases.report("9", [cases.event(uid="1.2.99.5", **lost)])
    mapped = map_instances(cases.frame(images, report))
    assert counted(mapped) == [("header", pytest.approx(cases.dlp(300.0)))]
    reason = mapped.events.filter(~pl.col("preferred"))["preferred_reason"].to_list()
    assert reason == ["header tells more of the dose"]


def test_one_event_uid_of_two_patients_is_two_events(cases: Any) -> None:
    uid = "1.2.99.5"
    ours = cases.report("9", [cases.event(uid=uid)])
    theirs = cases.report("8", [cases.event(uid=uid, dlp=(700.0, "mGy.cm"))])
    theirs.StudyInstanceUID = "1.2.3.2"
    images = cases.slices("3", range(0, 300, 5), StudyInstanceUID="1.2.3.3",
                          IrradiationEventUID=uid)  # fmt: skip
    frame = cases.frame(ours, theirs, images).with_columns(
        patient=pl.when(pl.col("StudyInstanceUID") == "1.2.3.1").then(pl.lit("P1"))
        .when(pl.col("StudyInstanceUID") == "1.2.3.2").then(pl.lit("P2"))
        .otherwise(pl.lit("P3"))
    )  # fmt: skip
    mapped = map_instances(frame)
    assert mapped.events.filter("preferred").select("patient", "source", "dlp_mgy_cm").rows() == [
        ("P1", "rdsr", 300.0), ("P2", "rdsr", 700.0),
        ("P3", "header", pytest.approx(cases.dlp(300.0))),
    ]  # fmt: skip


def test_an_event_copied_into_a_second_study_of_the_patient_counts_once(cases: Any) -> None:
    uid = "1.2.99.5"
    images = cases.slices("2", range(0, 300, 5), IrradiationEventUID=uid)
    report = cases.report("9", [cases.event(uid=uid)])
    copy = cases.report("8", [cases.event(uid=uid)])
    copy.StudyInstanceUID = "1.2.3.2"
    late = cases.slices("4", range(0, 300, 5), IrradiationEventUID=uid,
                        StudyInstanceUID="1.2.3.2")  # fmt: skip
    for frame in (cases.frame(images, report, copy, late), cases.frame(images, copy)):
        mapped = map_instances(frame)
        assert counted(mapped) == [("rdsr", 300.0)]
        assert mapped.events.select("irradiation_event_uid", "source").is_duplicated().sum() == 0
    assert "event_in_two_studies" in map_instances(
        cases.frame(images, report, copy)
    ).findings["code"].to_list()  # fmt: skip
