"""A receiver, peers that send to it all the time, and a way to get to a chosen kind of moment."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from tests.faults.fault_judge import Judgement, judge, tidy
from tests.faults.fault_objects import simulated, with_pixels
from tests.faults.fault_program import Program, start_receiver, until
from tests.faults.fault_sender import STORED, Association, Ledger, NoAnswerError
from workbench.settings import Settings
from workbench.simulate.peers import free_port
from workbench.survey import create_survey

PEERS = 3
TRY_AGAIN_SECONDS = 0.02
ENDING_SECONDS = 15.0


class Moment(StrEnum):
    """What Workbench is doing when it happens."""

    STARTING = "starting"
    RECEIVING = "receiving"
    ENDING = "ending"  # Ctrl-C: what has come in is moved into a part
    MAPPING = "mapping"  # `workbench map` beside the receiver


# How often each is tried, and how many seconds after its begin at most.
WEIGHTS = {Moment.STARTING: 1, Moment.RECEIVING: 4, Moment.ENDING: 3, Moment.MAPPING: 2}
SPANS = {Moment.STARTING: 1.5, Moment.RECEIVING: 0.5, Moment.ENDING: 1.6, Moment.MAPPING: 2.5}


class Bench:
    """One workspace with its receiver and the peers' record of what they were answered."""

    def __init__(
        self, workspace: Path, notes: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.workspace, self.notes = workspace, notes
        self.environment = dict(environment or {})
        self.ledger = Ledger(notes / "answers.txt")
        self.log = notes / "log.txt"
        self.port = free_port()
        self.receiver: Program | None = None
        self.mapper: Program | None = None
        self._ending: Program | None = None
        self.hung = 0  # programs that did not end when told to, although peers go on sending
        self._again: deque[int] = deque()
        self._made = 0
        self._lock = threading.Lock()
        create_survey(workspace, Settings()).close()

    # --- the programs ------------------------------------------------------------------------

    def start(self) -> Program:
        """Start the receiver unless it runs."""
        if self.receiver is None or self.receiver.process.poll() is not None:
            self.receiver = start_receiver(self.workspace, self.port, self.log, self.environment)
        return self.receiver

    def programs(self) -> list[Program]:
        """Return the programs that run."""
        both = (self.receiver, self.mapper)
        return [one for one in both if one is not None and one.process.poll() is None]

    def reach(self, moment: Moment, chance: random.Random) -> Program:
        """Get to a random moment of a kind; return the program that it is about."""
        self._let_end()
        if moment is Moment.STARTING and self.receiver is not None:
            self.receiver.process.send_signal(signal.SIGINT)
            self._ending = self.receiver
            self._let_end()
        receiver = self.start()
        if moment is not Moment.STARTING:
            self.wait_for_answers(1)
        about = receiver
        if moment is Moment.ENDING:
            receiver.process.send_signal(signal.SIGINT)
            self._ending = receiver
        elif moment is Moment.MAPPING:
            about = self.mapper = Program(["map", "-w", self.workspace], self.log, self.environment)
        time.sleep(chance.uniform(0, SPANS[moment]))
        return about

    def _let_end(self) -> None:
        """Wait for what was about to end by itself at the last moment."""
        for program in (self.mapper, self._ending):
            if program is not None and not program.ends(ENDING_SECONDS):
                self.hung += 1
                program.end()
        self.mapper = self._ending = None

    def wait_for_answers(self, number: int) -> None:
        """Wait until the peers were told "stored" of so many more objects."""
        goal = len(self.ledger.acknowledged) + number

        def told() -> bool:
            if self.receiver is not None and self.receiver.process.poll() is not None:
                raise RuntimeError(f"the receiver ended\n{self.log.read_text()[-2000:]}")
            return len(self.ledger.acknowledged) >= goal

        until(told, "answers", self.log)

    # --- the peers ---------------------------------------------------------------------------

    def send(self, association: Association, number: int, pixels: bool = False) -> int | None:
        """Send one object, write the answer down and return it."""
        self.ledger.begin(number)
        one = simulated(number)
        try:
            status = association.store(with_pixels(one) if pixels else one)
        except NoAnswerError:
            self.ledger.note(number, None)
            raise
        self.ledger.note(number, status)
        return status

    def send_all(self, numbers: list[int]) -> list[int | None]:
        """Send objects over one association to a receiver that runs; return the answers."""
        with self.association() as association:
            return [self.send(association, number) for number in numbers]

    def association(self) -> Association:
        """Return an association, as soon as the receiver takes one."""
        found: list[Association] = []

        def had() -> bool:
            try:
                found.append(Association(self.port, sop_classes()))
            except NoAnswerError:
                return False
            return True

        until(had, "the receiver to listen", self.log)
        return found[0]

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Let peers send as long as the block lasts; what was not taken is sent again."""
        over = threading.Event()
        self._again.extend(self.ledger.open)
        threads = [threading.Thread(target=self._peer, args=(over,)) for _ in range(PEERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _peer(self, over: threading.Event) -> None:
        while not over.is_set():
            try:
                with Association(self.port, sop_classes()) as association:
                    while not over.is_set():
                        self._next(association)
            except NoAnswerError:
                time.sleep(TRY_AGAIN_SECONDS)

    def _next(self, association: Association) -> None:
        with self._lock:
            number = self._again.popleft() if self._again else self._made
            self._made = max(self._made, number + 1)
        status = None
        try:
            status = self.send(association, number)
        finally:
            if status != STORED:
                self._again.append(number)

    # --- the end -----------------------------------------------------------------------------

    def settle(self) -> int:
        """Send what is still open, end properly and map; return the receiver's exit code."""
        self.start()
        answers = self.send_all(self.ledger.open)
        if any(status != STORED for status in answers):
            raise RuntimeError(f"a receiver without faults refused; see {self.log}")
        code = self.start().stop()
        tidy(self.workspace)
        return code

    def judge(self) -> Judgement:
        """Judge the workspace."""
        return judge(self.workspace, self.ledger.acknowledged, self.ledger.sent)

    def end(self) -> None:
        """Leave no process behind."""
        for program in (self.receiver, self.mapper):
            if program is not None:
                program.end()


MakeBench = Callable[..., Bench]


def sop_classes() -> list[str]:
    """Return the classes of the simulated objects."""
    return sorted({simulated(number).sop_class for number in range(10)})
