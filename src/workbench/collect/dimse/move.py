"""Have an archive send what is missing of a study to our receiver, by C-MOVE (PS3.4 C.4.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, cast

from pydicom.dataset import Dataset
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from workbench.collect.dimse.association import Peer, associate, end
from workbench.collect.expected import Expected, ExpectedStudy, expect
from workbench.collect.find import FIND_CLASSES, FellSilent, identifier
from workbench.collect.optional_keys import WithoutOptional
from workbench.collect.retrieval import (
    PENDING,
    SUCCESS,
    Request,
    RetrieveOutcome,
    each_request,
    requests,
)
from workbench.collect.time_limits import LATE_S, GivenUp, TimeLimit, Watchdog
from workbench.errors import NetworkError

if TYPE_CHECKING:
    from workbench.collect.filters import SurveyFilter
    from workbench.collect.patient_list import ListedPatient

MOVE_CLASSES = (
    str(StudyRootQueryRetrieveInformationModelMove),
    str(PatientRootQueryRetrieveInformationModelMove),
)


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

    def fetch(self, study: ExpectedStudy, missing: frozenset[str]) -> list[RetrieveOutcome]:
        """Order what is missing of a study; it arrives at the receiver, perhaps later."""
        peer = self.peer

        def make(request: Request) -> RetrieveOutcome:
            association = held.association()
            with WatchedRequest(peer, association, peer.interruption.arrived) as watched:
                outcome = move(
                    association, self.destination, request.level, request.keys, watched.tell
                )
            return watched.outcome(outcome)

        with Held(lambda: associate(peer, MOVE_CLASSES, peer.timeouts.retrieve + LATE_S)) as held:
            return each_request(requests(study, missing), make)

    def echo(self) -> None:
        """Test the connection by C-ECHO; raises ``NetworkError`` with the remedy."""
        echo_pacs(self.peer)


def ask_pacs(peer: Peer, patient: ListedPatient, wanted: SurveyFilter) -> Expected:
    """Ask a PACS by C-FIND what it has of a patient; raises ``NetworkError``.

    One that falls silent is asked once more, without optional keys.
    """
    try:
        with associate(peer, FIND_CLASSES, peer.timeouts.answer) as association:
            return expect(association, patient, wanted)
    except FellSilent:
        if peer.interruption.wanted:
            raise
    with associate(peer, FIND_CLASSES, peer.timeouts.answer) as association:
        fewer = cast("Association", WithoutOptional(association))
        expected = expect(fewer, patient, wanted)
    return replace(expected, notes={**expected.notes, "key_left_out": 1})


def echo_pacs(peer: Peer) -> None:
    """Test the connection by C-ECHO; raises ``NetworkError`` with the remedy."""
    with associate(peer, (str(Verification),), peer.timeouts.answer) as association:
        status = association.send_c_echo().get("Status")
    if status != SUCCESS:
        raise NetworkError(
            "{pacs} took the connection but did not answer C-ECHO.",
            "Ask its administrator whether the service is in order.",
            pacs=peer.pacs.title,
        )


class WatchedRequest:
    """One retrieve request over an association, which ends when nothing moves any more.

    A pending answer alone is no sign of life: it says that the peer lives, not that it sends.
    """

    def __init__(self, peer: Peer, association: Association, arrived: Callable[[], int]) -> None:
        self._counters = 0, 0, 0
        self._interruption, times = peer.interruption, peer.timeouts
        limit = TimeLimit(
            peer.interruption,
            lambda: (arrived(), self._counters),
            times.retrieve,
            times.between,
            times.whole,
        )
        self._watchdog = Watchdog(limit.over, lambda: end(association))

    def __enter__(self) -> Self:
        """Begin to look."""
        self._watchdog.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._watchdog.__exit__(None, None, None)

    def tell(self, outcome: RetrieveOutcome) -> None:
        """Take note of what the peer has said last."""
        self._counters = outcome.completed or 0, outcome.failed or 0, outcome.warning or 0

    def outcome(self, outcome: RetrieveOutcome) -> RetrieveOutcome:
        """Return how the request went: where it was given up, that is why the peer said nothing."""
        if outcome.status is not None:
            return outcome
        # A stop is seen by the watchdog of the association, too, and perhaps by that one first.
        stopped = GivenUp.STOPPED if self._interruption.wanted else None
        return replace(outcome, given_up=self._watchdog.reason or stopped)


def move(
    association: Association,
    destination: str,
    level: str,
    keys: Mapping[str, str],
    tell: Callable[[RetrieveOutcome], None] = lambda _: None,
) -> RetrieveOutcome:
    """Have the objects that ``keys`` name sent to the AE title ``destination``.

    ``level`` is STUDY, SERIES or IMAGE; ``keys`` holds the unique keys down to it, PatientID
    included.  ``tell`` is given what the peer has said so far, each time it says something.
    """
    outcome = RetrieveOutcome(None, destination=destination)
    chosen = root_of(association, MOVE_CLASSES, keys)
    if chosen is None:
        return outcome
    root, keys = chosen
    wanted = identifier(level, keys, root)
    for answer, _ in association.send_c_move(wanted, destination, root):
        outcome = outcome_of(answer, outcome)
        tell(outcome)
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


def outcome_of(answer: Dataset, before: RetrieveOutcome) -> RetrieveOutcome:
    """Return the outcome after one more answer; counters that are not told stay as they were."""
    status = answer.get("Status")

    def count(keyword: str, earlier: int | None) -> int | None:
        value = answer.get(keyword)
        return earlier if value is None else int(value)

    return replace(
        before,
        status=None if status in (None, PENDING) else int(status),
        completed=count("NumberOfCompletedSuboperations", before.completed),
        failed=count("NumberOfFailedSuboperations", before.failed),
        warning=count("NumberOfWarningSuboperations", before.warning),
    )
