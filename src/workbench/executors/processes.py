"""Processes of this machine: one may be killed, and nothing is lost.

Not ``ProcessPoolExecutor``: when a worker dies, it cannot tell whose task that was, and in Debian
12's Python (3.11.2) it then waits for ever if a task was still being written to that worker.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing import connection, get_context, parent_process, resource_tracker
from typing import Any

from workbench.errors import SettingsError, StoreError
from workbench.executors.tasks import R, Task, Workplace, done, given_up, opened

MAX_DEATHS = 3  # workers that may die under one task before it is given up
MAX_STARTS = 3  # workers that may die one after another before they begin
CLOSE_TIMEOUT_S = 5  # for a worker to close its files when all is done


class Processes:
    """Processes of this machine, each with one task at a time.

    When one is killed, its task is set aside until all others are done, and then has the
    machine to itself: memory may have been short.  A task under which three workers died is
    given up with ``StoreError``.  No process outlives the run or this process, however it ends.
    """

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise SettingsError("There must be at least one worker.", "Use --workers 1 or more.")
        self.workers = workers or len(os.sched_getaffinity(0))

    def run(self, tasks: Iterable[Task[R]]) -> Iterator[R]:
        """Yield results as they are ready."""
        fallen: list[Task[R]] = []
        yield from _Crew(self.workers).work(iter(tasks), fallen)
        lost = 0
        for task in fallen:
            again, before = [task], 1
            while again and before < MAX_DEATHS:
                alone, again = again, []
                yield from _Crew(1).work(iter(alone), again)
                before += 1
            lost += len(again)
        if lost:
            raise given_up(lost)


class _Lane:
    """One worker process, the pipe to it, and its task."""

    def __init__(self, task: Any) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.task = task
        self.begun = False
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _interrupt_held():
            self.process.start()
        theirs.close()

    def answer(self) -> bytes | None:
        """Return what the worker sent: nothing at first, to say that it has begun.

        Raises ``OSError`` or ``EOFError`` when it is dead.
        """
        sent = self.pipe.recv_bytes()
        if self.begun:
            return sent
        self.begun = True
        self.give(self.task)
        return None

    def give(self, task: Any) -> None:
        """Hand over the next task; that the worker is dead shows at the next answer."""
        self.task = task
        with suppress(BrokenPipeError, ConnectionResetError):
            self.pipe.send_bytes(pickle.dumps(task))

    def end(self, leave: float = 0.0) -> None:
        """End the worker, after some seconds to leave by itself."""
        self.pipe.close()
        if leave:
            self.process.join(leave)
        self.process.kill()
        self.process.join()
        self.process.close()


class _Crew:
    """Workers that share a stream of tasks."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._lanes: dict[connection.Connection[Any, Any], _Lane] = {}
        self._idle: list[_Lane] = []
        self._answers = self._failed_starts = 0

    def work(self, tasks: Iterator[Task[R]], fallen: list[Task[R]]) -> Iterator[R]:
        """Yield results; tasks whose worker died are put with the ``fallen``."""
        leave = 0.0
        try:
            while len(self._lanes) < self._workers and (task := next(tasks, None)) is not None:
                self._start(task)
            while self._lanes:
                for pipe in connection.wait(list(self._lanes)):
                    lane = self._lanes[pipe]  # type: ignore[index]
                    yield from self._served(lane, tasks, fallen)
            leave = CLOSE_TIMEOUT_S
        finally:
            for lane in [*self._lanes.values(), *self._idle]:
                lane.end(leave)

    def _start(self, task: Any) -> None:
        lane = _Lane(task)
        self._lanes[lane.pipe] = lane

    def _served(self, lane: _Lane, tasks: Iterator[Any], fallen: list[Any]) -> Iterator[Any]:
        """Take an answer and give the next task, before the answer goes its way."""
        try:
            answer = lane.answer()
        except (OSError, EOFError):
            self._bury(lane, tasks, fallen)
            return
        self._failed_starts = 0
        if answer is None:
            return
        self._answers += 1
        if (task := next(tasks, None)) is not None:
            lane.give(task)
        else:
            self._idle.append(self._lanes.pop(lane.pipe))
        yield opened(answer)

    def _bury(self, lane: _Lane, tasks: Iterator[Any], fallen: list[Any]) -> None:
        """Put another worker in the place of a dead one."""
        del self._lanes[lane.pipe]
        lane.end()
        if not lane.begun:
            self._failed_starts += 1
            if self._failed_starts == MAX_STARTS:
                raise SettingsError(
                    "A worker process ended before it began.",
                    'A script must call Workbench below `if __name__ == "__main__":`, '
                    "or do without workers: workers=1.",
                )
            self._start(lane.task)
            return
        fallen.append(lane.task)
        if not self._answers and len(fallen) >= MAX_DEATHS * max(self._workers, 2):
            raise StoreError(
                "Every worker was killed, and nothing was done.",
                "Most likely memory is short: use fewer workers or a larger machine.",
            )
        if (task := next(tasks, None)) is not None:
            self._start(task)


@contextmanager
def _interrupt_held() -> Iterator[None]:
    """Keep Ctrl-C from a process that is being started; ours is held until it is.

    The first process that is started starts multiprocessing's tracker before itself, and that
    lets Ctrl-C through again when it is done: so it goes first.
    """
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: connection.Connection[Any, Any]) -> None:
    """Be a worker: leave Ctrl-C to the parent, run what comes, and end with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    ended = suppress(EOFError, BrokenPipeError, ConnectionResetError)
    with closing(Workplace()) as workplace, ended:
        pipe.send_bytes(b"")
        while True:
            pipe.send_bytes(done(pipe.recv_bytes(), workplace))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
