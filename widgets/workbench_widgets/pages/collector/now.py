"""Now: what the collector does at this moment, what comes tonight, and who steers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from workbench.collect.hours.week_grid import Override
from workbench.collect.queue.collector_state import CollectorState
from workbench.collect.queue.control import Command, Heartbeat
from workbench.collect.queue.doings import Doing
from workbench.collect.queue.overview import Desk, Status
from workbench.collect.queue.patient_queue import PatientState
from workbench.errors import SettingsError
from workbench.language import Words, data, day_and_clock, html, listed, mark, n, number, t
from workbench.rights import Right
from workbench.services.kept_service import BY_NAME, COLLECT
from workbench.services.service_board import Asker, WantedState
from workbench_widgets.pages.collector.figures import command, whole
from workbench_widgets.pages.collector.hospital_clock import wall
from workbench_widgets.pages.collector.services_card import (
    NEEDS,
    START,
    act,
    dosing_line,
    services_card,
)
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
    (mark("complete"), (PatientState.COMPLETE,), "complete"),
    (mark("at work"), UNDERWAY, "underway"),
    (mark("waiting"), (PatientState.WAITING,), "waiting"),
    (mark("incomplete"), (PatientState.INCOMPLETE,), "incomplete"),
    (mark("not found"), (PatientState.NOT_FOUND,), "notfound"),
    (mark("failed"), (PatientState.FAILED,), "failed"),
)
STEERED = ("pause", "resume", "stop")


class Now:
    """The first section: state, patient in hand, queue, tonight, machine, and the steering."""

    name, title = "now", mark("Now")
    right = Right.COLLECT
    needs = MappingProxyType({
        **dict.fromkeys((*STEERED, "ask-now", "schedule-again"), Right.COLLECT), **NEEDS,
    })  # fmt: skip

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def html(self) -> Markup:
        """Return the section as it is now; with wrong settings, what can be done all the same."""
        try:
            status = self._desk.status()
        except SettingsError as error:
            wrong = said(t("The settings are wrong: {problem}", problem=error.words()), "problem")
            state = self._desk.collector_state()
            return join((state_box(state), wrong, start_button(state) or buttons(
                Button(t("Pause"), "pause"), Button(t("Stop after this patient"), "stop")
            )))  # fmt: skip
        return join((
            state_box(status.state),
            self._steering(status),
            Markup('<div class="wbc-cards">{}</div>').format(join((
                self._queue(status), self._in_hand(status), tonight(status),
                machine(status, shutil.disk_usage(self._desk.survey.folder).free),
                self._away(status),
                services_card(self._desk.control.services, ZoneInfo(status.zone)),
            ))),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Steer the collectors, or override the schedule; how it stands then says the state."""
        if ask.name in STEERED:
            self._steer(ask.name)
            return Outcome(Words(""))
        if ask.name == "ask-now":
            return self._ask_now(ask.text("value"))
        if ask.name == "schedule-again":
            self._desk.control.override = None
            return Outcome(Words(""))
        return act(self._desk.control.services, ask)

    def _steer(self, name: str) -> None:
        control, collector = self._desk.control, BY_NAME[COLLECT]
        if name == "stop":
            control.services.ask(collector, WantedState.STOPPED, Asker.PAGE)
        elif name == "resume" and control.command is Command.STOP:
            control.services.ask(collector, WantedState.RUNNING, Asker.PAGE)
        else:
            control.command = Command.PAUSE if name == "pause" else Command.RUN

    def _ask_now(self, choice: str) -> Outcome:
        now, zone = datetime.now(UTC), wall(self._desk)
        if choice == "morning":
            until = next_morning(now, zone)
        elif choice in SHORT:
            until = now + SHORT[choice]
        else:
            raise SettingsError("until when?", "Choose one of the ends offered.")
        self._desk.control.override = Override(until, opened=True)
        return Outcome(Words(""))

    def _steering(self, status: Status) -> Markup:
        override = self._desk.control.override
        steer = start_button(status.state) or buttons(
            Button(t("Pause"), "pause", main=True)
            if status.command is Command.RUN
            else Button(t("Resume"), "resume", main=True),
            Button(t("Stop after this patient"), "stop", off=status.command is Command.STOP),
        )
        morning = data(f"{MORNING:02}:00")
        now = buttons(
            Button(t("30 minutes"), "ask-now", "30", label=t("Ask the PACS now for 30 minutes")),
            Button(t("2 hours"), "ask-now", "120", label=t("Ask the PACS now for 2 hours")),
            Button(t("until {clock}", clock=morning), "ask-now", "morning",
                   label=t("Ask the PACS now until {clock}", clock=morning)),
            Button(t("Back to the schedule"), "schedule-again", off=override is None),
        )  # fmt: skip
        return Markup(
            '<div class="wbc-steer">{}<div class="wbc-now"><span>{}</span>{}</div></div>'
            '<p class="wbc-hours">{} {} {}</p>'
        ).format(
            steer, t("Ask now for"), now, status.hours,
            t("Asked for: {wanted}.", wanted=status.wanted),
            dosing_line(self._desk.hospital, self._desk.control.services, ZoneInfo(status.zone)),
        )  # fmt: skip

    def _queue(self, status: Status) -> Markup:
        total = sum(status.states.values())
        if not total:
            empty = t("Nobody is in the queue. Add patients under Queue.")
            return card(t("Queue"), said(empty, "empty"), help_key="collector_queue")
        counts = [
            (t(words), sum(status.states[patient_state] for patient_state in states), name)
            for words, states, name in LEGEND
        ]
        done = t(
            "{done} of {total} complete",
            done=whole(status.states[PatientState.COMPLETE]),
            total=whole(total),
        )
        bar = join(
            Markup('<span class="wbc-{}" style="flex-grow:{}"></span>').format(name, count)
            for _, count, name in counts if count
        )  # fmt: skip
        legend = join(
            Markup('<li><i class="wbc-{}"></i>{} <b>{}</b></li>').format(name, words, whole(count))
            for words, count, name in counts
        )
        return card(
            t("Queue"),
            Markup('<p class="wbc-big">{}</p>').format(done),
            Markup('<div class="wbc-bar" role="img" aria-label="{}">{}</div>').format(done, bar),
            Markup('<ul class="wbc-legend">{}</ul>').format(legend),
            kind="wbc-full",
            help_key="collector_queue",
        )

    def _in_hand(self, status: Status) -> Markup:
        working = [
            collector
            for collector in status.collectors
            if collector.fresh and collector.told.get("patient")
        ]
        if not working:
            return card(
                t("Patient in hand"),
                said(t("None at this moment."), "soft"),
                help_key="collector_in_hand",
            )
        return card(
            t("Patient in hand"),
            *(self._patient(collector) for collector in working),
            help_key="collector_in_hand",
        )

    def _patient(self, beat: Heartbeat) -> Markup:
        numbered = int(beat.told["patient"])
        row = next(iter(self._desk.queue.rows(after=numbered - 1, limit=1)), {})
        here = (row.get("already") or 0) + (row.get("received") or 0)
        expected = row.get("expected") or 0
        state_ = PatientState(row["state"]).words if row else t("asked")
        text = n(
            "{here} of {expected} objects are here", "{here} of {expected} objects are here",
            expected, here=whole(here), expected=whole(expected),
        ) if expected else t("asking")  # fmt: skip
        return Markup(
            '<p class="wbc-big">{}</p><progress max="{}" value="{}" aria-label="{}"></progress>'
            "<p>{}, {}</p>"
        ).format(
            t("No. {number}", number=numbered), max(expected, 1), min(here, expected), text, state_,
            text,
        )  # fmt: skip

    def _away(self, status: Status) -> Markup:
        zone = ZoneInfo(status.zone)
        away = [
            event for event in self._desk.control.events(20)
            if event["severity"] != "info" and event["said"].code == Doing.TRYING_AGAIN
        ][:3]  # fmt: skip
        if not away:
            return NOTHING
        lines = join(
            Markup("<li>{} {}</li>").format(clock(event["at"], zone), event["said"].words())
            for event in away
        )
        return card(
            t("The PACS was away"),
            Markup('<ul class="wbc-lines">{}</ul>').format(lines),
            help_key="collector_away",
        )


