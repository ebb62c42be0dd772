"""Fetch what is missing of a study, whichever way the PACS offers; here by C-MOVE.

The fewest requests are made: the whole study, else the series that lack objects, else single
objects where a large series lacks only a few.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

from pydicom.dataset import Dataset
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from workbench.collect.expected import Expected, ExpectedStudy, expect
from workbench.collect.network import Peer, associate
from workbench.collect.query import FIND_CLASSES, identifier
from workbench.dicom.quiet import quiet
from workbench.errors import NetworkError
from workbench.model import Finding

if TYPE_CHECKING:
    from workbench.collect.filters import SurveyFilter
    from workbench.collect.patient_list import ListedPatient

MOVE_CLASSES = (
    str(StudyRootQueryRetrieveInformationModelMove),
    str(PatientRootQueryRetrieveInformationModelMove),
)
SUCCESS = 0x0000  # PS3.4 tables C.4-2 (C-MOVE) and C.4-3 (C-GET)
PENDING = 0xFF00
SOME_FAILED = 0xB000
UNKNOWN_DESTINATION = 0xA801

FEW = 4  # objects that are asked for one by one, where they are at most ...
SMALL_PART = 0.25  # ... this part of their series


@dataclass(frozen=True)
class MoveOutcome:
    """What the peer says it did; never a proof that anything arrived.

    Attributes
    ----------
    status
        Final DICOM status, or ``None`` when the peer stopped answering; 0x0000, 0xB000 (some
        objects failed) or 0xC000 where it is a web server.
    completed, failed, warning
        Its last counters of sub-operations; ``None`` when it did not say.
    http
        The web server's status code, when it is one and refused.
    findings
        What of the objects could not be had, though they came.
    """

    status: int | None
    completed: int | None = None
    failed: int | None = None
    warning: int | None = None
    http: int | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def said(self) -> str:
        """The peer's answer in a word, for a person."""
        if self.http is not None:
            return f"HTTP {self.http}"
        return "nothing" if self.status is None else f"0x{self.status:04X}"

    @property
    def refused(self) -> bool:
        """Whether the peer would not do at all what was asked (as against some objects)."""
        return self.status not in (None, SUCCESS, SOME_FAILED)


class Source(Protocol):
    """Where a patient's studies are asked for and fetched from."""

    def expect(self, patient: ListedPatient) -> Expected:
        """Ask what there is of a patient; raises ``NetworkError``."""

    def fetch(self, study: ExpectedStudy, missing: frozenset[str]) -> list[MoveOutcome]:
        """Have the missing objects brought here; return what the peer said to each request.

        ``missing`` are SOP Instance UIDs; a study that is not listed is fetched whole.  Objects
        go to our receiver or through ``take``, some perhaps after this has returned.  Raises
        ``NetworkError`` when the peer cannot be reached or does not offer the service.
        """

    def echo(self) -> None:
        """Test the connection; raises ``NetworkError`` with the remedy."""


@dataclass(frozen=True)
class Request:
    """One retrieve request.

    Attributes
    ----------
    level
        STUDY, SERIES or IMAGE.
    keys
        The unique keys down to it by keyword, PatientID included.
    """

    level: str
    keys: Mapping[str, str] = field(repr=False)

    def wider(self) -> Request | None:
        """Return the request for the whole series, when this one is for a single object."""
        if self.level != "IMAGE":
            return None
        return Request(
            "SERIES", {name: uid for name, uid in self.keys.items() if name != "SOPInstanceUID"}
        )


def requests(study: ExpectedStudy, missing: frozenset[str]) -> list[Request]:
    """Return the fewest requests that bring what is missing: study, series or single objects."""
    keys = {"PatientID": study.study.patient_id, "StudyInstanceUID": study.study.study_uid}
    wanting = {uid: images & missing for uid, images in study.series.items()}
    unlisted = {uid for uid, images in study.series.items() if uid in study.unlisted or not images}
    few = {uid for uid in wanting.keys() - unlisted if _few(wanting[uid], study.series[uid])}
    wanted = [uid for uid, lacking in wanting.items() if lacking or uid in unlisted]
    if not study.selected and not few and len(wanted) in (0, len(study.series)):
        return [Request("STUDY", keys)]
    found: list[Request] = []
    for uid in wanted:
        series = Request("SERIES", {**keys, "SeriesInstanceUID": uid})
        images = sorted(wanting[uid]) if uid in few else []
        found += [Request("IMAGE", {**series.keys, "SOPInstanceUID": one}) for one in images]
        found += [] if images else [series]
    return found


def _few(lacking: frozenset[str], images: frozenset[str]) -> bool:
    return 0 < len(lacking) <= min(FEW, SMALL_PART * len(images))


