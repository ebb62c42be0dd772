"""What a collector says of itself every two seconds, while it works: the page's live figures."""

from __future__ import annotations

import logging
import shutil
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from workbench.collect.clock import moment
from workbench.collect.dimse.receiver import Receiver
from workbench.collect.queue.control import Control
from workbench.collect.queue.doings import Doing, doing
from workbench.collect.queue.patient_queue import Counts, Queue
from workbench.errors import WorkbenchError
from workbench.language import Saying
from workbench.model import Verdict

LOGGER = logging.getLogger(__name__)

HEARTBEAT_INTERVAL_S = 2.0
SPEED_WINDOW_S = 60.0  # the speed shown is of the last minute
MIN_FREE_BYTES = 2 * 2**30  # bytes of disk: below that nothing more is asked of the PACS
# Below this a person is told: a night of 70,000 headers takes less than 1 GB, so days are left.
WARN_FREE_BYTES = 10 * 2**30

Fates = Callable[[Iterable[str]], dict[str, str]]


def filling(free: int) -> Saying | None:
    """Return a warning where fewer than ``WARN_FREE_BYTES`` bytes are free; else ``None``."""
    if free >= WARN_FREE_BYTES:
        return None
    return Saying(
        "The disk is filling: {free} GB are free. Below {least} GB nothing more is asked of the "
        "PACS: make room, or move the workspace.",
        free=round(free / 2**30, 1),
        least=round(MIN_FREE_BYTES / 2**30),
    )


class Pulse:
    """Renews the collector's leases and shows what it does; a context manager with a thread.

    Attributes
    ----------
    doing
        What the collector does now, with its code.
    """

    def __init__(
        self, owner: str, queue: Queue, control: Control, receiver: Receiver, folder: Path
    ) -> None:
        self.doing = doing(Doing.STARTING)
        self.since = moment()
        self._owner, self._queue, self._control = owner, queue, control
        self._receiver, self._folder = receiver, folder
        self._ended = threading.Event()
        self._speed: deque[tuple[float, int, int]] = deque()
        self._fills = False
        self._patient: int | None = None
        self._counting = threading.Lock()
        self._expected: frozenset[str] = frozenset()
        self._already = 0
        self._fates: Fates = lambda _: {}
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        """Start to beat; raises ``SettingsError`` while another collector works."""
        self._control.enter(self._owner, self._told())
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and take the collector off the board."""
        self._ended.set()
        self._thread.join()
        self._control.gone(self._owner)

    def begin(self, number: int, fates: Fates) -> None:
        """Follow a patient of the queue from now on."""
        self._expected, self._already, self._fates = frozenset(), 0, fates
        self._patient = number

    def expects(self, uids: frozenset[str]) -> None:
        """Take note of the objects that ought to come."""
        self._already = len(self._fates(uids))
        self._expected = uids

    def end(self) -> None:
        """Follow no patient any more; what is noted of it after this is the last word."""
        with self._counting:
            self._patient = None

    def disk_problem(self) -> Saying | None:
        """Return why the disk forbids to ask for more; ``None`` when it does not."""
        free = shutil.disk_usage(self._folder).free
        if free >= MIN_FREE_BYTES:
            return None
        return doing(Doing.DISK_FULL, free=round(free / 2**30, 1))

    def disk_warning(self) -> Saying | None:
        """Return what a person should do before the disk is full, once each time it fills."""
        warning = filling(shutil.disk_usage(self._folder).free)
        told, self._fills = self._fills, bool(warning)
        return None if told else warning

    def _run(self) -> None:
        while not self._ended.wait(HEARTBEAT_INTERVAL_S):
            try:
                self._queue.renew()
                self._count()
                self._beat()
            except (WorkbenchError, OSError) as error:
                # A locked or full disk passes; the collector itself meets it and says so.
                LOGGER.warning("the collector could not say how it is: %s", type(error).__name__)

    def _count(self) -> None:
        with self._counting:
            number, expected = self._patient, self._expected
            if number is None or not expected:
                return
            fates = self._fates(expected)
            refused = sum(fate != Verdict.STORED for fate in fates.values())
            arrived = len(fates) - self._already
            self._queue.count(number, Counts(0, len(expected), self._already, arrived, refused))

    def _beat(self) -> None:
        self._control.beat(self._owner, self._told())

    def _told(self) -> dict[str, object]:
        status = self._receiver.status()
        return {
            "host": socket.gethostname(),
            "since": self.since,
            "doing": self.doing,
            "patient": self._patient,
            "receiver": asdict(status),
            "address": str(self._receiver.entity),
            **self._speeds(status.objects, status.bytes),
            "memory": psutil.Process().memory_info().rss,
            "disk_free": shutil.disk_usage(self._folder).free,
        }

    def _speeds(self, objects: int, received: int) -> dict[str, float]:
        """Return objects and bytes a second over the last minute."""
        now = time.monotonic()
        self._speed.append((now, objects, received))
        while now - self._speed[0][0] > SPEED_WINDOW_S:
            self._speed.popleft()
        then, first, first_bytes = self._speed[0]
        seconds = max(now - then, HEARTBEAT_INTERVAL_S)
        return {
            "objects_per_s": (objects - first) / seconds,
            "bytes_per_s": (received - first_bytes) / seconds,
        }
