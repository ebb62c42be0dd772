"""The first section: what came by itself, what waits for a decision, what is overdue."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from workbench.language import Words, data, day, listed, mark, moment, n, sentences, t
from workbench.rights import Right
from workbench.stages.quality.alarms import Alarms
from workbench.stages.quality.arrivals import Arrivals
from workbench.stages.quality.due import Due
from workbench.stages.quality.image_reasons import image_state_words, reason_words
from workbench.stages.quality.unselected import MEASURED, UNRECOGNISED
from workbench.store.quality_records import (
    ACCEPTED,
    REJECTED,
    Decision,
    PhantomImage,
    StoredResult,
)
from workbench_widgets.pages.quality.shown_results import (
    details,
    lines_table,
    made_with,
    nothing_yet,
    of_numbers,
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

DECIDED = {
    ACCEPTED: mark("Accepted by {name} on {moment} UTC."),
    REJECTED: mark("Rejected by {name} on {moment} UTC."),
}
ERASING = "workbench qa erase --unselected"
LOOKED = mark(
    "{measured} series measured, {refused} refused, {unrecognised} not recognised, "
    "{waiting} still coming."
)
LOOKED_DAMAGED = mark(
    "{measured} series measured, {refused} refused, {unrecognised} not recognised, "
    "{waiting} still coming; {damaged} images cannot be read."
)
MAX_SHOWN = 50


class TodayPanel:
    """What there is to do."""

    name, title = "today", mark("Today")
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
                nothing_yet(t("There is no test profile yet: make one in the section Profiles.")),
                self._came(),
            ))  # fmt: skip
        opened = next((result for result in results if result.number == self._on.number), None)
        return join((
            _headline(waiting, due), self._untold(), self._who(),
            card(t("Results to decide on"), _waiting(waiting, self._on.number),
                 help_key="quality_decide"),
            result_card(self._on, opened) if opened else NOTHING,
        ))  # fmt: skip

    def _untold(self) -> Markup:
        """Say which alarms did not reach everybody by mail."""
        survey = self._on.desk.survey
        alarms = Alarms(self._on.desk.quality, survey.settings, survey.folder).untold()
        if not alarms:
            return NOTHING
        last = max(alarms.values(), key=lambda state: state.tried_at)
        counted = n("One alarm did not reach everybody by mail.",
                    "{count} alarms did not reach everybody by mail.", len(alarms))  # fmt: skip
        return said(sentences(counted, t("The latest: {problem}", problem=last.words)), WARNING)

    def below(self) -> Markup:
        """Return what stands below the images."""
        due = self._on.desk.due()
        return (
            join((card(t("Tests"), _due(due), help_key="quality_tests"), self._came()))
            if due
            else NOTHING
        )

    def act(self, ask: Ask) -> Outcome | None:
        """Open, decide, look for new images."""
        value = ask.text("value")
        if ask.name == "who":
            self._on.by = ask.text("by")
            return Outcome()
        if ask.name == "open" and value.isdecimal():
            self._on.open(int(value))
            return Outcome()
        if ask.name == "close":
            self._on.clear()
            return Outcome()
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
        sentence = LOOKED_DAMAGED if arrived.quarantined else LOOKED
        return Outcome(t(
            sentence, measured=arrived.measured, refused=arrived.refused,
            unrecognised=arrived.unrecognised, waiting=arrived.waiting,
            damaged=arrived.quarantined,
        ))  # fmt: skip

    def _who(self) -> Markup:
        return Form("who", (Field("by", t("Your name, as it is written with decisions"),
                                  self._on.by),), live=True).__html__()  # fmt: skip

    def _came(self) -> Markup:
        left = [image for image in self._on.desk.quality.images() if image.state != MEASURED]
        unselected = sum(image.state == UNRECOGNISED for image in left)
        return card(
            t("Phantom images that came and were not measured"),
            _warned(unselected, self._on.desk.survey.settings.quality.unselected_days), _left(left),
            buttons(Button(t("Look for new images"), "look-now"),
                    Button(t("Try these again"), "again", off=not left)),
            help_key="quality_came",
        )  # fmt: skip


def _headline(waiting: Sequence[StoredResult], due: Sequence[Due]) -> Markup:
    alarms = sum(result.content["state"] == "alarm" for result in waiting)
    late = sum(entry.overdue is not None for entry in due)
    kind = PROBLEM if alarms else WARNING if waiting or late else GOOD
    parts = [
        n("1 alarm", "{count} alarms", alarms) if alarms else None,
        n("1 result to decide on", "{count} results to decide on", len(waiting))
        if waiting else None,
        n("1 test overdue", "{count} tests overdue", late) if late else None,
    ]  # fmt: skip
    todo = listed(part for part in parts if part)
    text = t("{things}.", things=todo) if todo else t(
        "Nothing to do: all is accepted and in time."
    )  # fmt: skip
    sign = {PROBLEM: "✕", WARNING: "!", GOOD: "✓"}[kind]
    return Markup('<div class="wbc-state wbc-{}"><span aria-hidden="true">{}</span>'
                  "<strong>{}</strong></div>").format(kind, sign, text)  # fmt: skip


def result_card(on: OnDesk, result: StoredResult, *, deciding: bool = True) -> Markup:
    """Return a kept result with all that was kept with it, and the buttons to decide on it."""
    content, unseen = result.content, on.unseen
    made = made_with(content, result.profile, result.profile_version, on.desk.machine(content))
    decided = join(said(_decided(decision)) for decision in result.decisions)
    form = Form("decide", (Field("comment", t("Comment"), hint=t("needed to reject")),), (
        (ACCEPTED, t("Accept")), (REJECTED, t("Reject")),
    ), seen=str(len(result.decisions)), key=str(result.number)).__html__()  # fmt: skip
    return card(
        _title(result), verdict(content["state"], refused=False),
        said(t("The images are not shown: {reason}", reason=unseen.words()))
        if unseen else NOTHING,
        values_table(content["values"]), decided,
        form if deciding else NOTHING,
        details(t("Made with"), made),
        details(t("Verification"), lines_table(content["verification"])),
        buttons(Button(t("Close"), "close")), kind="wbc-full", help_key="quality_result",
    )  # fmt: skip


def _title(result: StoredResult) -> Words:
    profile = data(result.profile)
    if result.acquired_at is None:
        return t("Result {number}: {profile}, at an unknown time", number=result.number,
                 profile=profile)  # fmt: skip
    return t("Result {number}: {profile}, {moment}", number=result.number, profile=profile,
             moment=moment(result.acquired_at))  # fmt: skip


def _decided(decision: Decision) -> Words:
    sentence = t(DECIDED[decision.decision], name=data(decision.decided_by),
                 moment=moment(decision.decided_at))  # fmt: skip
    return listed((sentence, data(decision.comment)), " ")


def _waiting(waiting: Sequence[StoredResult], opened: int | None) -> Markup:
    rows = (
        (
            result.number, data(result.profile), data(result.content["station"]),
            moment(result.acquired_at) if result.acquired_at else "–",
            state_mark(result.content["state"]),
            Button(t("Show"), "open", str(result.number), main=True, off=result.number == opened,
                   label=t("Show result {number}", number=result.number)),
        )
        for result in reversed(waiting[-MAX_SHOWN:])
    )  # fmt: skip
    heads = (of_numbers(t("Result")), t("Test profile"), t("Station"), t("Acquired"), t("State"),
             Words(""))  # fmt: skip
    return table(heads, rows, t("Results to decide on"), t("None."))


def _due(due: Sequence[Due]) -> Markup:
    rows = (
        (
            data(entry.profile.name), data(entry.profile.station),
            day(entry.last) if entry.last else "–", day(entry.due) if entry.due else "–",
            state_mark(entry.standing), entry.waiting,
        )
        for entry in due
    )  # fmt: skip
    heads = (t("Test profile"), t("Station"), t("Last"), t("Next due"), t("State"),
             of_numbers(t("To decide")))  # fmt: skip
    return table(heads, rows, t("Tests"), t("None."))


def _warned(unselected: int, days: int) -> Markup:
    """Return the warning of objects that may be patients'."""
    if not unselected:
        return NOTHING
    may_be = n(
        "No test profile selects one of these objects: it may be a patient's image sent to the "
        "wrong title, names included.",
        "No test profile selects {count} of these objects: they may be patients' images sent "
        "to the wrong title, names included.", unselected,
    )  # fmt: skip
    until = (
        n("They are erased after one day.", "They are erased after {count} days.", days)
        if days
        else t("They stay until they are erased.")
    )
    return said(sentences(may_be, until, t("Now: {command}", command=data(ERASING))), "warn")


def _left(images: Sequence[PhantomImage]) -> Markup:
    counts: dict[tuple[Words, Words, Words], int] = {}
    for image in images:
        station = data((image.header or {}).get("StationName", "–"))
        key = (station, image_state_words(image.state), reason_words(image))
        counts[key] = counts.get(key, 0) + 1
    rows = ((count, *key) for key, count in list(counts.items())[:MAX_SHOWN])
    heads = (of_numbers(t("Images")), t("Station"), t("State"), t("Why"))
    return table(heads, rows, t("Images not measured"), t("None."))
