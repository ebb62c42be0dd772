"""Control charts: nothing reaches over what it must not, and what is doubtful is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.spc.weekly_points import START, WEEK, chart, points, violated
from workbench.spc.baseline import Baseline, Point, baseline_of
from workbench.spc.chart import ChartSettings, control_chart
from workbench.spc.run_rules import NELSONS, RULES, WESTERN_ELECTRIC

VALUES = st.lists(st.floats(-100, 100), min_size=9, max_size=40).filter(
    lambda found: np.std(found) > 1e-3 and np.abs(np.diff(found)).mean() > 1e-3
)


@given(VALUES, st.sampled_from([WESTERN_ELECTRIC, NELSONS]))
def test_states_do_not_depend_on_unit_and_zero(values: list[float], rules: tuple[str, ...]) -> None:
    settings = ChartSettings(rules=rules)
    whole = [round(value, 2) for value in values]
    if np.std(whole) < 0.1:
        return
    one = chart(whole, settings)
    other = chart([value * 4 + 128 for value in whole], settings)  # exact in binary
    assert [each.violated for each in one.points] == [each.violated for each in other.points]


@given(VALUES, st.randoms())
def test_the_order_of_reading_does_not_matter(values: list[float], random: object) -> None:
    found = points(values)
    mixed = list(found)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    baseline = [baseline_of(found, START, "N. N.")]
    assert control_chart(mixed, baseline) == control_chart(found, baseline)
    assert baseline_of(mixed, START, "N. N.") == baseline[0]


@given(VALUES)
def test_a_rejected_point_counts_nowhere(values: list[float]) -> None:
    good = points(values)
    bad = Point(START + WEEK / 2, 1e9, 99, counts=False)
    baseline = baseline_of(good, START, "N. N.")
    assert baseline_of([*good, bad], START, "N. N.") == baseline
    found = control_chart([*good, bad], [baseline])
    assert [one for one in found.points if one.point.counts] == list(
        control_chart(good, [baseline]).points
    )


def test_nothing_reaches_over_a_new_baseline_or_a_long_pause() -> None:
    settings = ChartSettings(rules=("we4",))
    baseline = Baseline(0.0, 1.0, 1.128, 20, START)
    high = [0.5] * 7
    assert not violated(control_chart(points(high), [baseline], settings))
    assert violated(control_chart(points(high * 2), [baseline], settings))
    anew = replace(baseline, begins=START + 7 * WEEK)
    assert not violated(control_chart(points(high * 2), [baseline, anew], settings))
    later = points(high, START + timedelta(days=365))
    assert not violated(control_chart([*points(high), *later], [baseline], settings))
    (first, *_), second = points(high), later[0]
    both = control_chart([first, second], [baseline], settings)
    assert both.points[0].ewma == both.points[1].ewma  # begins anew


def test_a_rejected_point_does_not_fill_a_pause() -> None:
    settings = ChartSettings(rules=("we4",), gap=timedelta(days=90))
    step = timedelta(days=60)
    baseline = Baseline(0.0, 1.0, 1.128, 20, START)
    row = points([0.5] * 20, step=step)
    assert violated(control_chart(row, [baseline], settings))
    gaps = [replace(one, counts=place % 2 == 0) for place, one in enumerate(row)]
    found = control_chart(gaps, [baseline], settings)
    assert not violated(found)
    assert all(one.moving_range is None for one in found.points)


def test_a_value_that_is_no_number_is_told_and_counts_nowhere() -> None:
    good = points([0.0, 0.5, -0.5] * 4)
    baseline = baseline_of(good, START, "N. N.")
    bad = Point(START + WEEK / 2, float("nan"), 99, judged="alarm")
    found = control_chart([*good, bad], [baseline])
    assert found.points[1].point is bad
    assert found.points[1].state == "alarm"  # the tolerance has judged it: not measured
    assert [one for one in found.points if one.point is not bad] == list(
        control_chart(good, [baseline]).points
    )
    assert any("1 of 13 values" in one for one in found.warnings)
    assert baseline_of([*good, bad], START, "N. N.") == baseline


def test_a_violation_names_the_points_it_means() -> None:
    baseline = Baseline(0.0, 1.0, 1.128, 20, START)
    values = [0.0, 2.5, 0.0, 2.5, -2.5, 3.5]
    settings = ChartSettings(rules=("3s", "we2"))
    found = control_chart(points(values), [baseline], settings).points
    assert [[(one.rule, one.severity, one.meant) for one in each.violations] for each in found] == [
        [], [], [], [("we2", "warning", (1, 3))], [],
        [("3s", "alarm", (5,)), ("we2", "warning", (3, 5))],
    ]  # fmt: skip


@given(st.lists(st.sampled_from([-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]), max_size=60))
def test_a_violation_means_points_of_its_own_run_and_the_last_is_its_own(z: list[float]) -> None:
    anew = Baseline(0.0, 1.0, 1.128, 20, START + 30 * WEEK, version=2)
    settings = ChartSettings(rules=tuple(RULES))
    found = control_chart(points(z), [Baseline(0.0, 1.0, 1.128, 20, START), anew], settings)
    run_of = {one.point.key: one.run for one in found.points}
    for one in found.points:
        for broken in one.violations:
            assert broken.meant[-1] == one.point.key
            assert {run_of[key] for key in broken.meant} == {one.run}


def test_a_value_on_a_line_is_within_it() -> None:
    """3 x 0.1 is more than 0.3 in binary: the line is meant, not the last bit."""
    baseline = Baseline(0.0, 0.1, 0.1, 20, START)
    found = control_chart(points([0.1 + 0.2, -(0.1 + 0.2), 0.2]), [baseline])
    assert [one.violated for one in found.points] == [("2s",), ("2s",), ()]


def test_of_two_baselines_that_begin_together_the_later_version_holds() -> None:
    wrong, right = Baseline(9.0, 1.0, 1.0, 20, START), Baseline(0.0, 1.0, 1.0, 20, START, version=2)
    for both in ([wrong, right], [right, wrong]):
        found = control_chart(points([0.0] * 9), both)
        assert {one.state for one in found.points} == {"ok"}
        assert {one.run for one in found.points} == {0}


def test_a_small_baseline_and_no_baseline_at_first_are_told() -> None:
    values = np.random.default_rng(6).normal(size=40).tolist()
    found = points(values)
    small = baseline_of(found[10:19], found[10].moment, "N. N.")
    told = control_chart(found, [small]).warnings
    assert any("before the first baseline" in one for one in told)
    assert any("9 points only" in one for one in told)


def test_points_before_the_first_baseline_have_no_limits() -> None:
    found = control_chart(points([0.0, 9.0]), [Baseline(0, 1, 1, 20, START + WEEK)])
    assert [one.state for one in found.points] == ["not judged", "alarm"]


def test_without_a_baseline_it_says_what_is_missing() -> None:
    found = control_chart(points([1.0, 2.0]))
    assert "2 of at least 8" in found.warnings[0]


def test_warnings_say_what_the_limits_take_for_granted() -> None:
    rng = np.random.default_rng(1)
    assert not chart(rng.normal(size=100).tolist()).warnings
    assert "not normal" in chart(rng.exponential(size=100).tolist()).warnings[0]
    walk = chart(np.cumsum(rng.normal(size=100)).tolist()).warnings
    assert any("alike" in one for one in walk)


def test_a_distance_of_just_the_pause_is_none() -> None:
    settings = ChartSettings(rules=("we4",), gap=timedelta(days=30))
    baseline = Baseline(0.0, 1.0, 1.128, 20, START)
    for days, one_run in ((30, True), (31, False)):
        row = points([0.5] * 10, step=timedelta(days=days))
        assert bool(violated(control_chart(row, [baseline], settings))) is one_run
