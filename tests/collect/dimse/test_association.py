"""Why no association came about is told apart, each with its own remedy."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pynetdicom.sop_class import Verification
from pynetdicom.transport import AssociationSocket

from workbench.collect.dimse.association import Peer, associate
from workbench.collect.retrieval import Timeouts
from workbench.errors import NetworkError, PeerBusy
from workbench.model import ApplicationEntity
from workbench.simulate.pacs import EmbeddedPacs

QUICK = Timeouts(2.0, 2.0, 2.0)
US = ApplicationEntity("WORKBENCH", port=1)


def refused(pacs: ApplicationEntity, title: str = "WORKBENCH") -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        associate(Peer(title, pacs, QUICK), (str(Verification),), 2.0).__enter__()
    return caught.value


@pytest.fixture
def pacs(tmp_path: Path) -> Any:
    with EmbeddedPacs(ApplicationEntity("PACS", port=0), tmp_path, {"WORKBENCH": US}) as pacs:
        yield pacs


def test_a_title_of_ours_that_is_not_known(pacs: EmbeddedPacs) -> None:
    error = refused(pacs.entity, "STRANGER")
    assert "register the AE title STRANGER" in error.remedy
    assert "[local]" in error.remedy


def test_a_title_of_theirs_that_is_wrong(pacs: EmbeddedPacs) -> None:
    pacs._node.require_called_aet = True
    error = refused(ApplicationEntity("PASC", port=pacs.entity.port))
    assert "does not answer to this title" in str(error)
    assert "title of [pacs]" in error.remedy
    assert "WORKBENCH" in error.remedy, "some say so where they do not know who calls"


def test_one_that_is_busy_may_be_asked_again(pacs: EmbeddedPacs) -> None:
    pacs._node.maximum_associations = 1
    peer = Peer("WORKBENCH", pacs.entity, QUICK)
    with associate(peer, (str(Verification),), 2.0):
        error = refused(pacs.entity)
    assert isinstance(error, PeerBusy)
    assert "no more connections now" in str(error)


def test_a_name_that_no_computer_has() -> None:
    error = refused(ApplicationEntity("PACS", "no-such-host.invalid", 104))
    assert "no computer has the name" in str(error)
    assert not isinstance(error, PeerBusy)


def test_ctrl_c_does_not_wait_for_a_polite_end(pacs: EmbeddedPacs) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        associate(Peer("WORKBENCH", pacs.entity, QUICK), (str(Verification),), 2.0) as association,
    ):
        raise KeyboardInterrupt
    assert association.is_aborted


def test_one_that_rejects_and_is_gone_before_we_look(
    pacs: EmbeddedPacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = Event.wait

    def late(event: Event, timeout: float | None = None) -> bool:
        """As on a busy machine: who waits for the connection wakes when it is over."""
        answer = ready(event, timeout)
        time.sleep(0.3)
        return answer

    connected = AssociationSocket.__init__

    def slowly(self: AssociationSocket, *arguments: Any, **named: Any) -> None:
        connected(self, *arguments, **named)
        monkeypatch.setattr(self._ready, "wait", partial(late, self._ready))

    monkeypatch.setattr(AssociationSocket, "__init__", slowly)
    error = refused(pacs.entity, "STRANGER")
    assert "register the AE title STRANGER" in error.remedy
