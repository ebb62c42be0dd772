"""Fifty real reports due in one night, and what printing them costs.

``workbench report due`` makes them on a simulated hospital, mapped and dosed, with measurements of
image quality: fifty plans over all reports there are, no two with one title.  Its time is beside
that of the same reports in a fresh kernel each, as papermill runs them by itself; memory is what
all its processes hold by themselves or share (PSS), at its highest.  Every page of the one way is
compared with that of the other.

The four reports that are printed most are printed by WeasyPrint and by Chromium in turn, each in a
process of its own.

    python -m benchmarks.report_night [--reports N]
    python -m benchmarks.report_night --print       PDF only
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from workbench.report.chromium_pdf import browser
from workbench.report.notebooks import report_names
from workbench.settings import Settings, SurveySettings
from workbench.settings_file import read_settings
from workbench.simulate.hospital import simulate_hospital
from workbench.stages.importing import import_files
from workbench.stages.line import dose_line, make_report
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.sample import PROFILE, make_sample
from workbench.survey import Survey, create_survey, open_survey

REPORTS, PATIENTS, ROUNDS = 50, 30, 5
PRINTED = ("completeness", "dose_by_protocol", "quality_due", "quality_over_time")
NEEDED: Mapping[str, Mapping[str, Any]] = {
    "quality_over_time": {"profile": PROFILE}, "quality_results": {"numbers": [1]},
}  # fmt: skip
EVERY_S = 0.05
# A page says when it was made, to the minute, and nothing else that differs.
MADE_AT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}")
PRINT = """
import sys, time
from pathlib import Path

page = Path(sys.argv[2]).read_text("utf-8")
begin = time.perf_counter()
if sys.argv[1]:
    from workbench.report.chromium_pdf import printed_by_chromium
    content = printed_by_chromium(page, sys.argv[1])
else:
    from workbench.report.weasyprint_pdf import printed_by_weasyprint
    content = printed_by_weasyprint(page)[0]
assert content.startswith(b"%PDF")
print(time.perf_counter() - begin)
"""


@dataclass(frozen=True)
class Night:
    """What a night of reports took.

    Attributes
    ----------
    seconds, peak_mb
        Wall time of ``report due`` and its memory, MB of 10^6 bytes.
    fresh_s
        The time of the same reports in fresh kernels.
    equal, reports
        Pages that are equal but for the minute they were made in, of so many.
    """

    seconds: float
    peak_mb: float
    fresh_s: float
    equal: int
    reports: int


class Peak(threading.Thread):
    """Watches how much memory processes hold; each page once, whoever shares it (PSS)."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root, self._over = psutil.Process(pid), threading.Event()
        self.mb = 0.0

    def run(self) -> None:
        """Look until it is told to stop."""
        while not self._over.wait(EVERY_S):
            self.mb = max(self.mb, held_mb(self._root))

    def stop(self) -> float:
        """Stop, and return the highest."""
        self._over.set()
        self.join()
        return self.mb


def held_mb(root: psutil.Process) -> float:
    """Return what a process and all below it hold now, MB of 10^6 bytes."""
    held = 0
    with suppress(psutil.Error):
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                held += process.memory_full_info().pss
    return held / 1e6


def timed(command: Sequence[str]) -> tuple[str, float, float]:
    """Run a program; return what it printed, its wall time in s, and its highest memory in MB."""
    begin = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, env=quiet()
    ) as process:
        peak = Peak(process.pid)
        peak.start()
        said, _ = process.communicate()
        seconds = time.perf_counter() - begin
        held = peak.stop()
    if process.returncode:
        raise RuntimeError(f"it ended with {process.returncode}: {said[-400:]}")
    return said, seconds, held


def quiet() -> dict[str, str]:
    """Return the environment of a program whose warnings nobody reads."""
    return {**os.environ, "PYTHONWARNINGS": "ignore"}


@contextmanager
def hospital() -> Iterator[Survey]:
    """Give a survey of a simulated hospital: imported, mapped, dosed, its phantoms measured."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = simulate_hospital(patients=PATIENTS).write(folder / "files")
        survey = create_survey(folder / "w", Settings(survey=SurveySettings("night", "LU01")))
        dose_line(survey, lambda: import_files(survey, files))
        make_sample(QualityDesk(survey))
        yield survey
        survey.close()


def plans(number: int) -> dict[str, dict[str, Any]]:
    """Return so many plans over all reports, due a minute ago."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    names = report_names()
    wanted = (names[each % len(names)] for each in range(number))
    return {
        f"night{each:03}": {
            "report": name, "at": f"{at:%H:%M}", "catch_up_days": 2,
            "parameters": {"title": f"Report {each}", **NEEDED.get(name, {})},
        }
        for each, name in enumerate(wanted)
    }  # fmt: skip


