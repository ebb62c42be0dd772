"""Now: what the collector does at this moment, what comes tonight, and who steers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from workbench.collect.hours.week_grid import Override
from workbench.collect.queue.collector_state import CollectorState
from workbench.collect.queue.control import Command, Heartbeat
from workbench.collect.queue.overview import Desk, Status
from workbench.collect.queue.patient_queue import PatientState
from workbench.errors import SettingsError
from workbench.rights import Right
from workbench_widgets.pages.collector.hospital_clock import wall
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    GOOD,
    NOTHING,
    PROBLEM,
    WARNING,
    WORKING,
    Button,
    Outcome,
    buttons,
    card,
    clock,
    facts,
    join,
    number,
    said,
)

GIB, MIB = 2**30, 2**20
LONG = timedelta(days=6, hours=23)  # a plan looks a week ahead: open till then is open always
MORNING = 6  # o'clock: the end of the seed hospital's nights
# Shape and word beside the colour: who does not see the colour reads the same.
BADGES = {GOOD: "●", WORKING: "▶", WARNING: "◆", PROBLEM: "▲"}
SHORT = {"30": timedelta(minutes=30), "120": timedelta(hours=2)}
UNDERWAY = (PatientState.ASKED, PatientState.FOUND, PatientState.MOVING)
LEGEND = (
    ("complete", (PatientState.COMPLETE,), "complete"),
    ("at work", UNDERWAY, "underway"),
    ("waiting", (PatientState.WAITING,), "waiting"),
    ("incomplete", (PatientState.INCOMPLETE,), "incomplete"),
    ("not found", (PatientState.NOT_FOUND,), "notfound"),
    ("failed", (PatientState.FAILED,), "failed"),
)
STEERED = {"pause": Command.PAUSE, "resume": Command.RUN, "stop": Command.STOP}


class Now:
    """The first section: state, patient in hand, queue, tonight, machine, and the steering."""

    name, title = "now", "Now"
    right = Right.COLLECT
    needs = dict.fromkeys((*STEERED, "ask-now", "schedule-again"), Right.COLLECT)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def html(self) -> Markup:
        """Return the section as it is now; with wrong settings, what can be done all the same."""
        try:
            status = self._desk.status()
        except SettingsError as error:
            wrong = said(f"The settings are wrong: {error}", "problem")
            return join((state_box(self._desk.collector_state()), wrong, buttons(
                Button("Pause", "pause"), Button("Stop after this patient", "stop")
            )))  # fmt: skip
        return join((
            state_box(status.state),
            self._steering(status),
            Markup('<div class="wbc-cards">{}</div>').format(join((
                self._queue(status), self._in_hand(status), tonight(status),
                machine(status, shutil.disk_usage(self._desk.survey.folder).free),
                self._away(status),
            ))),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Steer the collectors, or override the schedule; how it stands then says the state."""
        if ask.name in STEERED:
            self._desk.control.command = STEERED[ask.name]
            return Outcome("")
        if ask.name == "ask-now":
            return self._ask_now(ask.text("value"))
        if ask.name == "schedule-again":
            self._desk.control.override = None
            return Outcome("")
        return None

    def _ask_now(self, choice: str) -> Outcome:
        now, zone = datetime.now(UTC), wall(self._desk)
        if choice == "morning":
            until = next_morning(now, zone)
        elif choice in SHORT:
            until = now + SHORT[choice]
        else:
            raise SettingsError("until when?", "Choose one of the ends offered.")
        self._desk.control.override = Override(until, opened=True)
        return Outcome("")

    def _steering(self, status: Status) -> Markup:
        runs, override = status.command is Command.RUN, self._desk.control.override
        steer = buttons(
            Button("Pause", "pause", main=True) if runs else Button("Resume", "resume", main=True),
            Button("Stop after this patient", "stop", off=status.command is Command.STOP),
        )
        now = buttons(
            Button("30 minutes", "ask-now", "30", label="Ask the PACS now for 30 minutes"),
            Button("2 hours", "ask-now", "120", label="Ask the PACS now for 2 hours"),
            Button(f"until {MORNING:02}:00", "ask-now", "morning",
                   label=f"Ask the PACS now until {MORNING:02}:00"),
            Button("Back to the schedule", "schedule-again", off=override is None),
        )  # fmt: skip
        return Markup(
            '<div class="wbc-steer">{}<div class="wbc-now"><span>Ask now for</span>{}</div></div>'
            '<p class="wbc-hours">{} Asked for: {}.</p>'
        ).format(steer, now, status.hours, status.wanted)

    def _queue(self, status: Status) -> Markup:
        total = sum(status.states.values())
        if not total:
            return card("Queue", said("Nobody is in the queue. Add patients under Queue.", "empty"))
        counts = [
            (words, sum(status.states[patient_state] for patient_state in states), name)
            for words, states, name in LEGEND
        ]
        done = f"{number(status.states[PatientState.COMPLETE])} of {number(total)} complete"
        bar = join(
            Markup('<span class="wbc-{}" style="flex-grow:{}"></span>').format(name, count)
            for _, count, name in counts if count
        )  # fmt: skip
        legend = join(
            Markup('<li><i class="wbc-{}"></i>{} <b>{}</b></li>').format(name, words, number(count))
            for words, count, name in counts
        )
        return card(
            "Queue",
            Markup('<p class="wbc-big">{}</p>').format(done),
            Markup('<div class="wbc-bar" role="img" aria-label="{}">{}</div>').format(done, bar),
            Markup('<ul class="wbc-legend">{}</ul>').format(legend),
            kind="wbc-full",
        )

    def _in_hand(self, status: Status) -> Markup:
        working = [
            collector
            for collector in status.collectors
            if collector.fresh and collector.told.get("patient")
        ]
        if not working:
            return card("Patient in hand", said("None at this moment.", "soft"))
        return card("Patient in hand", *(self._patient(collector) for collector in working))

    def _patient(self, beat: Heartbeat) -> Markup:
        numbered = int(beat.told["patient"])
        row = next(iter(self._desk.queue.rows(after=numbered - 1, limit=1)), {})
        here = (row.get("already") or 0) + (row.get("received") or 0)
        expected, state_ = row.get("expected") or 0, row.get("state", "")
        text = f"{number(here)} of {number(expected)} objects are here" if expected else "asking"
        return Markup(
            '<p class="wbc-big">No. {}</p><progress max="{}" value="{}" aria-label="{}"></progress>'
            "<p>{}, {}</p>"
        ).format(numbered, max(expected, 1), min(here, expected), text, state_, text)

    def _away(self, status: Status) -> Markup:
        zone = ZoneInfo(status.zone)
        away = [
            event for event in self._desk.control.events(20)
            if event["severity"] != "info" and "Trying again in" in event["text"]
        ][:3]  # fmt: skip
        if not away:
            return NOTHING
        lines = join(
            Markup("<li>{} {}</li>").format(clock(event["at"], zone), event["text"])
            for event in away
        )
        return card("The PACS was away", Markup('<ul class="wbc-lines">{}</ul>').format(lines))


