"""The first section: what came by itself, what waits for a decision, what is overdue."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from workbench.rights import Right
from workbench.stages.quality.arrivals import Arrivals
from workbench.stages.quality.due import Due
from workbench.stages.quality.unselected import MEASURED, UNRECOGNISED
from workbench.store.quality_records import ACCEPTED, REJECTED, PhantomImage, StoredResult
from workbench_widgets.pages.quality.shown_results import (
    details,
    lines_table,
    made_with,
    nothing_yet,
    state_mark,
    values_table,
    verdict,
)
from workbench_widgets.pages.quality.state import OnDesk
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    GOOD,
    NOTHING,
    PROBLEM,
    WARNING,
    Button,
    Field,
    Form,
    Outcome,
    buttons,
    card,
    join,
    said,
    table,
)

WAITING_HEADS = ("#Result", "Test profile", "Station", "Acquired", "State", "")
DUE_HEADS = ("Test profile", "Station", "Last", "Next due", "State", "#To decide")
LEFT_HEADS = ("#Images", "Station", "State", "Why")
MAX_SHOWN = 50


class TodayPanel:
    """What there is to do."""

    name, title = "today", "Today"
    right = Right.LOOK
    needs = {  # noqa: RUF012  never changed
        "open": Right.LOOK, "close": Right.LOOK,
        **dict.fromkeys(("who", ACCEPTED, REJECTED, "look-now", "again"), Right.DECIDE),
    }  # fmt: skip

    def __init__(self, on: OnDesk) -> None:
        self._on = on

    def html(self) -> Markup:
        """Return the section."""
        results = self._on.desk.quality.results()
        waiting = [result for result in results if not result.decisions]
        due = self._on.desk.due()
        if not due:
            return join((
                nothing_yet("There is no test profile yet: make one in the section Profiles."),
                self._came(),
            ))  # fmt: skip
        opened = next((result for result in results if result.number == self._on.number), None)
        return join((
            _headline(waiting, due), self._who(),
            card("Results to decide on", _waiting(waiting, self._on.number)),
            result_card(self._on, opened) if opened else NOTHING,
        ))  # fmt: skip

    def below(self) -> Markup:
        """Return what stands below the images."""
        due = self._on.desk.due()
        return join((card("Tests", _due(due)), self._came())) if due else NOTHING

    def act(self, ask: Ask) -> Outcome | None:
        """Open, decide, look for new images."""
        value = ask.text("value")
        if ask.name == "who":
            self._on.by = ask.text("by")
            return Outcome("")
        if ask.name == "open" and value.isdecimal():
            self._on.open(int(value))
            return Outcome("")
        if ask.name == "close":
            self._on.clear()
            return Outcome("")
        if ask.name in (ACCEPTED, REJECTED) and self._on.number is not None:
            done = self._on.decide(self._on.number, ask)
            self._on.clear()
            return done
        if ask.name in ("look-now", "again"):
            return self._look(again=ask.name == "again")
        return None

    def _look(self, *, again: bool) -> Outcome:
        arrivals = Arrivals(self._on.desk)
        if again:
            arrivals.again()
        arrived = arrivals.look()
        return Outcome(
            f"{arrived.measured} series measured, {arrived.refused} refused, "
            f"{arrived.unrecognised} not recognised, {arrived.waiting} still coming"
            + (f"; {arrived.quarantined} images cannot be read." if arrived.quarantined else "."),
        )

    def _who(self) -> Markup:
        return Form("who", (Field("by", "Your name, as it is written with decisions",
                                  self._on.by),), live=True).__html__()  # fmt: skip

    def _came(self) -> Markup:
        left = [image for image in self._on.desk.quality.images() if image.state != MEASURED]
        unselected = sum(image.state == UNRECOGNISED for image in left)
        return card(
            "Phantom images that came and were not measured",
            _warned(unselected, self._on.desk.survey.settings.quality.unselected_days), _left(left),
            buttons(Button("Look for new images", "look-now"),
                    Button("Try these again", "again", off=not left)),
        )  # fmt: skip


def _headline(waiting: Sequence[StoredResult], due: Sequence[Due]) -> Markup:
    alarms = sum(result.content["state"] == "alarm" for result in waiting)
    late = sum(entry.overdue is not None for entry in due)
    kind = PROBLEM if alarms else WARNING if waiting or late else GOOD
    parts = [
        f"{alarms} alarm{'s' * (alarms != 1)}" if alarms else "",
        f"{len(waiting)} result{'s' * (len(waiting) != 1)} to decide on" if waiting else "",
        f"{late} test{'s' * (late != 1)} overdue" if late else "",
    ]
    text = ", ".join(part for part in parts if part) or "Nothing to do: all is accepted and in time"
    sign = {PROBLEM: "✕", WARNING: "!", GOOD: "✓"}[kind]
    return Markup('<div class="wbc-state wbc-{}"><span aria-hidden="true">{}</span>'
                  "<strong>{}.</strong></div>").format(kind, sign, text)  # fmt: skip


def result_card(on: OnDesk, result: StoredResult, *, deciding: bool = True) -> Markup:
    """Return a kept result with all that was kept with it, and the buttons to decide on it."""
    content, unseen = result.content, on.unseen
    made = made_with(content, result.profile, result.profile_version, on.desk.machine(content))
    at = f"{result.acquired_at:%Y-%m-%d %H:%M}" if result.acquired_at else "at an unknown time"
    decided = join(
        said(f"{decision.decision.capitalize()} by {decision.decided_by} on "
             f"{decision.decided_at:%Y-%m-%d %H:%M} UTC. {decision.comment}")
        for decision in result.decisions
    )  # fmt: skip
    form = Form("decide", (Field("comment", "Comment", hint="needed to reject"),), (
        (ACCEPTED, "Accept"), (REJECTED, "Reject"),
    ), seen=str(len(result.decisions)), key=str(result.number)).__html__()  # fmt: skip
    return card(
        f"Result {result.number}: {result.profile}, {at}",
        verdict(content["state"], refused=False), said(unseen) if unseen else NOTHING,
        values_table(content["values"]), decided,
        form if deciding else NOTHING,
        details("Made with", made),
        details("Verification", lines_table(content["verification"])),
        buttons(Button("Close", "close")), kind="wbc-full",
    )  # fmt: skip


def _waiting(waiting: Sequence[StoredResult], opened: int | None) -> Markup:
    rows = (
        (
            result.number, result.profile, result.content["station"],
            f"{result.acquired_at:%Y-%m-%d %H:%M}" if result.acquired_at else "–",
            state_mark(result.content["state"]),
            Button("Show", "open", str(result.number), main=True, off=result.number == opened,
                   label=f"Show result {result.number}"),
        )
        for result in reversed(waiting[-MAX_SHOWN:])
    )  # fmt: skip
    return table(WAITING_HEADS, rows, "Results to decide on", "None.")


def _due(due: Sequence[Due]) -> Markup:
    rows = (
        (
            entry.profile.name, entry.profile.station,
            f"{entry.last:%Y-%m-%d}" if entry.last else "–",
            f"{entry.due:%Y-%m-%d}" if entry.due else "–", state_mark(entry.words), entry.waiting,
        )
        for entry in due
    )  # fmt: skip
    return table(DUE_HEADS, rows, "Tests", "None.")


def _warned(unselected: int, days: int) -> Markup:
    """Return the warning of objects that may be patients'."""
    if not unselected:
        return NOTHING
    until = f"They are erased after {days} days." if days else "They stay until they are erased."
    return said(
        f"No test profile selects {unselected} of these objects: they may be patients' images sent "
        f"to the wrong title, names included. {until} Now: workbench qa erase --unselected",
        "warn",
    )


def _left(images: Sequence[PhantomImage]) -> Markup:
    counts: dict[tuple[str, str, str], int] = {}
    for image in images:
        key = (str((image.header or {}).get("StationName", "–")), image.state, image.reason)
        counts[key] = counts.get(key, 0) + 1
    rows = ((count, *key) for key, count in list(counts.items())[:MAX_SHOWN])
    return table(LEFT_HEADS, rows, "Images not measured", "None.")
