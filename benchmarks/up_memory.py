"""What `workbench up` holds at rest, with all its programs: collector, quality, reports and pages.

Memory that several processes share is counted once (PSS).  It is read when all programs have run
for a while and nobody has opened a page; a visitor and a report come on top.  The collector runs
only where a PACS is set, reports where there is a plan: a PACS at a port of this machine, with
nobody to ask for, and a plan for the first of the month.

    python -m benchmarks.up_memory
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.report_night import held_mb
from tests.services.up_bench import up
from workbench.services.kept_service import BY_NAME
from workbench.services.service_board import ServiceState
from workbench.simulate.peers import free_port
from workbench.survey import create_survey

SETTINGS = """
[pacs]
title = "PACS"
host = "127.0.0.1"
port = {}

[report.monthly]
report = "completeness"
when = "0 6 1 * *"
"""
SETTLE_S, LOOKS, EVERY_S = 26.0, 5, 1.0  # as the prototype was measured; kernels wait by then


def measured() -> tuple[float, int]:
    """Return the memory at rest, the least of some looks in MB of 10^6 bytes, and of how many."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "w"
        create_survey(workspace).close()
        with (workspace / "workbench.toml").open("a") as settings:
            settings.write(SETTINGS.format(free_port()))
        with up(workspace) as running:
            for name in BY_NAME:
                running.reaches(name, ServiceState.RUNNING)
            time.sleep(SETTLE_S)
            root, held = psutil.Process(running.process.pid), []
            for _ in range(LOOKS):
                held.append(held_mb(root))
                time.sleep(EVERY_S)
            resting = running.reports()
            if any(resting[name].state is not ServiceState.RUNNING for name in BY_NAME):
                raise RuntimeError("a program has ended meanwhile")
            return min(held), 1 + len(running.below())


def main() -> None:
    """Print it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # it ends what it has started
    held, processes = measured()
    print(f"workbench up at rest: {held:.0f} MB, {processes} processes")


if __name__ == "__main__":
    main()