def state_box(state: CollectorState) -> Markup:
    """Return how the collectors stand and what to do, as a box."""
    start = Markup("<p>{}</p>").format(html(
        "Start it in a terminal: {command}. To have the system start it: {unit}.",
        command=command(state.start), unit=command("workbench up --unit"),
    )) if state.start and not state.kept else NOTHING  # fmt: skip
    todo = said(state.todo) if state.todo else NOTHING
    return Markup(
        '<div class="wbc-state wbc-{}" role="status"><span aria-hidden="true">{}</span>'
        "<div><strong>{}</strong>{}</div></div>"
    ).format(state.kind, BADGES[state.kind], state.text, todo + start)


def start_button(state: CollectorState) -> Markup:
    """Return the button that starts a collector; nothing where none would be."""
    if not (state.kept and state.start):
        return NOTHING
    return buttons(Button(t("Start the collector"), f"{START}{COLLECT}", main=True))


def tonight(status: Status) -> Markup:
    """Return what the next open time can do."""
    plan, zone = status.plan, ZoneInfo(status.zone)
    title = t("Next open hours")
    if not plan.waiting:
        return card(title, said(t("Nobody waits."), "soft"), help_key="collector_next")
    if plan.begins is None or plan.ends is None:
        return card(
            title,
            said(t("None within a week: open some under Schedule.")),
            help_key="collector_next",
        )
    total = whole(plan.waiting)
    fits = (
        t("all of {total}", total=total) if plan.patients >= plan.waiting
        else t("about {fits} of {total}", fits=whole(plan.patients), total=total)
    )  # fmt: skip
    return card(
        title,
        Markup('<p class="wbc-big">{}</p>').format(fits),
        said(_asked_for(plan.begins, plan.ends, zone)),
        said(
            t(
                "At {seconds} s a patient, the pause included.",
                seconds=number(plan.seconds_each, 0),
            ),
            "soft",
        ),
        NOTHING if status.working else said(t("If a collector runs: now none does.")),
        help_key="collector_next",
    )


