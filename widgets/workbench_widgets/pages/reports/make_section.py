"""The section in which a report is chosen and made."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from workbench.errors import SettingsError, WorkbenchError
from workbench.language import Marked, Words, current_language, data, mark, n, t
from workbench.language.choice import languages_by_name
from workbench.report.runner import SIGNED_BY
from workbench.rights import Right
from workbench.stages.report_choices import (
    ChoiceKind,
    ReportChoice,
    report_choices,
    takes_signature,
)
from workbench.store.asked_reports import is_asked
from workbench.store.report_runs import DONE, RETRY, RUNNING, PlanRun
from workbench_widgets.pages.reports.report_desk import ReportDesk
from workbench_widgets.pages.reports.report_words import progress
from workbench_widgets.pages.reports.run_card import FORMATS, hand_over, run_card
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    Button,
    Field,
    Form,
    Outcome,
    buttons,
    card,
    join,
    said,
)

LEAD = mark(
    "Choose a report and what it is made of. It is made beside this page: you may go on working, "
    "and find it in the history."
)
LOOKING = mark("To make a report you need the right to decide.")
SHOWN = 3  # of the newest reports
INPUTS = {ChoiceKind.DAY: "date", ChoiceKind.FLAG: "checkbox", ChoiceKind.REAL: "text"}
TITLE = "title"  # a parameter of every report of ours
FIELD = "p-"  # begins the name of a parameter's field


class MakePanel:
    """Choose, make, follow, open."""

    name, title = "make", mark("Make")
    right = Right.LOOK
    needs = {  # noqa: RUF012  never changed
        "choose": Right.LOOK, "open": Right.LOOK, "make": Right.DECIDE, "cancel": Right.DECIDE,
        **dict.fromkeys(FORMATS, Right.LOOK),
    }  # fmt: skip

    def __init__(self, desk: ReportDesk) -> None:
        self._desk = desk
        self._problems: dict[str, Words] = {}

    def html(self) -> Markup:
        """Return the section."""
        desk = self._desk
        if not desk.chosen:
            desk.choose(next(iter(desk.titles), ""))
        options = [(name, _title(title)) for name, title in desk.titles.items()]
        choose = Form("choose", (Field("report", t("Report"), desk.chosen, options=options),),
                      live=True)  # fmt: skip
        asked = [run for run in desk.runs() if is_asked(run)]
        return join((
            said(t(LEAD)),
            card(t("Make a report"), choose.__html__(), self._form(),
            kind="wbc-full", help_key="reports_make"),
            *(self._at_work(run, asked) for run in asked if run.state in (RUNNING, RETRY)),
            *(run_card(desk, run) for run in _newest(asked)),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Choose, make, cancel, hand a file over."""
        if ask.name == "choose":
            self._problems = {}
            self._desk.choose(ask.text("report"))
            return Outcome()
        if ask.name == "make":
            return self._make(ask)
        if ask.name == "cancel":
            number = ask.text("value")
            if number.isdecimal() and self._desk.reports.cancel(int(number)):
                return Outcome(t("The report is cancelled; nothing is kept of it."))
            return Outcome(t("It had ended before."), good=False)
        if ask.name in FORMATS:
            return hand_over(self._desk, ask)
        return None

    # --- what is done ----------------------------------------------------------------------------

    def _make(self, ask: Ask) -> Outcome:
        desk = self._desk
        if ask.text("seen") != desk.chosen:
            raise SettingsError("another report was chosen meanwhile.", "Look at it, then make it.")
        desk.typed = {name: text for name, text in ask.values.items() if name.startswith(FIELD)}
        given, self._problems = read_choices(report_choices(desk.survey, desk.chosen), desk.typed)
        if self._problems:
            return Outcome(
                t("Nothing was made: see what is wrong beside the fields."), good=False
            )  # fmt: skip
        if takes_signature(desk.survey, desk.chosen) and ask.text("named") and desk.who()[0]:
            given[SIGNED_BY] = desk.who()[0]
        known = {code for code, _ in languages_by_name()}
        language = ask.text("language") if ask.text("language") in known else current_language()
        desk.reports.ask(desk.chosen, given, language)
        desk.begin()
        return Outcome(t("The report is asked for."))

    # --- what is shown ---------------------------------------------------------------------------

    def _form(self) -> Markup:
        desk = self._desk
        try:
            choices = report_choices(desk.survey, desk.chosen)
        except WorkbenchError as error:
            return said(error.words(), "problem")
        fields = [_field(choice, desk.typed, self._problems) for choice in choices]
        languages = [(code, data(name)) for code, name in languages_by_name()]
        fields.append(Field("language", t("Language"), current_language(), options=languages))
        if takes_signature(desk.survey, desk.chosen):
            hint = t("As it stands above; a PDF is then kept as PDF/A.")
            named = t("Print my name under it")
            fields.append(Field("named", named, kind="checkbox", hint=hint))
        form = Form("make", fields, (("make", t("Make the report")),), seen=desk.chosen,
                    key=desk.chosen).__html__()  # fmt: skip
        return form or said(t(LOOKING), "soft")

    def _at_work(self, run: PlanRun, asked: Sequence[PlanRun]) -> Markup:
        title = _title(self._desk.titles.get(run.report, run.report))
        return card(
            title, progress(run, _usual_s(run, asked), self._desk.reports.now()),
            buttons(Button(t("Cancel"), "cancel", str(run.number),
                           label=t("Cancel {report}", report=title))),
                           kind="wbc-full", help_key="reports_making")  # fmt: skip


