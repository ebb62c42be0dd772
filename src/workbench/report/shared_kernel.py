"""One kernel for the reports of a night: most of a report's time is the start of its kernel.

Between two reports the kernel forgets every name and the folder is emptied; what a report of ours
imports stays.  A page is the same as out of a kernel of its own.  After a report that failed, and
when it has grown too large, the kernel is ended, and the next report has a new one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nbformat
import papermill
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines

from workbench.language.choice import ENVIRONMENT, current_language
from workbench.report import kernel
from workbench.report.execution import (
    CELL_TIMEOUT_S,
    quiet_papermill,
    refuse_early_end,
    stops_told,
)

MAX_RSS_BYTES = 600 * 2**20
START_LIMIT_S = 60
ENGINE = "workbench-shared-kernel"
# A new session begins to count anew, so that a failed cell has the number it has in a kernel of its
# own.  IPython keeps the last four inputs apart from all others.
FORGET = """
get_ipython().reset(new_session=True)
_past = get_ipython().history_manager
_past._i00 = _past._i = _past._ii = _past._iii = ""
import gc as _gc, os as _os, workbench.language as _language
_os.environ[{variable!r}] = {language!r}
_language.settle_language({language!r})
_gc.collect()
del _gc, _os, _language, _past
"""


class SharedKernel:
    """Runs one notebook after the other; to be left as a context manager is.

    Use it from one thread.  It is only for notebooks of ours: those of a site may change what a
    later report goes by, and have kernels of their own.
    """

    def __init__(self, max_rss_bytes: int = MAX_RSS_BYTES) -> None:
        self._max_rss_bytes = max_rss_bytes
        self._starter: NotebookClient | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._kept: frozenset[str] = frozenset()
        self.started = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.end()

    def __call__(
        self, notebook: nbformat.NotebookNode, parameters: Mapping[str, object]
    ) -> nbformat.NotebookNode:
        """Run a notebook; raises ``ReportStoppedError``, and the kernel is ended then."""
        quiet_papermill()
        try:
            with stops_told():
                folder = self._ready()
                executed: nbformat.NotebookNode = papermill.execute_notebook(
                    notebook, None, parameters=dict(parameters), engine_name=ENGINE,
                    kernel_name=kernel.NAME, language="python", progress_bar=False, cwd=folder,
                    run=self._run,
                )  # fmt: skip
            refuse_early_end(executed)
        except BaseException:
            self.end()
            raise
        if self._rss() > self._max_rss_bytes:
            self.end()
        return executed

    def end(self) -> None:
        """End the kernel, if there is one."""
        starter, self._starter = self._starter, None
        if starter is not None:
            with suppress(RuntimeError, OSError):
                starter.shutdown_kernel = "immediate"
                starter._cleanup_kernel()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def kill(self) -> None:
        """End the kernel at once, from any thread: the notebook that it runs fails."""
        pid = self._pid()
        with suppress(psutil.Error):
            if pid:
                psutil.Process(pid).kill()

    def _pid(self) -> int | None:
        manager = self._starter.km if self._starter else None
        return getattr(getattr(manager, "provisioner", None), "pid", None)

    def _ready(self) -> str:
        """Return the folder of a kernel that knows nothing of a report before."""
        if self._starter is not None and self._folder is not None:
            try:
                self._forget(self._starter)
            except (CellExecutionError, CellTimeoutError, DeadKernelError):
                self.end()  # it was ended from outside: the report is not to suffer
            else:
                _empty(Path(self._folder.name), self._kept)
                return self._folder.name
        self._folder = tempfile.TemporaryDirectory(prefix="workbench-report-")
        # Its sockets may lie in the folder that we stand in, so that each kernel needs its own.
        before = Path.cwd()
        os.chdir(self._folder.name)
        try:
            self._starter = NotebookClient(
                new_notebook(),  # type: ignore[no-untyped-call]
                km=kernel.ReportKernelManager(),
                startup_timeout=START_LIMIT_S,
                timeout=CELL_TIMEOUT_S,
            )
            self._starter.start_new_kernel(cwd=self._folder.name)
            self._starter.start_new_kernel_client()
        finally:
            os.chdir(before)
        self.started += 1
        self._kept = frozenset(left.name for left in Path(self._folder.name).iterdir())
        return self._folder.name

    def _forget(self, starter: NotebookClient) -> None:
        source = FORGET.format(variable=ENVIRONMENT, language=current_language())
        starter.nb = new_notebook(cells=[new_code_cell(source)])  # type: ignore[no-untyped-call]
        before = Path.cwd()
        os.chdir(self._folder.name if self._folder else before)
        try:
            starter.execute_cell(starter.nb.cells[0], 0, store_history=False)
        finally:
            os.chdir(before)

    def _run(self, managed: Any) -> nbformat.NotebookNode:
        """Run what papermill has prepared."""
        assert self._starter is not None
        client = PapermillNotebookClient(
            managed, km=self._starter.km, timeout=CELL_TIMEOUT_S, kernel_name=kernel.NAME,
            startup_timeout=START_LIMIT_S,
        )  # fmt: skip
        client.kc = self._starter.kc
        ran: nbformat.NotebookNode = client.execute()
        return ran

    def _rss(self) -> int:
        """Return the kernel's memory in bytes; more than any limit where nobody can tell."""
        pid = self._pid()
        try:
            return int(psutil.Process(pid).memory_info().rss) if pid else self._max_rss_bytes + 1
        except psutil.Error:
            return self._max_rss_bytes + 1


class SharedKernelEngine(Engine):  # type: ignore[misc]
    """Lets papermill prepare a notebook, and a shared kernel run it."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """Run a prepared notebook with the function ``run`` of the options."""
        del kernel_name  # there is one kernel only
        return options["run"](nb_man)


papermill_engines.register(ENGINE, SharedKernelEngine)


def _empty(folder: Path, kept: frozenset[str]) -> None:
    """Remove what a report has left in the folder."""
    for left in folder.iterdir():
        if left.name in kept:
            continue
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            with suppress(OSError):
                left.unlink()
