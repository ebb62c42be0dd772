"""The collector's page: says how it stands, asks for what is clicked, and names nobody."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import ipywidgets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stages.stubborn_peers import NAME, PATIENT, objects
from workbench import create_survey
from workbench.collect.hours.week_grid import WeekGrid
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.control import Command
from workbench.collect.queue.patient_queue import Counts, PatientState, Queue
from workbench.deidentify.key import protect_key
from workbench.deidentify.key_wrapping import Cost
from workbench.model import ApplicationEntity
from workbench.services.running_process import Process
from workbench.settings import EntitySettings, Settings, SurveySettings
from workbench.settings_file import read_settings
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import free_port
from workbench_widgets.pages.collector import CollectorPage, collector_page
from workbench_widgets.pages.collector.now import next_morning
from workbench_widgets.parts.live.live import Ask, Reply

SECRET = ("SECRET-0815", "SECRET-4711")


@pytest.fixture
def page(tmp_path: Path) -> Iterator[CollectorPage]:
    create_survey(
        tmp_path / "w",
        Settings(SurveySettings("test", "LU01"), pacs=EntitySettings("PACS", port=1)),
    ).close()
    made = collector_page(str(tmp_path / "w"))
    assert isinstance(made, CollectorPage)
    yield made
    made.close()


def ask(page: CollectorPage, name: str, files: tuple[bytes, ...] = (), **values: str) -> Reply:
    return page.answer(Ask(name, values, files))


def section(page: CollectorPage, name: str) -> str:
    return ask(page, "section", value=name).html


def add(page: CollectorPage, *ids: str) -> Reply:
    section(page, "queue")
    ask(page, "add", patients="\n".join(ids), priority="0")
    return ask(page, "add-confirm")


def everything_kept(page: CollectorPage) -> str:
    """All widget state of the process, as a notebook would save it."""
    return json.dumps(ipywidgets.Widget.get_manager_state(), default=str)


def test_typed_ids_are_taken_the_form_is_emptied_and_nothing_of_them_is_kept(
    page: CollectorPage,
) -> None:
    reply = add(page, *SECRET)
    assert "2 patients added." in reply.html
    assert reply.reset == ("add",)
    assert "0 new, 1 known" in ask(page, "add", patients=SECRET[0]).html
    wrong = ask(page, "add", patients=SECRET[0] + "*")
    assert wrong.reset == ()  # what was typed stays in its field, to be mended
    assert "line 1" in wrong.html.lower()
    shown = "".join(section(page, name) for name in page._panels)
    for secret in SECRET:
        assert secret not in shown + wrong.html + reply.html + everything_kept(page)
    assert "LU01-" in section(page, "queue")
    assert SECRET[0] not in repr(Ask("add", {"patients": SECRET[0]}))


def test_while_the_key_is_locked_the_queue_is_shown_without_names_and_says_why(
    page: CollectorPage, tmp_path: Path
) -> None:
    add(page, *SECRET)
    protect_key(tmp_path / "w" / "hospital.key", "five words drawn by lot", Cost(32, 1, 4))
    locked = collector_page(str(tmp_path / "w"))
    assert isinstance(locked, CollectorPage)
    shown = section(locked, "queue")
    assert "key is locked" in shown
    assert "workbench key unlock" in shown
    assert "waiting" in shown
    assert "LU01-" not in shown
    refused = ask(locked, "add", patients="0815", priority="0")
    assert "key is locked" in refused.html
    assert refused.reset == (), "what was typed is not lost"
    assert [row["number"] for row in locked.desk.queue.rows()] == [1, 2]
    for name in locked._panels:
        if name not in ("queue", "lists"):
            assert "key is locked" not in section(locked, name), name
    locked.close()


def test_numbers_are_retried_prioritised_and_taken_off(page: CollectorPage) -> None:
    add(page, *(f"P{number:04}" for number in range(5)))
    queue = page.desk.queue
    assert "2 of 2 now have priority 7" in ask(page, "priority", numbers="2, 4", priority="7").html
    assert [row["number"] for row in queue.rows() if row["priority"] == 7] == [2, 4]
    assert "2 of 3 taken off" in ask(page, "remove", numbers="1-2 99").html
    assert [row["number"] for row in queue.rows()] == [3, 4, 5]
    job = queue.lease()
    assert job is not None
    queue.settle(job.number, PatientState.NOT_FOUND, "The PACS does not know them.")
    assert "The PACS does not know them." in ask(page, "view", state="not found").html
    assert "1 patients will be tried again" in ask(page, "retry-all").html
    assert queue.states()[PatientState.WAITING] == 3
    assert "numbers" in ask(page, "retry", numbers="all of them").html


def test_a_hundred_thousand_patients_are_paged(page: CollectorPage) -> None:
    page.desk.queue.add(ListedPatient(f"Q{number:06}") for number in range(100_000))
    first = section(page, "queue")
    assert first.count("<tr>") == 51
    assert "100\u202f000 patients in all" in first
    second = ask(page, "page", value="50").html
    assert "No. 51 to 100" in second
    assert "No. 1 to 50" in ask(page, "page", value="back").html
    assert "No. 99\u202f" not in second
    assert "No. 99990 to 100000" in ask(page, "view", state="all", **{"from": "99990"}).html


def test_steering_writes_what_the_collector_reads(page: CollectorPage) -> None:
    assert "workbench up -w" in ask(page, "show").html
    assert "Not running: none was started here yet." in ask(page, "show").html
    for name, command in (
        ("pause", Command.PAUSE), ("resume", Command.RUN), ("stop", Command.STOP),
    ):  # fmt: skip
        # The state says what was asked: a sentence of its own would stay when it is no more so.
        assert "wbc-said" not in ask(page, name).html
        assert page.desk.control.command is command
    assert "Press Resume" in ask(page, "show").html
    ask(page, "ask-now", value="30")
    override = page.desk.control.override
    assert override is not None
    assert override.opened
    assert 29 * 60 < (override.until - datetime.now(UTC)).total_seconds() <= 30 * 60
    ask(page, "schedule-again")
    assert page.desk.control.override is None
    assert "until when" in ask(page, "ask-now", value="for ever").html.lower()


def test_it_tells_a_working_a_hanging_and_a_killed_collector_apart(page: CollectorPage) -> None:
    control, ours = page.desk.control, str(Process.this())
    add(page, "P0001")
    queue = Queue(page.desk.hospital, ours)
    job = queue.lease()
    assert job is not None
    queue.count(1, Counts(1, 40, 4, 12, 1))
    section(page, "now")
    told = {"doing": "Patient 1 of the queue: moving.", "patient": 1, "memory": 2**27,
            "objects_per_s": 12.5, "bytes_per_s": 0.0, "address": "WORKBENCH@here"}  # fmt: skip
    control.beat(ours, told)
    working = ask(page, "look").html
    assert "Working." in working
    assert "16 of 40 objects are here" in working
    assert "12.5" in working
    control.beat(ours, {**told, "clock": time.time() - 100})
    # beat() writes its own clock: an old one is set by hand
    page.desk.hospital.write(
        "UPDATE control SET value = ? WHERE name LIKE 'heartbeat %'",
        json.dumps({**told, "clock": time.time() - 100}),
    )
    assert "has not answered" in ask(page, "look").html
    control.gone(ours)
    control.beat("1:1.0:another-boot", told)
    assert "ended from outside" in ask(page, "look").html


def test_wrong_settings_are_told_beside_the_field_and_nothing_is_written(
    page: CollectorPage,
) -> None:
    section(page, "settings")
    file = page.desk.survey.folder / "workbench.toml"
    file.write_text("# mine\n" + file.read_text())
    before = file.read_text()
    good = {"pacs.title": "ARCHIVE", "pacs.host": "192.0.2.7", "pacs.port": "104"}
    wrong = ask(page, "save-pacs", **{**good, "pacs.port": "70000"})
    assert file.read_text() == before
    field = wrong.html.split('name="pacs.port"')[1].split("</label>")[0]
    assert "port between 1 and 65535" in field
    assert "port between" not in wrong.html.split('name="pacs.host"')[1].split("</label>")[0]
    assert "Saved" in ask(page, "save-pacs", **good).html
    assert read_settings(page.desk.survey.folder).pacs == EntitySettings(
        "ARCHIVE", "192.0.2.7", 104
    )
    assert file.read_text().startswith("# mine\n")
    ask(page, "save-filter", **{
        "filter.modalities": "CT, SR", "filter.study_date": "2020-01-01 to 2024-12-31",
        "filter.age_years": "0 to 18",
    })  # fmt: skip
    assert read_settings(page.desk.survey.folder).filter == {
        "modalities": ["CT", "SR"], "study_date": ["2020-01-01", "2024-12-31"],
        "age_years": [0, 18],
    }  # fmt: skip
    assert "two ends" in ask(page, "save-filter", **{"filter.age_years": "18"}).html.lower()


def test_what_leaves_of_times_is_chosen_beside_what_it_promises(page: CollectorPage) -> None:
    section(page, "settings")
    for times, promised in (("exact", "join"), ("hour", "about an hour"), ("removed", "No time")):
        html = ask(page, "save-protect", **{"protect.times": times}).html
        assert "Saved" in html
        assert read_settings(page.desk.survey.folder).protect.times == times
        assert promised in section(page, "settings")
    wrong = ask(page, "save-protect", **{"protect.times": "daily"}).html
    assert "Nothing was saved" in wrong
    assert read_settings(page.desk.survey.folder).protect.times == "removed"


def test_tests_run_beside_the_page(page: CollectorPage) -> None:
    section(page, "settings")
    ask(page, "test", value="disk")
    ask(page, "test", value="echo")  # refused or done, but never two at once
    end = time.monotonic() + 30
    while "passed" not in ask(page, "look").html:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert "GB free" in ask(page, "look").html


def test_the_archive_is_tried_and_what_is_wrong_is_told_with_its_remedy(tmp_path: Path) -> None:
    us, them = (ApplicationEntity(title, port=free_port()) for title in ("WORKBENCH", "PACS"))
    settings = Settings(local=EntitySettings.of(us), pacs=EntitySettings.of(them))
    create_survey(tmp_path / "w", settings).close()
    made = collector_page(str(tmp_path / "w"))
    assert isinstance(made, CollectorPage)

    def tested(mark: str) -> str:
        ask(made, "test", value="registered")
        end = time.monotonic() + 60
        while mark not in ask(made, "look").html:
            assert time.monotonic() < end
            time.sleep(0.05)
        return ask(made, "look").html

    with EmbeddedPacs(them, tmp_path / "pacs", {us.title: us}) as pacs:
        pacs.load(objects())
        known, pacs.destinations = pacs.destinations, {}
        section(made, "settings")
        wrong = tested("✗ failed")
        assert f"Nothing came to WORKBENCH at 127.0.0.1, port {us.port}" in wrong
        assert "register the AE title WORKBENCH" in wrong
        pacs.destinations = known
        right = tested("✓ passed")
        assert f"came to WORKBENCH at 127.0.0.1, port {us.port}" in right
        assert "Nothing came" not in right
    for secret in (PATIENT, NAME):
        assert secret not in wrong + right + everything_kept(made)
    made.close()


def test_what_a_test_is_doing_is_shown(page: CollectorPage) -> None:
    section(page, "settings")
    panel = page._panels["settings"]
    panel._testing, panel._doing = frozenset({"registered"}), {"registered": "waiting for <it>"}
    panel._work = Future()
    assert "Waiting for &lt;it&gt; …" in ask(page, "look").html


def test_a_broken_settings_file_leaves_the_tabs_and_says_what_to_mend(page: CollectorPage) -> None:
    file = page.desk.survey.folder / "workbench.toml"
    text = file.read_text()
    file.write_text("not toml")
    for name in page._panels:
        assert 'role="tab"' in section(page, name)
    assert "Mend that line" in section(page, "now")
    assert 'data-ask="stop"' in section(page, "now")
    file.write_text(text + '\n[schedule]\nzone = "Nowhere/At-all"\n')
    assert "time zone" in section(page, "schedule")
    assert "Saved" not in section(page, "schedule")
    assert "saved" in ask(page, "schedule", zone="Europe/Luxembourg").html
    assert "cannot be read" not in section(page, "schedule")


def test_painted_weeks_are_told_before_and_after_saving(page: CollectorPage) -> None:
    section(page, "schedule")
    assert page._schedule.grids.layout.display == "flex"
    nights = WeekGrid.parse({"monday": "#" * 6 + "." * 13 + "#" * 5})
    page._schedule._painted["query"].value = nights
    told = ask(page, "look").html
    assert "not saved yet" in told
    assert nights.describe() in told
    wrong = ask(page, "schedule", zone="Nowhere/At-all")
    assert "time zone" in wrong.html
    assert read_settings(page.desk.survey.folder).schedule == {}
    saved = ask(page, "schedule", zone="Europe/Luxembourg", holidays="2026-12-24")
    assert "not saved yet" not in saved.html
    timetable = page.desk.timetable()
    assert timetable.query.grid == nights
    assert timetable.upload.grid == WeekGrid.always()
    section(page, "now")
    assert page._schedule.grids.layout.display == "none"
    # another page, or a person with an editor, changes it: what stands in the file is shown
    settings = read_settings(page.desk.survey.folder)
    replace(settings, schedule={"zone": "UTC"}).write(page.desk.survey.folder)
    section(page, "schedule")
    assert page._schedule._painted["query"].value == WeekGrid.always()


def test_lists_ask_twice_and_prove_it(page: CollectorPage) -> None:
    add(page, *SECRET)
    section(page, "lists")
    folder = page.desk.survey.folder
    for name in ("export-list", "delete-list", "delete-everything"):
        refused = ask(page, name, first="test", second="tset")
        assert "nothing was done" in refused.html.lower()
    assert page.desk.queue.states()[PatientState.WAITING] == 2
    sent: list[tuple[dict[str, object], list[bytes]]] = []
    page.downloads.send = lambda told, buffers: sent.append((told, buffers))
    shown = ask(page, "export-list", first="test", second="test").html
    assert "2 rows written" in shown
    ((told, (content,)),) = sent
    assert f"{told['file']} is in the downloads" in shown
    assert str(told["file"]).startswith("patients-with-names_")
    assert SECRET[0] in content.decode()
    assert list((folder / "exports").iterdir()) == []
    (folder / "exports" / "a.csv").write_bytes(content)  # somebody has put it back
    proof = ask(page, "delete-list", first="test", second="test").html
    assert "2 of them found" in proof  # the export still names them, and the proof says so
    assert "a.csv" in proof
    gone = ask(page, "delete-everything", first="test", second="test").html
    assert "Everything is deleted" in gone
    assert [file.name for file in folder.rglob("*")] == ["workbench.toml"]
    assert "Everything is deleted" in ask(page, "look").html


def test_nothing_is_deleted_while_a_collector_works(page: CollectorPage) -> None:
    page.desk.control.beat(str(Process.this()), {"doing": "Working."})
    section(page, "lists")
    told = ask(page, "delete-everything", first="test", second="test").html
    assert "Stop it first" in told
    assert (page.desk.survey.folder / "hospital.key").exists()


def test_log_and_requests_are_shown_on_the_hospitals_wall(page: CollectorPage) -> None:
    replace(page.desk.survey.settings, schedule={"zone": "Asia/Tokyo"}).write(
        page.desk.survey.folder
    )
    page.desk.hospital.write(
        "INSERT INTO event (at, severity, text) VALUES ('2026-01-01T20:00:00', 'warning', ?)",
        "<b>Trouble</b>",
    )
    page.desk.hospital.write(
        "INSERT INTO request (at, patient, service, level, seconds, status, completed)"
        " VALUES ('2026-01-01T20:00:00', 3, 'retrieve', '', 12.34, '0xB000', 5)"
    )
    log = section(page, "log")
    assert "2026-01-02 05:00:00" in log
    assert "&lt;b&gt;Trouble" in log
    asked = section(page, "asked")
    assert "done, with failures" in asked
    assert "12.3" in asked


def test_no_workspace_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_WORKSPACE", raising=False)
    assert "No workspace" in collector_page().value
    assert "not a workspace" in collector_page(str(tmp_path)).value


@given(st.one_of(st.none(), st.integers(), st.text(), st.dictionaries(st.text(), st.text())))
def test_whatever_a_page_sends_is_read_or_ignored(message: object) -> None:
    read = Ask.read(message, "no buffers")
    assert read is None or isinstance(read.name, str)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))
def test_the_next_morning_is_six_on_the_wall(naive: datetime) -> None:
    zone, now = ZoneInfo("Europe/Luxembourg"), naive.replace(tzinfo=UTC)
    morning = next_morning(now, zone)
    assert morning.astimezone(zone).strftime("%H:%M") == "06:00"
    assert 0 < (morning - now).total_seconds() <= 25 * 3600


def test_a_page_waits_no_ten_minutes_for_a_database(page: CollectorPage) -> None:
    """It shows nothing new meanwhile, and somebody looks at it."""
    assert page.desk.hospital.waits.limit_s == page.desk.survey.store.waits.limit_s <= 10
