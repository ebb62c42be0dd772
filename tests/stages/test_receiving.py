"""What a receiver does besides receiving: it tidies up, and a failure of that does not end it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.stages.quality.phantom_workspace import quality_desk
from tests.stages.quality.test_unselected import mixed
from workbench.collect.dimse.receiver import AllowedPeer, Reception
from workbench.collect.received import ReceivedObject
from workbench.errors import NotDicom, StoreError
from workbench.model import ApplicationEntity
from workbench.stages import receiving
from workbench.stages.border import ANSWERS, Border
from workbench.stages.receiving import ReceiverSession, receive
from workbench.store.objects import Origin
from workbench.survey import open_survey

HERE = Reception(ApplicationEntity("WORKBENCH", "127.0.0.1", 0), (AllowedPeer("CT1"),), "PHANTOM")


def waiting(session: ReceiverSession, until: Callable[[], bool]) -> bool:
    """Let a session wait in a thread until something holds; say whether it did."""
    thread = threading.Thread(target=session.wait)
    thread.start()
    end = time.monotonic() + 30
    while not until() and time.monotonic() < end:
        time.sleep(0.05)
    alive = thread.is_alive()
    session._stopped.set()
    thread.join(30)
    return alive and until()


def test_what_is_no_phantom_s_expires_while_it_receives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with quality_desk(tmp_path / "w") as desk:
        names = mixed(desk)
        then = (datetime.now(UTC) - timedelta(days=15)).replace(tzinfo=None).isoformat()
        desk.survey.store._catalogue.write(
            "UPDATE phantom_image SET looked_at = ? WHERE image = ?", then, names["patient"]
        )
        monkeypatch.setattr(receiving, "EXPIRY_INTERVAL_S", 0.0)
        with receive(desk.survey, HERE) as session:
            assert waiting(session, lambda: names["patient"] not in desk.phantoms.names())
        assert set(desk.phantoms.names()) == set(names.values()) - {names["patient"]}


def test_a_failure_to_tidy_up_is_told_and_receiving_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: bool) -> None:
        raise StoreError("locked.")

    monkeypatch.setattr(receiving, "POLL_INTERVAL_S", 0.0)
    with quality_desk(tmp_path / "w") as desk, receive(desk.survey, HERE) as session:
        monkeypatch.setattr(session.store, "compact", fail)
        with caplog.at_level(logging.WARNING):
            assert waiting(session, lambda: caplog.text.count("put off: StoreError") > 1)
        monkeypatch.undo()


def test_at_its_end_a_receiver_waits_for_a_locked_catalogue_a_few_seconds_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.store.database_wait.HURRY_LIMIT_S", 0.2)
    with quality_desk(tmp_path / "w") as desk:
        other, waits = open_survey(desk.survey.folder), desk.survey.store.waits
        before = waits.limit_s
        assert before > 60
        refused = pytest.raises(StoreError, match="another Workbench")
        with ExitStack() as held, refused, receive(desk.survey, HERE):
            held.enter_context(other.store.batch())
            other.store.refuse(NotDicom("no_dicom", "it is none"), Origin("folder", "x"))
        assert waits.limit_s == before, "the survey may be used on"
        other.close()


def test_an_object_that_cannot_be_stored_in_time_is_refused_while_its_peer_still_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.stages.border.ANSWER_WITHIN_S", 0.2)
    with quality_desk(tmp_path / "w") as desk:
        border, other = Border(desk.survey), open_survey(desk.survey.folder)
        received = ReceivedObject(1, b"", "1.2.840.10008.1.2.1", "1.2.3", "1.2.3.4", "CT1")
        with other.store.batch():
            other.store.refuse(NotDicom("no_dicom", "it is none"), Origin("folder", "x"))
            with pytest.raises(StoreError, match="another Workbench"):
                border.receive(received)
        assert border.receive(received) in ANSWERS.values()
        other.close()