def _newest(asked: Sequence[PlanRun]) -> list[PlanRun]:
    return [run for run in asked if run.state not in (RUNNING, RETRY)][:SHOWN]


def _usual_s(run: PlanRun, asked: Sequence[PlanRun]) -> float | None:
    """Return how long the last good run of a report took, in seconds."""
    for each in asked:
        if each.report == run.report and each.state == DONE and each.ended_at:
            return (each.ended_at - each.started_at).total_seconds()
    return None


def read_choices(
    choices: Sequence[ReportChoice], typed: dict[str, str]
) -> tuple[dict[str, object], dict[str, Words]]:
    """Return the parameters that were typed, and what is wrong with each of the others."""
    given: dict[str, object] = {}
    problems: dict[str, Words] = {}
    for choice in choices:
        try:
            given[choice.name] = choice.read(_typed(choice, typed))
        except SettingsError as error:
            problems[choice.name] = error.words()
    return {
        choice.name: given[choice.name]
        for choice in choices
        if choice.name in given and given[choice.name] != choice.default
    }, problems


def _typed(choice: ReportChoice, typed: dict[str, str]) -> str:
    """Return what was typed; a title that was left as it is stays ours, in every language."""
    text = typed.get(FIELD + choice.name, choice.text)
    return choice.text if text.strip() == _shown(choice) else text


def _shown(choice: ReportChoice) -> str:
    return t(choice.text) if choice.name == TITLE and choice.text else choice.text


def _title(title: str) -> Words:
    """Return the title of a report: ours are marked where they are used, a site's are data."""
    return t(title)


def _field(choice: ReportChoice, typed: dict[str, str], problems: dict[str, Words]) -> Field:
    label = t(choice.words) if isinstance(choice.words, Marked) else data(choice.words)
    value = typed.get(FIELD + choice.name, _shown(choice))
    options = [(text, data(text)) for text in choice.values]
    if options and choice.text == "" and not choice.needed:
        options = [("", t("all")), *options]
    return Field(
        FIELD + choice.name, label, value, INPUTS.get(choice.kind, "text"),
        hint=_hint(choice), problem=problems.get(choice.name), options=options,
    )  # fmt: skip


def _hint(choice: ReportChoice) -> Words | None:
    if choice.lacks:
        return t("The survey has none yet.")
    if choice.cut:
        return n("The first {count} of more.", "The first {count} of more.", len(choice.values))
    if choice.kind is ChoiceKind.MANY:
        return t("Numbers with commas between.")
    if choice.kind is ChoiceKind.DAY:
        return t("Empty: no limit.")
    return None
