"""Run a report: a notebook with parameters becomes one HTML file, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import SettingsError
from workbench.language import NOTHING_SAID, Saying
from workbench.language.choice import current_language, is_language, languages, use_language
from workbench.report.atomic_file import written_atomically
from workbench.report.execution import Execute, ReportStoppedError, in_fresh_kernel
from workbench.report.html_page import Footer, html_page
from workbench.report.notebooks import checked_parameters, default_parameters, read_notebook
from workbench.report.page_files import WAYS, check_printer
from workbench.report.provenance import take_fingerprint

LANGUAGE = "language"
SIGNED_BY = "signed_by"  # a parameter of reports that somebody signs
# A path can name a hospital or a person, so it never gets onto the page.
NOT_SHOWN = frozenset({"workspace"})


@dataclass(frozen=True, kw_only=True)
class ReportRun:
    """What became of a report.

    Attributes
    ----------
    name
        Name of the report.
    outcome
        ``done`` or ``failed``; a failed run leaves the file as it was.
    out
        The file written, or None when the run failed.
    message
        Why it failed, in one sentence without any value from a header.
    cell, error_kind
        In which code cell it failed, where that is known, and by which kind of error.
    started_at, ended_at
        UTC.
    fingerprint
        Digest of the tables the report read, or empty.
    sha256
        Digest of the file, or empty.
    made_by
        What printed a PDF, with its version and the kind of PDF; empty of another file.
    remark
        What is to be known of the file, in a sentence; mostly empty.
    """

    name: str
    outcome: str
    out: Path | None
    message: Saying = NOTHING_SAID
    cell: int | None = None
    error_kind: str = ""
    started_at: datetime
    ended_at: datetime
    fingerprint: str = ""
    sha256: str = ""
    made_by: str = ""
    remark: str = ""

    @property
    def failed(self) -> bool:
        """Whether there is no new page."""
        return self.outcome != "done"


def run_report(
    name: str,
    parameters: Mapping[str, object],
    out: Path,
    own: Path | None = None,
    execute: Execute = in_fresh_kernel,
) -> ReportRun:
    """Run the report ``name`` and write it to ``out`` as one file.

    Parameters
    ----------
    name
        A notebook of ``notebooks/reports``, without its suffix.
    parameters
        Values for names of its parameters cell; JSON types only.  ``language`` is a parameter of
        every report: the code (ISO 639-1) of one there is a catalogue of.
    out
        A file ending in ``.html``, ``.pdf``, ``.docx`` or ``.rtf``; replaced as a whole, and only
        when the run succeeds.  Where ``signed_by`` names somebody, a PDF is PDF/A.
    own
        A site's folder of report notebooks; they go before ours of the same name.
    execute
        Who runs the notebook.

    Raises
    ------
    SettingsError
        Unknown report, unknown parameter, wrong type, or another suffix: found before the run.
    MissingTool
        A PDF is asked for and nothing here prints it, or not as PDF/A.
    """
    notebook = read_notebook(name, own)
    language = str(parameters.get(LANGUAGE, current_language()))
    if not is_language(language):
        raise SettingsError(
            "there are no texts in the language '{language}'.", "There is: {known}.",
            language=language, known=", ".join(languages()),
        )  # fmt: skip
    defaults = default_parameters(notebook)
    given = checked_parameters(
        defaults, {name: value for name, value in parameters.items() if name != LANGUAGE}
    )
    if out.suffix not in WAYS:
        raise SettingsError("a report is written as {ways}.", ways=", ".join(WAYS))
    signed = bool(str(given.get(SIGNED_BY, "")).strip())
    check_printer(out.suffix, signed=signed)
    started = datetime.now(UTC)
    try:
        with use_language(language):
            executed = execute(notebook, given)
    except ReportStoppedError as stopped:
        return ReportRun(
            name=name, outcome="failed", out=None, message=stopped.saying(),
            cell=stopped.cell, error_kind=stopped.kind,
            started_at=started, ended_at=datetime.now(UTC),
        )  # fmt: skip
    fingerprint = take_fingerprint(executed)
    shown = {key: value for key, value in {**defaults, **given}.items() if key not in NOT_SHOWN}
    if LANGUAGE in parameters:
        shown[LANGUAGE] = language
    ended = datetime.now(UTC)
    with use_language(language):
        page = html_page(executed, Footer(name, shown, fingerprint, ended))
        file = WAYS[out.suffix](page, signed)
    with written_atomically(out) as draft:
        draft.write_bytes(file.content)
    return ReportRun(
        name=name, outcome="done", out=out, started_at=started, ended_at=ended,
        fingerprint=fingerprint, sha256=hashlib.sha256(file.content).hexdigest(),
        made_by=file.made_by, remark=file.remark,
    )  # fmt: skip
