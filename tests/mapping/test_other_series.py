"""A series that no modality reads has a row with the reason, in words that hold no name."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from workbench.mapping import map_instances
from workbench.mapping.other_series import other_series
from workbench.mapping.report_kinds import with_report_kind


def rows(cases: Any, *objects: Any) -> list[dict[str, Any]]:
    frame = with_report_kind(cases.frame(*objects)).with_columns(
        series_key=pl.col("SeriesInstanceUID"), age_contradictory=pl.lit(False)
    )
    return other_series(frame).to_dicts()


@pytest.mark.parametrize("modality", ["MR", "US", "DX", "SEG"])
def test_another_modality_is_unused_with_its_name(cases: Any, modality: str) -> None:
    (row,) = rows(cases, cases.data_set("2", Modality=modality))
    assert (row["role"], row["state"]) == ("OTHER", "UNUSED")
    assert row["state_reason"] == f"modality {modality} is not part of this application"


@pytest.mark.parametrize("modality", [None, "", "ct", "Grottenolm^Egon", "MR\\CT", "A" * 17])
def test_what_is_no_modality_is_not_repeated(cases: Any, modality: str | None) -> None:
    (row,) = rows(cases, cases.data_set("2", Modality=modality))
    assert row["state_reason"] == "modality unknown is not part of this application"


@pytest.mark.parametrize(
    ("root", "role", "words"),
    [("113701", "DOSEINFO", "projection dose report: not mapped yet"),
     ("113500", "DOSEINFO", "radiopharmaceutical dose report: not mapped yet"),
     ("126000", "OTHER", "structured report without a dose")],
)  # fmt: skip
def test_a_report_says_what_it_is(cases: Any, root: str, role: str, words: str) -> None:
    (row,) = rows(cases, cases.report("9", [], root=root))
    assert (row["role"], row["state_reason"]) == (role, words)


def test_one_dose_report_among_images_makes_the_series_a_report(cases: Any) -> None:
    picture = cases.data_set("9", Modality="SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.22")
    (row,) = rows(cases, picture, cases.report("9", [], root="113500"))
    assert row["role"] == "DOSEINFO"
    assert row["instances"] == 2


def test_every_object_of_every_series_is_counted(cases: Any) -> None:
    made = [cases.data_set(f"{number}", Modality="MR") for number in (2, 2, 3, 2, 4)]
    assert {row["SeriesNumber"]: row["instances"] for row in rows(cases, *made)} == {
        2: 3, 3: 1, 4: 1,
    }  # fmt: skip


def test_the_mapping_gives_them_no_dose(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.data_set("2", Modality="MR", CTDIvol=10.0)))
    assert mapped.events.height == 0
    assert mapped.series["state"].to_list() == ["UNUSED"]
