"""While objects come in, those that wait in the catalogue are moved into parts, some at a time.

So the catalogue stays small, however long a night or a single patient is.
"""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

from workbench.errors import StoreError
from workbench.store.store import Store

LOGGER = logging.getLogger(__name__)
LOOK_INTERVAL_S = 2.0  # between looks at how many objects wait; 200 a second are a fast network's

LOCK_WAIT_S = 4.0  # for a catalogue that is locked: there is a next look


class InboxUnloading:
    """Looks how many objects wait, and moves them once they are many; a context manager."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inbox unloading", daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Look no more, once what is being moved is in its part."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(LOOK_INTERVAL_S):
            try:
                with self._store.waits.at_most(LOCK_WAIT_S):  # the end must not wait for us
                    self._store.compact(only_when_full=True)
            except (StoreError, OSError) as error:
                # The next look, the end or another verb moves them; receiving goes on.
                LOGGER.warning("objects are moved into a part later: %s", type(error).__name__)
