"""Run a report: a notebook with parameters becomes one HTML file, whole or not at all."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillException, PapermillExecutionError

from workbench import errors
from workbench.errors import SettingsError
from workbench.language.choice import current_language, is_language, languages, use_language
from workbench.report import kernel
from workbench.report.atomic_file import written_atomically
from workbench.report.html_page import Footer, html_page
from workbench.report.notebooks import checked_parameters, default_parameters, read_notebook
from workbench.report.page_files import WAYS, check_printer
from workbench.report.provenance import take_fingerprint

CELL_TIMEOUT_S = 600
LANGUAGE = "language"
SIGNED_BY = "signed_by"  # a parameter of reports that somebody signs
# A path can name a hospital or a person, so it never gets onto the page.
NOT_SHOWN = frozenset({"workspace"})
OWN_ERRORS = frozenset(
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.WorkbenchError)
)


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
    message: str = ""
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


class _StoppedError(Exception):
    """The run ended before the page was whole; its text may be shown."""


def run_report(
    name: str, parameters: Mapping[str, object], out: Path, own: Path | None = None
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
            executed = _execute(notebook, given)
    except _StoppedError as stopped:
        return ReportRun(
            name=name, outcome="failed", out=None, message=str(stopped),
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


def _execute(
    notebook: nbformat.NotebookNode, parameters: Mapping[str, object]
) -> nbformat.NotebookNode:
    """Run the notebook in a private folder that is gone afterwards; raise ``_StoppedError``."""
    logging.getLogger("papermill").setLevel(logging.ERROR)  # it logs parameters and paths
    with tempfile.TemporaryDirectory(prefix="workbench-report-") as folder:
        try:
            executed: nbformat.NotebookNode = papermill.execute_notebook(
                notebook,
                None,
                parameters=dict(parameters),
                kernel_name=kernel.NAME,
                language="python",
                progress_bar=False,
                cwd=folder,
                execution_timeout=CELL_TIMEOUT_S,
                kernel_manager_class=kernel.ReportKernelManager,
            )
        except PapermillExecutionError as error:
            raise _StoppedError(_cell_failed(error)) from None
        except CellTimeoutError:
            message = f"a cell of the report took longer than {CELL_TIMEOUT_S} s."
            raise _StoppedError(message) from None
        except (DeadKernelError, CellExecutionError, PapermillException, RuntimeError) as error:
            message = f"the report could not be run ({type(error).__name__})."
            raise _StoppedError(message) from None
    _refuse_early_end(executed)
    return executed


def _cell_failed(error: PapermillExecutionError) -> str:
    """Return what may be told of a failed cell: our own errors' words, else only the kind.

    The message of any other exception may quote a header value.
    """
    where = f"the report stopped in its code cell {error.exec_count}"
    if error.ename in OWN_ERRORS:
        return f"{where}: {error.evalue}"
    return f"{where} ({error.ename})."


def _refuse_early_end(notebook: nbformat.NotebookNode) -> None:
    """Refuse a run that left cells out: papermill takes SystemExit(0) for success."""
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        left = any(output.get("ename") == "SystemExit" for output in outputs)
        never = (
            cell.cell_type == "code" and cell.source.strip() and cell.get("execution_count") is None
        )
        if left or never:
            raise _StoppedError("the report ended before its last cell.")
