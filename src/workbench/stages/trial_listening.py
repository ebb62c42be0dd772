"""Wait at our real title and port for the object of a test, and keep nothing of it.

Either the test listens there itself, or a collector does already: that one is told which object
to drop (``collect.trial_box``).  No filter of the collection is asked, and nothing is stored.
"""

from __future__ import annotations

import errno
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom.sop_class import CTImageStorage  # type: ignore[attr-defined]

from workbench.collect.connections import reception_of, tls_of
from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.dimse.receiver import Receiver
from workbench.collect.queue.control import Control
from workbench.collect.queue.hospital_file import FILE as HOSPITAL_FILE
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.received import OUT_OF_RESOURCES, STORED, ReceivedObject
from workbench.collect.retrieval import Timeouts
from workbench.collect.trial_box import TrialBox, Wanted
from workbench.errors import NetworkError
from workbench.handshake import NOT_COMPARED
from workbench.model import ApplicationEntity
from workbench.survey import Survey

NAME, NUMBER = "Canary^Round Trip", "CANARY-ROUND-TRIP"
CONNECT_S = 3.0  # to ourselves
ANSWER_S = 10.0
BOX_S = 3.0  # until a receiver at work has written that an object came
POLL_INTERVAL_S = 0.05


@dataclass(frozen=True)
class Came:
    """The object that was waited for: its bytes as sent, and whether to the phantom title."""

    size: int
    whole: bool = False


class TrialArrivals(Protocol):
    """What comes to our title and port while a test waits."""

    collector: bool

    def expect(self, wanted: Wanted) -> None:
        """Say what is waited for."""

    def came(self) -> Came | None:
        """Return the object, once it has come."""

    def others(self) -> int:
        """Return how many other objects came."""

    def refused(self) -> list[str]:
        """Return who called meanwhile and was refused, as title and address."""


@dataclass
class OwnArrivals:
    """Those of a receiver of our own, which keeps nothing."""

    collector: bool = False
    _wanted: Wanted = field(default_factory=Wanted)
    _came: Came | None = None
    _others: int = 0
    _refused: Callable[[], tuple[str, ...]] = tuple

    def expect(self, wanted: Wanted) -> None:
        """Say what is waited for."""
        self._wanted = wanted

    def came(self) -> Came | None:
        """Return the object, once it has come."""
        return self._came

    def others(self) -> int:
        """Return how many other objects came; their senders were told to try again."""
        return self._others

    def refused(self) -> list[str]:
        """Return who called meanwhile and was refused."""
        return list(self._refused())

    def take(self, received: ReceivedObject, *, whole: bool = False) -> int:
        """Drop an object; what was not asked for is not answered as if it were kept."""
        if not self._wanted.meets(received):
            self._others += 1
            return OUT_OF_RESOURCES
        self._came = self._came or Came(received.size, whole)
        return STORED

    def take_whole(self, received: ReceivedObject) -> int:
        """Drop an object that came to the phantom title."""
        return self.take(received, whole=True)


class CollectorsArrivals:
    """Those of the receiver of a collector that is at work."""

    collector = True

    def __init__(self, survey: Survey) -> None:
        self._box = TrialBox(survey.folder)
        self._folder = survey.folder
        self._before = self._told()

    def expect(self, wanted: Wanted) -> None:
        """Say what is waited for."""
        self._box.ask(wanted)

    def came(self) -> Came | None:
        """Return the object, once it has come."""
        answer = self._box.answer()
        return Came(answer["bytes"], bool(answer.get("whole"))) if answer else None

    def others(self) -> int:
        """Return 0: what else comes is the collector's."""
        return 0

    def refused(self) -> list[str]:
        """Return who was refused since, by what the collector says of itself."""
        listed: list[str] = []
        for owner, told in self._told().items():
            before = self._before.get(owner, {}).get("refused_associations", 0)
            new = told.get("refused_associations", 0) - before
            listed += list(told.get("refused_lately", ()))[-new:] if new > 0 else []
        return listed

    def _told(self) -> dict[str, dict[str, Any]]:
        if not (self._folder / HOSPITAL_FILE).exists():
            return {}
        with closing(HospitalFile(self._folder)) as hospital:
            beats = Control(hospital).heartbeats()
        return {beat.owner: dict(beat.told.get("receiver", {})) for beat in beats if beat.fresh}


