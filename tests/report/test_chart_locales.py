"""Charts write numbers and days as the language does."""

from __future__ import annotations

import altair as alt
import pytest

from workbench.report import charts
from workbench.report.chart_locales import embed_locales, number_locale, time_locale


def drawn(language: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(charts, "current_language", lambda: language)
    rows = [{"t": f"2026-{month:02}-01", "v": 1.5 * month} for month in range(1, 7)]
    chart = alt.Chart(alt.InlineData(values=rows)).mark_line().encode(
        x=alt.X("t:T", axis=alt.Axis(format="%B")),
        y=alt.Y("v:Q", axis=alt.Axis(format=".1f", values=[2.5])),
    )  # fmt: skip
    return str(charts.svg(chart, "x", "x"))


@pytest.mark.parametrize(
    ("language", "month", "number"),
    [("en", "March", "2.5"), ("de", "März", "2,5"), ("fr", "mars", "2,5"), ("lb", "Mäerz", "2,5")],
)
def test_axes_are_written_as_the_language_does(
    language: str, month: str, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = drawn(language, monkeypatch)
    assert f">{month}<" in shown
    assert f">{number}<" in shown


def test_english_charts_are_told_nothing() -> None:
    assert embed_locales("en") == {}


def test_the_pseudo_locale_shows_what_did_not_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = drawn("xx", monkeypatch)
    assert ">«March»<" in shown
    assert ">2·5<" in shown


def test_every_language_names_seven_days_and_twelve_months() -> None:
    for language in ("de", "fr", "lb"):
        times = time_locale(language)
        assert times is not None
        assert [len(times[name]) for name in ("days", "shortDays", "months", "shortMonths")] == [
            7, 7, 12, 12,
        ]  # fmt: skip
        assert embed_locales(language)["formatLocale"]["decimal"] == ","
    lb = time_locale("lb")
    assert lb is not None
    assert (lb["days"][0], lb["days"][1]) == ("Sonndeg", "Méindeg")


def test_a_language_that_nobody_knows_is_drawn_in_english() -> None:
    assert number_locale("qq") is None
    assert time_locale("qq") is None
