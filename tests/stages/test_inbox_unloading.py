"""What waits in the catalogue goes into parts while objects come in, and a failure passes."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from workbench.errors import StoreError
from workbench.stages import inbox_unloading
from workbench.stages.inbox_unloading import InboxUnloading
from workbench.store.database_wait import DatabaseWait


class Shelf:
    """Is asked to move what waits; the first times it cannot."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.moved = threading.Semaphore(0)
        self.waits = DatabaseWait()

    def compact(self, only_when_full: bool = False) -> int:
        assert only_when_full, "what is few may wait"
        assert self.waits.limit_here_s < 5, "nor may a lock hold up the end"
        if self.failures:
            raise self.failures.pop()
        self.moved.release()
        return 0


@pytest.mark.parametrize("failures", [(), (StoreError("locked"), OSError("full"))])
def test_it_goes_on_through_a_lock_or_a_full_disk(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failures: Any
) -> None:
    monkeypatch.setattr(inbox_unloading, "LOOK_INTERVAL_S", 0.01)
    shelf = Shelf(*failures)
    with InboxUnloading(shelf):  # type: ignore[arg-type]
        for _ in range(3):
            assert shelf.moved.acquire(timeout=20)
    assert len(caplog.records) == len(failures)
    assert "full" not in caplog.text, "only what kind of failure it was"
    while shelf.moved.acquire(blocking=False):
        pass
    assert not shelf.moved.acquire(timeout=0.1), "it has ended"
