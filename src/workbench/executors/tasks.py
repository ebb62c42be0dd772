"""A task, and how it travels: pickled, with an error handed back as a value.

A task is a value that can be sent elsewhere and run there, and run again if its worker dies.
It must therefore change nothing when it is done twice, even twice at once: a machine that is
thought dead may still be at it.  Results come as they are ready, in any order.

An error never leaves a worker raised, for whoever catches it there prints it with arguments.
"""

from __future__ import annotations

import pickle
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import PurePath
from typing import Any, Protocol, TypeVar, cast

from workbench.errors import StoreError
from workbench.language import mark

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
C = TypeVar("C", bound="Closable")

REST = mark("All other tasks are done, and done ones are not repeated when it is run again.")


class Closable(Protocol):
    """What must be closed in the end."""

    def close(self) -> None:
        """Close it."""


class Workplace:
    """Where a worker does its tasks: it keeps what the next task of the same work needs too.

    An executor makes one for each worker and closes it when the worker's work is done.  Threads of
    a Dask worker share one, which lives as long as the worker's process.
    """

    def __init__(self) -> None:
        self._key: object = None
        self._kept: Closable | None = None
        self._lock = threading.Lock()

    def kept(self, key: object, opening: Callable[[], C]) -> C:
        """Return what was opened under ``key``; it takes the place of what was there before.

        That is let go and not closed: another thread may still be at it.
        """
        with self._lock:
            if self._kept is None or self._key != key:
                self._kept, self._key = opening(), key
            return cast("C", self._kept)

    def close(self) -> None:
        """Close what is kept."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


class Task(Protocol[R_co]):
    """Something to do; its ``repr`` names no path, file or patient."""

    def run(self, workplace: Workplace) -> R_co:
        """Do it; the workplace keeps what is costly to open, for the next task."""


class Executor(Protocol):
    """Runs tasks."""

    def run(self, tasks: Iterable[Task[R]]) -> Iterator[R]:
        """Yield results as they are ready; takes tasks only as fast as they are done.

        The first error a task raises is raised here and ends the run.  What has not begun is
        then cancelled, and so it is when the iterator is closed or interrupted.
        """


def done(parcel: bytes, workplace: Workplace) -> bytes:
    """Run a pickled task and return its result pickled; an error is handed over as a value."""
    try:
        result = pickle.loads(parcel).run(workplace)  # noqa: S301 - our own
        return pickle.dumps((result, None, ""))
    except BaseException as error:  # noqa: BLE001 - it is raised again at the caller
        return pickle.dumps((None, _portable(error), _places(error)))


def _portable(error: BaseException) -> Exception:
    """Return the error if it can travel, else one that names its type alone."""
    if isinstance(error, Exception):
        with suppress(Exception):  # whatever its class does when it is copied
            copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
            if type(copied) is type(error):
                return error
    said = f"A task failed: {type(error).__name__}."
    return RuntimeError(said)


def _places(error: BaseException) -> str:
    """Return where in the code an error arose: no values, and no folders."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    return ", ".join(f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in frames)


def opened(answer: bytes) -> Any:
    """Return the result that a worker sent, or raise its error."""
    value, error, places = pickle.loads(answer)  # noqa: S301 - our own
    if error is not None:
        error.add_note(f"In a worker, at {places}.")
        raise error
    return value


def given_up(tasks: int) -> StoreError:
    """Return the error for tasks whose workers died under them."""
    remedy = mark("Most likely memory is short: use fewer workers or a larger machine. {rest}")
    if tasks == 1:
        return StoreError("The workers of 1 task were killed again and again.", remedy, rest=REST)
    return StoreError(
        "The workers of {tasks} tasks were killed again and again.",
        remedy,
        tasks=tasks,
        rest=REST,
    )
