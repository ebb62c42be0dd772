"""The file that goes with the letter of a report: made of the page that its run has left."""

from __future__ import annotations

import hashlib

import nbformat

from workbench.errors import SettingsError, StoreError, WorkbenchError
from workbench.mail import Attachment
from workbench.plans.report_plan import ReportPlan
from workbench.report.notebooks import default_parameters, patient_rows, read_notebook
from workbench.report.page_files import WAYS
from workbench.report.runner import SIGNED_BY
from workbench.settings import FILE
from workbench.stages.dated_copies import dated_copy
from workbench.stages.reporting import TEMPLATES
from workbench.store.report_runs import PlanRun
from workbench.survey import Survey

MB = 1_000_000  # bytes
MEDIA_TYPES = {
    "html": "text/html",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def notebook_of(survey: Survey, run: PlanRun) -> nbformat.NotebookNode:
    """Return the notebook of a run's report; raises ``SettingsError`` where there is none."""
    return read_notebook(run.report, survey.folder / TEMPLATES)


def check_leaving(survey: Survey, plan: ReportPlan, run: PlanRun) -> None:
    """Raise ``SettingsError`` where nothing of the page may go into a letter.

    A report that has a row a patient stays, and so does one of which nobody says that it has
    none: whoever can read the mailbox would read the patients.
    """
    rows = patient_rows(notebook_of(survey, run))
    if plan.attach_rows or rows is False:
        return
    remedy = "attach_rows = true in [report.{plan}] of {file} attaches it all the same."
    if rows:
        raise SettingsError(
            "the report has a row a patient.", remedy, plan=plan.name, file=FILE
        )  # fmt: skip
    raise SettingsError(
        "the report's notebook does not say whether it has a row a patient.",
        "Set patient_rows of workbench in its metadata: false where it has none.",
    )


def attachment(survey: Survey, plan: ReportPlan, run: PlanRun) -> Attachment:
    """Return the file, of the kind that the plan says, in the language that is spoken.

    It is made of the page, so that no notebook is run for it; tried again, it is made again.
    Raises ``WorkbenchError``, which says why there is none.
    """
    check_leaving(survey, plan, run)
    page = page_of(survey, run)
    content = page if plan.attach == "html" else _made(survey, plan, run, page)
    most = survey.settings.mail.max_attachment_mb
    if len(content) > most * MB:
        raise SettingsError(
            "it has {size} MB, and {limit} MB are attached at most.",
            "max_attachment_mb of [mail] may be raised as far as the mail servers take it.",
            size=round(len(content) / MB, 1), limit=most,
        )  # fmt: skip
    due = run.slot.astimezone(plan.times.calendar.zone)
    name = f"{plan.name}_{due:%Y-%m-%d_%H%M}.{plan.attach}"
    return Attachment(name, content, MEDIA_TYPES[plan.attach])


def page_of(survey: Survey, run: PlanRun) -> bytes:
    """Return the page of a good run as it was made; raises ``StoreError``."""
    if not run.file:
        raise StoreError("the page is no longer kept.", "Raise keep of its plan.")
    try:
        page = dated_copy(survey.folder, run).read_bytes()
    except OSError as error:
        raise StoreError(
            "the page is not on this machine.", "Look on the one that has made it."
        ) from error
    if hashlib.sha256(page).hexdigest() != run.sha256:
        raise StoreError(
            "the page is another one than was made: its digest differs.",
            "Somebody has changed the file, or it is damaged.",
        )
    return page


def _made(survey: Survey, plan: ReportPlan, run: PlanRun, page: bytes) -> bytes:
    given = {**default_parameters(notebook_of(survey, run)), **run.parameters}
    signed = bool(str(given.get(SIGNED_BY, "")).strip())
    try:
        return WAYS[f".{plan.attach}"](page.decode(), signed).content
    except WorkbenchError:
        raise
    except Exception as error:  # whatever a library stumbles over: the letter goes without it
        raise StoreError(
            "the file could not be made of the page: a fault of the program ({kind}).",
            kind=type(error).__name__,
        ) from error
