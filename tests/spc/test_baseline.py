"""Baselines: the published example comes out; what is no baseline is refused."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.spc.weekly_points import START, WEEK, points, violated
from workbench.errors import SettingsError
from workbench.spc.baseline import Baseline, baseline_of, pause
from workbench.spc.chart import ChartSettings, control_chart

# NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2 to 6.3.2.4.
INDIVIDUALS = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]


def test_individuals_of_nist() -> None:
    baseline = baseline_of(points(INDIVIDUALS), START, "N. N.")
    assert baseline.mean == pytest.approx(50.81)
    assert baseline.mr_bar == pytest.approx(1.8778, abs=1e-4)
    assert baseline.limits("moving range", 3) == pytest.approx((45.8159, 55.8041), abs=1e-3)
    assert baseline.sd == pytest.approx(2.0339, abs=1e-4)
    assert baseline.limits("sd", 2) == pytest.approx((46.742, 54.878), abs=1e-3)
    assert baseline.limits("sd", 3) == pytest.approx((44.708, 56.912), abs=1e-3)


def test_moving_ranges_do_not_reach_over_a_pause() -> None:
    """Before the pause all steps are 1, behind it 2; the leap of 100 between is no step."""
    before = points([0.0, 1.0] * 6)
    behind = points([100.0, 102.0] * 6, START + timedelta(days=365))
    baseline = baseline_of([*before, *behind], START, "N. N.")
    assert baseline.mr_bar == pytest.approx(1.5)
    found = control_chart([*before, *behind], [baseline])
    assert [one.moving_range for one in found.points] == [None, *[1] * 11, None, *[2] * 11]
    assert {one.run for one in found.points} == {0, 1}


def test_yearly_tests_are_no_row_of_pauses() -> None:
    year = timedelta(days=365)
    found = points([0.5] * 10, step=year)
    baseline = Baseline(0.0, 1.0, 1.128, 20, START)
    assert violated(control_chart(found, [baseline], ChartSettings(rules=("we4",))))
    assert baseline_of(points([0.0, 1.0] * 5, step=year), START, "").mr_bar == pytest.approx(1)


def test_a_baseline_comes_back_as_it_was_kept() -> None:
    made = baseline_of(points(INDIVIDUALS), START, "N. N.", "new tube").numbered(3)
    assert (made.first, made.last) == (START, START + 9 * WEEK)
    assert Baseline.of(json.loads(json.dumps(made.row()))) == made
    old = {"mean": 1.0, "sd": 1.0, "mr_bar": 1.0, "points": 8, "begins": START.isoformat(),
           "by": "N. N.", "reason": ""}  # fmt: skip
    assert Baseline.of(old) == Baseline(1.0, 1.0, 1.0, 8, START, "N. N.")


def test_a_baseline_needs_enough_and_different_points() -> None:
    with pytest.raises(SettingsError, match="at least 8"):
        baseline_of(points([1.0, 2.0] * 3 + [1.0]), START, "N. N.")
    for same in (1.0, 0.1, 49.7):  # the mean of twenty times 0.1 is not quite 0.1
        with pytest.raises(SettingsError, match="the same"):
            baseline_of(points([same] * 20), START, "N. N.")


def test_a_pause_is_90_days_or_three_times_the_usual_distance() -> None:
    week, year = timedelta(days=7), timedelta(days=365)
    assert pause(points([0.0] * 30)) == timedelta(days=90)
    assert pause(points([0.0] * 8, step=year)) == 3 * year
    assert pause(points([0.0] * 7, step=year)) == timedelta(days=90), "too few to know"
    # The usual distance is the median: 6 weeks of a year apart and 5 of a week.
    mixed = points([0.0] * 7, step=year) + points([0.0] * 6, START + 6 * year, week)[1:]
    assert pause(mixed) == 3 * year
    mostly = points([0.0] * 5, step=year) + points([0.0] * 8, START + 4 * year, week)[1:]
    assert pause(mostly) == timedelta(days=90)
