"""One object really comes, or the test says why not, whatever the archive says and does."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.stages.stubborn_peers import (
    NAME,
    PATIENT,
    STUDY,
    Answering,
    Boasting,
    EmptySuccess,
    Forbidding,
    Late,
    OneAtATime,
    OtherCaller,
    OtherObject,
    PendingForEver,
    RefusesDates,
    SeriesOnly,
    Silent,
    dataset,
    hurried,  # noqa: F401
    misbehaving,
    stand,
    told,
)
from tests.stages.test_collecting import at_work, page, until
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import Queue
from workbench.collect.trial_box import TrialBox
from workbench.errors import NetworkError, SettingsError
from workbench.model import ApplicationEntity
from workbench.simulate.dcmqrscp import DcmqrscpPacs
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import OrthancPacs, free_port
from workbench.simulate.quirks import FindFaults, Quirks, RetrieveFaults
from workbench.stages.connection_test import trials
from workbench.stages.sending_trial import object_sent
from workbench.survey import Survey

pytestmark = pytest.mark.usefixtures("hurried")


def tried(survey: Survey) -> str:
    """What is said, passed or failed; never of whom."""
    said: list[str] = []
    try:
        said.append(object_sent(survey, said.append))
    except NetworkError as error:
        said.append(f"FAILED {error}")
    whole = " ".join(said)
    for secret in (PATIENT, NAME, STUDY):
        assert secret not in whole
    return said[-1]


def place(survey: Survey) -> str:
    local = survey.settings.local
    return f"{local.title} at {local.host}, port {local.port}"


def nothing_is_left(survey: Survey) -> None:
    assert survey.table("instance").is_empty()
    assert survey.rejected().is_empty()
    assert not (survey.folder / "phantoms").exists()
    assert not list(survey.folder.glob("trial*"))
    assert not any(thread.name == "trial" for thread in threading.enumerate())


# --- archives that are well ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        EmbeddedPacs,
        pytest.param(OrthancPacs, marks=pytest.mark.orthanc),
        pytest.param(DcmqrscpPacs, marks=pytest.mark.dcmtk),
    ],
)
@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"age_years": [0, 1]},
        {"modalities": ["MG"], "study_date": ["1990-01-01", "1990-12-31"]},
        {"tag": [{"tag": "KVP", "range": [80, 140]}]},
    ],
    ids=["everything", "age", "modality and days", "tag"],
)
def test_an_object_comes_whatever_the_filter_wants(
    tmp_path: Path, kind: type[EmbeddedPacs], wanted: dict[str, Any]
) -> None:
    with stand(tmp_path, kind, filter=wanted) as (survey, _):
        said = tried(survey)
        assert said.startswith("One object (")
        assert f"came to {place(survey)}" in said
        assert said.endswith("it was dropped.")
        assert [trial.passed for trial in trials(survey)] == [True] * 5
        nothing_is_left(survey)


@pytest.mark.parametrize("kind", [OneAtATime, Late])
def test_an_odd_archive_that_sends_passes(tmp_path: Path, kind: type[EmbeddedPacs]) -> None:
    with stand(tmp_path, kind) as (survey, _):
        assert tried(survey).startswith("One object (")
        nothing_is_left(survey)


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(find=FindFaults(refused={"IMAGE": 0xA900})),
        Quirks(find=FindFaults(required_only=True)),
        Quirks(find=FindFaults(without=frozenset({"NumberOfStudyRelatedInstances"}))),
        Quirks(find=FindFaults(strict=True)),
        Quirks(roots=frozenset({"patient"})),
        Quirks(retrieve=RetrieveFaults(counters="zero")),
        Quirks(retrieve=RetrieveFaults(counters="absent", final_status=0xB000)),
        Quirks(retrieve=RetrieveFaults(refuse_every=2)),
        Quirks(retrieve=RetrieveFaults(fail_every=2)),
        Quirks(retrieve=RetrieveFaults(late_seconds=0.3)),
        Quirks(retrieve=RetrieveFaults(strangers=3, shuffled=True)),
    ],
)
def test_what_arrives_counts_and_not_what_is_said(tmp_path: Path, quirks: Quirks) -> None:
    with stand(tmp_path, misbehaving(quirks)) as (survey, _):
        assert tried(survey).startswith("One object (")
        nothing_is_left(survey)


@pytest.mark.parametrize("way", ["move", "get"])
def test_an_object_that_the_archive_has_lost_is_not_taken_for_a_fault_of_the_way(
    tmp_path: Path, way: str
) -> None:
    class Lost(EmbeddedPacs):
        def send(self, association: Any, file: Path, **originator: Any) -> Any:
            if file == self.archive.path(f"{STUDY}.2.1"):
                failed = Dataset()
                failed.Status = 0xA700
                return failed
            return super().send(association, file, **originator)

    with stand(tmp_path, Lost) as (survey, _):
        told(survey, pacs={"retrieve": way})
        assert tried(survey).startswith("One object (")


def test_where_single_objects_are_refused_the_series_is_ordered(tmp_path: Path) -> None:
    with stand(tmp_path, SeriesOnly) as (survey, _):
        assert tried(survey).startswith("One object (")


@pytest.mark.parametrize("way", ["get", "web"])
def test_what_is_fetched_by_ourselves_comes_too(tmp_path: Path, way: str) -> None:
    kind: Any = EmbeddedPacs
    if way == "web":
        if not (OrthancPacs.available() and OrthancPacs.has_dicomweb()):
            pytest.skip("needs Orthanc's DICOMweb plug-in (not installed)")
        kind = lambda *arguments: OrthancPacs(*arguments, dicomweb=True)  # noqa: E731
    with stand(tmp_path, kind, filter={"age_years": [0, 1]}) as (survey, pacs):
        url = pacs.web_root if way == "web" else ""
        told(survey, pacs={"retrieve": way, "url": url})
        said = tried(survey)
        assert said.startswith("One object ("), said
        assert {"get": "C-GET", "web": "DICOMweb"}[way] in said
        nothing_is_left(survey)


def test_where_only_single_patients_may_be_asked_for_the_queue_helps(tmp_path: Path) -> None:
    with stand(tmp_path, RefusesDates) as (survey, _):
        said = tried(survey)
        assert said.startswith("FAILED PACS tells of no study")
        assert "workbench collect add" in said
        hospital = HospitalFile(survey.folder)
        Queue(hospital).add([ListedPatient("NOBODY"), ListedPatient(PATIENT)])
        hospital.close()
        assert tried(survey).startswith("One object (")


def test_an_archive_that_tells_nothing_is_not_called_well(tmp_path: Path) -> None:
    with stand(tmp_path, loaded=[]) as (survey, _):
        assert tried(survey).startswith("FAILED PACS tells of no study")


# --- archives that misbehave ---------------------------------------------------------------------

REGISTER = "register the AE title WORKBENCH with address 127.0.0.1, port"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Answering, ("0xC000", "does not know WORKBENCH", REGISTER)),
        (EmptySuccess, ("0x0000 (success", "sent nothing", REGISTER)),
        (Boasting, ("1 sent", "to another place", REGISTER)),
        (Forbidding, ("0x0124", "not let us retrieve", "C-MOVE")),
        (PendingForEver, ("no final answer", "neither sent nor ended", "queue of orders")),
        (Silent, ("no final answer", "neither sent nor ended", "queue of orders")),
        (OtherObject, ("other objects came", "with other UIDs")),
    ],
)
def test_it_names_what_it_waited_on_and_what_to_do(
    tmp_path: Path, kind: type[EmbeddedPacs], words: tuple[str, ...]
) -> None:
    with stand(tmp_path, kind) as (survey, _):
        said = tried(survey)
        assert said.startswith(f"FAILED nothing came to {place(survey)} in ")
        for word in words:
            assert word in said
        nothing_is_left(survey)


@pytest.mark.parametrize(
    "kind",
    [
        EmbeddedPacs,
        pytest.param(OrthancPacs, marks=pytest.mark.orthanc),
        pytest.param(DcmqrscpPacs, marks=pytest.mark.dcmtk),
    ],
)
def test_a_title_that_is_not_known(tmp_path: Path, kind: Any) -> None:
    def of_another(entity: Any, folder: Path, known: Any) -> Any:
        (us,) = known.values()
        return kind(entity, folder, {"OLDNAME": us})

    with stand(tmp_path, of_another) as (survey, _):
        said = tried(survey)
        assert said.startswith("FAILED")
        assert "register" in said
        assert "WORKBENCH" in said


def test_a_title_that_may_ask_and_is_no_destination(tmp_path: Path) -> None:
    with stand(tmp_path) as (survey, pacs):
        pacs.destinations.clear()
        said = tried(survey)
        assert said.startswith(f"FAILED nothing came to {place(survey)} in ")
        assert "0xA801 (title unknown)" in said
        assert REGISTER in said


@pytest.mark.parametrize(
    "kind",
    [
        EmbeddedPacs,
        pytest.param(OrthancPacs, marks=pytest.mark.orthanc),
        pytest.param(DcmqrscpPacs, marks=pytest.mark.dcmtk),
    ],
)
def test_another_port_than_ours(tmp_path: Path, kind: Any) -> None:
    def elsewhere(entity: Any, folder: Path, known: Any) -> Any:
        return kind(
            entity, folder, {title: replace(us, port=free_port()) for title, us in known.items()}
        )

    with stand(tmp_path, elsewhere) as (survey, _):
        said = tried(survey)
        assert said.startswith(f"FAILED nothing came to {place(survey)} in ")
        assert REGISTER in said


def test_another_title_that_sends_is_to_be_allowed(tmp_path: Path) -> None:
    with stand(tmp_path, OtherCaller) as (survey, _):
        told(survey, local={"allow": ("CT1",)})
        said = tried(survey)
        assert said.startswith(f"FAILED nothing came to {place(survey)}")
        assert "PACSSTORE at 127.0.0.1 called, and was refused" in said
        assert 'allow = ["CT1", "PACSSTORE"] in [local]' in said
        told(survey, local={"allow": ("PACSSTORE@192.0.2.7",)})
        said = tried(survey)
        assert "allow of [local] says another address" in said
        told(survey, local={"allow": ("CT1", "PACSSTORE")})
        assert tried(survey).startswith("One object")


def test_what_may_be_had_only_by_c_get_is_told_so(tmp_path: Path) -> None:
    quirks = Quirks(services=frozenset({"find", "get"}))
    with stand(tmp_path, misbehaving(quirks)) as (survey, _):
        said = tried(survey)
        assert "does not offer C-MOVE to WORKBENCH, but C-GET" in said
        assert 'retrieve = "get"' in said
        told(survey, pacs={"retrieve": "get"})
        assert tried(survey).startswith("One object")


def test_neither_is_told_too(tmp_path: Path) -> None:
    quirks = Quirks(services=frozenset({"find"}))
    with stand(tmp_path, misbehaving(quirks)) as (survey, _):
        assert "neither C-MOVE nor C-GET" in tried(survey)
        told(survey, pacs={"retrieve": "get"})
        assert tried(survey).startswith("FAILED")


def test_what_comes_to_the_phantom_title_is_dropped_and_told(tmp_path: Path) -> None:
    def to_phantoms(entity: Any, folder: Path, known: Any) -> Any:
        (us,) = known.values()
        return EmbeddedPacs(entity, folder, {"WORKBENCH": replace(us, title="WB_PHANTOM")})

    with stand(tmp_path, to_phantoms) as (survey, pacs):
        told(survey, local={"phantom_title": "WB_PHANTOM"})
        associate = pacs._node.connect
        pacs._node.connect = lambda addr, port, options: associate(
            addr, port, {**options, "ae_title": "WB_PHANTOM"}
        )
        said = tried(survey)
        assert "came to WB_PHANTOM, the title for phantom images" in said
        assert "register" in said
        nothing_is_left(survey)


def test_no_order_is_placed_where_no_pacs_is_set(tmp_path: Path) -> None:
    with stand(tmp_path) as (survey, _):
        survey.settings = replace(survey.settings, pacs=None)
        with pytest.raises(SettingsError, match=r"\[pacs\]"):
            object_sent(survey, print)


# --- a collector at work, a port that is taken, Ctrl-C -------------------------------------------


def test_a_collector_at_work_drops_it_and_says_so(tmp_path: Path) -> None:
    with stand(tmp_path) as (survey, _), at_work(survey), page(survey) as (_, control):
        until(lambda: any(beat.fresh for beat in control.heartbeats()))
        said = tried(survey)
        assert said.startswith("One object (")
        assert "where the collector listens" in said
        assert [trial.passed for trial in trials(survey)] == [True] * 5
        nothing_is_left(survey)


def test_a_collector_at_work_tells_whom_it_refused(tmp_path: Path) -> None:
    with (
        stand(tmp_path, OtherCaller) as (survey, _),
        at_work(survey),
        page(survey) as (_, control),
    ):
        until(lambda: any(beat.fresh for beat in control.heartbeats()))
        sending_for_longer = pytest.MonkeyPatch()
        sending_for_longer.setattr("workbench.stages.sending_trial.LATE_S", 3.0)
        try:
            said = tried(survey)
        finally:
            sending_for_longer.undo()
        assert 'allow = ["PACSSTORE"]' in said
        nothing_is_left(survey)


def test_a_program_of_others_at_our_port_is_not_taken_for_a_collector(tmp_path: Path) -> None:
    with stand(tmp_path) as (survey, _):
        port = survey.settings.local.port
        with socket.create_server(("127.0.0.1", port)):
            said = tried(survey)
            assert f"cannot listen at port {port}" in said
        us = ApplicationEntity("WORKBENCH", port=port)
        with EmbeddedPacs(us, tmp_path / "other", {"PACS": us}):
            assert f"cannot listen at port {port}" in tried(survey), "it answers, and is not ours"
        assert tried(survey).startswith("One object")


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ({"host": "192.0.2.77"}, "this computer has no such address"),
        ({"host": "no-such-host.invalid"}, "this computer has no such address"),
    ],
)
def test_an_address_that_is_not_ours(tmp_path: Path, local: dict[str, Any], words: str) -> None:
    with stand(tmp_path) as (survey, _):
        told(survey, local=local)
        said = tried(survey)
        assert words in said
        assert "host of [local]" in said


@pytest.mark.parametrize("kind", [PendingForEver, Silent])
def test_ctrl_c_breaks_off_an_order_that_never_ends(tmp_path: Path, kind: Any) -> None:
    with stand(tmp_path, kind) as (survey, pacs):
        command = [sys.executable, "-m", "workbench.cli", "collect", "test", "-w", survey.folder]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        for line in process.stderr:
            if "ordered it" in line:
                break
        assert pacs.begun.wait(30)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130, "else it would have gone on to the next test"
        assert "Traceback" not in said
        assert pacs.ended.wait(10), "the archive's association is ended, not left hanging"
        nothing_is_left(survey)


def test_what_another_sends_meanwhile_is_not_answered_as_if_it_were_kept(tmp_path: Path) -> None:
    from workbench.collect.received import OUT_OF_RESOURCES, ReceivedObject
    from workbench.collect.trial_box import Wanted
    from workbench.stages.trial_listening import OwnArrivals

    arrivals = OwnArrivals()
    arrivals.expect(Wanted(frozenset({"1.2.3"})))
    stranger = ReceivedObject(1, b"", "1.2.840.10008.1.2", "1.2", "1.2.4", "CT1")
    assert arrivals.take(stranger) == OUT_OF_RESOURCES
    assert (arrivals.came(), arrivals.others()) == (None, 1)


def test_a_test_that_was_killed_leaves_nothing_that_swallows_objects(tmp_path: Path) -> None:
    from workbench.collect.trial_box import Wanted

    with stand(tmp_path) as (survey, _):
        TrialBox(survey.folder).ask(Wanted(frozenset({f"{STUDY}.2.1"})))
        assert tried(survey).startswith("One object")
        nothing_is_left(survey)


def test_large_archives_are_not_read_to_their_end(tmp_path: Path) -> None:
    many = [dataset(1, 1)]
    for number in range(260):
        other = dataset(1, 1)
        other.StudyInstanceUID = f"1.2.826.9.{number}"
        other.SeriesInstanceUID = f"1.2.826.9.{number}.1"
        other.SOPInstanceUID = f"1.2.826.9.{number}.1.1"
        many.append(other)
    asked: list[int] = []

    class Counting(EmbeddedPacs):
        def answers(self, level: str, keys: Any) -> Any:
            for answer in super().answers(level, keys):
                asked.append(level == "STUDY")
                yield answer

    with stand(tmp_path, Counting, many) as (survey, _):
        assert tried(survey).startswith("One object (")
