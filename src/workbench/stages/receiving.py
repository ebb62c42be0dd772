"""Receive what peers send, for as long as a block lasts: the receiver alone, without a queue."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from workbench.collect.connections import PHANTOMS, receiver_of
from workbench.collect.dimse.receiver import Reception
from workbench.collect.phantom_folder import PhantomFolder
from workbench.errors import StoreError
from workbench.model import ApplicationEntity
from workbench.stages.border import Border, Intake
from workbench.stages.quality.unselected import expire
from workbench.stages.run_record import recorded
from workbench.store.store import Store
from workbench.survey import Survey

LOGGER = logging.getLogger(__name__)
EXPIRY_INTERVAL_S = 3600.0  # between looks at what has lain at the phantom title for too long
POLL_INTERVAL_S = 2.0  # between looks at how many objects wait to be moved into parts


@dataclass
class ReceiverSession:
    """A receiver at work: ``entity`` is where it listens, ``intake`` what has come.

    ``expire`` erases what has lain at the phantom title for too long, and no test profile selects.
    """

    entity: ApplicationEntity
    intake: Intake
    store: Store
    expire: Callable[[], int] = lambda: 0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        """Wait until the program is stopped; meanwhile move what has come into parts."""
        looked = expired = time.monotonic()
        # In short steps: the kernel may hand Ctrl-C to a receiving thread, which wakes nobody.
        while not self._stopped.wait(0.2):
            if time.monotonic() > looked + POLL_INTERVAL_S:
                self._tidy(self.store.compact, only_when_full=True)
                looked = time.monotonic()
            if time.monotonic() > expired + EXPIRY_INTERVAL_S:
                self._tidy(self.expire)
                expired = time.monotonic()

    def _tidy(self, do: Callable[..., object], **how: bool) -> None:
        try:
            do(**how)
        except (StoreError, OSError) as error:
            # The next look, the end or another verb moves them; receiving goes on.
            LOGGER.warning("tidying up is put off: %s", type(error).__name__)


@contextmanager
def receive(survey: Survey, reception: Reception) -> Iterator[ReceiverSession]:
    """Receive what the peers named in ``reception`` send, until the block ends."""
    border = Border(survey)
    waits = survey.store.waits
    patience_s = waits.limit_s
    phantoms, days = PhantomFolder(survey.folder / PHANTOMS), survey.settings.quality
    try:
        with recorded(survey, "receive", full_disk_ends=False) as counts:
            try:
                with receiver_of(reception, survey.folder, border.receive) as receiver:
                    try:
                        yield ReceiverSession(
                            receiver.entity, border.intake, survey.store,
                            lambda: expire(survey.store.quality, phantoms, days.unselected_days),
                        )  # fmt: skip
                    finally:  # an object in hand must not hold up the end for ten minutes
                        waits.hurry()
            finally:
                survey.store.compact()
                counts.update(border.intake.as_json())
    finally:
        waits.limit_s = patience_s
