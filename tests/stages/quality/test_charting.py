"""Points, baselines, tolerances and events of kept results, as a control chart needs them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.stages.quality.phantom_workspace import MONDAY, SMALL, arrive, quality_desk, week
from workbench.errors import SettingsError
from workbench.stages.quality.arrivals import Arrivals
from workbench.stages.quality.charting import (
    EVENT,
    baselines,
    chart_of,
    measurements,
    series_of,
    set_baseline,
)
from workbench.stages.quality.desk import QualityDesk
from workbench.store.quality_records import ACCEPTED, REJECTED

PROFILE, WHO = "CT1 water", "A. Physicist"
WEEKS = 6


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QualityDesk]:
    """A desk with a value a week: the mean CT number goes up by half a unit each time."""
    with quality_desk(Path(tmp_path_factory.mktemp("charting")) / "w") as made:
        for number in range(WEEKS):
            scan = replace(SMALL, offset=0.5 * number, seed=number)
            arrive(made, scan, week(number))
        Arrivals(made).look(now=time.time() + 3_600)
        yield made


def values(desk: QualityDesk, measurement: str = "mean_ct_number") -> list[float]:
    return [point.value for point in series_of(desk, PROFILE, measurement).points]


def test_a_series_has_a_point_a_result_in_the_order_of_time(desk: QualityDesk) -> None:
    series = series_of(desk, PROFILE, "mean_ct_number")
    assert [point.moment for point in series.points] == [
        MONDAY + timedelta(days=7 * number) for number in range(WEEKS)
    ]
    rises = [after - before for before, after in zip(values(desk), values(desk)[1:], strict=False)]
    assert all(rise == pytest.approx(0.5, abs=0.2) for rise in rises)


def test_a_series_has_its_name_with_the_unit_that_people_write(desk: QualityDesk) -> None:
    assert series_of(desk, PROFILE, "mean_ct_number").title.endswith("(HU)")


def test_what_was_never_measured_is_an_empty_series(desk: QualityDesk) -> None:
    series = series_of(desk, PROFILE, "wonder")
    assert (series.points, series.title) == ((), "wonder")
    assert series_of(desk, "another profile", "noise").points == ()


def test_everything_that_was_measured_can_be_chosen(desk: QualityDesk) -> None:
    names = measurements(desk.quality.results(PROFILE))
    assert {"mean_ct_number", "noise"} <= set(names)
    assert all(names.values())


def test_a_rejected_result_is_shown_and_does_not_count(desk: QualityDesk) -> None:
    number = desk.quality.results(PROFILE)[2].number
    desk.quality.decide(number, REJECTED, WHO, "the phantom lay askew")
    try:
        counts = {point.key: point.counts
                  for point in series_of(desk, PROFILE, "noise").points}  # fmt: skip
        assert counts[number] is False
        assert sum(counts.values()) == WEEKS - 1
    finally:
        desk.quality.decide(number, ACCEPTED, WHO)


def test_limits_are_drawn_as_they_were_in_force(desk: QualityDesk) -> None:
    _, look, _ = chart_of(desk, PROFILE, "mean_ct_number")
    levels = sorted((segment.kind, segment.value) for segment in look.levels)
    assert levels == [
        ("reference", 0.0), ("tolerance", -4.0), ("tolerance", 4.0),
        ("warning tolerance", -2.0), ("warning tolerance", 2.0),
    ]  # fmt: skip
    assert {segment.begins for segment in look.levels} == {MONDAY}
    assert {segment.ends for segment in look.levels} == {MONDAY + timedelta(days=35)}


def test_a_baseline_of_too_few_points_is_refused(desk: QualityDesk) -> None:
    series = series_of(desk, PROFILE, "noise")
    with pytest.raises(SettingsError):
        set_baseline(desk, series, (MONDAY, MONDAY), WHO, "one point")
    assert baselines(desk, PROFILE, "noise") == []


def test_a_baseline_holds_for_its_measurement_and_is_marked_in_the_chart(
    tmp_path: Path,
) -> None:
    with quality_desk(tmp_path / "w") as desk:
        for number in range(12):
            arrive(desk, replace(SMALL, seed=number), week(number))
        Arrivals(desk).look(now=time.time() + 3_600)
        series = series_of(desk, PROFILE, "noise")
        last = MONDAY + timedelta(days=7 * 11)
        set_baseline(desk, series, (MONDAY, last), WHO, "after acceptance")
        (kept,) = baselines(desk, PROFILE, "noise")
        assert kept.begins == MONDAY
        assert baselines(desk, PROFILE, "mean_ct_number") == []
        desk.quality.note_event(PROFILE, EVENT, last, WHO, {"words": "new tube"})
        words = [event.words for event in chart_of(desk, PROFILE, "noise")[1].events]
        assert words == ["baseline: after acceptance", "new tube"]
        others = [event.words for event in chart_of(desk, PROFILE, "uniformity")[1].events]
        assert others == ["new tube"]
        mean = sum(values(desk, "noise")) / 12
        assert kept.mean == pytest.approx(mean)
