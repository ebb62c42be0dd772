"""Waiting for a database that another program holds, or whose server is away for a while.

A lock is held for a moment, and a server that is restarted is back within seconds or minutes: to
end a night's import for that would be wrong.  After some seconds one line says what is waited for;
Ctrl-C ends the waiting, and so does whatever ``heard`` raises.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from workbench.errors import StoreError
from workbench.language import t

LOGGER = logging.getLogger(__name__)
T = TypeVar("T")

RETRY_LIMIT_S = 600.0  # a server's restart with its recovery, a machine's reboot
PAGE_LIMIT_S = 10.0  # of a page somebody looks at
HURRY_LIMIT_S = 5.0  # of a program that has been asked to stop
TOLD_AFTER_S = 5.0
LOCK_TIMEOUT_S = 1.0  # of one try; Ctrl-C may have to wait for it
LOCK_PAUSE_S = 0.02  # between two of them
PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0)  # between tries at a server that is away


def unheard(text: str) -> None:
    """Tell nobody what is waited for."""


class DatabaseBusyError(StoreError):
    """Another program is writing: worth waiting for."""


class ConnectionLostError(StoreError):
    """The server does not answer, or has ended the connection: worth waiting for."""


class DatabaseWait:
    """How long one database is waited for, and who hears of it.

    Attributes
    ----------
    limit_s
        For how long, each time.
    heard
        Called again and again while it is waited for, with what for.
    """

    def __init__(self) -> None:
        self.limit_s = RETRY_LIMIT_S
        self.heard: Callable[[str], None] = unheard
        self._of_thread = threading.local()

    def hurry(self) -> None:
        """Wait no longer than a few seconds from now on, for the program is to end."""
        self.limit_s = min(self.limit_s, HURRY_LIMIT_S)

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """Let this thread wait no longer than that, within the block: somebody waits for it."""
        before = getattr(self._of_thread, "limit_s", float("inf"))
        self._of_thread.limit_s = min(before, seconds)
        try:
            yield
        finally:
            self._of_thread.limit_s = before

    @property
    def limit_here_s(self) -> float:
        """For how long this thread waits."""
        return min(self.limit_s, getattr(self._of_thread, "limit_s", float("inf")))

    def until_done(self, attempt: Callable[[], T]) -> T:
        """Return what ``attempt`` returns, tried again while the database is busy or away."""
        tries: _Tries | None = None
        while True:
            try:
                return attempt()
            except (DatabaseBusyError, ConnectionLostError) as error:
                tries = tries or _Tries(self)
                tries.pause(error)


class _Tries:
    """The tries at one thing, from the first failure on."""

    def __init__(self, wait: DatabaseWait) -> None:
        self._wait = wait
        self._failures = 0
        self._begun = time.monotonic()
        self._said = False

    def pause(self, error: StoreError) -> None:
        """Pause before the next try; raises the error when it has been waited for long enough."""
        waited, limit = time.monotonic() - self._begun, self._wait.limit_here_s
        if waited >= limit:
            raise error
        if waited >= TOLD_AFTER_S and not self._said:
            self._said = True
            LOGGER.warning(
                "Waiting, for up to %.0f s: %s Ctrl-C stops.", limit, error.message
            )  # fmt: skip
        self._wait.heard(t("waiting: {why}", why=t(error.message)))
        # A try at a lock has waited by itself, and who pauses loses his place in the line.
        busy = isinstance(error, DatabaseBusyError)
        time.sleep(LOCK_PAUSE_S if busy else PAUSES_S[min(self._failures, len(PAUSES_S) - 1)])
        self._failures += 1


class WaitingDatabase:
    """What is the same with each engine: threads take turns, and what can wait is tried again.

    While it waits, other threads may try too: no lock is held.
    """

    def __init__(self) -> None:
        self.waits = DatabaseWait()
        self._lock = threading.RLock()
        self._writing = self._reading = False

    # --- what an engine does -------------------------------------------------------------------

    def _begin(self) -> None:
        """Begin a transaction as the only writer."""
        raise NotImplementedError

    def _begin_reading(self) -> None:
        """Begin a transaction that sees one state."""
        raise NotImplementedError

    def _commit(self) -> None:
        """End a transaction and keep what was written.

        Raises ``ConnectionLostError`` only where it is certain that nothing was kept.
        """
        raise NotImplementedError

    def _roll_back(self) -> None:
        """End a transaction, if there is one, and keep nothing; raises nothing."""
        raise NotImplementedError

    # --- what is the same ----------------------------------------------------------------------

    def within_transaction(self) -> bool:
        """Say whether this thread is within a transaction: who has the lock sees only its own.

        Raises ``StoreError`` where it reads one state, in which nothing can be written.
        """
        with self._lock:
            if self._reading:
                raise StoreError("nothing can be written while one state is read.", "Report this.")
            return self._writing

    @property
    def _within(self) -> bool:
        with self._lock:
            return self._writing or self._reading

    def _waited_for(self, attempt: Callable[[], T]) -> T:
        """Return what ``attempt`` returns; outside of a transaction it is tried again."""
        with self._lock:
            if self._writing or self._reading:
                return attempt()
        return self.waits.until_done(lambda: self._alone(attempt))

    def _alone(self, attempt: Callable[[], T]) -> T:
        with self._lock:
            return attempt()

    def atomically(self, work: Callable[[], T]) -> T:
        """Do ``work`` in one transaction, again where it was cut off; return what it returns."""
        if self.within_transaction():
            return work()

        def attempt() -> T:
            self._take(self._begin)
            with self._to_be_kept():
                return work()

        return self.waits.until_done(attempt)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is written inside one unit: all of it is kept, or nothing."""
        if self.within_transaction():
            yield
            return
        self.waits.until_done(lambda: self._take(self._begin))
        with self._to_be_kept():
            yield

    def seen_at_once(self, read: Callable[[], T]) -> T:
        """Return what ``read`` reads of one state, tried again where the connection is lost."""
        if self._within:  # of that transaction's state
            return read()

        def attempt() -> T:
            with self.snapshot():
                return read()

        return self.waits.until_done(attempt)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all queries inside see one state, whatever another process writes meanwhile."""
        if self._within:
            yield
            return
        self.waits.until_done(lambda: self._take(self._begin_reading))
        self._reading = True
        try:
            yield
        finally:
            self._roll_back()
            self._reading = False
            self._lock.release()

    def _take(self, begin: Callable[[], None]) -> None:
        """Take the lock of threads and begin; where that fails, the lock is free again."""
        self._lock.acquire()
        try:
            begin()
        except BaseException:
            self._lock.release()
            raise

    @contextmanager
    def _to_be_kept(self) -> Iterator[None]:
        """End the transaction that was begun: kept, or taken back where the block raises."""
        self._writing = True
        try:
            yield
            self._commit()
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._writing = False
            self._lock.release()
