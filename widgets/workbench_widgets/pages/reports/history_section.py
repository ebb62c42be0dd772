"""The section of what was made: states, fingerprints, files, signatures."""

from __future__ import annotations

from markupsafe import Markup

from workbench.errors import SettingsError
from workbench.language import Words, data, mark, n, t
from workbench.rights import Right
from workbench.stages.report_signatures import report_signatures, sign_report
from workbench.store.asked_reports import is_asked
from workbench.store.report_runs import PlanRun
from workbench_widgets.pages.reports.report_desk import ReportDesk
from workbench_widgets.pages.reports.report_words import made_at, state_mark
from workbench_widgets.pages.reports.run_card import FORMATS, hand_over, run_card
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    NOTHING,
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

NONE_YET = mark("No report was made yet. Make one in the section Make, or put one on a schedule.")
MAX_SHOWN = 100
SHORT = 12  # characters of a fingerprint in the list; the card has all of them


class HistoryPanel:
    """All runs, newest first, and one of them open."""

    name, title = "history", mark("History")
    right = Right.LOOK
    needs = {  # noqa: RUF012  never changed
        **dict.fromkeys(("show-run", "close", *FORMATS), Right.LOOK), "sign": Right.DECIDE,
    }  # fmt: skip

    def __init__(self, desk: ReportDesk) -> None:
        self._desk = desk

    def html(self) -> Markup:
        """Return the section."""
        runs = self._desk.runs()
        opened = next((run for run in runs if run.number == self._desk.number), None)
        heads = (
            Words(""), t("Report"), t("Time"), t("State"), t("Asked by"), t("Fingerprint"),
            t("Signed"),
        )  # fmt: skip
        left = len(runs) - MAX_SHOWN
        more = n("and {count} older one", "and {count} older ones", left) if left > 0 else None
        return join((
            self._opened(opened) if opened else NOTHING,
            card(t("What was made"),
                 table(heads, map(self._row, runs[:MAX_SHOWN]), t("What was made"), NONE_YET),
                 said(more, "soft") if more else NOTHING,
                 kind="wbc-full", help_key="reports_history"),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Open, close, sign, hand over."""
        if ask.name in ("show-run", "close"):
            number = ask.text("value")
            shown = ask.name == "show-run" and number.isdecimal()
            self._desk.number = int(number) if shown else None
            return Outcome()
        if ask.name == "sign":
            return self._sign(ask)
        return hand_over(self._desk, ask) if ask.name in FORMATS else None

    def _sign(self, ask: Ask) -> Outcome:
        desk = self._desk
        run = next((run for run in desk.runs() if run.number == desk.number), None)
        if run is None or ask.text("seen") != run.sha256:
            raise SettingsError("that report is not open any more.", "Open it, then sign it.")
        if ask.text("read") != "yes":
            raise SettingsError("nothing was signed.", "Tick that you have read it, then sign.")
        made = sign_report(desk.survey.folder, run, desk.who(), desk.reports.now())
        return Outcome(t("Signed by {name}, {role}.", name=data(made.name), role=data(made.role)),
                       reset=("sign",))  # fmt: skip

    def _row(self, run: PlanRun) -> tuple[object, ...]:
        title = t(self._desk.titles.get(run.report, run.report))
        signed = report_signatures(self._desk.survey.folder, run)
        names = ", ".join(each.name for each in signed)
        broken = any(not each.holds for each in signed)
        return (
            Button(t("Open"), "show-run", str(run.number), off=run.number == self._desk.number,
                   label=t("Show {report} of {time}", report=title, time=made_at(run))),
            Markup("<b>{}</b>").format(title), made_at(run), state_mark(run),
            t("a person") if is_asked(run) else data(run.name),
            Markup("<code>{}</code>").format(data(run.fingerprint[:SHORT] or "–")),
            t("{names} (broken)", names=data(names)) if broken else data(names or "–"),
        )  # fmt: skip

    def _opened(self, run: PlanRun) -> Markup:
        sign = Form("sign", (
            Field("read", t("I have read this report"), kind="checkbox",
                  hint=t("What is signed is the SHA-256 of the file with its fingerprint, under "
                         "the name above.")),
        ), (("sign", t("Sign")),), seen=run.sha256, key=str(run.number)).__html__()  # fmt: skip
        copy = self._desk.copy(run)
        close = buttons(Button(t("Close"), "close"))
        return run_card(self._desk, run, sign if copy else NOTHING, close)
