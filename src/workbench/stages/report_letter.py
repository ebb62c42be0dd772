"""What people are told of a run of a report: that it was made, has failed, or works again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from workbench.errors import SettingsError, WorkbenchError
from workbench.language import Words, data, moment, n, t
from workbench.mail import Attachment, Letter
from workbench.plans.report_plan import ReportPlan
from workbench.report.notebooks import default_parameters, is_own
from workbench.report.page_head import SUMMARY, page_head
from workbench.settings import ServerSettings
from workbench.stages.dated_copies import dated_copy
from workbench.stages.report_attachment import (
    attachment,
    check_leaving,
    notebook_of,
    page_of,
)
from workbench.stages.reporting import TEMPLATES
from workbench.store.report_runs import FAILED, PlanRun
from workbench.survey import Survey

REPORT, FAILURE, RECOVERY = "report", "failure", "recovery"  # kinds of letters


def kind_of(run: PlanRun, before: PlanRun | None) -> str:
    """Return what a letter is about; ``before`` is the run of the plan before this one."""
    if run.state == FAILED:
        return FAILURE
    return RECOVERY if before is not None and before.state == FAILED else REPORT


def letter_of(survey: Survey, plan: ReportPlan, run: PlanRun, before: PlanRun | None) -> Letter:
    """Return the letter about a run that has ended, in the language that is spoken."""
    kind = kind_of(run, before)
    identity = f"report {plan.name} {run.slot.isoformat()} {kind}"
    title, due = _title(survey, plan, run), _due(plan, run)
    if kind == FAILURE:
        subject = t("Report failed: {title}, {time}", title=title, time=due)
        return Letter(subject, list(_of_failure(survey, plan, run)), identity)
    subject = t("{title}, {time}", title=title, time=due)
    if kind == RECOVERY:
        subject = t("Report works again: {title}, {time}", title=title, time=due)
    file, said = _file(survey, plan, run)
    lines = list(_of_success(survey, plan, run, before if kind == RECOVERY else None))
    return Letter(subject, [*lines, said], identity, (file,) if file else ())


def without_file(letter: Letter, why: WorkbenchError) -> Letter:
    """Return a letter of ``letter_of`` that says why its file does not come with it."""
    return replace(letter, lines=[*letter.lines[:-1], _not_attached(why)], attachments=())


def pages_address(server: ServerSettings) -> str:
    """Return where the pages are found, without a stroke at its end; empty where nobody says.

    Raises ``SettingsError`` for what is no address of a server.
    """
    address = server.address.rstrip("/")
    parts = urlsplit(address)
    wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.username
    if address and (wrong or parts.query or parts.fragment or not address.isprintable()):
        raise SettingsError(
            "address of [server] is no address of pages.",
            'For example: address = "https://workbench.hospital.example".',
        )
    return address


# --- lines ---------------------------------------------------------------------------------------


def _of_success(
    survey: Survey, plan: ReportPlan, run: PlanRun, failed: PlanRun | None
) -> Iterator[str]:
    if failed is not None:
        yield t(
            "It is made again. At its time before, {time}, it was not ({kind}).",
            time=_due(plan, failed), kind=data(failed.error_kind),
        )  # fmt: skip
    if summary := _summary(survey, plan, run):
        yield summary
        yield ""
    yield from _which(plan, run)
    if run.skipped:
        yield n("One earlier time was missed.", "{count} earlier times were missed.", run.skipped)
    yield t("Fingerprint of the tables: {fingerprint}", fingerprint=data(run.fingerprint or "–"))
    yield t("SHA-256 of the page: {digest}", digest=data(run.sha256))
    yield _where(survey, run)


def _of_failure(survey: Survey, plan: ReportPlan, run: PlanRun) -> Iterator[str]:
    yield t("The report was not made, and is not tried again for this time.")
    yield ""
    yield from _which(plan, run)
    yield t("Tries: {count}", count=run.attempt)
    if run.cell is not None:
        yield t("Stopped in code cell {cell}", cell=run.cell)
    yield t("Kind of error: {kind}", kind=data(run.error_kind))
    if not _is_own(survey, run):
        yield t("Message: {message}", message=run.message.words())
    yield ""
    yield t("The last good page stays. `workbench report schedule` says how each plan stands.")


def _which(plan: ReportPlan, run: PlanRun) -> Iterator[Words]:
    yield t("Plan: {plan}", plan=data(plan.name))
    yield t("Report: {report}", report=data(run.report))
    zone = data(plan.times.calendar.zone.key)
    yield t("Due: {time} ({zone})", time=_due(plan, run), zone=zone)


def _where(survey: Survey, run: PlanRun) -> Words:
    """Say where the page is found; a folder of the machine may name a person."""
    file = dated_copy(survey.folder, run).relative_to(survey.folder)
    try:
        address = pages_address(survey.settings.server)
    except SettingsError:  # ``check`` tells
        address = ""
    if address:
        return t("Pages: {link}", link=data(f"{address}/reports/{run.name}.html"))
    return t("It lies in the workspace: {file}", file=data(file))


def _file(survey: Survey, plan: ReportPlan, run: PlanRun) -> tuple[Attachment | None, Words]:
    """Return what is attached, and what is said of it."""
    if plan.attach == "none":
        return None, Words("")
    try:
        file = attachment(survey, plan, run)
    except WorkbenchError as error:
        return None, _not_attached(error)
    digest = data(hashlib.sha256(file.content).hexdigest())
    return file, t("Attached: {file}, SHA-256 {digest}", file=data(file.name), digest=digest)


def _not_attached(why: WorkbenchError) -> Words:
    return t("Nothing is attached: {why}", why=why.words())


def _summary(survey: Survey, plan: ReportPlan, run: PlanRun) -> str:
    """Return the sentence of figures that the page begins with, where it may leave."""
    try:
        check_leaving(survey, plan, run)
        page = page_of(survey, run).decode(errors="replace")
    except WorkbenchError:
        return ""
    return page_head(page, SUMMARY).lead


def _title(survey: Survey, plan: ReportPlan, run: PlanRun) -> Words:
    try:
        notebook = notebook_of(survey, run)
        given = {**default_parameters(notebook), **run.parameters}
    except SettingsError:
        return data(plan.name)
    title = given.get("title") or notebook.metadata.get("title") or ""
    return t(title) if title and isinstance(title, str) else data(plan.name)


def _is_own(survey: Survey, run: PlanRun) -> bool:
    """Say whether the words of a failure are a site's notebook's: nobody knows what they quote."""
    try:
        return is_own(run.report, survey.folder / TEMPLATES)
    except SettingsError:
        return False


def _due(plan: ReportPlan, run: PlanRun) -> Words:
    return moment(run.slot.astimezone(plan.times.calendar.zone))
