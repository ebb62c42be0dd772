"""Orthanc and dcmqrscp as our children: they start, answer, load, and are gone afterwards."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from pydicom.data import get_testdata_file

from tests.services.up_bench import until
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.find import FIND_CLASSES, find_images, find_series, find_studies
from workbench.errors import MissingTool, NetworkError
from workbench.model import ApplicationEntity
from workbench.simulate import dcmqrscp, peers
from workbench.simulate.dcmqrscp import DcmqrscpPacs
from workbench.simulate.peers import ChildPacs, OrthancPacs, free_port

PACS = ApplicationEntity("ORTHANC", port=0)
KNOWN = {"WORKBENCH": ApplicationEntity("WORKBENCH", port=9)}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int) -> bool:
    """Whether it has ended, also where nobody has asked after it yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def child(pacs: ChildPacs) -> int:
    assert pacs._process is not None
    return pacs._process.pid


def test_a_free_port_can_be_listened_at_and_goes_to_no_client() -> None:
    given = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    for host in ("127.0.0.1", "127.0.0.2"):
        with socket.create_server((host, free_port())) as server:
            assert server.getsockname()[1] < int(given[0])


def test_a_port_taken_at_any_address_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.2", free_port())) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(peers, "PORTS", range(port, port + 200))
        assert all(free_port() != port for _ in range(50))


def test_without_orthanc_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "ORTHANC_PATHS", str(tmp_path))
    assert not OrthancPacs.available()
    with pytest.raises(MissingTool, match="Install"):
        OrthancPacs(PACS, tmp_path, KNOWN).__enter__()


def test_without_dcmtk_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dcmqrscp, "PATHS", str(tmp_path))
    with pytest.raises(MissingTool, match="dcmtk"):
        DcmqrscpPacs(PACS, tmp_path, KNOWN).__enter__()


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(OrthancPacs, marks=pytest.mark.orthanc),
        pytest.param(DcmqrscpPacs, marks=pytest.mark.dcmtk),
    ],
)
def test_it_loads_keeps_and_goes(tmp_path: Path, kind: type[ChildPacs]) -> None:
    good = Path(str(get_testdata_file("CT_small.dcm")))
    bad = tmp_path / "bad"
    bad.write_bytes(b"not DICOM")
    pids = []
    for _ in range(2):  # the second time it has everything already
        with kind(PACS, tmp_path / "pacs", KNOWN) as pacs:
            pids.append(child(pacs))
            loaded = pacs.load([bad, good])
            with associate(Peer("WORKBENCH", pacs.entity), FIND_CLASSES, 5.0) as association:
                (study,) = find_studies(association, "1CT1").found
                (series,) = find_series(association, study).found
                images = find_images(association, study, series.series_uid)
        assert loaded.refused == (bad,)
        assert loaded.accepted == set(images.found)
    assert not any(alive(pid) for pid in pids)


@pytest.mark.orthanc
def test_dicomweb_answers_only_where_it_was_asked_for(tmp_path: Path) -> None:
    found = []
    for dicomweb in (True, False):
        with OrthancPacs(PACS, tmp_path, KNOWN, dicomweb=dicomweb) as pacs:
            address = urlsplit(pacs.web_root)
            connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=5)
            connection.request("GET", f"{address.path}/studies")
            found.append(connection.getresponse().status)
            connection.close()
    assert found == [200, 404]


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


STAYS = """
import sys, time
from pathlib import Path
from workbench.model import ApplicationEntity
from workbench.simulate.peers import OrthancPacs
with OrthancPacs(ApplicationEntity("ORTHANC", port=0), Path(sys.argv[1]), {}) as pacs:
    print(pacs._process.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.orthanc
@pytest.mark.skipif(sys.platform != "linux", reason="only there the system ends it")
def test_it_ends_with_a_program_that_is_killed(tmp_path: Path) -> None:
    words = [sys.executable, "-c", STAYS, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        assert alive(pid)
        program.kill()
    until(lambda: gone(pid), 10)


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
