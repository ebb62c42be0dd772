"""Control charts: the published examples come out, and nothing reaches over what it must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.spc.baseline import Baseline, Point, baseline_of
from workbench.spc.chart import ChartSettings, ControlChart, control_chart
from workbench.spc.checks import autocorrelation, histogram, normality
from workbench.spc.drift import cusum, ewma, ewma_width, moving_average
from workbench.spc.rules import NELSONS, RULES, WESTERN_ELECTRIC

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
        ("we3", [1.1, 1.1, 1.1, 1.1, 0], []),
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


def violated(found: ControlChart) -> list[tuple[str, ...]]:
    return [one.violated for one in found.points if one.violated]


def test_points_before_the_first_baseline_have_no_limits() -> None:
    found = control_chart(points([0.0, 9.0]), [Baseline(0, 1, 1, 20, START + WEEK)])
    assert [one.state for one in found.points] == ["not judged", "alarm"]


def test_a_baseline_needs_enough_and_different_points() -> None:
    with pytest.raises(SettingsError, match="at least 8"):
        baseline_of(points([1.0, 2.0] * 3 + [1.0]), START, "N. N.")
    with pytest.raises(SettingsError, match="the same"):
        baseline_of(points([1.0] * 20), START, "N. N.")


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
