"""What is said of a control chart, in another language."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np

from tests.language.unmarked import wrong_in_text
from workbench.language import t, use_language
from workbench.spc.baseline import Point, baseline_of
from workbench.spc.chart import ControlChart, control_chart
from workbench.spc.run_rules import RULES

BEGAN = datetime(2026, 3, 2)


def chart(values: list[float], used: int = 0) -> ControlChart:
    points = [Point(BEGAN + timedelta(days=day), value) for day, value in enumerate(values)]
    return control_chart(points, [baseline_of(points[1 : used + 1], points[1].moment, "")]
                         if used else ())  # fmt: skip


def test_every_warning_is_said_in_the_language() -> None:
    rng = np.random.default_rng(3)
    charts = (
        chart([1.0, math.nan]), chart(rng.exponential(size=100).tolist(), 12),
        chart(np.cumsum(rng.normal(size=100)).tolist(), 12),
    )  # fmt: skip
    warnings = {warning.text: warning for each in charts for warning in each.warnings}
    assert len(warnings) == 6  # all there are
    with use_language("xx"):
        assert [wrong for each in warnings.values() for wrong in wrong_in_text(each.words())] == []


def test_rules_are_named_in_the_language() -> None:
    with use_language("xx"):
        assert all(t(rule.label).startswith("⟦") for rule in RULES.values())
