"""When others wait, a page that nobody looks at gives its place up; otherwise it stays."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workbench.server.visits import ALONE_S, CRASHED, FOR_OTHERS, MIB, VisitorKernels
from workbench.server.waiting_room import WaitingRoom

CULLED_S = 1200.0


@dataclass
class Kernel:
    """A kernel as far as it is looked after."""

    idle_s: float = 0.0
    memory: int = 100 * MIB
    alive: bool = True

    @property
    def last_activity(self) -> datetime:
        return datetime.now(UTC) - timedelta(seconds=self.idle_s)

    async def is_alive(self) -> bool:
        return self.alive


class Kernels(VisitorKernels):
    """The kernels of a server, without processes; ``ended`` is what was shut down."""

    def __init__(self, **kernels: Kernel) -> None:
        self.room = WaitingRoom()
        self._owners = dict.fromkeys(kernels, "ruth")
        self._ended = {}
        self._deaths, self._rest_until = {}, {}
        self._pools: dict[str, Any] = {}
        self.notebook_data: dict[str, Any] = {}
        self._there = kernels
        self.ended: list[str] = []
        self._kernel_connections = dict.fromkeys(kernels, 0)
        self.cull_idle_timeout = int(CULLED_S)
        self.memory_mb = 2000

    def __contains__(self, kernel_id: str) -> bool:
        return kernel_id in self._there

    def list_kernel_ids(self) -> list[str]:
        return list(self._there)

    def get_kernel(self, kernel_id: str) -> Any:
        return self._there[kernel_id]

    async def shutdown_kernel(self, kernel_id: str, *_: Any, **__: Any) -> None:
        del self._there[kernel_id]
        self.ended.append(kernel_id)


def looked_after(kernels: Kernels, waiting: int = 1, connected: tuple[str, ...] = ()) -> list[str]:
    for number in range(waiting):
        kernels.room.place(str(number), 0)
    kernels._kernel_connections |= dict.fromkeys(connected, 1)
    asyncio.run(kernels.look_after())
    return kernels.ended


def test_who_is_away_makes_room_for_who_waits() -> None:
    kernels = Kernels(gone=Kernel(ALONE_S + 9), new=Kernel(ALONE_S - 9), used=Kernel(ALONE_S + 9))
    assert looked_after(kernels, connected=("used",)) == ["gone"]
    assert kernels.why_ended("gone") == FOR_OTHERS
    assert kernels.owner("gone") == "ruth"
    assert kernels.why_ended("used") == ""


def test_a_page_that_is_open_and_not_used_makes_room_later() -> None:
    kernels = Kernels(shown=Kernel(CULLED_S + 9))
    assert looked_after(kernels, connected=("shown",)) == ["shown"]


def test_where_nobody_waits_nobody_is_sent_away() -> None:
    assert looked_after(Kernels(gone=Kernel(10 * CULLED_S)), waiting=0) == []


@pytest.mark.parametrize(("kernel", "why"), [
    (Kernel(alive=False), CRASHED), (Kernel(memory=2001 * MIB), "more than 2,000 MB"),
])  # fmt: skip
def test_what_died_or_grew_too_large_is_ended_and_told(kernel: Kernel, why: str) -> None:
    kernels = Kernels(bad=kernel, good=Kernel(memory=1999 * MIB))
    assert looked_after(kernels, waiting=0) == ["bad"]
    assert why in kernels.why_ended("bad")
    assert kernels.why_ended("good") == ""
    assert kernels.why_ended("never-there") != ""
    assert kernels.owner("never-there") == ""