def night(number: int = REPORTS) -> Night:
    """Let a night's reports be made both ways."""
    with hospital() as survey:
        wanted = plans(number)
        settings = read_settings(survey.folder)
        replace(settings, schedule={"zone": "UTC"}, report=wanted).write(survey.folder)
        _seen_yesterday(survey)
        program = [sys.executable, "-m", "workbench.cli"]
        said, seconds, peak = timed([*program, "report", "due", "--json", "-w", str(survey.folder)])
        runs = json.loads(said.splitlines()[-1])["runs"]
        made = {run["name"] for run in runs if run["state"] == "done"}
        if made != set(wanted):
            raise RuntimeError(f"{len(made)} of {number} reports were made")
        fresh = survey.folder.parent / "fresh"
        begin = time.perf_counter()
        for name, plan in wanted.items():
            _made(survey, plan["report"], fresh / f"{name}.html", plan["parameters"])
        fresh_s = time.perf_counter() - begin
        shared = survey.folder / "reports"
        equal = sum(same(shared / f"{name}.html", fresh / f"{name}.html") for name in wanted)
    return Night(seconds, peak, fresh_s, equal, number)


def _seen_yesterday(survey: Survey) -> None:
    """Let the plans be known since yesterday: a new one catches nothing up."""
    from workbench.stages.scheduling import ReportSchedule

    other = open_survey(survey.folder)
    ReportSchedule(other, lambda: datetime.now(UTC) - timedelta(days=1)).see()
    other.close()


def _made(survey: Survey, name: str, out: Path, parameters: Mapping[str, object]) -> None:
    run = make_report(survey, name, out, parameters)
    if run.failed:
        raise RuntimeError(str(run.message))


def same(page: Path, other: Path) -> bool:
    """Say whether two pages are equal but for the minute they were made in."""
    texts = (MADE_AT.sub("", each.read_text("utf-8")) for each in (page, other))
    return next(texts) == next(texts)


@dataclass(frozen=True)
class Printing:
    """What printing took: the least seconds of each report summed, and the highest memory."""

    weasyprint_s: float
    weasyprint_mb: float
    chromium_s: float
    chromium_mb: float


def printing(rounds: int = ROUNDS) -> Printing:
    """Print the four reports by either program, in turn."""
    programs = ("", browser())
    seconds, peaks = dict.fromkeys(programs, 0.0), dict.fromkeys(programs, 0.0)
    with hospital() as survey:
        for name in PRINTED:
            page = survey.folder.parent / f"{name}.html"
            _made(survey, name, page, NEEDED.get(name, {}))
            least = dict.fromkeys(programs, float("inf"))
            for _ in range(rounds):
                for program in programs:
                    said, _, held = timed([sys.executable, "-c", PRINT, program, str(page)])
                    least[program] = min(least[program], float(said))
                    peaks[program] = max(peaks[program], held)
            for program in programs:
                seconds[program] += least[program]
    return Printing(seconds[""], peaks[""], seconds[programs[1]], peaks[programs[1]])


def main() -> None:
    """Print what a night takes."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.report_night", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    options.add_argument("--reports", type=int, default=REPORTS)
    options.add_argument("--print", action="store_true", help="PDF only")
    asked = options.parse_args()
    if not asked.print:
        took = night(asked.reports)
        print(
            f"{took.reports} reports: {took.seconds:.1f} s, {took.peak_mb:.0f} MB; in fresh "
            f"kernels {took.fresh_s:.1f} s ({took.fresh_s / took.seconds:.2f} times); "
            f"{took.equal} of {took.reports} pages are equal"
        )
    took_print = printing()
    print(
        f"PDF by WeasyPrint {took_print.weasyprint_s:.2f} s, {took_print.weasyprint_mb:.0f} MB; "
        f"by Chromium {took_print.chromium_s:.2f} s, {took_print.chromium_mb:.0f} MB"
    )


if __name__ == "__main__":
    main()
