"""Run rules: each sees its pattern and no other, as seldom as is published."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.spc.run_rules import RULES, RunRule


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


def test_false_alarms_of_a_stable_process_are_as_published() -> None:
    """1 in 370 beyond 3 s; 1 in 22 beyond 2 s (normal distribution)."""
    z = np.random.default_rng(5).normal(size=400_000)
    assert len(z) / len(RULES["3s"].places(z)) == pytest.approx(370, rel=0.1)
    assert len(z) / len(RULES["2s"].places(z)) == pytest.approx(22, rel=0.03)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda one: one.name)
def test_runs_side_by_side_are_read_each_by_itself(rule: RunRule) -> None:
    wide = np.array([[0.4, 1.0, 2.0], [0.4, 1.5, 3.0]])[:, :, np.newaxis]
    runs = wide * np.random.default_rng(8).normal(0.2, 1, (2, 3, 2000))
    together = rule.ends(runs)
    assert together.shape == runs.shape
    for place in np.ndindex(2, 3):
        assert (together[place] == rule.ends(runs[place])).all()
    assert together.any()


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda one: one.name)
def test_a_pattern_above_is_a_pattern_below(rule: RunRule) -> None:
    z = np.random.default_rng(9).normal(0.4, 1.5, 400)
    assert (rule.ends(z) == rule.ends(-z)).all()
