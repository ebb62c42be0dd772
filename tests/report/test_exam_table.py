"""One row an exam: the sum of its DLP stands there only where it is whole."""

from __future__ import annotations

import polars as pl
import pytest

from tests.report.report_frames import scans
from workbench.report import exam_table
from workbench.report.exam_table import EXAM, exams
from workbench.schema import SERIES

NO_SERIES = SERIES.empty()


def study(*changes: dict[str, object]) -> pl.DataFrame:
    return scans(*({"StudyInstanceUID": "1.9", "patient": "P", **one} for one in changes))


def the_exam(events: pl.DataFrame, series: pl.DataFrame = NO_SERIES) -> dict[str, object]:
    (row,) = exams(events, series).iter_rows(named=True)
    return row


def test_a_whole_exam_is_summed_without_its_topogram() -> None:
    row = the_exam(study(
        {"dlp_mgy_cm": 300.0, "flags": ["b", "a"]}, {"dlp_mgy_cm": 200.0, "flags": ["a"]},
        {"localizer": True, "dlp_mgy_cm": None},
    ))  # fmt: skip
    assert (row["dlp_sum_mgy_cm"], row["no_sum"]) == (500.0, None)
    assert (row["scans"], row["topograms"], row["ctdi_phantom_cm"]) == (2, 1, 32)
    assert row["flags"] == ["a", "b"]
    assert row["body_regions"] == ["chest"]


@pytest.mark.parametrize(("change", "why"), [
    ({"dlp_mgy_cm": None}, exam_table.NO_DLP),
    ({"dlp_mgy_cm": float("nan")}, exam_table.NO_DLP),
    ({"ctdi_phantom_cm": 16}, exam_table.TWO_PHANTOMS),
    ({"ctdi_phantom_cm": None}, exam_table.NO_PHANTOM),
])  # fmt: skip
def test_what_is_not_whole_is_not_summed_and_says_why(change: dict[str, object], why: str) -> None:
    row = the_exam(study({}, change))
    assert (row["dlp_sum_mgy_cm"], row["ctdi_phantom_cm"], row["no_sum"]) == (None, None, why)


@pytest.mark.parametrize(("series", "lost"), [
    ({"role": "SCAN", "state": "MAPPED", "irradiation_event_uids": ["1"]}, False),
    ({"role": "SCAN", "state": "INCOMPLETE", "irradiation_event_uids": ["1"]}, False),
    ({"role": "SCAN", "state": "INCOMPLETE", "irradiation_event_uids": []}, True),
    ({"role": "OTHER", "state": "INCOMPLETE", "irradiation_event_uids": None}, True),
    ({"role": "OTHER", "state": "UNUSED", "irradiation_event_uids": None}, False),
])  # fmt: skip
def test_a_scan_that_no_event_tells_of_leaves_the_sum_open(
    series: dict[str, object], lost: bool
) -> None:
    rows = SERIES.frame([{"StudyInstanceUID": "1.9", "SeriesInstanceUID": "1.9.1", **series}])
    row = the_exam(study({}), rows)
    assert (row["no_sum"] == exam_table.INCOMPLETE) == lost
    assert (row["dlp_sum_mgy_cm"] is None) == lost


def test_scans_of_phantoms_sources_not_counted_and_lone_topograms_are_no_exams() -> None:
    assert exams(study({"body_region": "phantom_qa"}), NO_SERIES).is_empty()
    assert exams(study({"preferred": False}), NO_SERIES).is_empty()
    found = exams(study({"localizer": True}), NO_SERIES)
    assert found.is_empty()
    assert found.schema == pl.Schema(EXAM.polars())


def test_most_dose_comes_first_and_unknown_sums_last() -> None:
    rows = scans({"dlp_mgy_cm": 5.0}, {"dlp_mgy_cm": None}, {"dlp_mgy_cm": 9.0})
    assert exams(rows, NO_SERIES)["dlp_sum_mgy_cm"].to_list() == [9.0, 5.0, None]
