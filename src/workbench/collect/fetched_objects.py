"""The door for what we fetch ourselves: the receiver's checks, without a receiver."""

from __future__ import annotations

import logging
import threading

from workbench.collect.received import (
    CANNOT_UNDERSTAND,
    HARMLESS,
    OUT_OF_RESOURCES,
    STORED,
    ReceivedObject,
    Take,
)
from workbench.errors import StoreError
from workbench.model import Finding

LOGGER = logging.getLogger(__name__)

WARNING = 0xB  # first digit of the storage service's warnings, PS3.4 table B.2-1


def decided(status: int) -> bool:
    """Whether an object need not be sent again: success, or a warning (0xBxxx)."""
    return status == STORED or status >> 12 == WARNING


class Door:
    """Hands fetched objects to ``take``, numbered from 1, and answers for it.

    Several threads may fetch; ``take`` is called by one at a time.  Where a receiver is open as
    well, it is another thread.
    """

    def __init__(self, take: Take, calling: str) -> None:
        self._take = take
        self._calling = calling
        self._turn = threading.Lock()
        self.count = 0

    def hand(
        self,
        encoded: bytes,
        syntax: str,
        sop_class: str,
        sop_instance: str,
        size: int = 0,
        findings: tuple[Finding, ...] = (),
    ) -> int:
        """Hand one encoded data set on and return a DICOM status; never raises.

        ``size`` is what it had when it was sent, where Pixel Data was left out on the way in.
        """
        if not (HARMLESS.match(sop_class) and HARMLESS.match(sop_instance)):
            LOGGER.warning("an object was refused because its UIDs are malformed")
            return CANNOT_UNDERSTAND
        with self._turn:
            self.count += 1
            received = ReceivedObject(
                number=self.count,
                encoded=encoded,
                transfer_syntax=syntax,
                sop_class=sop_class,
                sop_instance=sop_instance,
                calling=self._calling,
                cut=size > len(encoded),
                size=size or len(encoded),
                findings=findings,
            )
            return self._taken(received)

    def _taken(self, received: ReceivedObject) -> int:
        try:
            return self._take(received)
        except Exception as error:  # noqa: BLE001 (whatever it is, the peer needs an answer)
            kind = type(error).__name__
            # Not LOGGER.exception: a traceback may quote what the header says.
            LOGGER.error("object %d could not be taken: %s", received.number, kind)  # noqa: TRY400
            later = isinstance(error, StoreError | OSError | MemoryError)
            return OUT_OF_RESOURCES if later else CANNOT_UNDERSTAND
