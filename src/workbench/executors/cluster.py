"""The machines of a Dask cluster: what they are told, and what they print, names nothing."""

from __future__ import annotations

import asyncio
import pickle
import re
import socket
import sys
import uuid
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from workbench import __version__
from workbench.errors import MissingTool, NetworkError, SettingsError
from workbench.executors.tasks import R, Task, Workplace, done, given_up, opened

IN_FLIGHT = 2  # tasks for each thread of a cluster: one at work, one waiting
CONNECT_TIMEOUT_S = 8
PATIENCE_S = 30  # without a single worker in the cluster


class _Parcel:
    """A pickled task; Dask prints arguments, and this one says nothing."""

    def __init__(self, task: Any) -> None:
        self.content = pickle.dumps(task)

    def __repr__(self) -> str:
        return "a task of Workbench"


def _versions() -> str:
    return f"Workbench {__version__} on Python {sys.version_info.major}.{sys.version_info.minor}"


def _done_elsewhere(parcel: _Parcel, versions: str) -> bytes:
    """Run a task on another machine, if it has the same versions."""
    if versions == _versions():
        return done(parcel.content, _workplace(_distributed().get_worker()))
    error = SettingsError(
        "A Dask worker has {here}, but here is {versions}.",
        "Install the same on all machines.",
        here=_versions(),
        versions=versions,
    )
    return pickle.dumps((None, error, "its start"))


def _workplace(worker: Any) -> Workplace:
    """Return the workplace of a Dask worker, which lives as long as the worker."""
    workplace: Workplace = vars(worker).setdefault("workbench_workplace", Workplace())
    return workplace


class Dask:
    """The workers of a Dask cluster, by the address of its scheduler (``tcp://…``, ``tls://…``).

    They need the same Workbench, and must reach the workspace under the same path.  A task of a
    worker that died is run by another.  One that Dask gives up (its ``allowed-failures``) is run
    once more, alone, after all others; if that fails too, ``StoreError`` is raised at the end.
    The certificates of ``tls://`` come from Dask's own configuration.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def run(self, tasks: Iterable[Task[R]]) -> Iterator[R]:
        """Yield results as they are ready."""
        fallen: list[_Parcel] = []
        lost: list[_Parcel] = []
        with self._client() as client:
            yield from _through(client, map(_Parcel, tasks), fallen)
            for parcel in fallen:
                yield from _through(client, iter([parcel]), lost)
        if lost:
            raise given_up(len(lost))

    def hosts(self) -> frozenset[str]:
        """Return the host names of the machines on which workers run."""
        with self._client() as client:
            try:
                client.wait_for_workers(1, timeout=PATIENCE_S)
            except TimeoutError as error:
                raise _no_workers() from error
            return frozenset(client.run(socket.gethostname).values())

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """Yield a connection; whoever leaves cancels what has not begun."""
        distributed = _distributed()
        self._check(distributed)
        try:
            client = distributed.Client(
                self.address, timeout=CONNECT_TIMEOUT_S, set_as_default=False
            )
        except OSError as error:  # also its TimeoutError
            raise _no_scheduler() from error
        except ImportError as error:  # so it refuses versions
            raise SettingsError(
                "The Dask scheduler refuses this version of Dask.",
                "Install the same on all machines.",
            ) from error
        try:
            yield client
        finally:
            client.close(timeout=CONNECT_TIMEOUT_S)

    def _check(self, distributed: Any) -> None:
        # Before there is a client: one that failed half-way lingers, and complains when it goes.
        if not re.fullmatch(r"(tcp|tls)://[^/]+:\d+", self.address):
            raise SettingsError(
                "This is no address of a Dask scheduler.", "Write --scheduler tcp://host:port."
            )
        arguments = distributed.Security().get_connection_args("client")
        if self.address.startswith("tls:") and arguments["ssl_context"] is None:
            raise SettingsError(
                "Dask has no certificates for tls://.",
                "Set distributed.comm.tls.ca-file and .client in Dask's configuration.",
            )
        connecting = distributed.comm.connect(self.address, CONNECT_TIMEOUT_S, **arguments)
        with ThreadPoolExecutor(1) as beside:  # a notebook has a loop in its own thread
            try:
                beside.submit(asyncio.run, _answered(connecting)).result()
            except (OSError, ValueError, EOFError) as error:
                raise _no_scheduler() from error


async def _answered(connecting: Coroutine[Any, Any, Any]) -> None:
    """Raise ``TimeoutError`` for a peer that takes a connection and stays silent."""
    (await asyncio.wait_for(connecting, CONNECT_TIMEOUT_S)).abort()


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise MissingTool(
            "Dask is not installed.", 'Install it: pip install "workbench[dask]"'
        ) from error


def _no_scheduler() -> NetworkError:
    return NetworkError(
        "The Dask scheduler does not answer.",
        "Check that it runs, and --scheduler tcp://host:port.",
    )


def _no_workers() -> NetworkError:
    return NetworkError(
        "The Dask scheduler has no workers.", "Start some: dask worker tcp://host:port."
    )


def _through(client: Any, parcels: Iterator[_Parcel], fallen: list[_Parcel]) -> Iterator[Any]:
    """Yield the results of tasks; those Dask gave up are put with the ``fallen``."""
    flying: dict[Any, _Parcel] = {}
    while True:
        limit = IN_FLIGHT * max(sum(client.nthreads().values()), 1)
        while len(flying) < limit and (parcel := next(parcels, None)) is not None:
            flying[_submitted(client, parcel)] = parcel
        if not flying:
            return
        for future in _ready(client, list(flying)):
            parcel = flying.pop(future)
            answer = _answer(future)
            if answer is None:
                fallen.append(parcel)
            else:
                yield opened(answer)


def _submitted(client: Any, parcel: _Parcel) -> Any:
    # By default a key is made of the task's contents; this one names nothing.
    key = f"workbench-{uuid.uuid4().hex}"
    return client.submit(_done_elsewhere, parcel, _versions(), key=key, pure=False)


def _ready(client: Any, flying: list[Any]) -> Iterable[Any]:
    """Wait for the first that are done."""
    wait = _distributed().wait
    while True:
        try:
            with client.as_current():
                return list(wait(flying, PATIENCE_S, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            if not client.nthreads():
                raise _no_workers() from None
        except CancelledError as error:
            raise _no_scheduler() from error


def _answer(future: Any) -> bytes | None:
    """Return what a worker sent, or nothing when Dask has given the task up."""
    try:
        answer: bytes = future.result()
    except _distributed().KilledWorker:
        return None
    except CancelledError as error:
        raise _no_scheduler() from error
    except Exception as error:
        raise SettingsError(
            "A Dask worker could not load Workbench.",
            "Install {here} on all machines.",
            here=_versions(),
        ) from error
    return answer
