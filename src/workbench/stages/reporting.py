"""Report: a papermill notebook on a workspace becomes one file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workbench.language.choice import ENGLISH
from workbench.report.execution import Execute, in_fresh_kernel
from workbench.report.notebooks import is_own
from workbench.report.runner import LANGUAGE, ReportRun, run_report
from workbench.stages.ledger_table import publish_ledger
from workbench.stages.run_record import recorded
from workbench.survey import Survey

TEMPLATES = "report_templates"  # a site's own report notebooks, in the workspace


def make_report(
    survey: Survey,
    name: str,
    out: Path,
    parameters: Mapping[str, object],
    execute: Execute = in_fresh_kernel,
) -> ReportRun:
    """Run a papermill report on the survey and write it as HTML, PDF, DOCX or RTF.

    It is in the language of the parameter ``language``, else in that of ``[server]``; ``execute``
    runs its notebook, where it is one of ours: a site's own always has a kernel of its own.
    """
    own = survey.folder / TEMPLATES
    if is_own(name, own):
        execute = in_fresh_kernel
    publish_ledger(survey)
    given = {"workspace": str(survey.folder.resolve()), **parameters}
    language = survey.settings.server.language
    if language != ENGLISH:
        given.setdefault(LANGUAGE, language)
    with recorded(survey, "report") as counts:
        run = run_report(name, given, out, own, execute)
        counts["outcome"] = run.outcome
    return run
