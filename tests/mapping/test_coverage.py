"""Coverage tells, for each machine, from which attribute a value was read, and what was not."""

from __future__ import annotations

from typing import Any

import polars as pl

from workbench.mapping import map_instances
from workbench.mapping.coverage import NEEDED, coverage
from workbench.schema import COVERAGE, IRRADIATION_EVENT


def read_from(found: pl.DataFrame, column: str) -> dict[str | None, int]:
    rows = found.filter(pl.col("column") == column)
    return dict(rows.select("read_from", "scans").rows())


def test_needed_columns_are_columns_of_an_event() -> None:
    assert set(NEEDED) <= set(IRRADIATION_EVENT.names)


def test_each_needed_column_has_its_rows_read_or_not(cases: Any) -> None:
    full = cases.slices("2", range(0, 100, 5), ManufacturerModelName="A")
    poor = cases.slices(
        "3", range(200, 300, 5), ManufacturerModelName="A", RevolutionTime=None,
        AcquisitionNumber=3, AcquisitionTime="102500",
    )  # fmt: skip
    mapped = map_instances(cases.frame(cases.localizer("1"), full, poor))
    found = coverage(mapped.events)
    assert set(found["column"]) == set(NEEDED)
    assert set(found["of_scans"]) == {2}, "topograms do not count"
    assert read_from(found, "rotation_time_s") == {None: 1, "RevolutionTime": 1}
    assert read_from(found, "pitch") == {"SpiralPitchFactor": 2}
    assert read_from(found, "exposed_length_mm") == {"spiral_range_and_overranging": 2}
    assert read_from(found, "exposure_time_s") == {None: 2}
    assert read_from(found, "protocol") == {"computed": 2}


def test_an_unknown_region_is_not_read() -> None:
    event = {"source": "header", "preferred": True, "body_region": "unknown", "localizer": False}
    assert read_from(coverage(IRRADIATION_EVENT.frame([event])), "body_region") == {None: 1}


def test_makers_models_and_sources_are_apart(cases: Any) -> None:
    ours = cases.slices("2", range(0, 100, 5), ManufacturerModelName="A")
    other = cases.slices("3", range(0, 100, 5), ManufacturerModelName="B",
                         StudyInstanceUID="1.2.9")  # fmt: skip
    report = cases.report("9", [cases.event()])
    mapped = map_instances(cases.frame(ours, other, report))
    found = coverage(mapped.events)
    machines = found.select("model", "source").unique().sort("model", "source", nulls_last=True)
    assert machines.rows() == [("A", "header"), ("B", "header"), (None, "rdsr")]


def test_no_events_are_no_rows() -> None:
    assert coverage(IRRADIATION_EVENT.empty()).equals(COVERAGE.empty())
