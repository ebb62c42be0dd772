"""EWMA, CUSUM and moving average: the published examples come out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.spc.drift import cusum, ewma, ewma_width, moving_average

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


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30), st.floats(0, 2), st.floats(-3, 3))
def test_the_lower_sum_is_the_upper_one_of_the_mirror_image(
    values: list[float], slack: float, target: float
) -> None:
    found = np.array(values)
    high, low = cusum(found, target, slack)
    mirrored_high, mirrored_low = cusum(-found, -target, slack)
    assert low == pytest.approx(mirrored_high)
    assert high == pytest.approx(mirrored_low)
    assert (high >= 0).all()
    assert (low >= 0).all()


def test_a_process_that_sinks_is_seen_below_by_as_much_as_it_sinks() -> None:
    high, low = cusum(np.array([0.0, -1.0, -1.0, 2.0]), target=0.0, slack=0.25)
    assert low == pytest.approx([0, 0.75, 1.5, 0])
    assert high == pytest.approx([0, 0, 0, 1.75])
