"""What limits take for granted: normal values that do not depend on each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.spc.assumptions import autocorrelation, histogram, normality


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
