"""Dose reports are told by their root concept, not their SOP class (PS3.16 TID 10001 to 10021)."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from workbench.mapping.report_kinds import with_report_kind

ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"
DOSE_SR = "1.2.840.10008.5.1.4.1.1.88.67"


def kinds(frame: pl.DataFrame) -> list[str | None]:
    return with_report_kind(frame)["report_kind"].to_list()


@pytest.mark.parametrize("sop_class", [DOSE_SR, ENHANCED_SR])
def test_a_ct_dose_report_is_one_in_whatever_class_its_maker_stores_it(
    cases: Any, sop_class: str
) -> None:
    report = cases.report("9", [cases.event()], sop_class=sop_class)
    assert kinds(cases.frame(report)) == ["ct"]


def test_a_report_in_a_series_that_says_ct_is_still_a_report(cases: Any) -> None:
    report = cases.report("9", [cases.event()])
    report.Modality = "CT"
    assert kinds(cases.frame(report)) == ["ct"]


def test_a_report_whose_class_is_missing_is_told_by_its_modality(cases: Any) -> None:
    report = cases.report("9", [cases.event()])
    del report.SOPClassUID
    assert kinds(cases.frame(report)) == ["ct"]


def test_the_root_decides_what_a_report_without_ct_content_is(cases: Any) -> None:
    frame = cases.frame(
        cases.report("7", []),
        cases.report("8", [], root="113500"),
        cases.report("9", [], root="126000"),  # Imaging Measurement Report
    )
    assert kinds(frame) == ["projection", "nuclear", "no_dose"]


def test_an_image_is_no_report(cases: Any) -> None:
    assert kinds(cases.frame(cases.slices("2", [0, 5]))) == [None, None]


@pytest.mark.parametrize("header", ["", "no JSON", "[1]", "{}"])
def test_a_report_that_cannot_be_read_holds_no_dose(cases: Any, header: str) -> None:
    frame = cases.frame(cases.report("9", [cases.event()]))
    assert kinds(frame.with_columns(header=pl.lit(header))) == ["no_dose"]
    assert kinds(frame.with_columns(header=pl.lit(None, pl.String))) == ["no_dose"]


def test_rows_and_columns_stay_as_they_were(cases: Any) -> None:
    frame = cases.frame(cases.slices("2", [0, 5]), cases.report("9", [cases.event()]))
    marked = with_report_kind(frame)
    assert marked.columns == [*frame.columns, "report_kind"]
    assert marked.drop("report_kind").equals(frame)


def test_nothing_gives_nothing(cases: Any) -> None:
    assert with_report_kind(cases.frame()).height == 0
