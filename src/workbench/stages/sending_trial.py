"""Have the archive send one small object to us, and see it arrive: the proof that it can.

The object is found by itself (``trial_object``), goes to our real title and port, and is dropped
there (``trial_listening``).  All of it is done in a thread of its own, so that Ctrl-C and the end
of patience break it off whatever the archive does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from pynetdicom.association import Association
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from workbench.collect.connections import mover_of, peer_of, queries, source_of
from workbench.collect.dimse.association import Peer, Taking, associate, end
from workbench.collect.dimse.get import GET_CLASSES, GetSource
from workbench.collect.dimse.move import MOVE_CLASSES, outcome_of, root_of
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import identifier
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import FILE as HOSPITAL_FILE
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import Queue
from workbench.collect.retrieval import SUCCESS, UNKNOWN_DESTINATION, RetrieveOutcome
from workbench.errors import NetworkError, PeerBusy, SettingsError, WorkbenchError
from workbench.language import Words, data, number, t
from workbench.settings import EntitySettings, Settings
from workbench.stages.sending_verdict import (
    Evidence,
    address_towards,
    came_as_phantom,
    nothing_came,
    place,
)
from workbench.stages.trial_listening import Came, OwnArrivals, TrialArrivals, listening
from workbench.stages.trial_object import Order, TrialObject, trial_objects
from workbench.survey import Survey

Say = Callable[[Words], None]

FIND_S = 20.0  # to find an object
ANSWER_S = 10.0  # to each answer of a query
ORDER_S = 25.0  # from the order to its end, or to the object
LATE_S = 8.0  # an object may come after the archive has said that it is sent
END_S = 2.0  # for the archive to end an order whose object is here
POLL_INTERVAL_S = 0.1
TOLD_INTERVAL_S = 5.0  # between two words on how long it is waited
BUSY_TRIES, BUSY_S = 4, 1.0  # where the archive admits one connection at a time
QUEUED = 3  # patients of the queue that are asked for
WAYS = {"get": "C-GET", "web": "DICOMweb"}


def object_sent(survey: Survey, say: Say) -> Words:
    """Have one object sent; return what came, for a person.

    Raises ``NetworkError`` where nothing came, with title, address and port that were waited on,
    the cause as far as it shows, and the remedy; ``SettingsError`` for a wrong setting.
    """
    pacs = survey.settings.pacs
    if pacs is None:
        raise SettingsError("no PACS is set.", "Add a [pacs] table to workbench.toml.")
    by_move = pacs.retrieve == "move"
    arriving: AbstractContextManager[TrialArrivals] = (
        listening(survey) if by_move else nullcontext(OwnArrivals())
    )
    with arriving as arrivals:
        work = _Sending(survey, pacs, arrivals, say)
        work.start()
        try:
            came = work.watched()
        finally:
            work.break_off()
    if came.whole:
        raise came_as_phantom(survey.settings.local)
    if by_move:
        at = place(survey.settings.local)
    else:
        at = t("this computer by {way}", way=data(WAYS[pacs.retrieve]))
    size, seconds = number(came.size, grouped=True), number(work.seconds, 1)
    if arrivals.collector:
        return t(
            "One object ({size} bytes) came to {place}, where the collector listens, {seconds} s "
            "after the order; it was dropped.",
            size=size, place=at, seconds=seconds,
        )  # fmt: skip
    return t(
        "One object ({size} bytes) came to {place}, {seconds} s after the order; it was dropped.",
        size=size, place=at, seconds=seconds,
    )  # fmt: skip


@dataclass
class _Sending:
    """The work, in a thread of its own: to find an object, and to order it."""

    survey: Survey
    pacs: EntitySettings
    arrivals: TrialArrivals
    say: Say
    chosen: list[TrialObject] = field(default_factory=list)
    outcome: RetrieveOutcome = field(default_factory=lambda: RetrieveOutcome(None))
    error: BaseException | None = None
    ordered: float = 0.0
    seconds: float = 0.0
    _held: list[Association] = field(default_factory=list)
    _broken: bool = False
    _late: float = 0.0

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="trial", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    # --- in the thread of whoever waits ----------------------------------------------------------

    def watched(self) -> Came:
        """Wait for the object; raises ``NetworkError`` where it does not come."""
        limit = time.monotonic() + FIND_S + 2 * ANSWER_S
        told = time.monotonic()
        while True:
            came = self.arrivals.came()
            if came:
                self.seconds = time.monotonic() - self.ordered
                self._thread.join(END_S)
                return came
            if not self._thread.is_alive():
                limit = min(limit, self._ended())
            elif self.ordered:
                limit = self.ordered + ORDER_S
            if time.monotonic() > limit:
                raise self._nothing()
            if self.ordered and time.monotonic() - told > TOLD_INTERVAL_S:
                told = time.monotonic()
                left = round(max(limit - told, 0))
                self.say(t("still waiting, {seconds} s more at most", seconds=left))
            time.sleep(POLL_INTERVAL_S)

    def break_off(self) -> None:
        """End it, in the middle of an order too."""
        self._broken = True
        for association in list(self._held):
            end(association)
        self._thread.join(END_S)

    def _ended(self) -> float:
        """Return until when to wait now that the archive is done; raises what went wrong."""
        if self.error is not None:
            raise self.error
        if self.outcome.status is not None or not self.ordered:
            self._late = self._late or time.monotonic() + LATE_S
            return self._late
        return 0.0  # it has fallen silent

    def _nothing(self) -> NetworkError:
        if not self.ordered:
            return NetworkError(
                "{pacs} took too long to tell of a small study.",
                "Try again when it has less to do.",
                pacs=self.pacs.title,
            )
        settings = self.survey.settings
        return nothing_came(
            Evidence(
                settings.local,
                _asked(settings, self.survey).pacs.title,
                self.outcome if not self._thread.is_alive() else RetrieveOutcome(None),
                time.monotonic() - self.ordered,
                tuple(self.arrivals.refused()),
                self.arrivals.others(),
                address_towards(self.pacs.host, self.pacs.port),
            )
        )

    # --- in a thread of its own ------------------------------------------------------------------

    def _run(self) -> None:
        """Find and order; what goes wrong is told by ``watched``."""
        try:
            self._find()
            if not self._broken:
                self._order()
        except Exception as error:  # noqa: BLE001  it is raised where it is waited for
            self.error = error

    def _find(self) -> None:
        title = data(self.pacs.title)
        self.say(t("looking for a small object of a recent study at {pacs}", pacs=title))
        quick = hurried(self.survey.settings)
        with _when_free(lambda: queries(quick, self.survey.folder)) as asking:
            self._hold(asking)
            today = date.today()  # noqa: DTZ011  the hospital's day, as its dates are
            self.chosen = trial_objects(asking, today, self._queued, FIND_S)
        if not self.chosen:
            raise NetworkError(
                "{pacs} tells of no study, so nothing could be ordered.",
                "Ask its administrator whether {own} may query. If "
                "it may only for single patients, add one to the queue (workbench collect add) "
                "and test again; an archive that is empty needs an object to be tested with.",
                pacs=self.pacs.title,
                own=self.survey.settings.local.title,
            )

    def _queued(self) -> list[ListedPatient]:
        if not (self.survey.folder / HOSPITAL_FILE).exists():
            return []
        try:
            with closing(HospitalFile(self.survey.folder)) as hospital:
                queue = Queue(hospital)
                return [queue.listed(row["number"]) for row in queue.rows(limit=QUEUED)]
        except WorkbenchError:
            return []  # the key is locked: told by another test

    def _order(self) -> None:
        settings = self.survey.settings
        if self.pacs.retrieve != "move":
            self.say(t("fetching it by {way}", way=data(WAYS[self.pacs.retrieve])))
            self.ordered = time.monotonic()
            self._fetched()
            return
        at = place(settings.local)
        self.say(t("ordered it; waiting for it as {place}", place=at))
        self.ordered = time.monotonic()
        self._moved(_asked(settings, self.survey), settings.local.title)

    def _moved(self, peer: Peer, title: str) -> None:
        """Order the first object, and where it cannot be had the second."""
        classes = (*MOVE_CLASSES, *GET_CLASSES, str(Verification))
        with _when_free(lambda: associate(peer, classes, ORDER_S)) as association:
            self._hold(association)
            _check_offers(peer, association)
            for order in (order for each in self.chosen for order in each.orders):
                self.arrivals.expect(order.wanted)
                self._ordered(association, order, title)
                if self._settled():
                    return

    def _ordered(self, association: Association, order: Order, title: str) -> None:
        self.outcome = RetrieveOutcome(None)
        chosen = root_of(association, MOVE_CLASSES, order.keys)
        if chosen is None:
            return
        root, keys = chosen
        wanted = identifier(order.level, keys, root)
        for answer, _ in association.send_c_move(wanted, title, root):
            self.outcome = outcome_of(answer, self.outcome)

    def _settled(self) -> bool:
        """Whether another order would tell nothing more."""
        alike = self.outcome.status in (None, SUCCESS, UNKNOWN_DESTINATION)
        return alike or bool(self.arrivals.came() or self.arrivals.others())

    def _fetched(self) -> None:
        assert isinstance(self.arrivals, OwnArrivals)
        settings, folder = hurried(self.survey.settings), self.survey.folder
        source = (
            _HeldGet(peer_of(settings, folder), self.arrivals.take, self._hold)
            if self.pacs.retrieve == "get"
            else source_of(settings, folder, self.arrivals.take)
        )
        for each in self.chosen:
            self.arrivals.expect(each.wanted)
            outcomes = source.fetch(each.expected, each.missing)
            self.outcome = outcomes[-1] if outcomes else self.outcome
            if self.arrivals.came():
                return

    def _hold(self, association: Any) -> None:
        """Remember what is to be broken off; what came about too late is at once."""
        if not isinstance(association, Association):
            return
        self._held.append(association)
        if self._broken:
            end(association)


class _HeldGet(GetSource):
    """A way to fetch whose associations are known to who may break it off."""

    def __init__(self, peer: Peer, take: Any, hold: Callable[[Association], None]) -> None:
        super().__init__(peer, SurveyFilter(), take)
        self._hold = hold

    @contextmanager
    def _open(self, taking: Taking) -> Iterator[Association]:
        with super()._open(taking) as association:
            self._hold(association)
            yield association


def _asked(settings: Settings, survey: Survey) -> Peer:
    """Return who takes retrieve requests."""
    return mover_of(hurried(settings), survey.folder)


def hurried(settings: Settings) -> Settings:
    """Return settings that wait no longer than a test may, and ask for everything."""
    collect = replace(
        settings.collect, answer_s=ANSWER_S, retrieve_s=ORDER_S, stalled_s=ORDER_S, whole_s=ORDER_S
    )
    return replace(settings, collect=collect, filter={})


@contextmanager
def _when_free(
    open_one: Callable[[], AbstractContextManager[Association]],
) -> Iterator[Association]:
    """Open an association, a few times where the archive admits no more just now."""
    for left in reversed(range(BUSY_TRIES)):
        opened = open_one()
        try:
            association = opened.__enter__()
        except PeerBusy:
            if not left:
                raise
            time.sleep(BUSY_S)
            continue
        break
    try:
        yield association
    finally:
        opened.__exit__(None, None, None)


def _check_offers(peer: Peer, association: Association) -> None:
    """Raise ``NetworkError`` where no C-MOVE is offered, with what is offered in its place."""
    accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
    if accepted & set(MOVE_CLASSES):
        return
    if accepted & set(GET_CLASSES):
        raise NetworkError(
            "{pacs} does not offer C-MOVE to {own}, but C-GET.",
            'Set retrieve = "get" in [pacs], or ask its administrator to permit C-MOVE.',
            pacs=peer.pacs.title,
            own=peer.local_title,
        )
    raise NetworkError(
        "{pacs} offers neither C-MOVE nor C-GET to {own}.",
        "Ask its administrator to permit one of them, or for the AE title of its query/retrieve "
        'service; where it has DICOMweb, set retrieve = "web" and url in [pacs].',
        pacs=peer.pacs.title,
        own=peer.local_title,
    )
