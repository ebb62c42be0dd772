"""Fetch what is missing of a study, whichever way the archive offers: what all ways share.

The fewest requests are made: the whole study, else the series that lack objects, else single
objects where a large series lacks only a few.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from workbench.collect.received import is_uid
from workbench.collect.time_limits import GivenUp

if TYPE_CHECKING:
    from workbench.collect.expected import Expected, ExpectedStudy
    from workbench.collect.patient_list import ListedPatient

SUCCESS = 0x0000  # PS3.4 tables C.4-2 (C-MOVE) and C.4-3 (C-GET)
PENDING = 0xFF00
SOME_FAILED = 0xB000
NOTHING = "nothing"  # what one said who fell silent
UNKNOWN_DESTINATION = 0xA801
PARTIAL = "bulk_left_out"  # finding of an object that came without some of its values

FEW = 4  # objects that are asked for one by one, where they are at most ...
SMALL_PART = 0.25  # ... this part of their series


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for a peer, in seconds.

    Attributes
    ----------
    connect
        For the connection and for the association, each.
    answer
        Between two answers to a query.
    retrieve
        For the first sign of life of a retrieve request, and between two answers to it; an
        archive may have to load a tape.
    stalled
        Between two signs of life after the first: an object, a part of one, another count.
    whole
        For one retrieve request from its beginning to its end.
    """

    connect: float = 10.0
    answer: float = 60.0
    retrieve: float = 1800.0
    stalled: float = 300.0
    whole: float = 14400.0

    @property
    def between(self) -> float:
        """Between two signs of life of a retrieve request: never longer than for the first."""
        return min(self.stalled, self.retrieve)


@dataclass(frozen=True)
class RetrieveOutcome:
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
    partial
        Objects that came without some of their values, which the peer would not hand out.
    destination
        AE title that the peer was told to send to, where it was not to send over our connection.
    given_up
        Why we ended the request; ``None`` where the peer did.
    """

    status: int | None
    completed: int | None = None
    failed: int | None = None
    warning: int | None = None
    http: int | None = None
    partial: int = 0
    destination: str = ""
    given_up: GivenUp | None = None

    @property
    def said(self) -> str:
        """The peer's answer in a word, for a person."""
        if self.http is not None:
            return f"HTTP {self.http}"
        return NOTHING if self.status is None else f"0x{self.status:04X}"

    @property
    def refused(self) -> bool:
        """Whether the peer would not do at all what was asked (as against some objects)."""
        return self.status not in (None, SUCCESS, SOME_FAILED)


class Source(Protocol):
    """Where a patient's studies are asked for and fetched from."""

    def expect(self, patient: ListedPatient) -> Expected:
        """Ask what there is of a patient; raises ``NetworkError``."""

    def fetch(self, study: ExpectedStudy, missing: frozenset[str]) -> list[RetrieveOutcome]:
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
    if not study.selected and not all(map(is_uid, wanted)):
        return [Request("STUDY", keys)]  # no series is called so where it is sent from
    fewest: list[Request] = []
    for uid in wanted:
        series = Request("SERIES", {**keys, "SeriesInstanceUID": uid})
        images = sorted(wanting[uid]) if uid in few else []
        fewest += [Request("IMAGE", {**series.keys, "SOPInstanceUID": image}) for image in images]
        fewest += [] if images else [series]
    return fewest


def _few(lacking: frozenset[str], images: frozenset[str]) -> bool:
    return 0 < len(lacking) <= min(FEW, SMALL_PART * len(images))


def each_request(
    all_requests: list[Request], make: Callable[[Request], RetrieveOutcome]
) -> list[RetrieveOutcome]:
    """Make one request after the other and return the outcomes.

    Where single objects are refused, which some PACS do, their series is asked for instead.  A
    request that we had to give up is the last one.
    """
    outcomes: list[RetrieveOutcome] = []
    waiting = deque(all_requests)
    while waiting:
        request = waiting.popleft()
        outcomes.append(make(request))
        wider = request.wider()
        if outcomes[-1].status == UNKNOWN_DESTINATION or outcomes[-1].given_up:
            break
        if outcomes[-1].refused and wider is not None:
            waiting = deque([wider, *(left for left in waiting if left.wider() != wider)])
    return outcomes
