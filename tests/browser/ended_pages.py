"""A workspace with something on every page, its server, and ways to end what a page needs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from tests.report.report_frames import scans
from tests.stages.quality.phantom_workspace import SMALL, arrive, quality_desk, week
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.server.voila import ServerProcess
from workbench.stages.quality.arrivals import Arrivals

COLD_MS = 60_000
# What is on each dashboard when it has come.
CONTENT = {
    "my_scanner": ".wb figure svg", "quality": ".wbc-state", "collector": ".wbc-state",
    "scanners": ".wbc-panel table", "reports": "select[name=report]",
}  # fmt: skip
SIEMENS = {"manufacturer": "SIEMENS", "model": "SOMATOM Force", "station": "CT7",
           "device_serial_number": "75512"}  # fmt: skip
ACME = "ACME Ring 64, CT1"
FORCE = "Siemens SOMATOM Force, CT7"


def make_full_workspace(folder: Path) -> Path:
    """Make a workspace with events of two scanners, a result to decide on, and a queue."""
    with quality_desk(folder) as desk:
        for number in range(3):
            arrive(desk, replace(SMALL, seed=number), week(number))
        Arrivals(desk).look(now=1e12)
        many = [{"ctdi_vol_mgy": 5.0 + n / 4, "dlp_mgy_cm": 200.0 + 9 * n} for n in range(12)]
        desk.survey.store.publish({"irradiation_event": scans(
            *many, SIEMENS, {**SIEMENS, "manufacturer": "Siemens Healthineers"},
        )})  # fmt: skip
    HospitalFile(folder).close()
    return folder


def open_dashboard(page: Any, server: ServerProcess, name: str, theme: str = "light") -> None:
    """Open a dashboard and wait until it has come."""
    base, _, query = server.url.partition("?")
    page.goto(f"{base}dashboards/{name}?theme={theme}&{query}")
    page.locator(CONTENT[name]).first.wait_for(timeout=COLD_MS)


def end_kernels(server: ServerProcess) -> None:
    """Kill the kernels of all pages, and those that wait."""
    assert server.process is not None
    for child in psutil.Process(server.process.pid).children(recursive=True):
        with suppress(psutil.Error):
            if "ipykernel_launcher" in " ".join(child.cmdline()):
                child.kill()
                child.wait()
