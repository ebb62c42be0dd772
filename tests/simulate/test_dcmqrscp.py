"""DCMTK's server as a peer: its configuration, and what it takes and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from tests.simulate.test_archive import patient
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.find import FIND_CLASSES, find_studies
from workbench.model import ApplicationEntity
from workbench.simulate import dcmqrscp
from workbench.simulate.dcmqrscp import DcmqrscpPacs

PACS = ApplicationEntity("STORE", port=0)
KNOWN = {
    "WORKBENCH": ApplicationEntity("WORKBENCH", port=11112),
    "OTHER": ApplicationEntity("OTHER", host="10.0.0.7", port=104),
}
CT = Path(str(get_testdata_file("CT_small.dcm")))


def configured(folder: Path, known: dict[str, ApplicationEntity]) -> tuple[list[str], list[str]]:
    """Return the command and the lines of the configuration it names."""
    folder.mkdir(parents=True, exist_ok=True)
    pacs = DcmqrscpPacs(ApplicationEntity("STORE", port=4242), folder, known)
    command = pacs.command("/usr/bin/dcmqrscp")
    return command, (folder / command[-1]).read_text().splitlines()


def test_only_those_it_knows_may_ask_or_send(tmp_path: Path) -> None:
    _, lines = configured(tmp_path, KNOWN)
    assert "host0 = (WORKBENCH, 127.0.0.1, 11112)" in lines
    assert "host1 = (OTHER, 10.0.0.7, 104)" in lines
    (entity,) = [line for line in lines if line.startswith("STORE ")]
    assert entity.endswith(" host0, host1")
    assert "NetworkTCPPort = 4242" in lines


def test_without_destinations_anybody_may(tmp_path: Path) -> None:
    _, lines = configured(tmp_path, {})
    (entity,) = [line for line in lines if line.startswith("STORE ")]
    assert entity.endswith(" ANY"), "an empty list of hosts is no configuration"


def test_a_folder_with_blanks_is_no_trouble(tmp_path: Path) -> None:
    """Its configuration knows no blanks in a path: all it is told is relative."""
    folder = tmp_path / "a folder with blanks"
    command, lines = configured(folder, KNOWN)
    assert not any("blanks" in text for text in [*command, *lines])
    assert (folder / dcmqrscp.STORAGE).is_dir()


def test_it_does_not_depend_on_what_this_machine_calls_itself(tmp_path: Path) -> None:
    assert "--disable-host-lookup" in configured(tmp_path, KNOWN)[0]


@pytest.mark.dcmtk
def test_what_it_refuses_is_told_and_the_rest_is_there_in_however_many_portions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dcmqrscp, "REGISTERED_AT_ONCE", 2)
    junk = tmp_path / "junk"
    junk.write_bytes(b"not DICOM" * 99)
    objects = [patient(f"{number}", "20200101", number) for number in range(1, 5)]
    folder = tmp_path / "p a c s"
    folder.mkdir()
    with DcmqrscpPacs(PACS, folder, KNOWN) as pacs:
        loaded = pacs.load([objects[0], junk, *objects[1:], CT])
        assert loaded.refused == (junk,)
        assert loaded.reasons == ("not_registered",)
        wanted = {made.SOPInstanceUID for made in objects}
        assert wanted < loaded.accepted
        assert len(loaded.accepted) == 5
        more = pacs.load([patient("9", "20200101", 9)])
        assert more.accepted == {"1.2.9.1.1"}, "numbers of files go on"
        keys = Dataset()
        keys.PatientID = "9"
        with associate(Peer("WORKBENCH", pacs.entity), FIND_CLASSES, 10.0) as association:
            (study,) = find_studies(association, "9").found
    assert study.study_uid == "1.2.9"


@pytest.mark.dcmtk
def test_the_program_is_found_where_debian_puts_it() -> None:
    assert DcmqrscpPacs.program() is not None
    assert DcmqrscpPacs.available()


def test_a_program_that_is_not_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dcmqrscp, "PATHS", str(tmp_path))
    assert DcmqrscpPacs.program() is None
    (tmp_path / "dcmqrscp").write_text("#!/bin/sh\n")
    assert DcmqrscpPacs.program() is None, "it cannot be run"
    (tmp_path / "dcmqrscp").chmod(0o755)
    assert DcmqrscpPacs.program() == str(tmp_path / "dcmqrscp")
