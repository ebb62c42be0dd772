"""What another language costs: a dashboard and a report in French beside English, and the import.

A visitor of *My scanner* asks for the page in English, the next one in French, and so on, each with
a browser of their own and a kernel that was started ahead; timed from asking to the picture.  The
report *Dose by protocol* is made in both in turn.  The least times are compared, because what else
runs can only add.  Importing ``workbench.language`` is timed in fresh interpreters.

    python -m benchmarks.languages
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.dashboard import SETTLE_S, seconds
from tests.server.server_workspace import harmless, make_workspace
from workbench.server.voila import ServerProcess
from workbench.stages.reporting import make_report
from workbench.survey import open_survey

VISITS, REPORTS, IMPORTS = 5, 5, 15
LANGUAGES = ENGLISH, FRENCH = "en", "fr"
IMPORT = (
    "import time, workbench; begin = time.perf_counter(); import workbench.language; "
    "print(time.perf_counter() - begin)"
)


def in_turn(measure: Callable[[str], float], times: int) -> float:
    """Return the least time in French to the least in English."""
    pairs = [[measure(language) for language in LANGUAGES] for _ in range(times)]
    english, french = (min(each) for each in zip(*pairs, strict=True))
    return float(french / english)


def page(visits: int = VISITS) -> float:
    """Return how much longer the first picture of a dashboard takes in French."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        workspace = make_workspace(Path(folder) / "w", harmless())
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        with ServerProcess(workspace) as server:
            base, _, query = server.url.partition("?")

            def visit(language: str) -> float:
                time.sleep(SETTLE_S)
                return seconds(browser, f"{base}?lang={language}&{query}")

            ratio = in_turn(visit, visits)
        browser.close()
    return ratio


def report(times: int = REPORTS) -> float:
    """Return how much longer a report takes in French."""
    with tempfile.TemporaryDirectory() as folder:
        survey = open_survey(make_workspace(Path(folder) / "w", harmless()))
        out = Path(folder) / "report.html"

        def made(language: str) -> float:
            begin = time.perf_counter()
            run = make_report(survey, "dose_by_protocol", out, {"language": language})
            if run.failed:
                raise RuntimeError(run.message)
            return time.perf_counter() - begin

        ratio = in_turn(made, times)
        survey.close()
    return ratio


def imported(times: int = IMPORTS) -> float:
    """Return the milliseconds that importing the language takes, compiled."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        spent = [
            float(subprocess.check_output([sys.executable, "-c", IMPORT], env=environment))
            for _ in range(times + 1)
        ]
    return 1000 * min(spent[1:])


def main() -> None:
    """Print all three."""
    print(f"import of workbench.language {imported():.1f} ms, goal: at most 5")
    print(f"a report in French to English {report():.3f}, goal: at most 1.05")
    print(f"a dashboard in French to English {page():.3f}, goal: at most 1.05")


if __name__ == "__main__":
    main()
