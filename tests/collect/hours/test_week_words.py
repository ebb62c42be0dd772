"""A week in words: neither more nor less than the grid, and as a person would say it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.unmarked import wrong_in_text
from workbench.collect.hours.week_grid import DAYS, WeekGrid
from workbench.language import use_language

NIGHT, DAYTIME, ALL = "######.............#####", ".......##########.......", "#" * 24
WEEKEND = {"saturday": ALL, "sunday": ALL}
EVENING = "." * 19 + "#" * 5


def week(row: str, **others: str) -> WeekGrid:
    return WeekGrid.parse({**dict.fromkeys(DAYS, row), **others})


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        (WeekGrid.always(), "always"),
        (WeekGrid.never(), "never"),
        (week(NIGHT), "every day 19:00-06:00"),
        (week(DAYTIME), "every day 07:00-17:00"),
        (week(NIGHT, monday=EVENING, **WEEKEND), "Mon-Fri 19:00-06:00, Sat and Sun all day"),
        # Monday's early hours are open although Sunday night is not "19:00-06:00".
        (week(NIGHT, **WEEKEND), "Mon 00:00-06:00, Mon-Fri 19:00-06:00, Sat and Sun all day"),
        (WeekGrid.parse({"friday": EVENING}), "Fri 19:00-24:00"),
        (WeekGrid.parse({"friday": EVENING, "saturday": "###" + "." * 21}), "Fri 19:00-03:00"),
        (WeekGrid.parse({"sunday": EVENING, "monday": "###" + "." * 21}), "Sun 19:00-03:00"),
        # A whole day from ten to ten is not "10:00-10:00".
        (
            WeekGrid.parse({"friday": "." * 10 + "#" * 14, "saturday": "#" * 10 + "." * 14}),
            "Fri 10:00-24:00, Sat 00:00-10:00",
        ),
        (
            week("." * 24, monday=ALL, wednesday=ALL, friday=DAYTIME),
            "Mon and Wed all day, Fri 07:00-17:00",
        ),
        (
            week("." * 24, monday=ALL, wednesday=ALL, friday=ALL, sunday=DAYTIME),
            "Mon, Wed and Fri all day; Sun 07:00-17:00",
        ),
        (week("." * 12 + "##" + "." * 5 + "#" * 5), "every day 12:00-14:00 and 19:00-24:00"),
    ],
)
def test_a_week_is_said_as_a_person_would(grid: WeekGrid, words: str) -> None:
    assert grid.describe() == words


def understood(words: str) -> WeekGrid:
    """Read the words of a week back, as a person would: a night belongs to its evening."""
    if words in ("always", "never"):
        return WeekGrid.always() if words == "always" else WeekGrid.never()
    short = [day[:3].title() for day in DAYS]
    hours = [[False] * 24 for _ in DAYS]
    days: list[int] = []
    fresh = True
    plain = words.replace("every day", "Mon-Sun").replace("all day", "00:00-24:00")
    for word in re.split(r"[,; ]+", plain):
        if word == "and":
            continue
        first, _, last = word.partition("-")
        if first in short:
            days = [] if fresh else days
            fresh = False
            days += range(short.index(first), short.index(last or first) + 1)
            continue
        fresh = True
        begin, end = int(first[:2]), int(last[:2])
        for day in days:
            for hour in range(begin, end if end > begin else end + 24):
                hours[(day + hour // 24) % 7][hour % 24] = True
    return WeekGrid(tuple(map(tuple, hours)))


rows = st.sampled_from(
    [NIGHT, DAYTIME, ALL, EVENING, "." * 24, "#" * 10 + "." * 14, "####" + EVENING[4:]]
)
weeks = st.one_of(
    st.lists(rows, min_size=7, max_size=7),
    st.lists(st.text("#.", min_size=24, max_size=24), min_size=7, max_size=7),
).map(lambda lines: WeekGrid.parse(dict(zip(DAYS, lines, strict=True))))


@given(weeks)
def test_the_words_say_neither_more_nor_less_than_the_grid(grid: WeekGrid) -> None:
    words = grid.describe()
    if "hours a week" in words:
        assert words.startswith(f"{sum(map(sum, grid.hours))} of 168 ")
    else:
        assert understood(words) == grid


@given(st.lists(rows, min_size=7, max_size=7))
def test_a_plain_week_is_said_in_full_where_it_has_few_parts(lines: list[str]) -> None:
    """Words stay short enough for the line below a grid."""
    assert len(WeekGrid.parse(dict(zip(DAYS, lines, strict=True))).describe()) <= 200


@given(st.lists(st.text("#.", min_size=24, max_size=24), min_size=7, max_size=7))
def test_any_week_can_be_said_in_another_language(rows: list[str]) -> None:
    grid = WeekGrid.parse(dict(zip(DAYS, rows, strict=True)))
    with use_language("xx"):
        assert wrong_in_text(grid.describe()) == []
