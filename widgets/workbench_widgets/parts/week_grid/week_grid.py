"""A schedule of a week to paint: 7 days of 24 hours, open or closed, and the hour it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from ipywidgets import Layout

from workbench.collect.hours import week_grid
from workbench.errors import SettingsError
from workbench.language import mark, t, weekday

HERE = Path(__file__).parent
OWN = frozenset(
    {"words", "now", "now_words", "read_only", "caption", "texts"}
)  # ours to say, not a page's


A_MONDAY = date(2026, 1, 5)
DAYS = (
    mark("Monday"), mark("Tuesday"), mark("Wednesday"), mark("Thursday"), mark("Friday"),
    mark("Saturday"), mark("Sunday"),
)  # fmt: skip
TEXTS = {
    "nights": mark("+ Nights 19–06"), "nightsTitle": mark("Open 19:00 to 06:00 on every day, too"),
    "weekends": mark("+ Weekends"), "weekendsTitle": mark("Open Saturday and Sunday, too"),
    "always": mark("Always"), "alwaysTitle": mark("Open every hour"),
    "never": mark("Never"), "neverTitle": mark("Close every hour"),
    "undo": mark("Undo"), "undoTitle": mark("Undo the last change"),
    "open": mark("open"), "closed": mark("closed"), "week": mark("Week"),
    "label": mark("{caption}: selected hours are open"),
    "everyDay": mark("{hours} on every day"), "openHours": mark("Open: {words}"),
}  # fmt: skip
NOW, NOW_HOLIDAY = mark("now"), mark("now (bank holiday: as Sunday)")


class WeekGrid(anywidget.AnyWidget):
    """A week to paint with mouse, finger or keyboard.

    Parameters
    ----------
    value
        The week to begin with; closed throughout when there is none.
    caption
        What the hours are for, such as "Query the PACS": the accessible name, too.
    read_only
        Whether it only shows; what a page sends is then not taken.

    Attributes
    ----------
    value
        The week, a ``workbench.collect.hours.week_grid.WeekGrid``: set it, or observe it.
    grid
        The same as seven texts of 24 characters, Monday first: ``#`` open, ``.`` closed.
    now
        The day and the hour that hold now, outlined; empty for none.  ``mark`` sets it.
    texts
        What the page shows, in the language that was spoken at ``speak``.

    A week that is none is a ``TraitError``.  Two grids stand side by side in an
    ``ipywidgets.Box`` whose layout has ``flex_flow="row wrap"``.
    """

    _esm = HERE / "week_grid.js"
    _css = HERE / "week_grid.css"

    value = traitlets.Instance(week_grid.WeekGrid)
    grid = traitlets.List(traitlets.Unicode()).tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    now = traitlets.List(traitlets.Int()).tag(sync=True)
    now_words = traitlets.Unicode("now").tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)
    caption = traitlets.Unicode().tag(sync=True)
    read_only = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self, value: week_grid.WeekGrid | None = None, caption: str = "", read_only: bool = False
    ) -> None:
        value = value or week_grid.WeekGrid.never()
        super().__init__(
            value=value, grid=rows(value), words=value.describe(),
            caption=caption, read_only=read_only, texts=texts(), now_words=t(NOW),
            layout=Layout(flex="1 1 21rem", min_width="0", max_width="46rem"),
        )  # fmt: skip

    def speak(self) -> None:
        """Show its texts in the language that is spoken now."""
        self.texts = texts()
        self.words = self.value.describe()

    def mark(self, slots: week_grid.Slots, at: datetime) -> None:
        """Outline the hour that holds at an aware datetime, on the wall of the slots' zone.

        On a bank holiday that is an hour of the Sunday, and the legend says so.
        """
        day, hour = slots.cell(at)
        moved = day != at.astimezone(slots.zone).weekday()
        self.now_words = t(NOW_HOLIDAY) if moved else t(NOW)
        self.now = [day, hour]

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take from a page what is the page's to say: the grid, unless it is read only."""
        refused = OWN | {"grid"} if self.read_only else OWN
        super().set_state({name: value for name, value in sync_data.items() if name not in refused})

    @traitlets.validate("grid")
    def _whole_week(self, proposal: Mapping[str, Any]) -> list[str]:
        return rows(week(proposal["value"]))

    @traitlets.validate("now")
    def _hour_of_a_week(self, proposal: Mapping[str, Any]) -> list[int]:
        match proposal["value"]:
            case []:
                return []
            case [int(day), int(hour)] if day in range(7) and hour in range(24):
                return [day, hour]
        raise traitlets.TraitError("now is a day from 0 to 6 and an hour from 0 to 23, or empty.")

    @traitlets.observe("grid")
    def _painted(self, change: Mapping[str, Any]) -> None:
        self.value = week(change["new"])

    @traitlets.observe("value")
    def _given(self, change: Mapping[str, Any]) -> None:
        self.grid = rows(change["new"])
        self.words = change["new"].describe()


def texts() -> dict[str, Any]:
    """Return what a page shows; places are filled there."""
    return {
        **{name: t(text) for name, text in TEXTS.items()},
        "days": [t(name) for name in DAYS],
        "shortDays": [weekday(A_MONDAY + timedelta(days=place)) for place in range(len(DAYS))],
    }


def rows(value: week_grid.WeekGrid) -> list[str]:
    """Return a week as seven texts, Monday first."""
    return list(value.text().values())


def week(texts: Sequence[str]) -> week_grid.WeekGrid:
    """Return seven texts as a week; raises ``TraitError`` when they are none."""
    if len(texts) != len(week_grid.DAYS):
        raise traitlets.TraitError("a week has seven days.")
    try:
        return week_grid.WeekGrid.parse(dict(zip(week_grid.DAYS, texts, strict=True)))
    except SettingsError as error:
        raise traitlets.TraitError(str(error)) from error