def _asked_for(begins: datetime, ends: datetime, zone: ZoneInfo) -> Words:
    now = datetime.now(UTC)
    begin, end = _day(begins, zone), _day(ends, zone)
    if ends - now > LONG:
        if begins <= now:
            return t("waiting patients will be asked for, now until all of them are done.")
        return t(
            "waiting patients will be asked for, {begin} until all of them are done.", begin=begin
        )
    if begins <= now:
        return t("waiting patients will be asked for, now until {end}.", end=end)
    return t("waiting patients will be asked for, {begin} until {end}.", begin=begin, end=end)


def machine(status: Status, free: int) -> Markup:
    """Return speed, disk and memory."""
    fresh = [collector.told for collector in status.collectors if collector.fresh]
    pairs: dict[Words, Words] = {t("Disk free"): t("{size} GB", size=number(free / GIB, 1))}
    if fresh:
        sums = dict(_sums(fresh))
        speed = number(sums["bytes_per_s"] / MIB, 2)
        pairs = {
            t("Objects a second"): number(sums["objects_per_s"], 1),
            **({t("MB a second"): speed} if sums["bytes_per_s"] else {}),
            **pairs,
            t("Memory"): t("{size} MB", size=number(sums["memory"] / MIB, 0)),
        }
    where = listed(data(beat.get("address", "")) for beat in fresh)
    more = t("Speed of the last minute. Listening at {where}.", where=where) if fresh else data("")
    return card(t("Speed and room"), facts(pairs), said(more, "soft"), help_key="collector_speed")


def _sums(beats: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    for name in ("objects_per_s", "bytes_per_s", "memory"):
        yield name, sum((float(beat.get(name) or 0.0) for beat in beats), 0.0)


def _day(at: datetime, zone: ZoneInfo) -> Words:
    return day_and_clock(at.astimezone(zone))


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next six o'clock on the wall of a zone, UTC."""
    local = now.astimezone(zone)
    morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0, fold=0)
    if morning <= local:
        morning = (morning.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    return morning.astimezone(UTC)
