"""How runs of reports are worded: state, parameters, what to do about a failure."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from markupsafe import Markup

from workbench.language import Words, data, mark, moment, n, sentences, t, words_of
from workbench.store.asked_reports import CANCELLED
from workbench.store.report_runs import DONE, FAILED, RETRY, RUNNING, SUPERSEDED, PlanRun
from workbench_widgets.parts.panel.panel import NOTHING, join, number, said

GOOD, BAD, SOFT = "good", "problem", "soft"
SIGNS = {GOOD: "✓", BAD: "✕", SOFT: "…"}
REMEDIES = {
    "SettingsError": mark("Change what the sentence names, then make the report again."),
    "MissingTool": mark("Ask who keeps this machine to install what is named."),
    "DeadKernelError": mark(
        "The report needed more memory than it may have, or was ended. Make it again for one "
        "scanner or one protocol."
    ),
    "CellTimeoutError": mark("It took too long. Make it again for one scanner or one protocol."),
    "OSError": mark("Ask who keeps this machine for room on the disk, then make it again."),
    "Stopped": mark("Make it again."),
    "ProgramEnded": mark("Make it again. If it ends so again, tell who keeps this machine."),
    CANCELLED: mark("Make it again if you want it."),
    SUPERSEDED: mark("Nothing: a later one was made in its place, or will be."),
}
OTHERWISE = mark(
    "Make it again. If it fails the same way, tell who keeps Workbench the report, the cell and "
    "the kind of error."
)


def state_of(run: PlanRun) -> tuple[Words, str]:
    """Return how far a run is, and whether that is good, bad or neither."""
    if run.state == DONE:
        return t("made"), GOOD
    if run.state == FAILED and run.error_kind == CANCELLED:
        return t("cancelled"), SOFT
    if run.state == FAILED:
        return t("failed"), BAD
    if run.state == RETRY and run.attempt:
        return t("failed, is tried again"), BAD
    return (t("at work") if run.state == RUNNING else t("waits")), SOFT


def state_mark(run: PlanRun) -> Markup:
    """Return the state with a sign, so that no colour is needed to tell it."""
    text, kind = state_of(run)
    return Markup(
        '<span class="wbc-mark wbc-mark-{}"><i aria-hidden="true">{}</i> {}</span>'
    ).format(kind, SIGNS[kind], text)


def made_at(run: PlanRun) -> Words:
    """Return when a run ended, or was asked for."""
    return t("{time} UTC", time=moment((run.ended_at or run.slot).astimezone(UTC)))


def parameters_of(run: PlanRun) -> Words:
    """Return the parameters of a run as they were given."""
    given = ", ".join(
        f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in run.parameters.items()
        if value not in ("", [])
    )
    return data(given) if given else t("as the report has them")


def failure_facts(run: PlanRun) -> dict[Words, object]:
    """Return where a run failed, and by which kind of error; nothing of one that did not."""
    if not _has_failed(run):
        return {}
    kind = Markup("<code>{}</code>").format(data(run.error_kind))
    cell = {t("Code cell"): number(run.cell)} if run.cell else {}
    return {**cell, t("Kind of error"): kind}


def failure(run: PlanRun) -> Markup:
    """Return why a run failed, and what to do; nothing for one that did not."""
    if not _has_failed(run):
        return NOTHING
    why = words_of(run.message.as_json()) if str(run.message) else Words("")
    return said(sentences(_capital(why), t(REMEDIES.get(run.error_kind, OTHERWISE))), "problem")


def _has_failed(run: PlanRun) -> bool:
    return run.state in (FAILED, RETRY) and bool(run.error_kind)


def _capital(text: Words) -> Words:
    return Words(f"{text[:1].upper()}{text[1:]}")


def progress(run: PlanRun, usual_s: float | None, now: datetime) -> Markup:
    """Return how far a run seems to be, by how long the last one of its report took."""
    if run.state == RETRY:
        return join((
            Markup('<progress aria-label="{}"></progress>').format(t("waits")),
            said(t("It waits for its turn; it begins within some seconds."), "soft"),
        ))  # fmt: skip
    spent = max(0, round((now - run.started_at).total_seconds()))
    since = n("At work for {count} second", "At work for {count} seconds", spent)
    if usual_s is None:
        return join((
            Markup('<progress aria-label="{}"></progress>').format(t("at work")),
            said(t("{since}.", since=since), "soft"),
        ))  # fmt: skip
    usual = max(1, round(usual_s))
    last = n("the last one took {count} second", "the last one took {count} seconds", usual)
    return join((
        Markup('<progress aria-label="{}" max="{}" value="{}"></progress>').format(
            t("at work"), usual, min(spent, round(usual * 0.95, 1))
        ),
        said(t("{since}; {last}.", since=since, last=last), "soft"),
    ))  # fmt: skip
