"""Visits of dashboards: a kernel for each, and no more of them than the machine can bear.

A kernel belongs to the visitor it was started for; where people come every day, one waits ready.
Whoever comes when there is no room is told her place in the line, and nobody takes all places.
Every two seconds each kernel is looked at: one that has died is replaced if it was waiting, and one
that takes too much memory is ended; its page says so.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jupyter_client.multikernelmanager import DuplicateKernelError
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets import Integer
from voila.voila_kernel_manager import voila_kernel_manager_factory

from workbench.language import mark, use_language
from workbench.rights import Rights
from workbench.server.page_words import ROOT, spoken
from workbench.server.unheard_pages import UnheardPages
from workbench.server.waiting_room import WaitingRoom

MIB = 2**20
STARTS_AT_ONCE = max(2, os.cpu_count() or 1)  # each takes some seconds of a processor
LOOK_AFTER_S = 2.0
ALONE_S = 60.0  # that a page may take to come, and be away from its kernel
MAX_REST_S = 300.0  # until a page whose kernels die is made ahead again
MAX_REMEMBERED = 1000  # of kernels that ended, with the reason
GONE = mark("This page has ended. Reload it.")
FOR_OTHERS = mark("This page was closed because it was not used and others waited. Reload it.")
IDLE = mark("This page was closed after a long time without use. Reload it.")
CRASHED = mark("This page's program ended unexpectedly. Reload it; if it happens again, tell us.")

# Voila makes the class that keeps kernels ready; how many is said for each notebook.
PooledKernels: Any = voila_kernel_manager_factory(AsyncMappingKernelManager, True, 0)


class Busy(Exception):  # noqa: N818  nothing is wrong
    """There is no room; ``place`` is the visitor's in the line."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


