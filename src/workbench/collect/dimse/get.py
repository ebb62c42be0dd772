"""Fetch by C-GET: objects come over the association that asked for them (PS3.4 C.4.3).

No port of ours need be open and the PACS need not know our address, but it must let us be asked
as a storage provider (role selection, PS3.7 D.3.3.4), and many do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelGet,
)

from workbench.collect.dimse.association import Peer, Taking, associate, begin_object
from workbench.collect.dimse.get_contexts import Offer, offers
from workbench.collect.dimse.header_stream import Budget, Sink, cut_headers
from workbench.collect.dimse.move import (
    Held,
    WatchedRequest,
    ask_pacs,
    echo_pacs,
    outcome_of,
    root_of,
)
from workbench.collect.expected import Expected, ExpectedStudy
from workbench.collect.fetched_objects import Door, decided
from workbench.collect.find import FIND_CLASSES, FoundStudy, ask, identifier, texts
from workbench.collect.received import CANNOT_UNDERSTAND, Take
from workbench.collect.retrieval import SUCCESS, Request, RetrieveOutcome, each_request, requests
from workbench.collect.time_limits import LATE_S
from workbench.errors import NetworkError
from workbench.language import mark

if TYPE_CHECKING:
    from workbench.collect.filters import SurveyFilter
    from workbench.collect.patient_list import ListedPatient

GET_CLASSES = (
    str(StudyRootQueryRetrieveInformationModelGet),
    str(PatientRootQueryRetrieveInformationModelGet),
)
# The service is not there at all: PS3.7 annex C.5.6, C.5.16, C.5.24 and PS3.4 table C.4-3.
NO_SUCH_SERVICE = frozenset({0x0122, 0x0211, 0x0124, 0xA900})
REMEDY = mark('Set retrieve = "move" for it.')


class GetSource:
    """A PACS that is asked by C-FIND and sends by C-GET.

    Parameters
    ----------
    peer
        Who asks whom.
    wanted
        What the survey takes.
    take
        Is given each object, as a receiver would give it; called in the thread that fetches.
    """

    def __init__(self, peer: Peer, wanted: SurveyFilter, take: Take) -> None:
        self.peer = peer
        self.wanted = wanted
        self.door = Door(take, peer.pacs.title)
        self._budget = Budget()
        self._classes: dict[str, frozenset[str]] = {}

    def expect(self, patient: ListedPatient) -> Expected:
        """Ask what the PACS has of a patient, and of which classes; raises ``NetworkError``."""
        expected = ask_pacs(self.peer, patient, self.wanted)
        with associate(self.peer, FIND_CLASSES, self.peer.timeouts.answer) as association:
            self._classes = {
                study.study.study_uid: _classes_in(association, study.study)
                for study in expected.studies
            }
        return expected

    def fetch(self, study: ExpectedStudy, missing: frozenset[str]) -> list[RetrieveOutcome]:
        """Fetch what is missing of a study; everything has been taken when this returns.

        Raises ``NetworkError`` when the PACS cannot be reached, or does not do C-GET.
        """
        classes = self._classes.get(study.study.study_uid, frozenset())
        outcomes: list[RetrieveOutcome] = []
        arrived: set[str] = set()
        for offered in offers(classes, study.study.modalities):
            all_requests = requests(study, missing - arrived)
            outcomes += self._fetch_as(offered, all_requests, arrived)
            if not outcomes or outcomes[-1].status is None:
                break  # nothing to ask for, or it fell silent: another offer helps nothing
            whole = all(
                outcome.status == SUCCESS and not outcome.failed
                for outcome in outcomes[-len(all_requests) :]
            )
            if missing <= arrived and (missing or whole):
                break
        return outcomes

    def echo(self) -> None:
        """Test the connection by C-ECHO; raises ``NetworkError`` with the remedy."""
        echo_pacs(self.peer)

    def _fetch_as(
        self, offered: list[Offer], all_requests: list[Request], arrived: set[str]
    ) -> list[RetrieveOutcome]:
        """Make requests while offering ``offered``; what is taken is added to ``arrived``."""
        taking = Taking(tuple(offered), partial(self._store, arrived))
        peer = self.peer

        def make(request: Request) -> RetrieveOutcome:
            association = held.association()
            self._check(association)

            def moves() -> int:  # counters apart, which the request itself sees
                message = association.dimse.message
                sink = message.data_set if message is not None else None
                return hash((len(arrived), sink.size if isinstance(sink, Sink) else 0))

            with WatchedRequest(peer, association, moves) as watched:
                outcome = get(association, request, watched.tell)
            outcome = watched.outcome(outcome)
            if outcome.status in NO_SUCH_SERVICE and not arrived and request.level != "IMAGE":
                raise NetworkError(
                    "{pacs} refused C-GET (status {said}).",
                    REMEDY,
                    pacs=peer.pacs.title,
                    said=outcome.said,
                )
            return outcome

        with Held(lambda: self._open(taking)) as held:
            return each_request(all_requests, make)

    @contextmanager
    def _open(self, taking: Taking) -> Iterator[Association]:
        peer = self.peer
        patience = peer.timeouts.retrieve + LATE_S
        with associate(peer, GET_CLASSES, patience, taking) as association:
            cut_headers(association, self._budget)
            yield association

    def _check(self, association: Association) -> None:
        """Raise ``NetworkError`` when the PACS granted us no C-GET, or no storage role."""
        title = self.peer.pacs.title
        accepted = association.accepted_contexts
        if not any(str(context.abstract_syntax) in GET_CLASSES for context in accepted):
            raise NetworkError("{pacs} does not offer C-GET.", REMEDY, pacs=title)
        if not any(context.as_scp for context in accepted):
            raise NetworkError(
                "{pacs} does not send over a connection that we opened (it refused the role "
                "of a storage provider).",
                REMEDY,
                pacs=title,
            )

    def _store(self, arrived: set[str], event: Event) -> int:
        begin_object(event)
        request = cast("C_STORE", event.request)
        uid = str(request.AffectedSOPInstanceUID)
        sink = cast("Sink", request.DataSet)
        if sink.overflow or not sink.whole:
            return CANNOT_UNDERSTAND
        status = self.door.hand(
            sink.getvalue(),
            str(event.context.transfer_syntax),
            str(request.AffectedSOPClassUID),
            uid,
            sink.size,
        )
        if decided(status):
            arrived.add(uid)
        return status


def get(
    association: Association,
    request: Request,
    tell: Callable[[RetrieveOutcome], None] = lambda _: None,
) -> RetrieveOutcome:
    """Have the objects that a request names sent over ``association``.

    ``tell`` is given what the peer has said so far, each time it says something.
    """
    outcome = RetrieveOutcome(None)
    chosen = root_of(association, GET_CLASSES, request.keys)
    if chosen is None:
        return outcome
    root, keys = chosen
    wanted = identifier(request.level, keys, root)
    for answer, _ in association.send_c_get(wanted, root):
        outcome = outcome_of(answer, outcome)
        tell(outcome)
    return outcome


def _classes_in(association: Association, study: FoundStudy) -> frozenset[str]:
    """Return the SOP classes that the PACS says a study has; empty when it does not tell."""
    keys = {
        "PatientID": study.patient_id, "StudyInstanceUID": study.study_uid,
        "SOPClassesInStudy": "",
    }  # fmt: skip
    try:
        answers = ask(association, "STUDY", keys, empty=False).answers
    except NetworkError:
        return frozenset()  # an optional key (PS3.4 table C.6-5) was too much for it
    return frozenset(
        uid for answer in answers if answer for uid in texts(answer, "SOPClassesInStudy")
    )
