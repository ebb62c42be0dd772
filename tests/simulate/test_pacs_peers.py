"""Orthanc as our child: it starts, answers, loads, and is gone afterwards."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from workbench.collect.network import Peer, associate
from workbench.collect.query import FIND_CLASSES, find_studies
from workbench.errors import MissingTool, NetworkError
from workbench.model import ApplicationEntity
from workbench.simulate import peers
from workbench.simulate.peers import OrthancPacs, free_port

PACS = ApplicationEntity("ORTHANC", port=0)
KNOWN = {"WORKBENCH": ApplicationEntity("WORKBENCH", port=9)}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def child(pacs: OrthancPacs) -> int:
    assert pacs._process is not None
    return pacs._process.pid


def test_a_free_port_can_be_listened_at() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert server.getsockname()[1] > 0


def test_without_orthanc_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "ORTHANC_PATHS", str(tmp_path))
    assert not OrthancPacs.available()
    with pytest.raises(MissingTool, match="Install"):
        OrthancPacs(PACS, tmp_path, KNOWN).__enter__()


@pytest.mark.orthanc
def test_it_loads_keeps_and_goes(tmp_path: Path) -> None:
    good = Path(str(get_testdata_file("CT_small.dcm")))
    bad = tmp_path / "bad"
    bad.write_bytes(b"not DICOM")
    pids = []
    for _ in range(2):  # the second time it has everything already
        with OrthancPacs(PACS, tmp_path / "pacs", KNOWN) as pacs:
            pids.append(child(pacs))
            loaded = pacs.load([bad, good])
            with associate(Peer("WORKBENCH", pacs.entity), FIND_CLASSES, 5.0) as association:
                (study,) = find_studies(association, "1CT1").found
        assert loaded.refused == (bad,)
        assert len(loaded.accepted) == 1
        assert study.instances == 1
    assert not any(alive(pid) for pid in pids)


@pytest.mark.orthanc
def test_it_ends_with_an_exception_too(tmp_path: Path) -> None:
    pids = []

    def use() -> None:
        with OrthancPacs(PACS, tmp_path, KNOWN) as pacs:
            pids.append(child(pacs))
            assert alive(pids[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        use()
    assert not alive(pids[0])


@pytest.mark.orthanc
def test_strangers_may_only_say_hello(tmp_path: Path) -> None:
    with OrthancPacs(PACS, tmp_path, KNOWN) as pacs:
        stranger = Peer("STRANGER", pacs.entity)
        with associate(stranger, ("1.2.840.10008.1.1",), 5.0) as association:
            assert association.send_c_echo().Status == 0
        pacs.load([Path(str(get_testdata_file("CT_small.dcm")))])
        with (
            associate(stranger, FIND_CLASSES, 5.0) as association,
            pytest.raises(NetworkError),
        ):
            find_studies(association, "1CT1")


@pytest.mark.orthanc
def test_a_taken_port_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        pacs = OrthancPacs(ApplicationEntity("ORTHANC", port=other.getsockname()[1]), tmp_path, {})
        with pytest.raises(NetworkError, match="did not start"):
            pacs.__enter__()
    assert pacs._process is None
