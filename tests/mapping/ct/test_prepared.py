"""CT instances made ready: impossible values are out and told, series facts are on every row."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from workbench.mapping.ct.functional_groups import MULTI_FRAME
from workbench.mapping.ct.prepared import CHECKED, prepared
from workbench.mapping.plausible import bounds
from workbench.mapping.report_kinds import with_report_kind
from workbench.mapping.rules import built_in_rules
from workbench.model import Finding
from workbench.schema import INSTANCE


def ready(cases: Any, *objects: Any, foreign: bool = False) -> tuple[pl.DataFrame, list[Finding]]:
    frame = with_report_kind(cases.frame(*objects)).with_columns(
        foreign=pl.lit(foreign), series_key=pl.col("SeriesInstanceUID")
    )
    return prepared(frame, built_in_rules())


def codes(findings: list[Finding]) -> list[str]:
    return sorted(finding.code for finding in findings)


def test_a_sound_series_has_nothing_to_tell(cases: Any) -> None:
    frame, findings = ready(cases, cases.slices("2", range(0, 50, 5)))
    assert findings == []
    assert set(frame["kind"]) == {"image"}
    assert frame.height == 10


def test_every_checked_column_is_one_of_the_table_with_bounds_of_its_quantity() -> None:
    for column, (quantity, factor) in CHECKED.items():
        assert column in INSTANCE.names
        assert factor > 0
        assert quantity in bounds()


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("KVP", 1e9), ("CTDIvol", 1e9), ("XRayTubeCurrent", 1_000_000), ("SliceThickness", 1e9)],
)
def test_an_impossible_value_is_taken_out_and_told(cases: Any, keyword: str, value: float) -> None:
    frame, findings = ready(cases, cases.slices("2", [0, 5], **{keyword: value}))
    assert frame[keyword].to_list() == [None, None]
    assert keyword in {finding.column for finding in findings}


def test_bounds_of_ct_do_not_hold_for_objects_of_another_modality(cases: Any) -> None:
    frame, findings = ready(cases, cases.slices("2", [0, 5], KVP=1e9), foreign=True)
    assert frame["KVP"].to_list() == [1e9, 1e9]
    assert "implausible" not in " ".join(codes(findings))


def test_an_unknown_maker_is_told_once_a_series(cases: Any) -> None:
    frame, findings = ready(
        cases, cases.slices("2", range(0, 50, 5), Manufacturer="Scanners of Tomorrow")
    )
    assert codes(findings) == ["unknown_maker"]
    assert set(frame["kind"]) == {"image"}  # the generic rules still read it


@pytest.mark.parametrize("sop_class", MULTI_FRAME)
def test_multi_frame_images_without_functional_groups_are_told(cases: Any, sop_class: str) -> None:
    _, findings = ready(cases, cases.slices("2", [0], SOPClassUID=sop_class))
    assert "multi_frame_without_groups" in codes(findings)


def test_a_series_of_localizers_and_scans_is_told(cases: Any) -> None:
    topogram = cases.localizer("2")
    frame, findings = ready(cases, topogram, cases.slices("2", range(0, 50, 5)))
    assert "mixed_series" in codes(findings)
    assert set(frame["kind"]) == {"localizer", "image"}


def test_findings_name_study_and_series_and_no_value(cases: Any) -> None:
    _, findings = ready(cases, cases.slices("2", [0, 5], Manufacturer="Grottenolm"))
    (finding,) = findings
    assert (finding.study, finding.series) == ("1.2.3.1", "1.2.3.1.2")
    assert "Grottenolm" not in str(finding)


def test_no_row_is_lost_or_doubled(cases: Any) -> None:
    frame, _ = ready(
        cases, cases.slices("2", range(0, 50, 5)), cases.localizer("1"),
        cases.report("9", [cases.event()]), cases.slices("3", [0], Manufacturer=None),
    )  # fmt: skip
    assert sorted(frame["object_number"]) == list(range(1, 14))
