"""Control charts: the published examples come out, and nothing reaches over what it must not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.spc.assumptions import autocorrelation, histogram, normality
from workbench.spc.baseline import Baseline, Point, baseline_of
from workbench.spc.chart import ChartSettings, ControlChart, control_chart
from workbench.spc.drift import cusum, ewma, ewma_width, moving_average
from workbench.spc.run_rules import NELSONS, RULES, WESTERN_ELECTRIC

START = datetime(2020, 1, 6, 8)
WEEK = timedelta(days=7)
# NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2 to 6.3.2.4.
INDIVIDUALS = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
EWMA = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, *INDIVIDUALS]
EWMA_TRUE = [50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36,
             49.52, 50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99]  # fmt: skip
CUSUM = [324.925, 324.675, 324.725, 324.35, 325.35, 325.225, 324.125, 324.525, 325.225, 324.6,
         324.625, 325.15, 328.325, 327.25, 327.825, 328.5, 326.675, 327.775, 326.875,
         328.35]  # fmt: skip
CUSUM_TRUE = [0, 0, 0, 0, 0.03, 0, 0, 0, 0, 0, 0, 0, 3.01, 4.94, 7.45, 10.63, 11.99, 14.44, 16.00,
              19.04]  # fmt: skip
VALUES = st.lists(st.floats(-100, 100), min_size=9, max_size=40).filter(
    lambda found: np.std(found) > 1e-3 and np.abs(np.diff(found)).mean() > 1e-3
)


def points(values: list[float], start: datetime = START, step: timedelta = WEEK) -> list[Point]:
    return [Point(start + n * step, value, n) for n, value in enumerate(values)]


def chart(values: list[float], settings: ChartSettings | None = None) -> ControlChart:
    found = points(values)
    return control_chart(found, [baseline_of(found, START, "N. N.")], settings)


def test_individuals_of_nist() -> None:
    baseline = baseline_of(points(INDIVIDUALS), START, "N. N.")
    assert baseline.mean == pytest.approx(50.81)
    assert baseline.mr_bar == pytest.approx(1.8778, abs=1e-4)
    assert baseline.limits("moving range", 3) == pytest.approx((45.8159, 55.8041), abs=1e-3)
    assert baseline.sd == pytest.approx(2.0339, abs=1e-4)
    assert baseline.limits("sd", 2) == pytest.approx((46.742, 54.878), abs=1e-3)
    assert baseline.limits("sd", 3) == pytest.approx((44.708, 56.912), abs=1e-3)


def test_ewma_of_nist() -> None:
    assert ewma(np.array(EWMA), 50, 0.3) == pytest.approx(EWMA_TRUE, abs=0.006)
    far = 2.0539 * ewma_width(200, 0.3)[-1]
    assert ewma_width(3, 0.3, exact=False) == pytest.approx([far / 2.0539] * 3)
    assert ewma_width(1, 0.3)[0] == pytest.approx(3 * 0.3)  # the variance of 0.3 x
    assert (50 - far, 50 + far) == pytest.approx((47.4116, 52.5884), abs=1e-4)


def test_cusum_of_nist() -> None:
    high, _ = cusum(np.array(CUSUM), 325, 0.3175)
    assert high == pytest.approx(CUSUM_TRUE, abs=0.006)
    assert int(np.argmax(high > 4.1959)) + 1 == 14


def test_moving_average_begins_with_what_there_is() -> None:
    assert moving_average(np.array([1.0, 3, 5, 7]), 3) == pytest.approx([1, 2, 3, 5])


@pytest.mark.parametrize(
    ("rule", "z", "places"),
    [
        ("3s", [0, 3.1, -3.1, 3.0], [1, 2]),
        ("2s", [2.1, 0, -2.1], [0, 2]),
        ("we2", [2.1, 0, 2.1, 0, 0], [2]),
        ("we2", [2.1, 0, -2.1], []),
        ("we3", [1.1, 1.1, 0, 1.1, 1.1], [4]),
        ("we3", [1.1, 1.1, 1.1, 0, 0, 1.1], []),
        ("we2", [2.1, 2.1, 0], [1]),  # whatever the third is: two of three
        ("we3", [1.1, 1.1, 1.1, 1.1, 0], [3]),
        ("we4", [0.1] * 8, [7]),
        ("we4", [0.1] * 7 + [-0.1], []),
        ("nelson2", [-0.1] * 10, [8, 9]),
        ("nelson3", [0, 1, 2, 3, 4, 5], [5]),
        ("nelson3", [0, 1, 2, 2, 3, 4], []),
        ("nelson4", [0, 1] * 7, [13]),
        ("nelson7", [0.9, -0.9] * 8, [14, 15]),
        ("nelson8", [1.1, -1.1] * 4, [7]),
    ],
)
def test_a_rule_sees_its_pattern_and_no_other(rule: str, z: list[float], places: list[int]) -> None:
    assert RULES[rule].places(np.array(z, float)).tolist() == places


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


def test_a_baseline_comes_back_as_it_was_kept() -> None:
    made = baseline_of(points(INDIVIDUALS), START, "N. N.", "new tube").numbered(3)
    assert (made.first, made.last) == (START, START + 9 * WEEK)
    assert Baseline.of(json.loads(json.dumps(made.row()))) == made
    old = {"mean": 1.0, "sd": 1.0, "mr_bar": 1.0, "points": 8, "begins": START.isoformat(),
           "by": "N. N.", "reason": ""}  # fmt: skip
    assert Baseline.of(old) == Baseline(1.0, 1.0, 1.0, 8, START, "N. N.")


def test_a_small_baseline_and_no_baseline_at_first_are_told() -> None:
    values = np.random.default_rng(6).normal(size=40).tolist()
    found = points(values)
    small = baseline_of(found[10:19], found[10].moment, "N. N.")
    told = control_chart(found, [small]).warnings
    assert any("before the first baseline" in one for one in told)
    assert any("9 points only" in one for one in told)


def violated(found: ControlChart) -> list[tuple[str, ...]]:
    return [one.violated for one in found.points if one.violated]


def test_points_before_the_first_baseline_have_no_limits() -> None:
    found = control_chart(points([0.0, 9.0]), [Baseline(0, 1, 1, 20, START + WEEK)])
    assert [one.state for one in found.points] == ["not judged", "alarm"]


def test_a_baseline_needs_enough_and_different_points() -> None:
    with pytest.raises(SettingsError, match="at least 8"):
        baseline_of(points([1.0, 2.0] * 3 + [1.0]), START, "N. N.")
    for same in (1.0, 0.1, 49.7):  # the mean of twenty times 0.1 is not quite 0.1
        with pytest.raises(SettingsError, match="the same"):
            baseline_of(points([same] * 20), START, "N. N.")


def test_without_a_baseline_it_says_what_is_missing() -> None:
    found = control_chart(points([1.0, 2.0]))
    assert "2 of at least 8" in found.warnings[0]


def test_warnings_say_what_the_limits_take_for_granted() -> None:
    rng = np.random.default_rng(1)
    assert not chart(rng.normal(size=100).tolist()).warnings
    assert "not normal" in chart(rng.exponential(size=100).tolist()).warnings[0]
    walk = chart(np.cumsum(rng.normal(size=100)).tolist()).warnings
    assert any("alike" in one for one in walk)


def test_normality_is_right_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    p = [normality(rng.normal(3, 2, 30)) or 0 for _ in range(2000)]
    # 95 % interval of a binomial of 2,000 with 5 %: 4.0 to 6.0 %.
    assert 0.035 < np.mean(np.array(p) < 0.05) < 0.065
    assert normality(rng.normal(size=7)) is None


def test_autocorrelation_of_a_known_process() -> None:
    rng, x = np.random.default_rng(3), [0.0]
    for noise in rng.normal(size=20_000):
        x.append(0.6 * x[-1] + noise)
    assert autocorrelation(np.array(x)) == pytest.approx(0.6, abs=0.02)


def test_autocorrelation_pairs_no_values_of_two_runs() -> None:
    up = np.repeat([-1.0, 1.0], 10)
    assert (autocorrelation(up) or 0) > 0.8
    # Within each run x_t x_(t+1) is -1: 3 pairs of 4 values, 5 times.
    runs = [np.array([1.0, -1.0, 1.0, -1.0])] * 5
    assert autocorrelation(*runs) == pytest.approx(-15 / 20)
    assert autocorrelation(np.full(20, 0.1)) is None
    assert autocorrelation() is None


def test_values_far_from_normal_are_never_called_normal() -> None:
    """The tabled formula for p rises again for statistics over some 150."""
    noise = np.random.default_rng(4).normal(size=10_000)
    two = np.where(np.arange(10_000) < 5_000, 0.0, 8.0)
    assert normality(noise + two) == 0


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=200))
def test_a_histogram_counts_every_value_once(values: list[float]) -> None:
    found = histogram(np.array(values), -10, 10)
    assert sum(found.counts) == len(values) == found.inside + found.outside
    assert found.outside == sum(abs(value) > 10 for value in values)


def test_false_alarms_of_a_stable_process_are_as_published() -> None:
    """1 in 370 beyond 3 s; 1 in 22 beyond 2 s (normal distribution)."""
    z = np.random.default_rng(5).normal(size=400_000)
    assert len(z) / len(RULES["3s"].places(z)) == pytest.approx(370, rel=0.1)
    assert len(z) / len(RULES["2s"].places(z)) == pytest.approx(22, rel=0.03)
