"""Run a report's notebook to its end, or say in which cell and why it stopped."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import nbformat
import papermill
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillException, PapermillExecutionError

from workbench import errors
from workbench.language import Saying
from workbench.report import kernel

CELL_TIMEOUT_S = 600
EARLY_END = "EarlyEnd"
OWN_ERRORS = frozenset(
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.WorkbenchError)
)
Execute = Callable[[nbformat.NotebookNode, Mapping[str, object]], nbformat.NotebookNode]


class ReportStoppedError(errors.WorkbenchError):
    """The run ended before the page was whole.

    Attributes
    ----------
    kind
        Name of the error that ended it.
    cell
        Number of the code cell, from 1 on, ``None`` where it is not known.
    """

    def __init__(
        self, message: str, /, *, kind: str, cell: int | None = None, **values: object
    ) -> None:
        super().__init__(message, kind=kind, cell=cell or 0, **values)
        self.kind = kind
        self.cell = cell


def in_fresh_kernel(
    notebook: nbformat.NotebookNode, parameters: Mapping[str, object]
) -> nbformat.NotebookNode:
    """Run a notebook in a kernel and a private folder of its own, both gone afterwards.

    Raises ``ReportStoppedError``.
    """
    quiet_papermill()
    with tempfile.TemporaryDirectory(prefix="workbench-report-") as folder, stops_told():
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
    refuse_early_end(executed)
    return executed


def quiet_papermill() -> None:
    """Let papermill log nothing: it logs parameters and paths."""
    logging.getLogger("papermill").setLevel(logging.ERROR)


@contextmanager
def stops_told() -> Iterator[None]:
    """Raise ``ReportStoppedError``, which quotes no header, for what ends a run too early."""
    try:
        yield
    except PapermillExecutionError as error:
        raise _cell_failed(error) from None
    except CellTimeoutError as error:
        raise ReportStoppedError(
            "a cell of the report took longer than {seconds} s.",
            kind=type(error).__name__, seconds=CELL_TIMEOUT_S,
        ) from None  # fmt: skip
    except (DeadKernelError, CellExecutionError, PapermillException, RuntimeError) as error:
        raise ReportStoppedError(
            "the report could not be run ({kind}).", kind=type(error).__name__
        ) from None


def _cell_failed(error: PapermillExecutionError) -> ReportStoppedError:
    """Return what may be told of a failed cell: our own errors' words, else only the kind.

    The message of any other exception may quote a header value.
    """
    if error.ename in OWN_ERRORS:
        return ReportStoppedError(
            "the report stopped in its code cell {cell}: {why}",
            kind=error.ename, cell=error.exec_count, why=Saying.plain(error.evalue),
        )  # fmt: skip
    return ReportStoppedError(
        "the report stopped in its code cell {cell} ({kind}).",
        kind=error.ename, cell=error.exec_count,
    )  # fmt: skip


def refuse_early_end(notebook: nbformat.NotebookNode) -> None:
    """Refuse a run that left cells out: papermill takes SystemExit(0) for success."""
    number = 0
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        left = any(output.get("ename") == "SystemExit" for output in outputs)
        code = cell.cell_type == "code" and cell.source.strip()
        number += bool(code)
        if left or (code and cell.get("execution_count") is None):
            raise ReportStoppedError(
                "the report ended before its last cell.", kind=EARLY_END, cell=number
            )
