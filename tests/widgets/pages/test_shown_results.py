"""Numbers on the quality page are told as far as they mean something, with their unit above."""

from __future__ import annotations

from math import isclose
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.language import Words
from workbench_widgets.pages.quality.shown_results import decimals_of, rounded, with_unit


@pytest.mark.parametrize(
    ("values", "decimals"),
    [([1.0], None), ([], None), ([5.0, 5.0], None), ([4.968, 5.01, 4.937], 3),
     ([-0.09, 0.05, 0.09], 2), ([100.0, 140.0], 0), ([1e-20, 2e-20], 8)],
)  # fmt: skip
def test_decimals_follow_the_spread(values: list[float], decimals: int | None) -> None:
    assert decimals_of(values) == decimals


@given(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=20))
def test_two_standard_deviations_keep_two_digits(values: list[float]) -> None:
    places = decimals_of(values)
    if places is None or places == 8:
        return
    spread = 2 * stdev(values)
    assert isclose(float(rounded(spread, places)), spread, abs_tol=0.5 * 10**-places * 1.001)
    # One figure fewer would be off by more than a tenth of it.
    assert places == 0 or 10 ** (1 - places) > spread / 10 * 0.999


def test_a_zero_has_no_minus_and_what_is_missing_is_told() -> None:
    assert rounded(-0.001, 2) == "0.00"
    assert rounded(None, 2) == "–"
    assert rounded(1234.5678, None) == "1235"
    assert with_unit(Words("Noise"), "[hnsf'U]") == "Noise (HU)"
    assert with_unit(Words("Pairs"), "1") == "Pairs"
