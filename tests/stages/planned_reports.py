"""A workspace with plans, a clock that a test sets, and reports that are quickly made."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import SettingsError
from workbench.language import Saying
from workbench.plans.report_plan import ReportPlan
from workbench.report.runner import ReportRun
from workbench.settings import MailSettings, Settings, StoreSettings, SurveySettings
from workbench.stages.report_mail import ReportMail
from workbench.stages.scheduling import ReportSchedule
from workbench.store.report_runs import PlanRun
from workbench.survey import Survey, create_survey, open_survey

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ZONE = {"zone": "Europe/Luxembourg"}
DAILY = {"report": "dose_by_protocol", "at": "02:30"}


class GivenClock:
    """A clock that says what a test has set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class QuickReports:
    """Makes reports of one line; ``fails`` says which do not come to be."""

    def __init__(self) -> None:
        self.made: list[tuple[str, dict[str, object]]] = []
        self.fails: Callable[[str], None] = lambda name: None
        self.page = "{name} {number}"

    def __call__(
        self, survey: Survey, name: str, out: Path, parameters: Mapping[str, object], execute: Any
    ) -> ReportRun:
        self.made.append((name, dict(parameters)))
        now = datetime.now(UTC)
        try:
            self.fails(name)
        except LookupError as error:
            return ReportRun(
                name=name, outcome="failed", out=None, message=Saying("it stopped in code cell 4."),
                cell=4, error_kind=type(error).__name__, started_at=now, ended_at=now,
            )  # fmt: skip
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(self.page.format(name=name, number=len(self.made)), "utf-8")
        return ReportRun(
            name=name, outcome="done", out=out, started_at=now, ended_at=now,
            fingerprint="f" * 16, sha256=hashlib.sha256(out.read_bytes()).hexdigest(),
        )  # fmt: skip


class Hospital:
    """A workspace whose plans are looked at, by as many programs as a test opens."""

    def __init__(self, folder: Path, store: StoreSettings, begin: datetime) -> None:
        self.folder, self.store = folder, store
        self.clock, self.reports = GivenClock(begin), QuickReports()
        self.told: list[PlanRun] = []
        self.mail = MailSettings()
        self._opened = [create_survey(folder, self._settings({}))]

    def _settings(
        self, plans: Mapping[str, Any], more: Mapping[str, Any] | None = None
    ) -> Settings:
        return Settings(
            survey=SurveySettings("test", "LU01"), store=self.store,
            schedule={**ZONE, **(more or {})}, report=plans, mail=self.mail,
        )  # fmt: skip

    @property
    def survey(self) -> Survey:
        return self._opened[0]

    def plan(self, holidays: tuple[str, ...] = (), **plans: Mapping[str, Any]) -> None:
        self._settings(plans, {"holidays": list(holidays)} if holidays else None).write(self.folder)

    def program(self) -> ReportSchedule:
        """Return another program that looks, with a connection of its own."""
        self._opened.append(open_survey(self.folder))
        return ReportSchedule(self._opened[-1], self.clock, self.reports, tell=self._tell)

    def mailing_program(self) -> ReportSchedule:
        """Return another program that looks, and tells people by mail."""
        self._opened.append(open_survey(self.folder))
        mail = ReportMail(self._opened[-1], self.clock)
        return ReportSchedule(self._opened[-1], self.clock, self.reports, tell=mail.tell)

    def _tell(self, plan: ReportPlan, run: PlanRun) -> None:
        if run.number not in [told.number for told in self.told]:
            self.told.append(run)

    def hurry(self) -> None:
        """Let nobody wait for the disk: no power is cut here."""
        for survey in self._opened:
            catalogue = survey.store._catalogue
            if self.store.catalogue:
                catalogue.write("SET synchronous_commit = off")
            else:
                catalogue.write("PRAGMA synchronous = OFF")

    def runs(self) -> list[PlanRun]:
        return self.survey.store.report_runs.runs()

    def page(self, name: str) -> str:
        return (self.folder / "reports" / f"{name}.html").read_text()

    def copies(self, name: str) -> list[str]:
        return sorted(file.name for file in (self.folder / "reports/history" / name).iterdir())

    def close(self) -> None:
        for survey in self._opened:
            survey.close()


def hospital_of(
    request: pytest.FixtureRequest, folder: Path, begin: datetime
) -> Iterator[Hospital]:
    """Give a hospital on the engine of the test's parameter."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").url
    made = Hospital(folder, StoreSettings(url, f"s{uuid.uuid4().hex[:12]}"), begin)
    yield made
    made.close()


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def refuse(kind: type[Exception] = KeyError) -> Callable[[str], None]:
    """Return what lets each report fail."""

    def fails(name: str) -> None:
        if kind is SettingsError:
            raise SettingsError("there are no reference levels.", "Name another country.")
        raise kind(28, "a header's value")

    return fails
