"""Days of the week as they are typed."""

from __future__ import annotations

import pytest

from workbench.plans.week_days import read_days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", (0, 1, 2, 3, 4)), ("Mon", (0,)), ("sat, sun", (5, 6)), ("THURSDAY", (3,)),
        ("mon,wed , fri", (0, 2, 4)), ("fri-mon", (0, 4, 5, 6)), ("tues - thurs", (1, 2, 3)),
        ("mon-wed, sun", (0, 1, 2, 6)), ("daily", tuple(range(7))),
        ("Every  Day", tuple(range(7))), ("sun-sat", tuple(range(7))),
    ],
)  # fmt: skip
def test_days_are_read_as_people_type_them(text: str, days: tuple[int, ...]) -> None:
    assert read_days(text) == days


@pytest.mark.parametrize(
    "text",
    ["", "m", "mo", "monn", "mon-", "-fri", "mon fri", "1-5", "mon,", "lundi", "mon-fri-sat"],
)
def test_anything_else_is_no_days(text: str) -> None:
    assert read_days(text) == ()
