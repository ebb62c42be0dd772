"""The section of reports that are made by themselves: when, to whom, and how each stands.

It writes the tables ``[report.NAME]`` of the settings, the same that are edited by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup

from workbench.errors import SettingsError
from workbench.language import Words, current_language, data, listed, mark, moment, t
from workbench.mail import Post
from workbench.plans.plan_words import when_words
from workbench.plans.report_plan import NAME, read_plans
from workbench.rights import Right, rights_here
from workbench.settings import FILE
from workbench.settings_file import read_settings
from workbench.stages.plan_check import planned_parameters
from workbench.stages.report_choices import report_choices, with_plan
from workbench.stages.scheduling import PlanState, ReportSchedule
from workbench_widgets.pages.reports.make_section import read_choices
from workbench_widgets.pages.reports.report_desk import ReportDesk
from workbench_widgets.pages.reports.report_words import state_mark
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    NOTHING,
    Button,
    Field,
    Form,
    Outcome,
    card,
    join,
    said,
    table,
)

NO_PLAN = mark("No report is made by itself yet.")
LEAD = mark(
    "A report on a schedule is made and sent by workbench up, or by workbench report watch, "
    "whether or not a page is open."
)
NO_MAIL = mark("No mail server is set: the report is made, and nobody is sent it.")
# What is written of the days; a month has no days of the week.
DAYS = {
    "mon-fri": mark("Monday to Friday"), "mon-sun": mark("every day"), "mon": mark("Mondays"),
    "tue": mark("Tuesdays"), "wed": mark("Wednesdays"), "thu": mark("Thursdays"),
    "fri": mark("Fridays"), "month": mark("the first of each month"),
}  # fmt: skip
CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
ATTACH = {
    "pdf": mark("as PDF"), "docx": mark("as DOCX"), "html": mark("as HTML"),
    "none": mark("without a file"),
}  # fmt: skip


class PlansPanel:
    """All plans, and one more."""

    name, title = "plans", mark("Schedule")
    right = Right.LOOK
    needs = {  # noqa: RUF012  never changed
        "pause": Right.DECIDE, "resume": Right.DECIDE, "plan": Right.ADMINISTER,
        "remove": Right.ADMINISTER,
    }  # fmt: skip

    def __init__(self, desk: ReportDesk) -> None:
        self._desk = desk
        self._schedule = ReportSchedule(desk.survey)

    def html(self) -> Markup:
        """Return the section."""
        mistakes = self._schedule.plans().mistakes
        heads = (
            Words(""), t("Plan"), t("Report"), t("When it is made"), t("Due next"), t("Sent to"),
            t("Last"),
        )  # fmt: skip
        rows = map(self._row, self._schedule.states())
        return join((
            said(t(LEAD)),
            *(said(error.words(), "problem") for error in mistakes.values()),
            card(t("On a schedule"), table(heads, rows, t("On a schedule"), t(NO_PLAN)),
                 kind="wbc-full", help_key="reports_plans"),
            self._form(),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Write a plan, take one out, let one rest or go on."""
        name = ask.text("value")
        if ask.name == "plan":
            return self._plan(ask)
        if ask.name == "remove":
            return self._remove(name)
        if ask.name == "pause":
            self._schedule.pause(name, self._desk.who()[0] or "page")
            return Outcome(t("The plan {plan} rests.", plan=data(name)))
        if ask.name == "resume":
            self._schedule.resume(name)
            return Outcome(t("The plan {plan} goes on.", plan=data(name)))
        return None

    # --- what is done ----------------------------------------------------------------------------

    def _plan(self, ask: Ask) -> Outcome:
        desk = self._desk
        if ask.text("seen") != desk.chosen:
            raise SettingsError("another report was chosen meanwhile.", "Look at it, then go on.")
        given, problems = read_choices(report_choices(desk.survey, desk.chosen), desk.typed)
        if problems:
            raise SettingsError("a parameter of the report is wrong.", "Correct it under Make.")
        name, written = ask.text("name"), _table(ask, desk.chosen, given)
        if not NAME.fullmatch(name):
            raise SettingsError(
                "that is no name of a plan.",
                "Write a small letter, then small letters, digits and _, 40 at most.",
            )
        folder = desk.survey.folder
        settings = read_settings(folder)
        if name in settings.report:
            raise SettingsError(
                "there is a plan of that name.", "Name it otherwise, or remove the other first."
            )
        settings = with_plan(settings, name, written)
        read = read_plans(settings)
        if name in read.mistakes:
            raise read.mistakes[name]
        plan = read.plans[name]
        planned_parameters(plan, desk.reports.now(), folder)
        rights_here().need(Right.ADMINISTER)
        settings.write(folder)
        self._schedule.see()
        text = t("The report is made {when}.", when=when_words(plan))
        return Outcome(text, reset=("plan",))

    def _remove(self, name: str) -> Outcome:
        folder = self._desk.survey.folder
        settings = read_settings(folder)
        if name not in settings.report:
            return Outcome(t("There is no such plan any more."), good=False)
        rights_here().need(Right.ADMINISTER)
        with_plan(settings, name, None).write(folder)
        return Outcome(t("The plan {plan} is removed; what it made is kept.", plan=data(name)))

    # --- what is shown ---------------------------------------------------------------------------

    def _row(self, state: PlanState) -> tuple[object, ...]:
        plan, zone = state.plan, state.plan.times.calendar.zone
        name = plan.name
        rests = t("rests, says {who}", who=data(state.paused_by)) if state.paused_by else None
        due = moment(state.due.astimezone(zone)) if state.due else t("never again")
        act = ("resume", t("Go on")) if rests else ("pause", t("Pause"))
        return (
            join((
                Button(act[1], act[0], name, label=t("{act}: {plan}", act=act[1],
                                                     plan=data(name))).__html__(),
                Button(t("Remove"), "remove", name,
                       label=t("Remove the plan {plan}", plan=data(name))).__html__(),
            ), " "),
            Markup("<b>{}</b>").format(data(name)), t(self._desk.titles.get(plan.report, name)),
            when_words(plan), rests or due, listed(map(data, plan.to)) or t("nobody"),
            state_mark(state.last) if state.last else t("not made yet"),
        )  # fmt: skip

    def _form(self) -> Markup:
        desk = self._desk
        if not desk.chosen:
            desk.choose(next(iter(desk.titles), ""))
        ready = Post(desk.survey.settings, desk.survey.folder).ready
        form = Form("plan", (
            Field("name", t("Name of the plan"), desk.chosen,
                  hint=t("It names the file, too.")),
            Field("days", t("Days"), "mon-fri",
                  options=[(days, t(words)) for days, words in DAYS.items()]),
            Field("at", t("Time"), "05:30", "time"),
            Field("to", t("Send it to"), hint=t("E-mail addresses with commas between.")
                  if ready else t(NO_MAIL)),
            Field("attach", t("Send it"), "pdf",
                  options=[(kind, t(words)) for kind, words in ATTACH.items()]),
        ), (("plan", t("Put it on the schedule")),), seen=desk.chosen, key=desk.chosen)  # fmt: skip
        shown = form.__html__()
        if not shown:
            return NOTHING
        title = t("Put on a schedule: {report}",
                  report=t(desk.titles.get(desk.chosen, desk.chosen)))  # fmt: skip
        lead = t("With the parameters that stand under Make. Written into {file}.", file=data(FILE))
        return card(title, said(lead, "soft"), shown, kind="wbc-full", help_key="reports_plan_edit")


def _table(ask: Ask, report: str, given: Mapping[str, object]) -> dict[str, object]:
    """Return what ``[report.NAME]`` says; raises ``SettingsError`` for what is no time."""
    days, at = ask.text("days"), ask.text("at")
    clock = CLOCK.fullmatch(at)
    if clock is None or days not in DAYS:
        raise SettingsError("that is no time of day.", "Write it as 05:30.")
    when = {"when": f"{int(clock[2])} {int(clock[1])} 1 * *"}
    written: dict[str, object] = {"report": report}
    written |= when if days == "month" else {"days": days, "at": at}
    if given:
        written["parameters"] = dict(given)
    to = [each.strip() for each in ask.text("to").replace(";", ",").split(",") if each.strip()]
    if to:
        attach = ask.text("attach")
        written |= {"to": to, "attach": attach if attach in ATTACH else "pdf"}
    return {**written, "language": current_language()}