class TooMany(Exception):  # noqa: N818  nothing is wrong
    """A visitor has as many pages open as one may; ``number`` is how many."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass
class Visit:
    """A page that is being made: the number of its kernel, and its HTML as it comes."""

    kernel_id: str
    _content: Mapping[str, Any] = field(repr=False)

    async def html(self, language: str) -> AsyncIterator[str]:
        """Yield the page: what was made ahead, then the rest while it is made."""
        held, begun = "", False
        async for piece in self._pieces():
            held += piece
            # What was made ahead may end within the tag that names the language.
            begun = begun or bool(ROOT.search(held))
            if begun:
                yield _said(held, language)
                held = ""
        yield _said(held, language)

    async def _pieces(self) -> AsyncIterator[str]:
        renderer, task = self._content["renderer"], self._content["task"]
        renderer.stop_generator = True
        ahead = len(renderer.rendered_cache)
        yield "".join(renderer.rendered_cache)
        rendered, rest = await task
        yield "".join(rendered[ahead:])
        async for html, _ in rest:
            yield html


def _said(piece: str, language: str) -> str:
    with use_language(language):
        return spoken(piece)


class VisitorKernels(PooledKernels):  # type: ignore[misc]
    """The kernels of all visitors.

    Attributes
    ----------
    most
        Visitors' kernels at once; those that wait come on top.
    most_each
        Kernels of one visitor at once.
    memory_mb
        Memory of one kernel.
    """

    most = Integer(16).tag(config=True)
    most_each = Integer(4).tag(config=True)
    memory_mb = Integer(2000).tag(config=True)

    def __init__(self, **options: Any) -> None:
        self.room = WaitingRoom()
        self.unheard = UnheardPages()
        self._owners: dict[str, str] = {}
        self._ended: dict[str, tuple[str, str]] = {}
        self._entering: Counter[str] = Counter()
        self._starting = 0
        self._used: dict[str, float] = {}  # when somebody did something on a kernel's page
        self._deaths: dict[str, int] = {}
        self._rest_until: dict[str, float] = {}
        super().__init__(**options)

    # --- visits --------------------------------------------------------------------------------

    def free(self, notebook: str) -> int:
        """Return how many visitors may come in now."""
        seats = self.most - len(self._owners) - self._entering.total()
        return max(0, min(seats, max(STARTS_AT_ONCE - self._starting, self.ready(notebook))))

    def ready(self, notebook: str) -> int:
        """Return how many kernels wait for visitors of a notebook."""
        return sum(_made(task) is not None for task in self._pools.get(notebook, ()))

    async def visit(self, notebook: str, visitor: str, rights: Rights) -> Visit:
        """Begin a visit; raises ``Busy``, or ``TooMany`` when she has no place in the line."""
        await self._check_share(visitor)
        place = self.room.place(f"{visitor} {notebook}", self.free(notebook))
        if place:
            raise Busy(place)
        self._entering[visitor] += 1
        try:
            content = await self._waiting(notebook) or await self._fresh(notebook)
            kernel_id: str = content["kernel_id"]
            self.get_kernel(kernel_id).meet(rights)
            self._owners[kernel_id] = visitor
            self.used(kernel_id)
        finally:
            self._entering[visitor] -= 1
            self._entering += Counter()  # drops who has none
        return Visit(kernel_id, content)

    def used(self, kernel_id: str) -> None:
        """Note that somebody uses a page: it asks by itself how things stand, which is no use."""
        self._used[kernel_id] = time.monotonic()

    def owner(self, kernel_id: str) -> str:
        """Return whose a kernel is, or was; empty for one that waits or never was."""
        return self._owners.get(kernel_id) or self._ended.get(kernel_id, ("", ""))[0]

    def why_ended(self, kernel_id: str) -> str:
        """Return why a kernel is no longer there; empty while it is."""
        if kernel_id in self._owners:
            return ""
        return self._ended.get(kernel_id, ("", GONE))[1]

    async def leave(self, kernel_id: str, why: str = GONE) -> None:
        """End a kernel; nothing happens when it has ended."""
        self._used.pop(kernel_id, None)
        self.unheard.heard(kernel_id)
        if kernel_id in self._owners:
            while len(self._ended) >= MAX_REMEMBERED:
                del self._ended[next(iter(self._ended))]
            self._ended[kernel_id] = (self._owners.pop(kernel_id), why)
        if kernel_id in self:
            with suppress(HTTPError, KeyError, RuntimeError):  # it was quicker
                await self.shutdown_kernel(kernel_id, now=True)

    async def leave_all(self, visitor: str, why: str = GONE) -> None:
        """End the kernels of a visitor."""
        for kernel_id in self._of(visitor):
            await self.leave(kernel_id, why)

    def visitors(self) -> frozenset[str]:
        """Return who has a kernel."""
        return frozenset(self._owners.values())

    def _of(self, visitor: str) -> list[str]:
        return [own for own, owner in self._owners.items() if owner == visitor]

    async def _check_share(self, visitor: str) -> None:
        """Raise ``TooMany`` when a visitor may open no further page.

        Where there is more than one place, the last one is always another visitor's.  Pages that
        nobody looks at any more are ended first, whether others wait or not.
        """
        share = max(1, min(self.most_each, self.most - 1))
        if self._held(visitor) >= share:
            for kernel_id in filter(self._left, self._of(visitor)):
                await self.leave(kernel_id)
        if self._held(visitor) >= share:
            raise TooMany(self._held(visitor))

    def _held(self, visitor: str) -> int:
        return len(self._of(visitor)) + self._entering[visitor]

    async def _waiting(self, notebook: str) -> dict[str, Any] | None:
        """Return a page that was made ahead, and begin another; ``None`` when there is none."""
        pool = self._pools.get(notebook, [])
        for task in list(pool):
            content = _made(task)
            if content is None:
                continue
            pool.remove(task)
            if await self.get_kernel(content["kernel_id"]).is_alive():
                self.fill_if_needed(notebook_name=notebook)
                return content
            await self._lost(notebook, content["kernel_id"])
        return None

    async def _fresh(self, notebook: str) -> dict[str, Any]:
        self._starting += 1
        try:
            content: dict[str, Any] = await self._initialize(
                notebook, None, path="", env=dict(os.environ)
            )
        except BaseException:
            self._starting -= 1
            raise
        content["task"].add_done_callback(lambda _: self._started())
        return content

    def _started(self) -> None:
        self._starting -= 1

    # --- looking after -------------------------------------------------------------------------

    async def look_after(self) -> None:
        """Look at every kernel once: whether it is alive, and takes no more than its share."""
        for kernel_id in self.unheard.lost():
            await self.leave(kernel_id)
        for kernel_id in self.list_kernel_ids():
            try:
                kernel = self.get_kernel(kernel_id)
                if not await kernel.is_alive():
                    await self._died(kernel_id)
                elif kernel.memory > self.memory_mb * MIB:
                    await self._too_large(kernel_id)
                elif kernel_id in self._owners and len(self.room) and self._left(kernel_id):
                    await self.leave(kernel_id, FOR_OTHERS)
            except (HTTPError, KeyError, DuplicateKernelError):
                continue  # it ended while it was looked at
        for notebook, pool in self._pools.items():
            for task in [task for task in pool if task.done() and _made(task) is None]:
                pool.remove(task)
                self._note_death(notebook)
        self._fill_again()

    async def look_at(self, kernel_id: str) -> None:
        """Look at one visitor's kernel: its page asks, and must not wait for the next round."""
        with suppress(HTTPError, KeyError, DuplicateKernelError):  # it ended meanwhile
            if kernel_id in self._owners and not await self.get_kernel(kernel_id).is_alive():
                await self._died(kernel_id)

    def _left(self, kernel_id: str) -> bool:
        """Say whether nobody has looked at a page for so long that others may have its place.

        A browser that crashed, or a computer that was shut, says no good-bye.
        """
        kernel, now = self.get_kernel(kernel_id), datetime.now(UTC)
        idle: float = (now - kernel.last_activity).total_seconds()
        if not self._kernel_connections.get(kernel_id):
            return idle > ALONE_S
        used = self._used.get(kernel_id)
        allowed: float = self.cull_idle_timeout
        return (idle if used is None else time.monotonic() - used) > allowed

    async def _died(self, kernel_id: str) -> None:
        notebook = self._waits_for(kernel_id)
        if notebook:
            await self._lost(notebook, kernel_id)
        else:
            await self.leave(kernel_id, CRASHED)

    async def _too_large(self, kernel_id: str) -> None:
        self.log.error("a kernel was ended: it took more memory than allowed")
        await self.leave(
            kernel_id, f"This page was ended: it took more than {self.memory_mb:,} MB of memory. "
            "Choose less at once, and reload it."
        )  # fmt: skip

    async def _lost(self, notebook: str, kernel_id: str) -> None:
        """Put a waiting kernel that has died away, and begin another."""
        self._note_death(notebook)
        await self.leave(kernel_id)
        self._fill_again()

    def _note_death(self, notebook: str) -> None:
        deaths = self._deaths[notebook] = self._deaths.get(notebook, 0) + 1
        rest = min(LOOK_AFTER_S * 2 ** (deaths - 1), MAX_REST_S) if deaths > 1 else 0.0
        self._rest_until[notebook] = time.monotonic() + rest

    def _fill_again(self) -> None:
        for notebook, until in list(self._rest_until.items()):
            if time.monotonic() >= until:
                del self._rest_until[notebook]
                self.fill_if_needed(delay=0, notebook_name=notebook)

    def _waits_for(self, kernel_id: str) -> str:
        """Return the notebook for whose visitors a kernel waits; empty when it does not."""
        for notebook, pool in self._pools.items():
            for task in pool:
                content = _made(task)
                if content is not None and content["kernel_id"] == kernel_id:
                    return str(notebook)
        return ""

    async def shutdown_kernel(self, kernel_id: str, *arguments: Any, **options: Any) -> None:
        """End a kernel, whoever asks; what failed to start must not stand in the way."""
        for pool in self._pools.values():
            for task in [task for task in pool if task.done() and _made(task) is None]:
                pool.remove(task)
        await super().shutdown_kernel(kernel_id, *arguments, **options)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that nobody used for long; its page says so."""
        await super().cull_kernel_if_idle(kernel_id)
        if kernel_id not in self and kernel_id in self._owners:
            await self.leave(kernel_id, IDLE)


def _made(task: asyncio.Task[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the page that a task has made ahead; ``None`` while it does, or where it failed."""
    if not task.done() or task.cancelled() or task.exception() is not None:
        return None
    return task.result()
