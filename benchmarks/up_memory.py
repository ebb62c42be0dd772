"""What `workbench up` holds at rest, with all its programs: collector, quality, reports and pages.

Memory that several processes share is counted once (PSS).  It is read when all programs have run
for a while and nobody has opened a page; a visitor and a report come on top.

    python -m benchmarks.up_memory
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.report_night import held_mb
from tests.services.up_bench import up
from workbench.services.kept_service import BY_NAME
from workbench.services.service_board import ServiceState
from workbench.survey import create_survey

SETTLE_S, LOOKS, EVERY_S = 26.0, 5, 1.0  # as the prototype was measured; kernels wait by then


def measured() -> tuple[float, int]:
    """Return the memory at rest, the least of some looks in MB of 10^6 bytes, and of how many."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "w"
        create_survey(workspace).close()
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
    held, processes = measured()
    print(f"workbench up at rest: {held:.0f} MB, {processes} processes")


if __name__ == "__main__":
    main()
