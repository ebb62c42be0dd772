"""The kernel of reports: this interpreter, this package, no message over an open network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.report import kernel
from workbench.report.kernel import ReportKernelManager, ThisInterpreter


def test_the_kernel_needs_no_installed_kernelspec() -> None:
    spec = ReportKernelManager(kernel_name="no-such-kernel").kernel_spec
    assert spec is not None
    assert spec.argv[1:3] == ["-m", "ipykernel_launcher"]


def test_it_is_this_interpreter_with_this_package_before_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import workbench

    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    spec = ThisInterpreter().get_kernel_spec("anything")
    assert spec.argv[0] == sys.executable
    assert "{connection_file}" in spec.argv
    first, *others = spec.env["PYTHONPATH"].split(":")
    assert Path(first) / "workbench" == Path(workbench.__file__).parent
    assert others == ["/somewhere/else"]
    monkeypatch.delenv("PYTHONPATH")
    assert ThisInterpreter().get_kernel_spec("x").env["PYTHONPATH"] == first


@pytest.mark.parametrize(("runtime", "transport"), [("/run/short", "ipc"), ("/r" * 40, "tcp")])
def test_messages_stay_off_the_network_where_a_socket_file_has_room(
    monkeypatch: pytest.MonkeyPatch, runtime: str, transport: str
) -> None:
    monkeypatch.setattr(kernel, "jupyter_runtime_dir", lambda: runtime)
    assert ReportKernelManager(kernel_name="x").transport == transport


def test_the_longest_socket_file_that_is_made_fits_its_limit() -> None:
    """107 characters on Linux, 103 on macOS; a report's file below the folder takes some 60."""
    assert kernel.SHORT_ENOUGH + len("/kernel-") + 36 + len(".json-ipc-5") <= 103


def test_what_a_kernel_says_to_its_terminal_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may quote a header; what matters comes as a message."""
    import asyncio

    from jupyter_client.manager import AsyncKernelManager

    handed: dict[str, object] = {}

    async def start(_: object, **options: object) -> tuple[list[str], dict[str, object]]:
        handed.update(options)
        return [], {}

    monkeypatch.setattr(AsyncKernelManager, "_async_pre_start_kernel", start)
    manager = ReportKernelManager(kernel_name="x")
    asyncio.run(manager._async_pre_start_kernel(stderr=1, cwd="/x"))
    assert handed == {"stderr": subprocess.DEVNULL, "cwd": "/x"}
