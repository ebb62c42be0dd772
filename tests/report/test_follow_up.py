"""Weeks since a patient's first exam: true whatever the shift of her dates."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.report_frames import scans
from workbench.report.follow_up import WEEK, FollowUp, with_weeks

START = datetime(2020, 1, 1, 23, 59)


def exams_after(*days: int | None, shift: int = 0, patient: str = "P") -> pl.DataFrame:
    return scans(*(
        {"patient": patient, "StudyInstanceUID": f"{patient}.{number}",
         "started_at": None if day is None else START + timedelta(days=day + shift)}
        for number, day in enumerate(days)
    ))  # fmt: skip


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=6), st.integers(-3650, 3650))
def test_a_shift_of_dates_changes_no_week(days: list[int], shift: int) -> None:
    weeks = with_weeks(exams_after(*days))[WEEK].to_list()
    assert weeks == [(day - min(days)) // 7 for day in days]
    assert with_weeks(exams_after(*days, shift=shift))[WEEK].to_list() == weeks


def test_all_events_of_a_study_are_in_its_week() -> None:
    events = exams_after(0, 6, 7)
    later = events.with_columns(pl.col("started_at") + timedelta(hours=2))  # past midnight
    weeks = with_weeks(pl.concat([events, later]))
    assert weeks[WEEK].to_list() == [0, 0, 1] * 2


def test_an_exam_without_a_date_is_in_no_period_and_only_in_all_of_them() -> None:
    events = exams_after(0, None, 20)
    assert with_weeks(events)[WEEK].to_list() == [0, None, 2]
    assert FollowUp().of(events).height == 3
    assert FollowUp(0, 100).of(events).height == 2
    assert FollowUp(1, None).of(events).height == 1


@pytest.mark.parametrize(("first", "last", "found", "words"), [
    ("", "", FollowUp(), "all weeks"),
    ("4", "12", FollowUp(4, 12), "weeks 4 to 12"),
    ("12", "4", FollowUp(4, 12), "weeks 4 to 12"),
    ("0", "0", FollowUp(0, 0), "week 0"),
    ("5", "", FollowUp(5, None), "from week 5 on"),
    ("", "8", FollowUp(None, 8), "weeks 0 to 8"),
    ("-1", "x", FollowUp(), "all weeks"),
    ("99999", "1e3", FollowUp(), "all weeks"),
    ("\u0663", "", FollowUp(), "all weeks"),
])  # fmt: skip
def test_what_somebody_types_is_a_period_or_none(
    first: str, last: str, found: FollowUp, words: str
) -> None:
    assert FollowUp.read(first, last) == found
    assert found.words() == words
