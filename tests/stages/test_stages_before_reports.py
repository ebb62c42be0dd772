"""A plan with stages before its report: what has come since is mapped and dosed, really."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.stages.planned_reports import BOTH, DAILY, DAY, Hospital, QuickReports, hospital_of
from tests.store.conftest import postgres  # noqa: F401
from workbench.report.runner import ReportRun
from workbench.simulate.hospital import simulate_hospital
from workbench.stages.importing import import_files
from workbench.survey import Survey

BEGIN = datetime(2026, 3, 26, 12, tzinfo=UTC)


class CountedReports(QuickReports):
    """Makes reports that count what is in the tables when they are made."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[set[str]] = []
        self.dosed: list[set[str]] = []

    def __call__(
        self, survey: Survey, name: str, out: Path, parameters: Mapping[str, object], execute: Any
    ) -> ReportRun:
        self.events.append(set(survey.table("irradiation_event")["irradiation_event_uid"]))
        self.dosed.append(set(survey.table("dose_estimate")["irradiation_event_uid"]))
        return super().__call__(survey, name, out, parameters, execute)


@pytest.fixture(params=BOTH)
def hospital(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hospital]:
    for made in hospital_of(request, tmp_path / "w", BEGIN):
        made.reports = CountedReports()
        yield made


def arrive(hospital: Hospital, folder: Path, seed: int) -> None:
    """Let the objects of another patient come."""
    simulate_hospital(seed=seed, patients=1).write(folder / str(seed))
    intake = import_files(hospital.survey, [folder / str(seed)])
    assert intake.verdicts["stored"] > 10


def look_a_day_later(hospital: Hospital) -> None:
    hospital.clock.at += DAY
    (run,) = hospital.program().look().runs
    assert (run.state, run.message) == ("done", "")


def test_new_objects_are_mapped_and_dosed_before_the_report(
    hospital: Hospital, tmp_path: Path
) -> None:
    hospital.plan(daily={**DAILY, "before": ["map", "dose"]})
    hospital.program().look()
    for seed in (1, 2):
        arrive(hospital, tmp_path, seed)
        look_a_day_later(hospital)
    look_a_day_later(hospital)
    first, second, third = hospital.reports.events
    assert first < second == third
    first, second, third = hospital.reports.dosed
    assert set() < first < second == third


def test_without_stages_a_report_shows_what_was_mapped_before_it(
    hospital: Hospital, tmp_path: Path
) -> None:
    """So it is the plan's stages that the test above sees."""
    arrive(hospital, tmp_path, 1)
    hospital.plan(daily=DAILY)
    hospital.program().look()
    look_a_day_later(hospital)
    hospital.plan(daily={**DAILY, "before": ["map"]})
    look_a_day_later(hospital)
    assert [bool(uids) for uids in hospital.reports.events] == [False, True]
    assert hospital.reports.dosed == [set(), set()]
