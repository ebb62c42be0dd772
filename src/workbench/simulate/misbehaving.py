"""A PACS that misbehaves on demand, in the ways that PACS misbehave in the field.

It is ``EmbeddedPacs`` with ``Quirks``: the archive underneath stays right, so what a collector
ought to end up with is known.  The same quirks and seed give the same run.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_GET, C_MOVE
from pynetdicom.events import Event

from workbench.collect.dimse.get import GET_CLASSES
from workbench.collect.dimse.move import MOVE_CLASSES
from workbench.collect.find import FIND_CLASSES, PATIENT_ROOTS, text
from workbench.model import ApplicationEntity
from workbench.simulate.archive import Values
from workbench.simulate.misanswers import misanswers, refusal, told
from workbench.simulate.pacs import CANCELLED, EmbeddedPacs, Pair
from workbench.simulate.quirks import Quirks
from workbench.simulate.storing import store_half, store_plain

UNABLE = 0xC000
FAILED = 0xA700
SUCCESS = 0x0000
PENDING = 0xFF00
CLASSES = {"find": FIND_CLASSES, "move": MOVE_CLASSES, "get": GET_CLASSES}
ROOTS = ("study", "patient")  # in the order of the classes


@dataclass
class _RetrieveRun:
    """One retrieve request while it is served."""

    association: Association
    destination: ApplicationEntity | None = None
    total: int = 0
    sent: int = 0
    status: int | None = None
    stopped: bool = False
    late: list[Path] = field(default_factory=list)


class MisbehavingPacs(EmbeddedPacs):
    """A PACS with ``quirks``; otherwise as ``EmbeddedPacs``."""

    def __init__(
        self,
        entity: ApplicationEntity,
        folder: Path,
        destinations: Mapping[str, ApplicationEntity],
        quirks: Quirks | None = None,
    ) -> None:
        self.quirks = quirks or Quirks()
        self.services = tuple(
            uid
            for service in sorted(self.quirks.services)
            for root, uid in zip(ROOTS, CLASSES[service], strict=True)
            if root in self.quirks.roots
        )
        super().__init__(entity, folder, destinations)
        self.misbehave(self.quirks)
        self._busy = threading.Lock()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._now = threading.local()  # a request is served by one thread

    def misbehave(self, quirks: Quirks) -> None:
        """Go on with other quirks and count anew; roots and services stay what they were."""
        self.quirks = quirks
        self._requests = itertools.count(1)
        self._objects = itertools.count(1)

    def __exit__(self, *details: object) -> None:
        """Stop hanging, drop what would come late, close."""
        self._closing.set()
        for thread in self._threads:
            thread.join()
        super().__exit__(*details)

    # --- queries -------------------------------------------------------------------------------

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        """Yield the answers to a query, as the quirks make them."""
        yield from misanswers(self.archive, level, keys, self.quirks.find)

    def _find(self, event: Event) -> Iterator[tuple[int, Dataset | None]]:
        faults = self.quirks.find
        keys = event.identifier
        level = text(keys, "QueryRetrieveLevel")
        patient_root = str(event.context.abstract_syntax) in PATIENT_ROOTS
        status = refusal(level, keys, faults, patient_root=patient_root)
        if status:
            yield status, None
            return
        number = 0
        for number, reply in enumerate(self.answers(level, keys)):
            if number == faults.hang_after:
                self._closing.wait(faults.answer_seconds)
            if number == faults.limit:
                yield faults.limit_status, None
                return
            if event.is_cancelled and not faults.ignores_cancel:
                yield CANCELLED, None
                return
            yield faults.pending, told(reply, faults)

    # --- retrieving ----------------------------------------------------------------------------

    def selected(self, level: str, keys: Dataset) -> list[Values]:
        """Return the objects asked for, and those that nobody asked for."""
        faults = self.quirks.retrieve
        records = super().selected(level, keys)
        chance = random.Random(self.quirks.seed)
        if faults.strangers:
            names = [record["SOPInstanceUID"] for record in records]
            every = self.archive.match("IMAGE", Dataset())
            others = [record for record in every if record["SOPInstanceUID"] not in names]
            records += chance.sample(others, min(faults.strangers, len(others)))
        if faults.shuffled:
            chance.shuffle(records)
        return records

    def offered(self, file: Path) -> Pair:
        """Return what an object is offered with; never compressed, where the quirk says so."""
        sop_class, syntax = super().offered(file)
        plain = self.quirks.retrieve.plain_contexts and UID(syntax).is_compressed
        return sop_class, str(ExplicitVRLittleEndian) if plain else syntax

    def _move(self, event: Event) -> Iterator[Any]:
        request = cast("C_MOVE", event.request)
        run = _RetrieveRun(event.assoc, self.destinations.get(request.MoveDestination or ""))
        refused: tuple[Any, ...] = (None, None)
        if self.quirks.retrieve.unknown_destination:
            yield refused
            return
        yield from self._served(event, run, super()._move, refused)

    def _get(self, event: Event) -> Iterator[Any]:
        yield from self._served(event, _RetrieveRun(event.assoc), super()._get, 0)

    def _served(
        self,
        event: Event,
        run: _RetrieveRun,
        serve: Callable[[Event], Iterator[Any]],
        refused: object,
    ) -> Iterator[Any]:
        """Serve a request, or refuse it; what is told of it goes through ``_retold``."""
        faults = self.quirks.retrieve
        run.status = faults.final_status
        self._now.run = run
        self._retell(run)
        free = self._busy.acquire(blocking=False) if faults.one_at_a_time else True
        try:
            if not free or _is_turn(faults.refuse_every, next(self._requests)):
                run.status, run.stopped = faults.refusal, True
                yield refused
                return
            for step in serve(event):
                run.total = step if isinstance(step, int) else run.total
                yield step
            if run.late and run.destination:
                self._later(run.destination, run.late, faults.late_seconds)
        finally:
            if faults.one_at_a_time and free:
                self._busy.release()

    def _retell(self, run: _RetrieveRun) -> None:
        """Have the answers to a retrieve request altered on their way out."""
        dimse = run.association.dimse

        def send_msg(primitive: Any, context_id: int) -> None:
            if isinstance(primitive, C_MOVE | C_GET):
                self._retold(primitive, run)
            type(dimse).send_msg(dimse, primitive, context_id)

        vars(dimse).update(send_msg=send_msg)

    def _retold(self, answer: C_MOVE | C_GET, run: _RetrieveRun) -> None:
        final = answer.Status != PENDING
        if final and run.status is not None:
            answer.Status = run.status
            answer.Identifier = None if run.status == SUCCESS else answer.Identifier
        counters = "zero" if run.stopped else self.quirks.retrieve.counters
        if counters == "right":
            return
        complete = run.total if final else run.sent
        number = {"absent": None, "zero": 0, "boast": 0}[counters]
        answer.NumberOfFailedSuboperations = number
        answer.NumberOfWarningSuboperations = number
        answer.NumberOfCompletedSuboperations = complete if counters == "boast" else number
        if not final:
            answer.NumberOfRemainingSuboperations = number

    def send(self, association: Association, file: Path, **originator: Any) -> Dataset:
        """Send one object, or do with it what the quirks say; return the status to count."""
        faults = self.quirks.retrieve
        run: _RetrieveRun = self._now.run
        number, before = next(self._objects), run.sent
        run.sent += 1
        if run.stopped or not run.association.is_established:
            return _status(FAILED)
        if before == faults.hang_after:
            self._closing.wait(faults.hang_seconds)
        if before == faults.abort_after:
            run.association.abort()
            return _status(FAILED)
        if before == faults.cut_after:
            store_half(association, file, **originator)
            return _status(FAILED)
        if _is_turn(faults.keep_every, number):
            return _status(SUCCESS)
        if _is_late(run, before, faults.late_seconds, faults.late_last):
            run.late.append(file)
            return _status(SUCCESS)
        failed = _is_turn(faults.fail_every, number)
        status = _status(FAILED) if failed else self._sent(association, file, number, **originator)
        if faults.stops_at_refusal and status.get("Status") != SUCCESS:
            run.status, run.stopped = UNABLE, True
        return status

    def _sent(
        self, association: Association, file: Path, number: int, **originator: Any
    ) -> Dataset:
        faults = self.quirks.retrieve
        if _is_turn(faults.wrong_every, number):
            file = self._other(file)
        if faults.plain_contexts and UID(super().offered(file)[1]).is_compressed:
            return store_plain(association, file, **originator)
        status = super().send(association, file, **originator)
        if _is_turn(faults.changed_every, number):
            changed = dcmread(file)
            changed.SeriesDescription = f"changed {number}"
            association.send_c_store(changed, **originator)
        return status

    def _other(self, file: Path) -> Path:
        """Return another object with the same class and transfer syntax, else the same one."""
        others = sorted(path for path in self.archive.folder.glob("*.dcm") if path != file)
        pair = self.offered(file)
        return next((candidate for candidate in others if self.offered(candidate) == pair), file)

    def _later(self, destination: ApplicationEntity, files: list[Path], seconds: float) -> None:
        """Send files over an association of their own after a while."""

        def deliver() -> None:
            if self._closing.wait(seconds):
                return
            pairs = dict.fromkeys(self.offered(file) for file in files)
            contexts = [build_context(*pair) for pair in pairs]
            options = {"contexts": contexts, "ae_title": destination.title}
            association = self._node.connect(destination.host, destination.port, options)
            for file in files:
                if association.is_established:
                    EmbeddedPacs.send(self, association, file)
            if association.is_established:
                association.release()

        thread = threading.Thread(target=deliver, daemon=True)
        self._threads.append(thread)
        thread.start()


def run_pacs(
    entity: ApplicationEntity,
    folder: Path,
    destinations: Mapping[str, ApplicationEntity],
    quirks: Quirks | None = None,
    *,
    ready: Callable[[ApplicationEntity], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> None:
    """Run a PACS until ``stop`` is set or the program is interrupted.

    ``ready`` is given its title, address and port.  Raises ``NetworkError`` when the port is
    taken.
    """
    stop = stop or threading.Event()
    with MisbehavingPacs(entity, folder, destinations, quirks) as pacs:
        ready(pacs.entity)
        try:
            stop.wait()
        except KeyboardInterrupt:
            return


def _is_turn(every: int, number: int) -> bool:
    return every > 0 and number % every == 0


def _is_late(run: _RetrieveRun, before: int, seconds: float, last: int | None) -> bool:
    if not seconds or run.destination is None:
        return False
    return last is None or before >= run.total - last


def _status(code: int) -> Dataset:
    status = Dataset()
    status.Status = code
    return status