def state_box(state: CollectorState) -> Markup:
    """Return how the collectors stand and what to do, as a box."""
    start = Markup(
        "<p>Start it in a terminal: <code>{}</code>. "
        "To have the system start it: <code>workbench collect unit</code>.</p>"
    ).format(state.start) if state.start else NOTHING  # fmt: skip
    todo = said(state.todo) if state.todo else NOTHING
    return Markup(
        '<div class="wbc-state wbc-{}" role="status"><span aria-hidden="true">{}</span>'
        "<div><strong>{}</strong>{}</div></div>"
    ).format(state.kind, BADGES[state.kind], state.text, todo + start)


def tonight(status: Status) -> Markup:
    """Return what the next open time can do."""
    plan, zone = status.plan, ZoneInfo(status.zone)
    if not plan.waiting:
        return card("Next open hours", said("Nobody waits.", "soft"))
    if plan.begins is None or plan.ends is None:
        return card("Next open hours", said("None within a week: open some under Schedule."))
    begins = "now" if plan.begins <= datetime.now(UTC) else f"{_day(plan.begins, zone)}"
    week = plan.ends - datetime.now(UTC) > LONG
    ends = "all of them are done" if week else _day(plan.ends, zone)
    fits = "all" if plan.patients >= plan.waiting else "about " + number(plan.patients)
    return card(
        "Next open hours",
        Markup('<p class="wbc-big">{} of {}</p>').format(fits, number(plan.waiting)),
        said(f"waiting patients will be asked for, {begins} until {ends}."),
        said(f"At {plan.seconds_each:.0f} s a patient, the pause included.", "soft"),
        NOTHING if status.working else said("If a collector runs: now none does."),
    )


def machine(status: Status, free: int) -> Markup:
    """Return speed, disk and memory."""
    fresh = [collector.told for collector in status.collectors if collector.fresh]
    pairs = {"Disk free": f"{free / GIB:.1f} GB"}
    if fresh:
        sums = dict(_sums(fresh))
        pairs = {
            "Objects a second": f"{sums['objects_per_s']:.1f}",
            **({"MB a second": f"{sums['bytes_per_s'] / MIB:.2f}"} if sums["bytes_per_s"] else {}),
            **pairs,
            "Memory": f"{sums['memory'] / MIB:.0f} MB",
        }
    where = ", ".join(str(beat.get("address", "")) for beat in fresh)
    more = f"Speed of the last minute. Listening at {where}." if fresh else ""
    return card("Speed and room", facts(pairs), said(more, "soft"))


def _sums(beats: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    for name in ("objects_per_s", "bytes_per_s", "memory"):
        yield name, sum((float(beat.get(name) or 0.0) for beat in beats), 0.0)


def _day(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %H:%M}"


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next six o'clock on the wall of a zone, UTC."""
    local = now.astimezone(zone)
    morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0, fold=0)
    if morning <= local:
        morning = (morning.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    return morning.astimezone(UTC)