def each_request(asked: list[Request], make: Callable[[Request], MoveOutcome]) -> list[MoveOutcome]:
    """Make one request after the other and return the outcomes.

    Where single objects are refused, which some PACS do, their series is asked for instead.
    """
    outcomes: list[MoveOutcome] = []
    waiting = deque(asked)
    while waiting:
        request = waiting.popleft()
        outcomes.append(make(request))
        wider = request.wider()
        if outcomes[-1].status == UNKNOWN_DESTINATION:
            break
        if outcomes[-1].refused and wider is not None:
            waiting = deque([wider, *(one for one in waiting if one.wider() != wider)])
    return outcomes


class Held:
    """An association that is opened anew when the peer has ended it; a context manager."""

    def __init__(self, open_one: Callable[[], AbstractContextManager[Association]]) -> None:
        self._open = open_one
        self._stack = ExitStack()
        self._association: Association | None = None

    def __enter__(self) -> Self:
        """Open nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release it."""
        self._stack.close()

    def association(self) -> Association:
        """Return an association that is alive; raises ``NetworkError``."""
        if self._association is None or not self._association.is_established:
            self._stack.close()
            self._association = self._stack.enter_context(self._open())
        return self._association


@dataclass(frozen=True)
class MoveSource:
    """A PACS that is asked by C-FIND and told by C-MOVE to send to our receiver.

    Attributes
    ----------
    peer
        Who asks whom.
    wanted
        What the survey takes.
    destination
        AE title of our receiver, as the PACS knows it.
    """

    peer: Peer
    wanted: SurveyFilter
    destination: str

    def expect(self, patient: ListedPatient) -> Expected:
        """Ask what the PACS has of a patient; raises ``NetworkError``."""
        return ask_pacs(self.peer, patient, self.wanted)

    def fetch(self, study: ExpectedStudy, missing: frozenset[str]) -> list[MoveOutcome]:
        """Order what is missing of a study; it arrives at the receiver, perhaps later."""
        peer = self.peer

        def make(request: Request) -> MoveOutcome:
            return move(held.association(), self.destination, request.level, request.keys)

        with Held(lambda: associate(peer, MOVE_CLASSES, peer.timeouts.retrieve)) as held:
            return each_request(requests(study, missing), make)

    def echo(self) -> None:
        """Test the connection by C-ECHO; raises ``NetworkError`` with the remedy."""
        echo_pacs(self.peer)


def ask_pacs(peer: Peer, patient: ListedPatient, wanted: SurveyFilter) -> Expected:
    """Ask a PACS by C-FIND what it has of a patient; raises ``NetworkError``."""
    with associate(peer, FIND_CLASSES, peer.timeouts.answer) as association:
        return expect(association, patient, wanted)


def echo_pacs(peer: Peer) -> None:
    """Test the connection by C-ECHO; raises ``NetworkError`` with the remedy."""
    with associate(peer, (str(Verification),), peer.timeouts.answer) as association:
        status = association.send_c_echo().get("Status")
    if status != SUCCESS:
        raise NetworkError(
            f"{peer.pacs.title} took the connection but did not answer C-ECHO.",
            "Ask its administrator whether the service is in order.",
        )


def move(
    association: Association, destination: str, level: str, keys: Mapping[str, str]
) -> MoveOutcome:
    """Have the objects that ``keys`` name sent to the AE title ``destination``.

    ``level`` is STUDY, SERIES or IMAGE; ``keys`` holds the unique keys down to it, PatientID
    included.
    """
    outcome = MoveOutcome(None)
    chosen = root_of(association, MOVE_CLASSES, keys)
    if chosen is None:
        return outcome
    root, keys = chosen
    with quiet():
        wanted = identifier(level, keys, root)
        for answer, _ in association.send_c_move(wanted, destination, root):
            outcome = outcome_of(answer, outcome)
    return outcome


def root_of(
    association: Association, classes: tuple[str, str], keys: Mapping[str, str]
) -> tuple[str, Mapping[str, str]] | None:
    """Return the information model to ask in (Study Root, else Patient Root) and its keys.

    Study Root knows no patient (PS3.4 C.4.2.1.4 with C.6.2.1).  ``None`` when the peer offers
    neither, or has gone.
    """
    accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
    root = next((uid for uid in classes if uid in accepted), None)
    if root is None or not association.is_established:
        return None
    if root == classes[0]:
        keys = {keyword: value for keyword, value in keys.items() if keyword != "PatientID"}
    return root, keys


def outcome_of(answer: Dataset, before: MoveOutcome) -> MoveOutcome:
    """Return the outcome after one more answer; counters that are not told stay as they were."""
    status = answer.get("Status")

    def count(keyword: str, earlier: int | None) -> int | None:
        value = answer.get(keyword)
        return earlier if value is None else int(value)

    return MoveOutcome(
        None if status in (None, PENDING) else int(status),
        count("NumberOfCompletedSuboperations", before.completed),
        count("NumberOfFailedSuboperations", before.failed),
        count("NumberOfWarningSuboperations", before.warning),
    )
