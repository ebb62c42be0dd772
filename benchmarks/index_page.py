"""How long the index waits for what its cards say, at a million irradiation events.

First after the server has started or a table has changed, when all is read; then while nothing
changes, when only marks are compared; last the whole page as a browser asks for it.

    python -m benchmarks.index_page [--events N]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from tests.report.report_frames import scans
from tests.server.web_visitor import WebVisitor
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.server.index_facts import FRESH_S, FactsReader
from workbench.server.voila import ServerProcess
from workbench.store.quality_records import NewResult
from workbench.survey import create_survey

EVENTS, SCANNERS, RESULTS, ROUNDS = 1_000_000, 40, 2_000, 7
LIMIT_S = 0.3


def make_workspace(folder: Path, events: int) -> Path:
    """Make a workspace with so many events of forty scanners, and years of weekly tests."""
    rows = scans(*({"station": f"CT{number}", "device_serial_number": str(number)}
                   for number in range(SCANNERS)))  # fmt: skip
    survey = create_survey(folder)
    repeated = pl.concat([rows] * (events // SCANNERS))
    survey.store.publish({"irradiation_event": repeated})
    quality = survey.store.quality
    values = [{"name": f"value {number}", "value": 1.0, "reason": ""} for number in range(30)]
    for number in range(RESULTS):
        profile = f"weekly {number % 20}"
        if number < 20:
            quality.save_profile(profile, {"name": profile, "interval_days": 7}, "A. Physicist")
        at = datetime(2026, 11, 30) - timedelta(days=number // 20)
        kept = quality.add_result(
            NewResult(profile, 1, (str(number),), at, {"state": "ok", "values": values})
        )
        if number % 10:
            quality.decide(kept, "accepted", "A. Physicist")
    survey.close()
    HospitalFile(folder).close()
    return folder


def seconds(work: Callable[[], object]) -> float:
    """Return the time of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measured(workspace: Path) -> tuple[float, float, float]:
    """Return the medians of everything read anew, of marks compared, and of the page, seconds."""
    anew = statistics.median(
        seconds(FactsReader(workspace).facts) for _ in range(ROUNDS)
    )  # fmt: skip
    reader = FactsReader(workspace)
    reader.facts()
    again = []
    for _ in range(ROUNDS):
        time.sleep(FRESH_S)
        again.append(seconds(reader.facts))
    with ServerProcess(workspace) as server:
        visitor = WebVisitor(server)
        visitor.ask("/")
        pages = []
        for _ in range(ROUNDS):
            time.sleep(FRESH_S)
            pages.append(seconds(lambda: visitor.ask("/")))
    return anew, statistics.median(again), statistics.median(pages)


def main() -> None:
    """Print the three times; fail where the page takes longer than it may."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=EVENTS)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        workspace = make_workspace(Path(folder) / "w", events)
        anew, again, page = measured(workspace)
    print(f"{events:,} events, {RESULTS:,} results: read anew {anew:.3f} s, "
          f"nothing changed {again:.3f} s, the page {page:.3f} s")  # fmt: skip
    if max(anew, page) > LIMIT_S:
        raise SystemExit(f"more than {LIMIT_S} s")


if __name__ == "__main__":
    main()
