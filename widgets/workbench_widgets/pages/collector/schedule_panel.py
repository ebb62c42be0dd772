"""The week schedule: when the PACS may be asked, and when data may leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import ipywidgets
from markupsafe import Markup

from workbench.collect.hours.schedule import Timetable, read_timetable, written_timetable
from workbench.collect.hours.week_grid import WeekGrid as Week
from workbench.collect.queue.overview import Desk, hours_in_words
from workbench.errors import SettingsError
from workbench.language import Words, clock, data, listed, mark, t, weekday
from workbench.rights import Right
from workbench.settings_file import read_settings
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import Field, Form, Outcome, card, facts, join, said
from workbench_widgets.parts.week_grid import WeekGrid

OVERTAKEN = mark(
    "The schedule was saved on another page while you painted here. Saving now replaces it; "
    "Undo all shows it."
)
GRIDS = {"query": mark("Query: ask the PACS"), "upload": mark("Upload: send away")}


class SchedulePanel:
    """The third section.  ``grids`` is the widget that stands below it: two weeks to paint."""

    name, title = "schedule", mark("Schedule")
    right = Right.COLLECT
    needs = dict.fromkeys(("schedule", "schedule-undo"), Right.COLLECT)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._painted = {name: WeekGrid(caption=t(caption)) for name, caption in GRIDS.items()}
        self.grids = ipywidgets.Box(
            list(self._painted.values()),
            layout=ipywidgets.Layout(flex_flow="row wrap", overflow="visible"),
        )
        self.grids.add_class("wbc-grids")
        self._read: Timetable | None = None
        self._overtaken = False
        self._typed: dict[str, str] = {}

    def html(self) -> Markup:
        """Return the hours in words, what would change, and the form that saves it."""
        try:
            timetable = self._desk.timetable()
        except SettingsError as error:
            return said(
                t("The schedule cannot be read: {problem}", problem=error.words()), "problem"
            ) + self._form("")
        self._follow(timetable)
        now, zone = datetime.now(UTC), timetable.query.zone
        for name, grid in self._painted.items():
            grid.caption = t(GRIDS[name])
            grid.speak()
            grid.mark(getattr(timetable, name), now)
        there = now.astimezone(zone)
        wall = listed((weekday(there), clock(there)), " ")
        words = hours_in_words(timetable.query, now, self._desk.control.override)
        return join((
            said(listed((words, t("Clock on the wall: {time}.", time=wall)), " ")),
            said(t(OVERTAKEN), "problem") if self._overtaken else "",
            self._changes(timetable), self._form(zone.key),
            said(t("Paint with the mouse, a finger, or the arrow keys and space."), "soft"),
        ))  # fmt: skip

    def _form(self, zone: str) -> Markup:
        table = read_settings(self._desk.survey.folder).schedule
        saves = (("schedule", t("Save the schedule")), ("schedule-undo", t("Undo all")))
        return Form("schedule", (
            Field("zone", t("Time zone"), self._typed.get("zone", zone),
                  hint=t("Such as Europe/Luxembourg")),
            Field("country", t("Country of the bank holidays"), self._shown(table, "country"),
                  hint=t("Such as LU. They count as Sundays. Empty: none.")),
            Field("subdivision", t("Its part"), self._shown(table, "subdivision"),
                  hint=t("Such as BY of DE")),
            Field("holidays", t("Further days"), self._shown(table, "holidays"),
                  hint=data("2026-12-24, 2026-12-31")),
        ), saves, seen=_fingerprint(table)).__html__()  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Save, or go back to what is saved."""
        if ask.name == "schedule-undo":
            self._read, self._typed, self._overtaken = None, {}, False
            return Outcome(t("As it was saved."), reset=("schedule",))
        if ask.name != "schedule":
            return None
        self._typed = dict(ask.values)
        settings = read_settings(self._desk.survey.folder)
        self._check_seen(ask, settings.schedule)
        table = written_timetable(
            {**settings.schedule, **_told(ask)},
            **{name: grid.value for name, grid in self._painted.items()},
        )
        table = {key: value for key, value in table.items() if value not in ("", [])}
        read_timetable(table)  # raises before anything is written
        replace(settings, schedule=table).write(self._desk.survey.folder)
        self._typed, self._overtaken = {}, False
        self._read = self._desk.timetable()
        return Outcome(t("The schedule is saved."), reset=("schedule",))

    def _check_seen(self, ask: Ask, table: Mapping[str, Any]) -> None:
        """Raise ``SettingsError`` where the schedule is another by now than the one shown."""
        before = self._read
        try:
            present = self._desk.timetable()
        except SettingsError:
            return  # what cannot be read is mended by saving
        if ask.text("seen") in ("", _fingerprint(table)) and present == before:
            return
        self._follow(present)
        raise SettingsError(
            "the schedule was changed on another page meanwhile; nothing was saved.",
            "Yours is still here. Look at both, then save again.",
        )

    def _follow(self, timetable: Timetable) -> None:
        """Show what is saved, where that changed; what is being painted stays, and that is told."""
        if timetable == self._read:
            return
        for name, grid in self._painted.items():
            was = getattr(self._read, name).grid if self._read else None
            saved = getattr(timetable, name).grid
            if was is None or grid.value == was:
                grid.value = saved
            elif was != saved and grid.value != saved:
                self._overtaken = True
        self._read = timetable

    def _changes(self, timetable: Timetable) -> Markup:
        weeks = {
            t(caption): (getattr(timetable, name).grid, self._painted[name].value)
            for name, caption in GRIDS.items()
        }
        shown = facts({caption: _words(*pair) for caption, pair in weeks.items()})
        if all(saved == painted for saved, painted in weeks.values()):
            return card(t("Open hours"), shown, help_key="collector_hours")
        return card(
            t("Open hours: not saved yet"), shown, kind="wbc-unsaved", help_key="collector_hours"
        )

    def _shown(self, table: Mapping[str, Any], key: str) -> str:
        value = self._typed.get(key, table.get(key, ""))
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _words(saved: Week, painted: Week) -> Words:
    if saved == painted:
        return saved.describe()
    return listed((saved.describe(), painted.describe()), "  →  ")


def _fingerprint(table: Mapping[str, Any]) -> str:
    return sha256(repr(sorted(table.items())).encode()).hexdigest()[:16]


def _told(ask: Ask) -> dict[str, object]:
    days = [day.strip() for day in ask.text("holidays").split(",") if day.strip()]
    return {
        "zone": ask.text("zone"),
        "country": ask.text("country").upper(),
        "subdivision": ask.text("subdivision").upper(),
        "holidays": days,
    }
