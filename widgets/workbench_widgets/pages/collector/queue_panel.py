"""The queue, by number and pseudonym: add, look, try again, put forward, take off.

Patient IDs come in, typed or in a file, and go straight into the hospital's file: no part of them
is shown, kept in the page or said in an error.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from workbench.collect.queue.opened_patient import opened_patient
from workbench.collect.queue.overview import Desk
from workbench.collect.queue.patient_queue import STATES, PatientState
from workbench.errors import IdentityError, SettingsError
from workbench.language import Marked, Saying, Words, data, mark, n, sentences, t
from workbench.rights import Right
from workbench.stages.border import Border
from workbench_widgets.pages.collector.figures import numbers, whole
from workbench_widgets.pages.collector.hospital_clock import wall
from workbench_widgets.pages.collector.list_intake import ASKS, ListIntake
from workbench_widgets.pages.collector.opened_row import below, opened_row
from workbench_widgets.pages.collector.shown_identity import SHOW_ID, ShownIdentity
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    NOTHING,
    Button,
    Field,
    Form,
    Outcome,
    buttons,
    card,
    clock,
    join,
    said,
    table,
)

ROWS = 50
OPEN = (PatientState.INCOMPLETE, PatientState.NOT_FOUND, PatientState.FAILED)
UNDERWAY = (PatientState.ASKED, PatientState.FOUND, PatientState.MOVING)
VIEWS: dict[str, tuple[Marked, tuple[PatientState, ...]]] = {
    "all": (mark("all"), ()),
    "open": (mark("to look at: incomplete, not found, failed"), OPEN),
    "underway": (mark("at work"), UNDERWAY),
    **{str(state): (STATES[state], (state,)) for state in (
        PatientState.WAITING, PatientState.COMPLETE, *OPEN,
    )},
}  # fmt: skip
NUMBERS = "#"  # before the head of a column of numbers
HEADS = (
    (NUMBERS, mark("No.")), ("", mark("Pseudonym")), ("", mark("State")),
    (NUMBERS, mark("Expected")), (NUMBERS, mark("Here")), (NUMBERS, mark("Refused")),
    (NUMBERS, mark("Missing")), (NUMBERS, mark("Tries")),
    (NUMBERS, mark("Priority")), ("", mark("Asked at")), ("", mark("Next try")), ("", mark("Why")),
)  # fmt: skip


@dataclass(frozen=True)
class Window:
    """What is looked at: which states, and after which number; ``before`` leads back."""

    view: str = "all"
    after: int = 0
    before: tuple[int, ...] = ()


class QueuePanel:
    """The second section: the queue itself."""

    name, title = "queue", mark("Queue")
    right = Right.COLLECT
    needs = {SHOW_ID: Right.ADMINISTER} | dict.fromkeys(
        ("view", "page", "open", *ASKS, "retry-all", "retry", "again", "remove", "priority"),
        Right.COLLECT,
    )

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._border: Border | None = None
        self._names: dict[int, str] = {}
        self._window = Window()
        self._intake = ListIntake(desk.queue)
        self._opened: int | None = None
        self._identity = ShownIdentity(desk)

    def html(self) -> Markup:
        """Return one page of the queue, and the forms around it."""
        states = self._desk.queue.states()
        zone = wall(self._desk)
        words, wanted = VIEWS[self._window.view]
        rows = self._desk.queue.rows(wanted, self._window.after, ROWS + 1)
        shown = rows[:ROWS]
        names, why = self._names_or_why([row["number"] for row in shown])
        total = sum(states[state] for state in wanted or states)
        reasons = self._desk.queue.reasons(row["number"] for row in shown)
        heads = [numbers(t(head)) if kind else t(head) for kind, head in HEADS]
        caption = t("Queue: {view}", view=t(words))
        empty = (
            t("No patient of the queue is so. Choose another state.") if sum(states.values())
            else t("Nobody is in the queue yet: add patients below.")
        )  # fmt: skip
        return join((
            Form("view", (
                Field("state", t("Show"), self._window.view, options=[
                    (name, t("{view} ({patients})", view=t(said_), patients=whole(
                        sum(states[state] for state in which or states)
                    )))
                    for name, (said_, which) in VIEWS.items()
                ]),
                Field("from", t("From number"), "", "number"),
            ), live=True).__html__(),
            said(why, "warn") if why else NOTHING,
            table(heads, self._table_rows(shown, names, reasons, zone), caption, empty),
            self._pager(shown, more=len(rows) > ROWS, found=total),
            Markup('<div class="wbc-cards">{}</div>').format(
                self._intake.html() + _changing(states)
            ),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Page, add, or change the queue."""
        acts = {
            "view": self._look, "page": self._turn, "open": self._open,
            **dict.fromkeys(ASKS, self._intake.act), SHOW_ID: self._show_identity,
            "retry-all": self._retry_all, "retry": self._change, "again": self._change,
            "remove": self._change, "priority": self._change,
        }  # fmt: skip
        act = acts.get(ask.name)
        return act(ask) if act else None

    # --- looking -------------------------------------------------------------------------------

    def _look(self, ask: Ask) -> Outcome:
        view = ask.text("state")
        first = ask.text("from")
        after = int(first) - 1 if first.isdecimal() and first.isascii() else 0
        before = (0,) if after > 0 else ()
        self._window = Window(view if view in VIEWS else "all", max(after, 0), before)
        return Outcome(Words(""))

    def _turn(self, ask: Ask) -> Outcome:
        where, value = self._window, ask.text("value")
        if value == "back" and where.before:
            self._window = replace(where, after=where.before[-1], before=where.before[:-1])
        elif value.isdecimal() and value.isascii():
            before = (*where.before, where.after)
            self._window = replace(where, after=int(value), before=before)
        return Outcome(Words(""))

    def _open(self, ask: Ask) -> Outcome:
        number = ask.text("value")
        wanted = int(number) if number.isdecimal() and number.isascii() else None
        self._opened = None if wanted == self._opened else wanted
        return Outcome(Words(""))

    def _table_rows(
        self, shown: Sequence[Mapping[str, Any]], names: Mapping[int, str],
        reasons: Mapping[int, Saying], zone: ZoneInfo,
    ) -> Iterator[Sequence[object]]:  # fmt: skip
        for row in shown:
            number = row["number"]
            opened = number == self._opened
            yield _row(row, names, reasons, zone, opened=opened)
            if opened:
                yield below(self._detail(number, zone))

    def _detail(self, number: int, zone: ZoneInfo) -> Markup:
        try:
            studies = opened_patient(self._desk.hospital, number, self._judge())
        except IdentityError as error:
            return said(error.words(), "warn")
        return opened_row(studies, number, zone) + self._identity.html(number)

    def _show_identity(self, ask: Ask) -> Outcome:
        if self._opened is None or ask.text("seen") != str(self._opened):
            raise SettingsError("another patient was opened meanwhile.", "Look, then ask again.")
        return self._identity.show(self._opened, ask.text("by"))

    def _judge(self) -> Border:
        if self._border is None:
            self._border = Border(self._desk.survey)
        return self._border

    def _pager(self, shown: Sequence[Mapping[str, Any]], more: bool, found: int) -> Markup:
        if not shown:
            return NOTHING
        last = str(shown[-1]["number"])
        return Markup('<nav class="wbc-pager" aria-label="{}">{}{}</nav>').format(
            t("Pages of the queue"),
            buttons(
                Button(t("Previous"), "page", "back", off=not self._window.before),
                Button(t("Next"), "page", last, off=not more),
            ),
            said(
                n(
                    "No. {first} to {last}; {found} patients in all.",
                    "No. {first} to {last}; {found} patients in all.",
                    found,
                    first=shown[0]["number"],
                    last=data(last),
                    found=whole(found),
                )
            ),
        )

    def _names_or_why(self, numbers: Sequence[int]) -> tuple[dict[int, str], Words]:
        """Return the pseudonyms, or why there are none: the rest of the queue is shown anyway."""
        try:
            return self._pseudonyms(numbers), Words("")
        except IdentityError as error:
            return {}, t(
                "Pseudonyms cannot be shown, and nobody can be added: {problem}",
                problem=error.words(),
            )

    def _pseudonyms(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return how each patient is called outside the hospital, as the data call it."""
        known = {patient: self._names[patient] for patient in numbers if patient in self._names}
        if len(known) < len(numbers):
            border = self._judge()
            known |= {
                patient: self._named(patient, border) for patient in numbers if patient not in known
            }
        self._names = known  # one page is remembered, not the queue
        return known

    def _named(self, numbered: int, border: Border) -> str:
        try:
            patient = self._desk.queue.listed(numbered)
        except KeyError:
            return ""
        return border.pseudonyms.patient(patient.issuer, patient.patient_id)

    # --- changing ------------------------------------------------------------------------------

    def _retry_all(self, _: Ask) -> Outcome:
        tried = self._desk.queue.retry()
        return Outcome(
            n(
                "{patients} patients will be tried again.",
                "{patients} patients will be tried again.",
                tried,
                patients=whole(tried),
            )
        )

    def _change(self, ask: Ask) -> Outcome:
        queue, chosen, priority = self._desk.queue, _numbers(ask.text("numbers")), 0
        if ask.name == "retry":
            done, words = queue.retry(chosen), mark("{done} of {total} will be tried again.")
        elif ask.name == "again":
            done = queue.ask_again(chosen)
            words = mark("{done} of {total} will be asked for again.")
        elif ask.name == "remove":
            done, words = queue.remove(chosen), mark("{done} of {total} taken off the queue.")
        else:
            priority = _whole(ask.text("priority"))
            for patient in chosen:
                queue.prioritise(patient, priority)
            done, words = len(chosen), mark("{done} of {total} now have priority {priority}.")
        self._names = {}
        left, asked = len(chosen) - done, len(chosen)
        text = t(words, done=done, total=asked, priority=priority)
        if left:
            not_done = n(
                "{left} are not there, at work, or not in such a state.",
                "{left} are not there, at work, or not in such a state.",
                left,
                left=left,
            )
            text = sentences(text, not_done)
        return Outcome(text, good=not left)


def _row(
    row: Mapping[str, Any], names: Mapping[int, str], reasons: Mapping[int, Saying],
    zone: ZoneInfo, *, opened: bool,
) -> tuple[object, ...]:  # fmt: skip
    here, missing = None, None
    if row["expected"] is not None:
        came = (row["already"] or 0) + (row["received"] or 0)
        # What was put aside has come and is not here; what the filter leaves out is not expected.
        here, missing = max(came - (row["refused"] or 0), 0), max(row["expected"] - came, 0)
    kind = str(row["state"]).replace(" ", "")
    if PatientState(row["state"]) in UNDERWAY:
        kind = "underway"
    return (
        Button(
            Words(f"{row['number']} {'▾' if opened else '▸'}"), "open", str(row["number"]),
            label=t("Studies of no. {number}", number=row["number"]), opened=opened,
        ),
        Markup("<code>{}</code>").format(names.get(row["number"], "")),
        Markup('<i class="wbc-dot wbc-{}"></i>{}').format(kind, PatientState(row["state"]).words),
        row["expected"], here, row["refused"], missing, row["tries"], row["priority"],
        clock(row["asked_at"], zone), _due(row),
        reasons[row["number"]].words() if row["number"] in reasons else "",
    )  # fmt: skip


def _due(row: Mapping[str, Any]) -> Words:
    """Return when a patient is due, if that is known and to come."""
    if row["working"]:
        return t("at work")
    if row["due"] is None:
        return Words("") if row["state"] == PatientState.COMPLETE else t("not again")
    minutes = (row["due"] - time.time()) / 60
    return t("in {minutes} min", minutes=max(round(minutes), 1)) if minutes > 0 else t("next")


def _changing(states: Mapping[PatientState, int]) -> Markup:
    open_ = sum(states[state] for state in OPEN)
    form = Form("change", (
        Field("numbers", t("Numbers"), hint=t("For example 3, 7-12")),
        Field("priority", t("Priority"), "0", "number", t("For Set priority; larger goes first.")),
    ), (
        ("retry", t("Try again")), ("again", t("Ask again, complete or not")),
        ("priority", t("Set priority")), ("remove", t("Take off")),
    ))  # fmt: skip
    everyone = buttons(
        Button(
            n(
                "Try all {patients} again that are not complete",
                "Try all {patients} again that are not complete",
                open_,
                patients=whole(open_),
            ),
            "retry-all",
            off=not open_,
        )
    )
    return card(t("Change"), form.__html__(), everyone, help_key="collector_change")


def _numbers(text: str) -> list[int]:
    """Return the numbers of ``3, 7-12``; raises ``SettingsError`` for anything else."""
    numbers: list[int] = []
    for part in text.replace(",", " ").split():
        first, dash, last = part.partition("-")
        ends = (first, last) if dash else (first, first)
        if not all(end.isdecimal() and end.isascii() and len(end) < 9 for end in ends):
            raise SettingsError("those are no numbers of the queue.", "Write them as 3, 7-12.")
        numbers += range(int(ends[0]), min(int(ends[1]), int(ends[0]) + 100_000) + 1)
    if not numbers:
        raise SettingsError("which patients?", "Write their numbers, such as 3, 7-12.")
    return numbers


def _whole(text: str) -> int:
    try:
        return int(text or "0")
    except ValueError as error:
        raise SettingsError("the priority is not a whole number.") from error
