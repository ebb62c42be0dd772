"""What all tests share: test data, programs, and an honest last line about what was skipped.

A test that needs a program carries its marker; one that needs data takes ``test_data``.  Where
the program or the data is absent the test is skipped, counted, and named in the last line.  With
``WORKBENCH_NO_SKIPS=1`` any skip fails the run: a green result then means everything ran that a
machine can be made to run.  What its owner does not allow (to mount a file system, say) is named
all the same, but fails nothing: no package mends it.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from tests.faults.databases_by_hand import DatabasesByHand
from workbench.server.quiet_log import QUIET, THEIRS

DATA_MISSING = "needs test data: set WORKBENCH_TEST_DATA"
NO_SKIPS = "WORKBENCH_NO_SKIPS"
NOT_ALLOWED = "not allowed here: "

# Examples are the same in every run of continuous integration; a person's runs explore.
settings.register_profile("person", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "person")


@dataclass(frozen=True)
class Program:
    """A program some tests need, and where Debian puts it (not always on the PATH)."""

    name: str
    command: str
    places: tuple[str, ...]

    def found(self) -> bool:
        """Tell whether it is installed."""
        if shutil.which(self.command):
            return True
        return any(any(Path("/").glob(place)) for place in self.places)


PROGRAMS = {
    "orthanc": Program("Orthanc", "Orthanc", ("usr/sbin/Orthanc",)),
    "dcmtk": Program("DCMTK", "dcmsend", ("usr/bin/dcmsend",)),
    "chromium": Program("Chromium", "chromium", ("usr/bin/chromium",)),
    "pango": Program(
        "Pango", "pango-view", ("usr/lib/*/libpangoft2-1.0.so.0", "usr/lib/libpangoft2-1.0.so.0")
    ),
    "poppler": Program("Poppler's programs", "pdftoppm", ("usr/bin/pdftoppm",)),
    "qpdf": Program("qpdf", "qpdf", ("usr/bin/qpdf",)),
    "node": Program("Node.js with npm", "npm", ("usr/bin/npm",)),
    "tesseract": Program("Tesseract", "tesseract", ("usr/bin/tesseract",)),
    "postgres": Program("PostgreSQL", "postgres", ("usr/lib/postgresql/*/bin/postgres",)),
}


class Skips:
    """Counts what was skipped, by reason, and says it in the last line."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._count(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._count(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.fails() and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def fails(self) -> bool:
        """Tell whether something was skipped that must not be."""
        missing = [reason for reason in self.reasons if not reason.startswith(NOT_ALLOWED)]
        return bool(missing) and os.environ.get(NO_SKIPS) == "1"

    def line(self) -> str:
        """Return the last line of a run."""
        if not self.reasons:
            return "Nothing was skipped."
        parts = [f"{number} × {reason}" for reason, number in self.reasons.most_common()]
        verdict = f" {NO_SKIPS} is set: the run fails." if self.fails() else ""
        return f"Skipped: {'; '.join(parts)}.{verdict}"

    def _count(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        # An expected failure also reports itself as skipped; it did run.
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "unknown reason"
            self.reasons[reason.removeprefix("Skipped: ")] += 1


SKIPS = pytest.StashKey[Skips]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SKIPS] = Skips()
    config.pluginmanager.register(config.stash[SKIPS], "skips")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = {marker: p.name for marker, p in PROGRAMS.items() if not p.found()}
    for item in items:
        names = [name for marker, name in absent.items() if item.get_closest_marker(marker)]
        if names:
            item.add_marker(pytest.mark.skip(reason=f"needs {' and '.join(names)} (not installed)"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print after pytest's own closing line, so that it is the last."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    ran = terminal is not None and any(terminal.stats.values())
    if ran and not config.option.collectonly:
        terminal.write_line(config.stash[SKIPS].line())


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Return the folder of real test data, or skip the test."""
    folder = os.environ.get("WORKBENCH_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip(DATA_MISSING)
    return Path(folder)


@pytest.fixture(scope="session", autouse=True)
def _away_from_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests out of the user's own Jupyter settings and workspace."""
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, str(home / name.lower()))
        patch.delenv("WORKBENCH_WORKSPACE", raising=False)
        yield


@pytest.fixture(scope="session")
def databases_by_hand() -> DatabasesByHand:
    """Return what looks on whether the program opens a database as a file."""
    looks_on = DatabasesByHand()
    looks_on.start()
    return looks_on


@pytest.fixture(autouse=True)
def _no_database_is_opened_by_hand(databases_by_hand: DatabasesByHand) -> Iterator[None]:
    databases_by_hand.forget()
    yield
    assert not databases_by_hand.lines, "closing it drops SQLite's locks: it would be damaged"


@pytest.fixture(autouse=True)
def logs_without_filters(request: pytest.FixtureRequest) -> None:
    """Take the server's filters off the logs, where a server of other tests has put them on."""
    if "server" in request.path.parts:
        return
    for log in (logging.getLogger(), *map(logging.getLogger, THEIRS)):
        for holder in (log, *log.handlers):
            holder.removeFilter(QUIET)
    if logging.lastResort is not None:
        logging.lastResort.removeFilter(QUIET)


@pytest.fixture
def mounts() -> None:
    """Skip the test where its owner does not allow to mount a disk."""
    from tests.faults.fault_disk import why_no_mount

    if why := why_no_mount():
        pytest.skip(f"{NOT_ALLOWED}{why}")
