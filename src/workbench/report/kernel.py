"""The kernel reports run in: this very interpreter, whatever kernels are installed.

An installed ``python3`` kernel may belong to another environment, and a fresh environment may
have none, so the kernel is described here and looked up nowhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.paths import jupyter_runtime_dir
from traitlets import default

from workbench.language.choice import ENVIRONMENT, current_language

NAME = "python3"
# A socket's path holds at most 107 characters on Linux and 103 on macOS; the file below the
# runtime folder needs some 60 of them.
SHORT_ENOUGH = 44


class ThisInterpreter(KernelSpecManager):
    """Knows one kernel: the running interpreter with this very package on its path."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the only kernel, whatever its name."""
        package = Path(__file__).resolve().parents[2]
        paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name=kernel_name,
            language="python",
            env={"PYTHONPATH": os.pathsep.join(paths), ENVIRONMENT: current_language()},
        )


class ReportKernelManager(AsyncKernelManager):
    """Starts the running interpreter; its messages stay off the network where they can."""

    @default("kernel_spec_manager")
    def _own_interpreter(self) -> KernelSpecManager:
        return ThisInterpreter(parent=self)

    @default("transport")
    def _local_sockets(self) -> str:
        # Loopback TCP of a shared server can be read by its other users: ipykernel warns of it.
        return "ipc" if os.name == "posix" and len(jupyter_runtime_dir()) < SHORT_ENOUGH else "tcp"

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        # What a kernel writes to its terminal may quote a header; what matters comes as messages.
        return await super()._async_pre_start_kernel(**{**options, "stderr": subprocess.DEVNULL})
