"""A night over the web: values that are kept back are told everywhere, silence ends by itself."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset

from tests.collect.dicomweb.test_client import Archive, Reply, by_number, refusing_whole, serve
from tests.stages.test_collecting import QUICK, at_work, page, until
from workbench.collect.connections import needs_of
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.control import Command
from workbench.collect.queue.patient_queue import PatientState
from workbench.settings import CollectSettings, EntitySettings, ProtectSettings, Settings
from workbench.simulate.peers import free_port
from workbench.stages.collecting import collect
from workbench.survey import Survey, create_survey

TOSHIBA = "TOSHIBA_MEC_CT3"
DLP = struct.pack("<d", 123.4)
Start = Callable[[Archive], str]
__all__ = ["serve"]  # a fixture


def image(patient: str, number: int) -> Dataset:
    """Return a CT image whose DLP stands in a private value."""
    each = Dataset()
    each.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    each.PatientID, each.Modality = patient, "CT"
    each.StudyInstanceUID, each.SeriesInstanceUID = f"2.25.{patient}", f"2.25.{patient}.1"
    each.SOPInstanceUID = f"2.25.{patient}.1.{number}"
    each.private_block(0x7005, TOSHIBA, create=True).add_new(0x40, "UN", DLP)
    each.file_meta = FileMetaDataset()
    each.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    return each


def pointing(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "70051040": {"vr": "UN", "BulkDataURI": by_number(item)}}


@contextmanager
def workspace(folder: Path, url: str, collect: CollectSettings = QUICK) -> Iterator[Survey]:
    pacs = EntitySettings("PACS", port=1, retrieve="web", url=url)
    local = EntitySettings("WORKBENCH", port=free_port())
    survey = create_survey(folder / "w", Settings(local=local, pacs=pacs, collect=collect))
    yield survey
    survey.close()


@pytest.fixture
def archive() -> Archive:
    """Patients 1 and 2, with three images each."""
    return Archive([image(patient, number) for patient in "12" for number in (1, 2, 3)],
                   edit=pointing)  # fmt: skip


PATIENTS = [ListedPatient("1"), ListedPatient("2")]


def test_values_that_are_kept_back_are_a_finding_and_an_incomplete_state(
    archive: Archive, serve: Start, tmp_path: Path
) -> None:
    archive.before = lambda path: refusing_whole(path) if "2.25.1" in path else None
    with workspace(tmp_path, serve(archive)) as survey:
        first = collect(survey, PATIENTS)
        again = collect(survey, PATIENTS)
        for collected in (first, again):
            states = {str(one["number"]): str(one["state"]) for one in collected.patients}
            assert states == {"1": "incomplete", "2": "complete"}, "all objects are here, not whole"
            reason = str(collected.patients[0]["reason"])
            assert "3 objects came without some of their values" in reason
            assert 'retrieve = "move"' in reason
        findings = survey.table("finding")
        findings = findings.filter(findings["code"] == "bulk_left_out")
        assert findings["stage"].to_list() == ["collect"] * 3
        assert findings["severity"].to_list() == ["warning"] * 3
        instances = survey.table("instance")
        numbers = findings["object_number"].to_list()
        theirs = instances.filter(instances["object_number"].is_in(numbers))
        ledger = survey.table("ledger")
        partial = dict(zip(ledger["patient"], ledger["partial"], strict=True))
        assert set(theirs["patient"]) == {name for name, number in partial.items() if number}
        assert sorted(partial.values()) == [0, 3]
        assert "123.4" not in "".join(theirs["header"])


def test_all_of_them_are_had_where_the_server_gives_the_objects(
    archive: Archive, serve: Start, tmp_path: Path
) -> None:
    archive.before = lambda path: (404, {}, b"") if "/bulk/" in path else None
    with workspace(tmp_path, serve(archive)) as survey:
        assert collect(survey, PATIENTS).complete
        headers = survey.table("instance")["header"].to_list()
        assert all("123.4" in header for header in headers)
        assert survey.table("ledger")["partial"].to_list() == [0, 0]
        codes = survey.table("finding")["code"].to_list()
        assert "bulk_left_out" not in codes


def test_only_values_that_are_kept_are_asked_for(tmp_path: Path) -> None:
    with workspace(tmp_path, "http://127.0.0.1:9/web") as survey:
        needs = needs_of(survey.settings, survey.folder)
        assert needs(0x70051040, TOSHIBA)
        assert not needs(0x70051099, TOSHIBA)
        assert not needs(0x00291010, "SIEMENS CSA HEADER")
        assert not needs(0x60003000, "")
        without = replace(survey.settings, protect=ProtectSettings(private=False))
        assert not needs_of(without, survey.folder)(0x70051040, TOSHIBA)
        tag = {"tag": "0029,1010", "creator": "SIEMENS CSA HEADER", "values": ["x"]}
        filtered = replace(survey.settings, filter={"tag": [tag]})
        assert needs_of(filtered, survey.folder)(0x00291110, "SIEMENS CSA HEADER")


class Silent:
    """Answers queries, and to a request for headers of patient 1 nothing at all."""

    def __init__(self) -> None:
        self.begun, self.over = threading.Event(), threading.Event()

    def __call__(self, path: str) -> Reply | None:
        if "2.25.1" in path and path.endswith("/metadata"):
            self.begun.set()
            self.over.wait(60)
        return None


def test_a_server_that_never_answers_is_given_up_and_the_queue_goes_on(
    archive: Archive, serve: Start, tmp_path: Path
) -> None:
    archive.before = silent = Silent()
    limits = replace(QUICK, retrieve_s=1.0, retry_minutes=60.0)
    with workspace(tmp_path, serve(archive), limits) as survey:
        collected = collect(survey, PATIENTS)
        silent.over.set()
        states = {str(one["number"]): str(one["state"]) for one in collected.patients}
        assert states == {"1": "incomplete", "2": "complete"}
        assert "gave it up: nothing moved any more" in str(collected.patients[0]["reason"])


@pytest.mark.parametrize("how", ["the page", "twice"])
def test_stop_ends_a_request_to_a_server_that_never_answers(
    archive: Archive, serve: Start, tmp_path: Path, how: str
) -> None:
    archive.before = silent = Silent()
    limits = replace(QUICK, retrieve_s=3600.0)
    with workspace(tmp_path, serve(archive), limits) as survey, page(survey) as (queue, control):
        queue.add(PATIENTS[:1])
        with at_work(survey) as collector:
            assert silent.begun.wait(30)
            if how == "the page":
                control.command = Command.STOP
            else:
                collector.stop()
                collector.stop()
            until(lambda: control.heartbeats() == [])
        silent.over.set()
        assert queue.states()[PatientState.WAITING] == 1
        assert queue.rows()[0]["tries"] == 0
