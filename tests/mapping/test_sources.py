"""A modality is a leaf: one more in the list is mapped beside CT, and CT does not notice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from workbench.mapping import Mapped, application, map_instances
from workbench.mapping.event_columns import shared_columns
from workbench.mapping.rules import Rules
from workbench.mapping.series_values import copied_values
from workbench.mapping.sources import MODALITIES, SOURCES, EventSource, Modality
from workbench.model import DoseSource, Finding
from workbench.schema import IRRADIATION_EVENT

DAP = 0.5  # Gy.cm2


def radiographs(instances: pl.DataFrame, rules: Rules) -> tuple[pl.DataFrame, list[Finding]]:
    """Read one event an image, all of one dose area product."""
    del rules
    rows = [
        {**shared_columns(image), "source": DoseSource.TECHNIQUE, "dap_gy_cm2": DAP,
         "irradiation_event_uid": f"{image['SOPInstanceUID']}.1", "localizer": False,
         "body_region": "unknown"}
        for image in instances.filter(~pl.col("foreign")).iter_rows(named=True)
    ]  # fmt: skip
    finding = Finding("mapping", "read_as_dx", "read by the modality of the test", severity="note")
    return IRRADIATION_EVENT.frame(rows), [finding]


def nothing_to_prepare(instances: pl.DataFrame, rules: Rules) -> tuple[pl.DataFrame, list[Finding]]:
    del rules
    return instances, []


def series_of(
    instances: pl.DataFrame,
    read: Mapping[DoseSource, pl.DataFrame],
    events: pl.DataFrame,
    rules: Rules,
) -> pl.DataFrame:
    del events, rules
    assert read[DoseSource.TECHNIQUE].height
    return copied_values(instances, "series_key").with_columns(
        role=pl.lit("SCAN"), state=pl.lit("MAPPED")
    )


DX = Modality(
    "DX", frozenset({"DX", "CR"}), frozenset({"projection"}), nothing_to_prepare, series_of
)


@pytest.fixture
def with_dx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "MODALITIES", (*MODALITIES, DX))
    source = EventSource(DoseSource.TECHNIQUE, "DX", radiographs)
    monkeypatch.setattr(application, "SOURCES", (*SOURCES, source))


@pytest.fixture
def frame(cases: Any) -> pl.DataFrame:
    made: pl.DataFrame = cases.frame(
        cases.slices("2", range(0, 300, 5)),
        cases.slices("7", [0], Modality="DX", SOPClassUID="1.2.840.10008.5.1.4.1.1.1.1"),
        cases.report("9", [cases.event(uid="1.2.99.5")]),
    )
    return made


def of(mapped: Mapped, modality: str) -> pl.DataFrame:
    return mapped.events.filter(pl.col("modality") == modality)


def test_without_a_modality_for_it_a_series_has_its_reason(frame: pl.DataFrame) -> None:
    series = map_instances(frame).series.filter(pl.col("Modality") == "DX")
    assert series.select("role", "state", "state_reason").rows() == [
        ("OTHER", "UNUSED", "modality DX is not part of this application")
    ]


@pytest.mark.usefixtures("with_dx")
def test_a_modality_in_the_list_is_mapped(frame: pl.DataFrame) -> None:
    mapped = map_instances(frame)
    assert of(mapped, "DX").select("source", "dap_gy_cm2", "preferred").rows() == [
        ("technique", DAP, True)
    ]
    series = mapped.series.filter(pl.col("Modality") == "DX")
    assert series.select("role", "state").rows() == [("SCAN", "MAPPED")]
    assert "read_as_dx" in mapped.findings["code"].to_list()


def test_ct_does_not_notice(frame: pl.DataFrame, request: pytest.FixtureRequest) -> None:
    alone = map_instances(frame)
    request.getfixturevalue("with_dx")
    beside = map_instances(frame)
    assert of(beside, "CT").equals(of(alone, "CT"))
    ct = pl.col("Modality") != "DX"
    assert beside.series.filter(ct).equals(alone.series.filter(ct))


def test_a_report_of_one_modality_says_nothing_of_events_of_another(
    frame: pl.DataFrame, request: pytest.FixtureRequest
) -> None:
    """The CT report of the study does not list the radiograph, which counts all the same."""
    request.getfixturevalue("with_dx")
    assert of(map_instances(frame), "DX")["preferred"].to_list() == [True]


def test_an_image_of_another_modality_in_a_series_of_ct_gives_no_ct_dose(cases: Any) -> None:
    slices = cases.slices("2", range(0, 300, 5))
    odd = cases.slices("2", [1000], Modality="PT")
    mapped = map_instances(cases.frame(slices, odd))
    (event,) = mapped.events.to_dicts()
    (series,) = mapped.series.to_dicts()
    assert event["scan_length_mm"] == series["scan_length_mm"] == 300
    assert series["instances"] == 61


def test_bounds_of_ct_are_not_those_of_another_modality(cases: Any) -> None:
    odd = cases.slices("2", [1000], Modality="PT", KVP="1000000")
    mapped = map_instances(cases.frame(cases.slices("2", range(0, 300, 5)), odd))
    assert "implausible_value" not in mapped.findings["code"].to_list()
