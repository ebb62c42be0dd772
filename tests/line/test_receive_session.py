"""A receiver that runs for months moves what has come into parts while it goes on."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE

import workbench as wb
from tests.dicom.headers import ordinary
from workbench.collect.dimse.receiver import AllowedPeer, Reception
from workbench.model import ApplicationEntity
from workbench.stages import receiving
from workbench.store import instances


def send(entity: ApplicationEntity, first: int, count: int) -> None:
    node = AE(ae_title="MODALITY")
    node.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = node.associate(entity.host, entity.port, ae_title=entity.title)
    for number in range(first, first + count):
        data = ordinary()
        data.PatientID, data.SOPInstanceUID = "0042", f"1.2.{number}"
        data.ensure_file_meta()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        assert association.send_c_store(data).Status == 0
    association.release()


def wait_for(store: object, waiting: int) -> None:
    ends = time.monotonic() + 30
    while store.waiting() != waiting:  # type: ignore[attr-defined]
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_what_has_come_is_moved_while_receiving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "POLL_INTERVAL_S", 0.1)
    monkeypatch.setattr(instances, "PART_ROWS", 5)
    survey = wb.create_survey(tmp_path / "w")
    us = ApplicationEntity("WORKBENCH", "127.0.0.1", 0)
    with receiving.receive(survey, Reception(us, (AllowedPeer("MODALITY"),))) as session:
        waiter = threading.Thread(target=session.wait)
        waiter.start()
        try:
            send(session.entity, 0, 3)
            time.sleep(0.5)
            assert survey.store.waiting() == 3, "too few to make a part"
            send(session.entity, 3, 3)
            wait_for(survey.store, 0)
            assert survey.instances().collect().height == 6
        finally:
            session._stopped.set()
            waiter.join()
    assert survey.instances().collect().height == 6
    assert list(survey.store.problems()) == []
