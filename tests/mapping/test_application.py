"""The whole mapping: every object is in a row, no order of rows matters, patients stay apart."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.mapping.conftest import Cases
from workbench.mapping import map_instances
from workbench.mapping.source_choice import patients_together
from workbench.schema import FINDING, INSTANCE, IRRADIATION_EVENT, SERIES


def examination(cases: Any) -> pl.DataFrame:
    frame: pl.DataFrame = cases.frame(
        cases.localizer("1"),
        cases.slices("2", range(0, 100, 5)),
        cases.slices("3", range(0, 100, 5), AcquisitionNumber=3, AcquisitionTime="101900"),
        cases.report("9", [cases.event(uid="1.2.99.1"), cases.event(uid="1.2.99.2")]),
        cases.data_set("5", Modality="MR"),
        cases.data_set("6", SOPInstanceUID=None),
    )
    return frame


WORLD = examination(Cases())
MAPPED = map_instances(WORLD)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.permutations(range(WORLD.height)))
def test_rows_may_come_in_any_order(order: list[int]) -> None:
    mapped = map_instances(WORLD[order])
    for name in ("series", "events", "findings"):
        assert_frame_equal(getattr(mapped, name), getattr(MAPPED, name))


def test_tables_have_the_columns_of_the_schema() -> None:
    assert MAPPED.series.columns == list(SERIES.names)
    assert MAPPED.events.columns == list(IRRADIATION_EVENT.names)
    assert MAPPED.findings.columns == list(FINDING.names)


def test_every_object_is_counted_in_one_series() -> None:
    assert MAPPED.series["instances"].sum() == WORLD.height
    assert MAPPED.series.select("patient", "SeriesInstanceUID").is_duplicated().any() is False


def test_nothing_maps_to_nothing() -> None:
    mapped = map_instances(INSTANCE.empty())
    assert (mapped.series.height, mapped.events.height, mapped.findings.height) == (0, 0, 0)


def test_the_same_object_twice_counts_once(cases: Any) -> None:
    frame = cases.frame(cases.slices("2", range(0, 100, 5)))
    twice = pl.concat([frame, frame.with_columns(object_number=pl.col("object_number") + 1_000)])
    alone, both = map_instances(frame), map_instances(twice)
    assert both.events["dlp_mgy_cm"].to_list() == alone.events["dlp_mgy_cm"].to_list()
    assert both.series["instances"].to_list() == alone.series["instances"].to_list()


def test_an_object_without_a_series_is_a_row_and_a_finding(cases: Any) -> None:
    lost = cases.data_set("2")
    lost.SeriesInstanceUID = ""
    mapped = map_instances(cases.frame(cases.slices("3", [0, 5]), lost))
    (row,) = mapped.series.filter(pl.col("SeriesInstanceUID").is_null()).to_dicts()
    assert (row["state"], row["instances"]) == ("UNUSED", 1)
    assert "no Series Instance UID" in row["state_reason"]
    assert "no_series" in mapped.findings["code"].to_list()


def test_two_patients_under_one_study_uid_are_two(cases: Any) -> None:
    frame = cases.frame(cases.slices("2", range(0, 100, 5)))
    both = pl.concat([frame, frame.with_columns(patient=pl.lit("P2"))])
    mapped = map_instances(both)
    assert sorted(mapped.series["patient"]) == ["P1", "P2"]
    assert mapped.events.filter("preferred").height == 2


def test_patients_mapped_apart_give_the_rows_of_patients_mapped_together(cases: Any) -> None:
    first = examination(cases)
    second = examination(cases).with_columns(patient=pl.lit("P2"))
    together = map_instances(pl.concat([second, first]))
    apart = [map_instances(part) for part in (first, second)]
    for name in ("events", "series", "findings"):
        rows = pl.concat([getattr(part, name) for part in apart])
        both = getattr(together, name)
        if name == "findings":  # they name studies, not patients; one alone cannot know the other
            rows, both = rows.unique(), both.filter(pl.col("code") != "study_of_several_patients")
        assert_frame_equal(both, rows, check_row_order=False)


def test_an_older_table_that_lacks_a_column_is_mapped(cases: Any) -> None:
    frame = cases.frame(cases.slices("2", range(0, 100, 5)))
    mapped = map_instances(frame.drop("utc_offset_minutes"))
    assert_frame_equal(mapped.events, map_instances(frame).events)


def test_a_series_of_mixed_modality_is_told_once_and_its_ct_images_count(cases: Any) -> None:
    stray = cases.data_set("2", Modality="MR")
    mapped = map_instances(cases.frame(cases.slices("2", range(0, 100, 5)), stray))
    (row,) = mapped.series.to_dicts()
    assert row["instances"] == 21
    assert mapped.events.filter("preferred")["dlp_mgy_cm"].to_list() == [
        pytest.approx(cases.dlp(100.0))
    ]


def under_two_patients(cases: Any, **report: Any) -> pl.DataFrame:
    """A study of an older workspace: images under P1, its report under P2, on other dates."""
    images = cases.frame(cases.slices("2", range(0, 100, 5)))
    event = cases.event(
        uid=None, dlp=(100.0, "mGy.cm"), length=(105.0, "mm"), started="20110714033000", **report
    )
    told = cases.frame(cases.report("501", [event])).with_columns(patient=pl.lit("P2"))
    return pl.concat([images, told.with_columns(pl.col("object_number") + 1000)])


def test_a_study_under_two_patients_counts_an_event_once_and_is_told(cases: Any) -> None:
    mapped = map_instances(under_two_patients(cases))
    assert mapped.events.filter("preferred")["source"].to_list() == ["rdsr"]
    assert mapped.events.height == 2
    codes = mapped.findings["code"].to_list()
    assert codes.count("study_of_several_patients") == 1
    assert codes.count("event_under_two_patients") == 1


def test_what_is_not_the_same_event_counts_under_each_patient(cases: Any) -> None:
    mapped = map_instances(under_two_patients(cases, kvp=(80, "kV")))
    assert mapped.events.filter("preferred").height == 2
    codes = mapped.findings["code"].to_list()
    assert "event_under_two_patients" not in codes
    assert "study_of_several_patients" in codes


def test_two_persons_of_one_study_uid_keep_their_own_events(cases: Any) -> None:
    alone = examination(cases)
    other = alone.with_columns(patient=pl.lit("P2"))
    mapped = map_instances(pl.concat([alone, other]))
    one = map_instances(alone).events.filter("preferred").height
    assert mapped.events.filter("preferred").height == 2 * one


def test_patients_are_together_by_their_studies() -> None:
    pairs = [("a", "1"), ("b", "1"), ("c", "2"), ("b", "3"), ("d", "3"), ("e", ""), ("f", "")]
    leaders = patients_together(pairs)
    assert leaders == {"a": "a", "b": "a", "d": "a", "c": "c", "e": "e", "f": "f"}
    assert patients_together(reversed(pairs)) == leaders
