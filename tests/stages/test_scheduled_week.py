"""Nights that go wrong: a clock set back and forward, reports that hang, die or want all memory.

Reports are real notebooks of the site here.  Whatever happens, the others are made, the last good
page stays, and what failed is made once when it can be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.stages.planned_reports import BOTH, DAILY, DAY, MINUTE, Hospital, hospital_of
from tests.store.conftest import postgres  # noqa: F401
from workbench.errors import WorkbenchError
from workbench.report import shared_kernel
from workbench.settings import StoreSettings
from workbench.stages.reporting import TEMPLATES
from workbench.stages.scheduling import ReportSchedule
from workbench.survey import open_survey

BEGIN = datetime(2026, 3, 26, 12, tzinfo=UTC)  # the hour changes in the night to the 29th
LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
HOUR = timedelta(hours=1)


@pytest.fixture(params=BOTH)
def hospital(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hospital]:
    yield from hospital_of(request, tmp_path / "w", BEGIN)


# --- the clock -----------------------------------------------------------------------------------


def wrong_clock(after: timedelta) -> timedelta:
    """Return by how much the clock of a week is wrong: ten hours back, then three days ahead."""
    if DAY <= after < 2 * DAY:
        return -10 * HOUR
    if 3 * DAY <= after < 3 * DAY + 6 * HOUR:
        return 3 * DAY
    return timedelta()


@pytest.mark.parametrize("machines", [1, 2])
def test_a_week_with_a_clock_set_back_and_forward_has_one_report_a_day(
    hospital: Hospital, machines: int
) -> None:
    hospital.plan(daily=DAILY)
    programs = [hospital.program() for _ in range(machines)]
    hospital.hurry()
    published = Counter[datetime]()
    for look in range(7 * 24 + 1):
        after = look * HOUR
        for number, program in enumerate(programs):  # the second one's clock is always right
            hospital.clock.at = BEGIN + after + (timedelta() if number else wrong_clock(after))
            published.update(run.slot for run in program.look().runs if run.state == "done")
    days = [f"{slot.astimezone(LUXEMBOURG):%m-%d}" for slot in sorted(published)]
    assert days == [f"{(BEGIN + number * DAY):%m-%d}" for number in range(1, 8)]
    assert set(published.values()) == {1}
    assert hospital.page("daily") == f"dose_by_protocol {len(hospital.reports.made)}"
    assert len(hospital.reports.made) == 7


# --- reports -------------------------------------------------------------------------------------

GOOD = "print('a good page')"
FAULTS = {
    "hangs": ("import time; time.sleep(600)", "CellTimeoutError"),
    "is killed for its memory": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "DeadKernelError",
    ),
    "needs 2 GB that nobody has": (
        "import resource as r; r.setrlimit(r.RLIMIT_AS, (3 * 2**29,) * 2); held = bytearray(2**31)",
        "MemoryError",
    ),
}  # fmt: skip


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Hospital]:
    made = Hospital(tmp_path / "w", StoreSettings(), BEGIN)
    yield made
    made.close()


def notebook(hospital: Hospital, name: str, source: str) -> None:
    """Write a report of the site."""
    folder = hospital.folder / TEMPLATES
    folder.mkdir(exist_ok=True)
    cells = [
        new_code_cell('workspace = ""\ntitle = "T"', metadata={"tags": ["parameters"]}),
        new_code_cell(source),
    ]
    nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_report_that_goes_wrong_leaves_its_last_good_page_and_the_others(
    embedded: Hospital, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    source, kind = FAULTS[fault]
    plan = {"at": "02:30", "retry_minutes": 10}
    embedded.plan(bad={**plan, "report": "bad"}, good={**plan, "report": "good"})
    for name in ("bad", "good"):
        notebook(embedded, name, GOOD)
    survey = open_survey(embedded.folder)
    program = ReportSchedule(survey, embedded.clock)  # makes real reports
    program.look()
    embedded.clock.at += DAY
    assert [run.state for run in program.look().runs] == ["done"] * 2
    last_good = embedded.page("bad")
    assert "a good page" in last_good

    notebook(embedded, "bad", source)
    if fault == "hangs":
        monkeypatch.setattr(shared_kernel, "CELL_TIMEOUT_S", 1)
    embedded.clock.at += DAY
    bad, good = program.look().runs
    assert (bad.state, bad.error_kind, good.state) == ("retry", kind, "done")
    assert embedded.page("bad") == last_good
    assert len(embedded.copies("bad")) == 1
    assert len(embedded.copies("good")) == 2

    notebook(embedded, "bad", GOOD.replace("good", "mended"))
    monkeypatch.undo()
    embedded.clock.at += 10 * MINUTE
    assert [(run.name, run.state, run.attempt) for run in program.look().runs] == [
        ("bad", "done", 2)
    ]
    assert "a mended page" in embedded.page("bad")
    assert len(embedded.copies("bad")) == 2
    survey.close()


# --- the disk ------------------------------------------------------------------------------------


def made_when_it_can_be(hospital: Hospital, more_room: Callable[[], None]) -> None:
    """Fill the disk on the second day; give room; judge what became of the page and its run."""
    hospital.plan(daily=DAILY)
    program = hospital.program()
    program.look()
    hospital.clock.at += DAY
    assert [run.state for run in program.look().runs] == ["done"]
    last_good = hospital.page("daily")
    hospital.reports.page = "{name} {number} " + 20_000_000 * "x"
    hospital.clock.at += DAY
    for _ in range(2):
        with suppress(WorkbenchError):  # as `report watch` does
            program.look()
        hospital.clock.at += 11 * MINUTE
    assert hospital.page("daily") == last_good
    assert [run.state for run in hospital.runs()][:1] == ["done"]
    assert "done" not in [run.state for run in hospital.runs()][1:]
    more_room()
    hospital.clock.at += HOUR
    assert [run.state for run in program.look().runs] == ["done"]
    assert [run.state for run in hospital.runs()] == ["done", "done"]
    assert hospital.page("daily").startswith("dose_by_protocol")
    assert len(hospital.page("daily")) > 20_000_000
    assert len(hospital.copies("daily")) == 2


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("full", ["reports", "."])
def test_a_full_disk_costs_no_report_once_there_is_room(tmp_path: Path, full: str) -> None:
    from tests.faults.fault_disk import enlarge, small_disk

    folder = tmp_path / "w"
    folder.mkdir(mode=0o700)
    with small_disk((folder / full).resolve(), 8_000) as disk:
        disk.chmod(0o700)
        hospital = Hospital(folder, StoreSettings(), BEGIN)
        try:
            made_when_it_can_be(hospital, lambda: enlarge(disk, 100_000))
        finally:
            hospital.close()
