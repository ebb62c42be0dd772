"""The kernels of dashboards: this interpreter, off the network, told one workspace."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import Integer, Unicode, default

from workbench.report.kernel import SHORT_ENOUGH, ReportKernelManager
from workbench.rights import COMING, GIVEN, Rights, hand_over

# What Voila would tell a kernel of its visitor: an address may hold the token.
NOT_FOR_KERNELS = ("VOILA_REQUEST_URL", "QUERY_STRING")
# Addressed beyond what a kernel may hold: stacks of threads, and what allocators keep ready.
SPARE_BYTES, THREAD_BYTES = 4 << 30, 64 << 20


class DashboardKernel(ReportKernelManager, ServerKernelManager):
    """A report's kernel for a visitor of a dashboard."""

    workspace = Unicode("", help="Folder of the workspace a dashboard shows.").tag(config=True)
    memory_mb = Integer(2000, help="Memory it may hold.").tag(config=True)

    def __init__(self, **options: Any) -> None:
        # The list of processes shows the name of this file; the kernel's number is a key to it.
        folder = Path(options.pop("connection_file", "") or tempfile.gettempdir()).parent
        super().__init__(connection_file=str(folder / f"{secrets.token_hex(8)}.json"), **options)

    @default("transport")
    def _sockets_in_the_connection_folder(self) -> str:
        short = len(tempfile.gettempdir()) < SHORT_ENOUGH  # Voila's connection files are there
        return "ipc" if os.name == "posix" and short else "tcp"

    @property
    def visit_file(self) -> Path:
        """The file by which the kernel is told what its visitor may do."""
        return Path(self.connection_file).with_suffix(".visit")

    def meet(self, rights: Rights) -> None:
        """Tell the kernel what its visitor may do; until then it may do nothing."""
        hand_over(self.visit_file, rights)

    @property
    def memory(self) -> int:
        """The memory of the kernel and of what it started, in bytes; 0 when it has ended."""
        pid = getattr(self.provisioner, "pid", None)
        try:
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
            return sum(member.memory_info().rss for member in family)
        except (psutil.Error, TypeError, ValueError):
            return 0

    async def _async_post_start_kernel(self, **options: Any) -> None:
        await super()._async_post_start_kernel(**options)
        self._limit_memory()

    def _limit_memory(self) -> None:
        """Let the system refuse memory that is taken between two looks at the kernel.

        Linux counts what a process may write to, touched or not (getrlimit(2), RLIMIT_DATA);
        elsewhere there is no such limit, and the looks remain.
        """
        kind = getattr(psutil, "RLIMIT_DATA", None)
        if kind is None:
            return
        threads = THREAD_BYTES * (os.cpu_count() or 1)
        most = (self.memory_mb << 20) + SPARE_BYTES + threads
        with suppress(psutil.Error, OSError, ValueError):  # it has ended, or has a lower one
            psutil.Process(getattr(self.provisioner, "pid", None)).rlimit(kind, (most, most))

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        given = options.get("env", os.environ)
        env = {name: value for name, value in given.items() if name not in NOT_FOR_KERNELS}
        env |= {
            "WORKBENCH_WORKSPACE": self.workspace,
            GIVEN: "",
            COMING: str(self.visit_file),
        }
        return await super()._async_pre_start_kernel(**{**options, "env": env})
