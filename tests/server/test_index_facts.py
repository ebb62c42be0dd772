"""What the index reads: cheap while nothing changes, right when it does, never a dead end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.report.report_frames import scans
from tests.server.server_workspace import harmless
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.errors import SettingsError, WorkbenchError
from workbench.server import index_facts
from workbench.server.index_facts import DoseFacts, FactsReader, ReportFacts
from workbench.settings import FILE
from workbench.store.report_runs import FAILED, RunEnd
from workbench.survey import Survey, create_survey

NOW = datetime.now(UTC)


@pytest.fixture
def survey(tmp_path: Path) -> Iterator[Survey]:
    made = create_survey(tmp_path / "w")
    yield made
    made.close()


@pytest.fixture
def reader(survey: Survey, monkeypatch: pytest.MonkeyPatch) -> FactsReader:
    monkeypatch.setattr(index_facts, "FRESH_S", 0.0)
    return FactsReader(survey.folder)


def test_a_new_workspace_has_nothing_and_nothing_wrong(reader: FactsReader) -> None:
    facts = reader.facts()
    assert facts.doses == DoseFacts(0, 0, 0)
    assert facts.reports == ReportFacts((), (), None)
    assert facts.queue is None
    assert not isinstance(facts.quality, WorkbenchError)
    assert isinstance(facts.free, int)


def test_events_are_counted_once_until_they_change(
    survey: Survey, reader: FactsReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey.store.publish({"irradiation_event": harmless()})
    doses = reader.facts().doses
    assert isinstance(doses, DoseFacts)
    assert (doses.events, doses.scanners, doses.unnamed) == (harmless().height, 2, 2)
    read = []
    monkeypatch.setattr(index_facts, "counted", read.append)
    assert reader.facts().doses == doses
    assert read == []
    monkeypatch.undo()
    survey.store.publish({"irradiation_event": scans({}, {})})
    monkeypatch.setattr(index_facts, "FRESH_S", 0.0)
    changed = reader.facts().doses
    assert isinstance(changed, DoseFacts)
    assert changed.events == 2


def test_what_was_read_just_now_is_told_again(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = FactsReader(survey.folder)
    first = reader.facts()
    monkeypatch.setattr(reader, "_read", lambda: pytest.fail("read again"))
    assert reader.facts() is first


def test_settings_that_cannot_be_read_are_told_and_hide_no_disk(
    survey: Survey, reader: FactsReader
) -> None:
    (survey.folder / FILE).write_text("[survey\n")
    facts = reader.facts()
    assert isinstance(facts.settings, SettingsError)
    assert facts.settings.remedy
    assert isinstance(facts.free, int)
    assert isinstance(facts.doses, WorkbenchError)


@pytest.mark.parametrize("broken", ["catalogue", "parts"])
def test_a_store_that_cannot_be_read_is_told(
    survey: Survey, reader: FactsReader, broken: str
) -> None:
    survey.store.publish({"irradiation_event": harmless()})
    survey.close()
    pattern = "*.sqlite*" if broken == "catalogue" else "**/*.parquet"
    for path in survey.folder.glob(pattern):
        path.chmod(0o600)
        path.write_bytes(b"\x00" * 64)
    facts = reader.facts()
    assert isinstance(facts.doses, WorkbenchError)
    assert facts.doses.remedy
    assert isinstance(facts.quality, WorkbenchError) == (broken == "catalogue")


def test_a_workspace_that_is_gone_is_told(survey: Survey, reader: FactsReader) -> None:
    survey.close()
    survey.folder.rename(survey.folder.with_name("elsewhere"))
    facts = reader.facts()
    for found in (facts.settings, facts.free, facts.doses, facts.quality, facts.reports):
        assert isinstance(found, WorkbenchError)


def test_a_hospital_file_that_cannot_be_read_is_told(survey: Survey, reader: FactsReader) -> None:
    HospitalFile(survey.folder).close()
    assert reader.facts().queue is not None
    (survey.folder / "hospital.sqlite").write_bytes(b"no database at all" * 100)
    facts = reader.facts()
    assert isinstance(facts.queue, WorkbenchError)
    assert facts.services == {}


def test_failed_runs_are_told_of_plans_and_a_week_long_of_others(
    survey: Survey, reader: FactsReader
) -> None:
    (survey.folder / FILE).write_text(
        '[survey]\nname = "t"\n[report.completeness]\nat = "5:30"\n[report.wrong]\nat = "x"\n'
    )
    runs = survey.store.report_runs
    for name, days in (("completeness", 30), ("by hand", 2), ("long ago", 30)):
        run = runs.claim((name, "completeness"), NOW - timedelta(days=days), 0, "me", NOW)
        assert run
        runs.finish(run, RunEnd(state=FAILED, ended_at=NOW, error_kind="KeyError"))
    reports = reader.facts().reports
    assert isinstance(reports, ReportFacts)
    assert [run.name for run in reports.failed] == ["by hand", "completeness"]
    assert len(reports.wrong) == 1
    assert reports.due is not None
    assert reports.due > NOW
