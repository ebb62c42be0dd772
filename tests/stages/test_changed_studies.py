"""Which studies are worked on again: those whose input, or whose method, is another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from workbench.schema import FINDING, SERIES
from workbench.stages.changed_studies import (
    changed_studies,
    in_studies,
    merged,
    merged_findings,
    study_fingerprints,
)

ROWS = pl.DataFrame({
    "StudyInstanceUID": ["1", "1", "2", None], "content": ["a", "b", "c", "d"],
})  # fmt: skip


def prints(rows: pl.DataFrame, method: str = "") -> dict[str, str]:
    return study_fingerprints(rows.lazy(), "content", (SERIES,), method)


@given(st.permutations([0, 1, 2, 3]))
def test_the_order_of_rows_changes_no_study(order: list[int]) -> None:
    assert prints(ROWS[order]) == prints(ROWS)
    assert set(prints(ROWS)) == {"1", "2", ""}


def test_another_value_row_or_method_changes_the_study_and_no_other() -> None:
    before = prints(ROWS)
    after = prints(ROWS.with_columns(content=pl.col("content").replace("b", "x")))
    assert {study for study in before if before[study] != after[study]} == {"1"}
    assert prints(ROWS.head(1))["1"] != before["1"]
    assert not set(prints(ROWS, "2").values()) & set(before.values())
    joined = ROWS.with_columns(content=pl.col("content").replace({"a": "", "b": "ab"}))
    assert prints(joined)["1"] != before["1"]


def survey(**store: Any) -> Any:
    return SimpleNamespace(store=SimpleNamespace(**store))


def test_what_the_stage_has_seen_as_it_is_now_is_left_alone() -> None:
    inputs = {"1": "x", "2": "z", "3": "n"}
    assert changed_studies({"1": "x", "2": "y", "4": "g"}, inputs) == {"2", "3"}
    assert changed_studies({}, inputs) == {"1", "2", "3"}


def test_rows_without_a_study_are_those_of_the_study_without_a_name() -> None:
    assert ROWS.filter(in_studies({""}))["content"].to_list() == ["d"]
    assert ROWS.filter(in_studies([]))["content"].to_list() == []


def series(*uids: str) -> pl.DataFrame:
    return SERIES.frame([{"StudyInstanceUID": uid[0], "SeriesInstanceUID": uid} for uid in uids])


def test_new_rows_take_the_place_of_those_of_changed_studies() -> None:
    old = survey(table=lambda _: series("1.1", "2.1", "2.2"))
    found = merged(old, SERIES, {"1"}, series("2.9"))
    assert found["SeriesInstanceUID"].to_list() == ["1.1", "2.9"]


def test_findings_of_other_stages_stay() -> None:
    rows = FINDING.frame([
        {"stage": stage, "StudyInstanceUID": study} for stage in ("import", "mapping")
        for study in ("1", "2")
    ])  # fmt: skip
    old = survey(derived=lambda _: rows)
    found = merged_findings(old, "mapping", {"1"}, FINDING.empty())
    assert found.select("stage", "StudyInstanceUID").rows() == [
        ("import", "1"), ("import", "2"), ("mapping", "1"),
    ]  # fmt: skip
