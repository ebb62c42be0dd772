"""The kernels of dashboards: this interpreter, off the network, told one workspace."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import Unicode, default

from workbench.report.kernel import SHORT_ENOUGH, ReportKernelManager

# Voila tells a kernel the visitor's address; an address may hold the token.
NOT_FOR_KERNELS = ("VOILA_REQUEST_URL", "QUERY_STRING")


class DashboardKernel(ReportKernelManager, ServerKernelManager):
    """A report's kernel for a visitor of a dashboard."""

    workspace = Unicode("", help="Folder of the workspace a dashboard shows.").tag(config=True)

    @default("transport")
    def _sockets_in_the_connection_folder(self) -> str:
        short = len(tempfile.gettempdir()) < SHORT_ENOUGH  # Voila's connection files are there
        return "ipc" if os.name == "posix" and short else "tcp"

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        given = options.get("env", os.environ)
        env = {name: value for name, value in given.items() if name not in NOT_FOR_KERNELS}
        env["WORKBENCH_WORKSPACE"] = self.workspace
        return await super()._async_pre_start_kernel(**{**options, "env": env})
