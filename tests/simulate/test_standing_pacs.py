"""The hospital in a folder: made once, its PACS filled once, and told when it is gone."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
from pynetdicom.sop_class import Verification

from workbench.collect.dimse.association import Peer, associate
from workbench.collect.retrieval import Timeouts
from workbench.errors import NetworkError, SettingsError
from workbench.model import ApplicationEntity
from workbench.simulate.archive import Loaded
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import OrthancPacs, free_port
from workbench.simulate.standing_pacs import HospitalFolder, must_answer

US = ApplicationEntity("US", "127.0.0.1", 11113)


@pytest.fixture
def hospital(tmp_path: Path) -> HospitalFolder:
    return HospitalFolder(tmp_path / "hospital")


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OrthancPacs, "available", classmethod(lambda _: False))


def entity() -> ApplicationEntity:
    return ApplicationEntity("DEMOPACS", "127.0.0.1", free_port())


def echo(peer: ApplicationEntity) -> int:
    with associate(Peer("US", peer, Timeouts()), (str(Verification),), 5.0) as association:
        return int(association.send_c_echo().Status)


def test_a_group_is_simulated_once_and_counts_when_it_is_whole(hospital: HospitalFolder) -> None:
    assert not hospital.exists
    assert hospital.make("simulated", 1, 1)
    assert hospital.exists
    assert hospital.groups() == ["simulated"]
    files = hospital.files("simulated")
    assert len(hospital.patients("simulated")) == 1
    assert not hospital.make("simulated", 9, 3), "what is there stays"
    assert hospital.files("simulated") == files
    (hospital.folder / "patients.txt").unlink()  # killed before it was whole
    assert not hospital.exists
    assert hospital.make("simulated", 1, 1)


def test_those_who_wait_are_other_people(hospital: HospitalFolder) -> None:
    hospital.make("simulated", 1, 3)
    hospital.make("waiting", 2, 3)
    groups = [{each.patient_id for each in hospital.patients(name)} for name in hospital.groups()]
    assert [len(group) for group in groups] == [3, 3]
    assert not groups[0] & groups[1]


def test_the_pacs_is_filled_once_and_has_it_after_the_next_start(
    hospital: HospitalFolder, embedded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital.make("simulated", 1, 1)
    files, told = hospital.files("simulated"), list[str]()
    with hospital.pacs(entity(), [US]) as pacs:
        assert isinstance(pacs, EmbeddedPacs)
        assert hospital.fill(pacs, "simulated", files, told.append) == []
        assert echo(pacs.entity) == 0
        held = len(pacs.archive)
    assert held > 10
    monkeypatch.setattr(EmbeddedPacs, "load", never)
    with hospital.pacs(entity(), [US]) as pacs:
        assert hospital.fill(pacs, "simulated", files, told.append) == []
        assert len(pacs.archive) == held
        with pytest.raises(AssertionError):  # a file more: it is filled again
            hospital.fill(pacs, "simulated", files[1:], told.append)


def never(_: EmbeddedPacs, __: Sequence[Path]) -> Loaded:
    raise AssertionError("it has them")


def test_what_it_refused_is_known_after_the_next_start_too(
    hospital: HospitalFolder, embedded: None, tmp_path: Path
) -> None:
    text = tmp_path / "no.dcm"
    text.write_text("no object")
    for _ in range(2):
        with hospital.pacs(entity(), [US]) as pacs:
            assert hospital.fill(pacs, "real", [text], lambda _: None) == [text]
    (hospital.folder / "EmbeddedPacs.json").write_text('{"signature": "of an older version"')
    with hospital.pacs(entity(), [US]) as pacs:
        assert hospital.fill(pacs, "real", [text], lambda _: None) == [text]


def test_a_taken_port_is_told_before_somebody_else_answers_for_it(
    hospital: HospitalFolder, embedded: None
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = ApplicationEntity("DEMOPACS", "127.0.0.1", other.getsockname()[1])
        with pytest.raises(SettingsError, match="running already"):
            hospital.pacs(taken, [US])


@pytest.mark.orthanc
def test_orthanc_that_has_ended_by_itself_is_told(hospital: HospitalFolder) -> None:
    with hospital.pacs(entity(), [US]) as pacs:
        assert isinstance(pacs, OrthancPacs)
        must_answer(pacs)
        process = pacs._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with pytest.raises(NetworkError, match="ended by itself"):
            must_answer(pacs)
