"""One run of a report: what it is of, its files, its signatures, or why there is none."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup, escape

from workbench.errors import SettingsError
from workbench.language import Words, data, html, mark, moment, t
from workbench.report.page_files import WAYS
from workbench.rights import Right
from workbench.stages.dated_copies import HISTORY, REPORTS
from workbench.stages.report_signatures import ReportSignature, report_signatures
from workbench.store.report_runs import PlanRun
from workbench_widgets.pages.reports.report_desk import ReportDesk
from workbench_widgets.pages.reports.report_words import (
    failure,
    failure_facts,
    made_at,
    parameters_of,
    state_mark,
)
from workbench_widgets.parts.download.download import dated_name
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    NOTHING,
    Button,
    Outcome,
    buttons,
    card,
    facts,
    join,
    said,
    utc,
)

FORMATS = {"as-pdf": ".pdf", "as-docx": ".docx", "as-html": ".html"}
KINDS = {"as-pdf": "PDF", "as-docx": "DOCX", "as-html": "HTML"}
NO_FILE = mark("The file is no longer kept.")
BROKEN = mark("broken: the file is not the one that was signed")
HOLDS = mark("holds")


def run_card(desk: ReportDesk, run: PlanRun, *more: str) -> Markup:
    """Return a run as a card; ``more`` stands below."""
    copy = desk.copy(run)
    title = t(desk.titles.get(run.report, run.report))
    known: dict[Words, object] = {
        t("State"): state_mark(run), t("Time"): made_at(run), t("Parameters"): parameters_of(run),
    }  # fmt: skip
    known |= failure_facts(run)
    if run.fingerprint:
        known[t("Fingerprint of the data")] = _code(run.fingerprint)
    signed = report_signatures(desk.survey.folder, run)
    return card(
        title, facts(known), _digest(run), failure(run), _files(run, title) if copy else NOTHING,
        said(t(NO_FILE), "soft") if run.fingerprint and not copy else NOTHING,
        _signatures(signed) if signed else NOTHING, *more,
        kind="wbc-full", help_key="reports_run")  # fmt: skip


def _digest(run: PlanRun) -> Markup:
    if not run.sha256:
        return NOTHING
    return Markup("<p><small>{}</small> {}</p>").format(t("SHA-256 of the file"), _code(run.sha256))


def _code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(data(text))


def _files(run: PlanRun, title: Words) -> Markup:
    # Another tab: the page and its kernel stay.
    link = Markup(
        '<p><a href="/{}/{}/{}/{}" target="_blank" rel="noopener" aria-label="{}">{}</a></p>'
    ).format(
        REPORTS, HISTORY, quote(run.name), quote(run.file.rpartition("/")[2]),
        t("Open {report} in another tab", report=title), t("Open in another tab"),
    )  # fmt: skip
    downloads = (
        Button(t("Download {kind}", kind=data(kind)), ask, str(run.number),
               label=t("Download {report} as {kind}", report=title, kind=data(kind)))
        for ask, kind in KINDS.items()
    )  # fmt: skip
    return join((link, buttons(*downloads)))


def _signatures(signed: list[ReportSignature]) -> Markup:
    lines = join(
        Markup("<li>{}</li>").format(
            html("{who}: {state}", who=_who(each), state=_holding(each))
        )
        for each in signed
    )  # fmt: skip
    return Markup('<ul class="wbc-lines" aria-label="{}">{}</ul>').format(t("Signatures"), lines)


def _who(signature: ReportSignature) -> Words:
    at = moment(utc(signature.signed_at[:19])) if signature.signed_at else Words("–")
    return t(
        "Signed by {name}, {role}, {time} UTC",
        name=data(signature.name), role=data(signature.role), time=at,
    )  # fmt: skip


def _holding(signature: ReportSignature) -> Markup:
    kind, sign, text = ("good", "✓", HOLDS) if signature.holds else ("problem", "✕", BROKEN)
    return Markup('<b class="wbc-mark wbc-mark-{}"><i aria-hidden="true">{}</i> {}</b>').format(
        kind, sign, t(text)
    )


def hand_over(desk: ReportDesk, ask: Ask) -> Outcome:
    """Hand the file of a run to the browser, in the form that was asked for."""
    number, suffix = ask.text("value"), FORMATS[ask.name]
    run = next((each for each in desk.runs() if str(each.number) == number), None)
    copy = desk.copy(run) if run else None
    if run is None or copy is None:
        raise SettingsError("the file is no longer kept.", "Make the report again.")
    signed = report_signatures(desk.survey.folder, run)
    page = copy.read_text("utf-8")
    if suffix != ".html":  # the page itself stays byte for byte what was signed
        page = with_signatures(page, signed)

    def write(out: Path) -> None:
        out.write_bytes(WAYS[suffix](page, bool(signed)).content)

    return Outcome(desk.downloads.hand(dated_name(run.report, suffix), write, Right.LOOK))


def with_signatures(page: str, signed: list[ReportSignature]) -> str:
    """Return a page with its signatures at the end; one without any as it is."""
    if not signed:
        return page
    lines = join(
        Markup("<p>{}: {}. SHA-256 {}</p>").format(
            _who(each), t(HOLDS if each.holds else BROKEN), data(each.sha256)
        )
        for each in signed
    )
    block = Markup("<section><h2>{}</h2>{}</section>").format(t("Signatures"), lines)
    before, main, after = page.rpartition("</main>")
    return f"{before}{escape(block)}{main}{after}"
