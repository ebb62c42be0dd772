"""Each line of the index can say that all is well, and each can say that it is not, with why."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from workbench.collect.queue.collector_state import StateKind
from workbench.collect.queue.patient_queue import PatientState
from workbench.errors import SettingsError, StoreError
from workbench.language import Saying, use_language
from workbench.language.pseudo import BEGIN
from workbench.server.card_lines import CardLine, card_lines, disk_line, survey_lines
from workbench.server.index_facts import DoseFacts, IndexFacts, ReportFacts
from workbench.services.service_board import ServiceReport, ServiceState
from workbench.settings import Settings
from workbench.store.quality_tally import ProfileTally, QualityTally
from workbench.store.report_runs import FAILED, RETRY, PlanRun

NOW = datetime(2026, 12, 1, 8, 0)
GIB = 2**30
WEEKLY = ProfileTally("CT1 water", 7, NOW - timedelta(days=4))
QUEUE = {**dict.fromkeys(PatientState, 0), PatientState.COMPLETE: 3, PatientState.WAITING: 2}
WELL = IndexFacts(
    Settings(), 300 * GIB, DoseFacts(1_204_331, 2, 0), QualityTally((WEEKLY,), 0, 0),
    ReportFacts((), (), datetime(2026, 12, 2, 4, 30, tzinfo=UTC)), QUEUE, {},
)  # fmt: skip
BROKEN = StoreError("the catalogue is damaged.", "Put a copy of yesterday back.")
ENDED = ServiceReport(ServiceState.FAILED, "", reason=Saying("it failed five times."))
DOWN = {"qa": ENDED, "reports": ENDED}
WRONG_PLAN = SettingsError("[report.x]: 'at' is wrong.", "Write it so.")


def run(state: str) -> PlanRun:
    return PlanRun(
        number=1, name="monthly", slot=datetime(2026, 12, 1, tzinfo=UTC), report="completeness",
        state=state, attempt=1, started_at=datetime(2026, 12, 1, tzinfo=UTC),
        message=Saying("it stopped in code cell 4."),
    )  # fmt: skip


def line(name: str, **changed: object) -> CardLine:
    return card_lines(replace(WELL, **changed), NOW)[name]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my_scanner", "Irradiation events: 1,204,331, of 2 scanners."),
        ("scanners", "2 scanners, all named."),
        ("quality", "Nothing to decide, none overdue. Next: CT1 water on 2026-12-04."),
        ("collector", "5 patients in the queue, 2 to come."),
        ("reports", "The next report is due on 2026-12-02 04:30 UTC."),
    ],
)
def test_what_is_well_says_so(name: str, said: str) -> None:
    found = line(name)
    assert (found.kind, found.text, found.todo) == (StateKind.GOOD, said, "")


@pytest.mark.parametrize(
    ("name", "changed", "kind", "said", "todo"),
    [
        ("my_scanner", {"doses": DoseFacts(0, 0, 0)}, "warning", "no irradiation event", "Collect"),
        ("my_scanner", {"doses": BROKEN}, "problem", "cannot be read", "yesterday"),
        ("scanners", {"doses": DoseFacts(0, 0, 0)}, "warning", "no scanner", ""),
        ("scanners", {"doses": BROKEN}, "problem", "cannot be read", "yesterday"),
        ("quality", {"quality": QualityTally((), 0, 0)}, "warning", "no test profile", "Profiles"),
        ("quality", {"quality": QualityTally((WEEKLY,), 2, 1)}, "problem",
         "One alarm, 2 results to decide on. Next", ""),
        ("quality", {"quality": QualityTally((WEEKLY,), 2, 0)}, "warning", "2 results", ""),
        ("quality", {"quality": QualityTally((replace(WEEKLY, last=datetime(2026, 1, 1)),), 0, 0)},
         "warning", "One test overdue.", ""),
        ("quality", {"quality": BROKEN}, "problem", "cannot be read", "yesterday"),
        ("quality", {"services": DOWN}, "problem", "Nothing to decide", "five times"),
        ("collector", {"queue": None}, "warning", "Nobody", "Add patients"),
        ("collector", {"queue": {**QUEUE, PatientState.FAILED: 1}}, "warning",
         "One patient could not be collected.", "See why"),
        ("collector", {"queue": BROKEN}, "problem", "cannot be read", "yesterday"),
        ("reports", {"reports": ReportFacts((run(FAILED),), (), None)}, "problem",
         "A report failed: monthly.", "code cell 4"),
        ("reports", {"reports": ReportFacts((run(RETRY),), (), None)}, "warning",
         "failed", "tried again"),
        ("reports", {"reports": ReportFacts((), (WRONG_PLAN,), None)},
         "problem", "cannot be read", "'at' is wrong"),
        ("reports", {"reports": BROKEN}, "problem", "cannot be read", "yesterday"),
        ("reports", {"services": DOWN}, "problem", "due on", "five times"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_what_to_do(
    name: str, changed: dict[str, object], kind: str, said: str, todo: str
) -> None:
    found = line(name, **changed)
    assert found.kind == kind
    assert said in found.text
    assert todo in found.todo
    assert found.sign == {"warning": "!", "problem": "✕"}[kind]


@pytest.mark.parametrize(
    ("free", "kind", "said"),
    [(300 * GIB, "good", "300 GB"), (9 * GIB, "warning", "9.0 GB"), (GIB, "problem", "1.0 GB"),
     (0, "problem", "0.0 GB"), (BROKEN, "problem", "cannot be read")],
)  # fmt: skip
def test_a_disk_that_fills_is_told_before_it_is_full(
    free: int | StoreError, kind: str, said: str
) -> None:
    found = disk_line(free)
    assert found.kind == kind
    assert said in found.text
    assert bool(found.todo) == (kind != "good")


def test_settings_that_cannot_be_read_stand_at_the_top() -> None:
    assert len(survey_lines(WELL)) == 1
    wrong, disk = survey_lines(replace(WELL, settings=SettingsError("a key is wrong.", "Mend it.")))
    assert (wrong.kind, disk.kind) == ("problem", "good")
    assert "Mend it." in wrong.todo


def test_every_line_is_in_the_language_that_is_spoken() -> None:
    with use_language("xx"):
        for found in (*card_lines(WELL, NOW).values(), *survey_lines(WELL)):
            assert found.text.startswith(BEGIN)


def test_no_line_names_what_is_pythons() -> None:
    broken = replace(WELL, doses=BROKEN, quality=BROKEN, queue=BROKEN, reports=BROKEN)
    for found in (*card_lines(WELL, NOW).values(), *card_lines(broken, NOW).values()):
        assert not re.search(r"Error|Traceback|\.py|None|\w\.\w+\(", found.text + found.todo)