@contextmanager
def listening(survey: Survey) -> Iterator[TrialArrivals]:
    """Listen at our title and port, or let the collector that does so.

    Raises ``NetworkError`` where another program has the port, or the address is not ours.
    """
    own = OwnArrivals()
    TrialBox(survey.folder).close()  # of a test that was killed
    reception = reception_of(survey.settings, survey.folder)
    receiver = Receiver(reception, own.take, own.take_whole)
    try:
        receiver.__enter__()
    except NetworkError as error:
        cause = error.__cause__
        taken = isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE
        if not (taken and _collector_listens(survey)):
            raise
        arrivals = CollectorsArrivals(survey)
        try:
            yield arrivals
        finally:
            TrialBox(survey.folder).close()
        return
    own._refused = lambda: receiver.status().refused_lately
    try:
        yield own
    finally:
        receiver.__exit__(None, None, None)


def _collector_listens(survey: Survey) -> bool:
    """Whether a receiver of this workspace is at our port: it takes a made-up object and says so.

    Nobody else can: the request lies in the workspace.
    """
    box, made_up = TrialBox(survey.folder), made_up_object()
    box.ask(Wanted(frozenset({str(made_up.SOPInstanceUID)})))
    try:
        send_to_us(survey, made_up)
        until = time.monotonic() + BOX_S
        while box.answer() is None and time.monotonic() < until:
            time.sleep(POLL_INTERVAL_S)
        return box.answer() is not None
    except NetworkError:
        return False
    finally:
        box.close()


# --- a made-up object ----------------------------------------------------------------------------


def made_up_object() -> Dataset:
    """Return a small object with a made-up name in it, and UIDs that nobody else has."""
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = dataset.StudyInstanceUID = dataset.SeriesInstanceUID = (
        f"2.25.{uuid.uuid4().int}"
    )
    dataset.PatientName, dataset.PatientID, dataset.Modality = NAME, NUMBER, "CT"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return dataset


def send_to_us(survey: Survey, dataset: Dataset) -> int | None:
    """Send an object to our own receiver; return its status.  Raises ``NetworkError``."""
    with associate(_us(survey), (str(CTImageStorage),), ANSWER_S) as own:
        status: int | None = own.send_c_store(dataset).get("Status")
    return status


@contextmanager
def receiver_for_us(survey: Survey, take: Callable[[ReceivedObject], int]) -> Iterator[None]:
    """Listen at our title and port for what we send ourselves; raises ``NetworkError``."""
    reception = reception_of(survey.settings, survey.folder)
    admitted = (*reception.peers, AllowedPeer(_calling(survey)))
    with Receiver(replace(reception, peers=admitted), take, take):
        yield


def _calling(survey: Survey) -> str:
    """Return under which title we call ourselves: one that our receiver admits."""
    settings = survey.settings
    if settings.pacs:
        return settings.pacs.title
    anywhere = [peer for peer in settings.local.allow if "@" not in peer]
    return next(iter(anywhere), settings.local.title)


def _us(survey: Survey) -> Peer:
    """Return our receiver as a peer of ours, called as the PACS would call it.

    The name in our own certificate is not compared: it is the one under which the PACS calls us,
    which nobody has told us.
    """
    settings = survey.settings
    tls = tls_of(settings, survey.folder) if settings.local.tls else None
    local = settings.local
    us = ApplicationEntity(local.title, local.host, local.port)
    return Peer(_calling(survey), us, Timeouts(connect=CONNECT_S), tls, NOT_COMPARED)
