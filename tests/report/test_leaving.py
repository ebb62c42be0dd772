"""What leaves a table: no numbers, days, coarse times, and one order for one content."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from pydicom.dataset import Dataset

from tests.report.report_frames import scans
from workbench.deidentify.patient_clock import Times
from workbench.dicom.record import dicom_json, instance_row
from workbench.report.exports import write_table
from workbench.report.leaving import (
    full_years,
    hourly_json,
    leaving_frame,
    leaving_table,
    timeless_json,
)
from workbench.schema import (
    FINDING,
    INSTANCE,
    IRRADIATION_EVENT,
    PHANTOM_IMAGE,
    RUN,
    SERIES,
    TABLES,
    TEST_RESULT,
    Leaving,
)

AT = datetime(2020, 2, 29, 23, 59, 58, 123456)


def stored_header() -> str:
    """Return a header as it is stored, with times of all forms and texts that look like some."""
    inner, data = Dataset(), Dataset()
    inner.DateTime, inner.Time = "20200229235958.5+0200", "235958"
    inner.TextValue = 'he said "vr":"TM","Value":["235958"]'
    data.StudyDate, data.StudyTime = "20200229", "235958.5"
    data.TimeOfLastCalibration = ["101112", "131415"]
    data.AcquisitionDateTime = "20200229"
    data.FrameAcquisitionDateTime = "20200229235958"
    data.ContentSequence = [inner]
    as_json, _ = dicom_json(data)
    return str(instance_row(as_json)[0]["header"])


def test_times_in_a_stored_header_are_cut_off_at_the_hour_wherever_they_stand() -> None:
    header = json.loads(hourly_json(stored_header()))
    inner = header["0040A730"]["Value"][0]
    assert header["00080030"]["Value"] == ["230000"]
    assert header["00181201"]["Value"] == ["100000", "130000"]
    assert header["0008002A"]["Value"] == ["20200229"]
    assert header["00189074"]["Value"] == ["20200229230000"]
    assert inner["0040A120"]["Value"] == ["20200229230000+0200"]
    assert inner["0040A122"]["Value"] == ["230000"]
    assert inner["0040A160"]["Value"] == ['he said "vr":"TM","Value":["235958"]']
    assert header["00080020"]["Value"] == ["20200229"]


def test_times_in_a_stored_header_are_taken_out_and_days_stay() -> None:
    header = json.loads(timeless_json(stored_header()))
    inner = header["0040A730"]["Value"][0]
    assert header["00080030"] == {"vr": "TM"}
    assert header["00181201"] == {"vr": "TM"}
    assert header["00189074"]["Value"] == ["20200229"]
    assert inner["0040A120"]["Value"] == ["20200229"]
    assert inner["0040A122"] == {"vr": "TM"}


def test_the_times_of_a_report_are_coarse_too_and_its_numbers_stay() -> None:
    facts = {"started_at": "20200229235958.25", "ended_at": None, "dlp_total_mgy_cm": 235958.0,
             "procedure": "CT 20200229235958"}  # fmt: skip
    text = json.dumps(facts, sort_keys=True)
    assert json.loads(hourly_json(text)) == facts | {"started_at": "20200229230000"}
    assert json.loads(timeless_json(text)) == facts | {"started_at": "20200229"}


@pytest.mark.parametrize(
    ("vr", "told", "hourly", "timeless"),
    [
        ("TM", " 101112.7", "100000", None), ("TM", "10:11:12", "100000", None),
        ("TM", "10", "100000", None), ("TM", "1011 ", "100000", None),
        ("TM", "ten past ten", "", None), ("TM", "at 10:11", "", None),
        ("TM", "101112 101113", "", None), ("TM", r"1011\12", "", None),
        ("TM", '10"]11', "", None), ("TM", "1٠1112", "", None),
        ("DT", "2020-01-01 10:11:12", "20200101100000", "20200101"),
        ("DT", " 20200101101112.7", "20200101100000", "20200101"),
        ("DT", "2020.01.01", "20200101", "20200101"), ("DT", "202001", "", ""),
        ("DT", "2011", "", ""),
        ("DT", "20200101101112-0330", "20200101100000-0330", "20200101"),
        ("DT", "20200101T101112", "20200101100000", "20200101"),
        ("DT", "20200101;101112", "", ""), ("DT", "1 January 10:11", "", ""),
        ("DT", '20200101"]101112', "", ""), ("DT", "", "", ""),
    ],
)  # fmt: skip
def test_what_is_no_time_may_hide_a_time_and_does_not_leave(
    vr: str, told: str, hourly: str, timeless: str | None
) -> None:
    stored = {"00189074": {"vr": vr, "Value": [None, told, "20200101101112.5", "101112"]},
              "00081030": {"vr": "LO", "Value": [told]}}  # fmt: skip
    text = json.dumps(stored, separators=(",", ":"), ensure_ascii=False)
    for change, expected in ((hourly_json, hourly), (timeless_json, timeless)):
        header = json.loads(change(text))
        assert header["00081030"]["Value"] == [told], "a description says what it said"
        if expected is None:
            assert header["00189074"] == {"vr": "TM"}
        else:
            values = header["00189074"]["Value"]
            assert values[:2] == [None, expected]
            assert "1112" not in "".join(values[2:])


@pytest.mark.parametrize(
    ("times", "started"),
    [(Times.EXACT, AT), (Times.HOUR, datetime(2020, 2, 29, 23)), (Times.REMOVED, None)],
)
def test_a_start_is_told_as_the_profile_says(times: Times, started: datetime | None) -> None:
    for table in (INSTANCE, SERIES, IRRADIATION_EVENT):
        frame = table.frame([{"started_at": AT}])
        assert leaving_frame(frame, table, times)["started_at"].to_list() == [started]
    told = leaving_table(SERIES, times).column("started_at").meaning
    assert ("hour" in told, "without times" in told) == (
        times is Times.HOUR, times is Times.REMOVED
    )  # fmt: skip


def test_of_what_was_done_here_the_day_is_told_and_no_number() -> None:
    run = RUN.frame([{"run_number": 3, "stage": "import", "started_at": AT, "ended_at": AT}])
    left = leaving_frame(run, RUN, Times.EXACT)
    assert "run_number" not in left.columns
    assert left["started_at"].to_list() == left["ended_at"].to_list() == [date(2020, 2, 29)]
    assert leaving_table(RUN).column("started_at").kind == "date"


def test_an_object_is_named_by_its_pseudonym_where_it_was_kept() -> None:
    rows = [{"code": "a", "object_number": 7}, {"code": "b", "object_number": None}]
    frame = FINDING.frame(rows)
    known = frame.with_columns(SOPInstanceUID=pl.Series(["2.25.9", None], dtype=pl.String))
    assert leaving_frame(known, FINDING, Times.HOUR)["SOPInstanceUID"].to_list() == ["2.25.9", None]
    assert leaving_frame(frame, FINDING, Times.HOUR)["SOPInstanceUID"].null_count() == 2
    assert "object_number" not in leaving_table(FINDING).names


def test_the_values_of_a_result_have_one_name_that_tells_no_order() -> None:
    rows = [
        {"result_number": number, "position": position, "images": [f"digest {number}"],
         "profile": "weekly", "profile_version": 1, "test": "ct-water", "measured_at": AT}
        for number in range(40) for position in (0, 1)
    ]  # fmt: skip
    left = leaving_frame(TEST_RESULT.frame(rows), TEST_RESULT, Times.HOUR)
    assert left["result"].n_unique() == 40
    assert (
        left.group_by("result").agg(pl.col("position").sort())["position"].to_list()
        == [[0, 1]] * 40
    )
    assert leaving_table(TEST_RESULT).key == ("result", "position")
    number_of = {f"digest {number}": number for number in range(40)}
    order = [number_of[images[0]] for images in left["images"]]
    assert order != sorted(order)
    again = leaving_frame(TEST_RESULT.frame(rows[::-1]), TEST_RESULT, Times.HOUR)
    assert again.equals(left)
    assert "result_number" not in leaving_table(PHANTOM_IMAGE).names


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_says_of_each_column_in_which_form_it_leaves(name: str) -> None:
    table = TABLES[name]
    inside = {column.name for column in table.columns if column.leaving is Leaving.NEVER}
    outside = leaving_table(table)
    assert not inside & set(outside.names)
    frame = leaving_frame(table.empty(), table, Times.HOUR)
    assert tuple(frame.columns) == outside.names
    assert dict(frame.schema) == outside.polars()
    # Whoever adds a column that counts, or tells when something came, must say how it leaves.
    for column in table.columns:
        if column.name.endswith("_number") and column.kind == "integer":
            assert column.leaving is not Leaving.UNCHANGED, column.name
        if column.kind == "moment" and column.name != "acquired_at":
            assert column.leaving is not Leaving.UNCHANGED, column.name


def test_rows_are_in_the_order_of_the_column_asked_for(tmp_path: Path) -> None:
    rows = [{"irradiation_event_uid": f"1.{uid}", "dlp_mgy_cm": dlp}
            for uid, dlp in ((3, 5.0), (1, 9.0), (2, 5.0))]  # fmt: skip
    events = scans(*rows)
    out = tmp_path / "events.csv"

    def written() -> list[str]:
        return pl.read_csv(out, infer_schema=False)["irradiation_event_uid"].to_list()

    write_table(events, IRRADIATION_EVENT, out)
    assert written() == ["1.1", "1.2", "1.3"]
    write_table(events, IRRADIATION_EVENT, out, order=("dlp_mgy_cm", True))
    assert written() == ["1.1", "1.2", "1.3"]
    write_table(events, IRRADIATION_EVENT, out, order=("dlp_mgy_cm", False))
    assert written() == ["1.2", "1.3", "1.1"]
    write_table(events, IRRADIATION_EVENT, out, order=("object_number", False))
    assert written() == ["1.1", "1.2", "1.3"], "no order of what does not leave"


@pytest.mark.parametrize(
    ("days", "years", "left_days", "left_years"),
    [(16436, 45.0, 16436, 45.0), (16800, 45.9968, 16436, 45.0), (6574, 18.0, 6574, 18.0),
     (800, 2.19, 730, 2.0), (729, 1.995, 700, 23 / 12), (45, 0.123, 30, 1 / 12),
     (20, 0.0547, 0, 0.0), (None, 45.5, None, 45.0), (None, None, None, None)],
)  # fmt: skip
def test_ages_leave_in_full_years_and_of_small_children_in_months(
    days: int | None, years: float | None, left_days: int | None, left_years: float | None
) -> None:
    frame = INSTANCE.frame([{"patient_age_days": days, "patient_age_years": years}])
    row = leaving_frame(frame, INSTANCE, Times.HOUR).row(0, named=True)
    assert row["patient_age_days"] == left_days
    assert row["patient_age_years"] == pytest.approx(left_years)
    exact = leaving_frame(frame, INSTANCE, Times.EXACT).row(0, named=True)
    assert (exact["patient_age_days"], exact["patient_age_years"]) == (days, years)


def test_the_day_of_an_18th_birthday_is_18_years_in_years_and_in_days() -> None:
    frame = INSTANCE.frame([{"patient_age_days": 6574, "patient_age_years": 18.0}])
    row = leaving_frame(frame, INSTANCE, Times.HOUR).row(0, named=True)
    assert row["patient_age_years"] == 18
    assert round(row["patient_age_days"] / 365.25) == 18


@pytest.mark.parametrize(
    ("text", "left"),
    [("045Y", "045Y"), ("012M", "012M"), ("036M", "003Y"), ("023D", "000M"), ("014W", "003M"),
     ("090D", "002M"), ("095D", "003M"), ("045", ""), ("", "")],
)  # fmt: skip
def test_a_told_age_leaves_alike_in_its_column_and_in_the_header(text: str, left: str) -> None:
    assert full_years(text) == left
    header = json.loads(hourly_json(f'{{"00101010": {{"vr":"AS","Value":["{text}"]}}}}'))
    assert header["00101010"]["Value"] == [left]
    assert json.loads(timeless_json(json.dumps(header, separators=(",", ":")))) == header


def test_every_age_of_every_table_says_how_it_leaves() -> None:
    for table in TABLES.values():
        for column in table.columns:
            if "age_" in f"{column.name}_".casefold() and column.unit in ("a", "d"):
                assert column.leaving in (Leaving.AGE, Leaving.NEVER), (table.name, column.name)
            if column.name == "PatientAge":
                assert column.leaving is Leaving.AGE, table.name
