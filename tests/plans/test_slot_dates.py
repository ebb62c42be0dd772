"""Days in parameters come from the slot, so that a late report is of the right month."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.plans.slot_dates import worked_out

SLOT = date(2026, 3, 3)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("@day", "2026-03-03"), ("@day-7", "2026-02-24"), ("@day-1:end", "2026-03-02"),
        ("@week", "2026-03-02"), ("@week-1", "2026-02-23"), ("@week-1:end", "2026-03-01"),
        ("@month", "2026-03-01"), ("@month-1", "2026-02-01"), ("@month-1:end", "2026-02-28"),
        ("@month-3", "2025-12-01"), ("@month-25:end", "2024-02-29"),
        ("@quarter", "2026-01-01"), ("@quarter-1", "2025-10-01"), ("@quarter-1:end", "2025-12-31"),
        ("@year", "2026-01-01"), ("@year-1", "2025-01-01"), ("@year-1:end", "2025-12-31"),
        ("plain", "plain"), ("@@home", "@home"), ("2011", "2011"),
    ],
)  # fmt: skip
def test_each_period_has_a_first_and_a_last_day(text: str, day: str) -> None:
    assert worked_out({"x": text}, SLOT, {"x": ""}) == {"x": day}


def test_a_number_of_a_year_is_a_number_and_other_values_stay() -> None:
    given = {"year": "@year-1", "country": "FR", "numbers": [1, "@day"], "yes": True, "n": 2.5}
    assert worked_out(given, SLOT, {"year": 2022, "numbers": []}) == {
        "year": 2025, "country": "FR", "numbers": [1, "2026-03-03"], "yes": True, "n": 2.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["@", "@month+1", "@months-1", "@month-", "@month-1:begin", "@home", "@day-1 ", "@Day"]
)
def test_what_is_no_day_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(SettingsError, match=r"parameter acquired_from .*@month-1"):
        worked_out({"acquired_from": text}, SLOT, {})


def test_only_a_year_is_a_whole_number() -> None:
    with pytest.raises(SettingsError, match="@year-1"):
        worked_out({"year": "@month-1"}, SLOT, {"year": 2022})


@pytest.mark.parametrize("text", ["@year-2026", "@year-9999", "@month-9999:end", "@quarter-9000"])
def test_before_the_first_year_there_are_no_days(text: str) -> None:
    with pytest.raises(SettingsError, match="smaller number"):
        worked_out({"x": text}, date(600, 1, 1), {})


@given(
    st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    st.sampled_from(["day", "week", "month", "quarter", "year"]),
    st.integers(1, 50),
)
def test_periods_follow_each_other_without_gap_or_overlap(day: date, unit: str, back: int) -> None:
    asked = {"end": f"@{unit}-{back}:end", "next": f"@{unit}-{back - 1}", "now": f"@{unit}"}
    found = worked_out(asked, day, {})
    end, begin = (date.fromisoformat(str(found[name])) for name in ("end", "next"))
    assert end + timedelta(days=1) == begin
    assert date.fromisoformat(str(found["now"])) <= day
