"""When others wait, a page that nobody looks at gives its place up; otherwise it stays."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workbench.rights import Rights
from workbench.server.unheard_pages import UNHEARD_S, UnheardPages
from workbench.server.visits import (
    ALONE_S,
    CRASHED,
    FOR_OTHERS,
    MIB,
    Busy,
    TooMany,
    VisitorKernels,
)
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
        self.unheard = UnheardPages()
        self._owners = dict.fromkeys(kernels, "ruth")
        self._ended = {}
        self._entering, self._starting = Counter(), 0
        self._used = {}
        self._deaths, self._rest_until = {}, {}
        self._pools: dict[str, Any] = {}
        self.notebook_data: dict[str, Any] = {}
        self._there = kernels
        self.ended: list[str] = []
        self._kernel_connections = dict.fromkeys(kernels, 0)
        self.cull_idle_timeout = int(CULLED_S)
        self.memory_mb = 2000
        self.most, self.most_each = 16, 4

    def take(self, kernel_id: str, kernel: Kernel, visitor: str) -> None:
        """Have one more kernel, of some visitor."""
        self._there[kernel_id] = kernel
        self._owners[kernel_id] = visitor
        self._kernel_connections[kernel_id] = 1

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


def test_a_page_that_only_asks_by_itself_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("workbench.server.visits.time.monotonic", lambda: clock[0])
    kernels = Kernels(shown=Kernel(1.0), clicked=Kernel(1.0))  # both answer all the time
    for kernel_id in ("shown", "clicked"):
        kernels.used(kernel_id)
    clock[0] = CULLED_S - 9
    kernels.used("clicked")
    clock[0] = CULLED_S + 9
    assert looked_after(kernels, connected=("shown", "clicked")) == ["shown"]


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


class NewKernels(Kernels):
    """Kernels that are started for who comes; each start waits until ``go``."""

    def __init__(self, most: int, most_each: int) -> None:
        super().__init__()
        self.most, self.most_each = most, most_each
        self.go = asyncio.Event()
        self.started = 0

    async def _fresh(self, notebook: str) -> dict[str, Any]:
        await self.go.wait()
        self.started += 1
        kernel_id = f"{notebook}-{self.started}"
        self.take(kernel_id, Kernel(), "")
        del self._owners[kernel_id]
        return {"kernel_id": kernel_id}


async def come(kernels: NewKernels, visitor: str, times: int) -> list[str]:
    """Let a visitor open so many pages at the same moment; return what became of each."""
    visits = [kernels.visit(f"{number}.ipynb", visitor, Rights()) for number in range(times)]
    tasks = [asyncio.create_task(visit) for visit in visits]
    await asyncio.sleep(0)
    kernels.go.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    kernels.go.clear()
    return [type(each).__name__ for each in done]


@pytest.mark.parametrize(("most", "most_each", "share"), [
    (16, 4, 4), (16, 99, 15), (4, 4, 3), (2, 4, 1), (1, 4, 1), (16, 0, 1),
])  # fmt: skip
def test_nobody_takes_all_places_however_many_are_asked_for_at_once(
    most: int, most_each: int, share: int
) -> None:
    async def crowd() -> None:
        kernels = NewKernels(most, most_each)
        told = await come(kernels, "ruth", 30)
        assert told == ["Visit"] * share + ["TooMany"] * (30 - share)
        with pytest.raises(TooMany) as many:
            await kernels.visit("my_scanner.ipynb", "ruth", Rights())
        assert many.value.number == share
        assert len(kernels.room) == 0  # she is in nobody's way
        others = await come(kernels, "anna", 1)
        assert others == (["Busy"] if most == 1 else ["Visit"])
        # Who closes a page may open another, unless somebody waits for it.
        await kernels.leave(kernels._of("ruth")[0])
        again = await come(kernels, "ruth", 2)
        assert again == (["Busy", "Busy"] if most == 1 else ["Visit", "TooMany"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.server.visits.STARTS_AT_ONCE", 99)
        patch.setattr(Kernel, "meet", lambda *_: None, raising=False)
        asyncio.run(crowd())


def test_what_nobody_looks_at_is_no_part_of_a_visitors_share() -> None:
    async def crash_and_come_again() -> None:
        kernels = NewKernels(16, 1)
        kernels.take("gone", Kernel(ALONE_S + 9), "ruth")
        kernels._kernel_connections["gone"] = 0
        assert await come(kernels, "ruth", 1) == ["Visit"]
        assert kernels.ended == ["gone"]
        assert await come(kernels, "ruth", 1) == ["TooMany"]  # that one was just opened

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Kernel, "meet", lambda *_: None, raising=False)
        asyncio.run(crash_and_come_again())


def test_a_visit_that_failed_takes_no_place() -> None:
    async def fail() -> None:
        kernels = NewKernels(16, 1)

        async def no_kernel(_: str) -> dict[str, Any]:
            raise RuntimeError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernels, "_fresh", no_kernel)
            assert await come(kernels, "ruth", 1) == ["RuntimeError"]
        assert kernels._held("ruth") == 0
        assert not kernels._entering

    asyncio.run(fail())


def test_the_place_in_the_line_is_told() -> None:
    async def wait() -> None:
        kernels = NewKernels(1, 1)
        kernels.take("k", Kernel(), "anna")
        with pytest.raises(Busy) as busy:
            await kernels.visit("x.ipynb", "ruth", Rights())
        assert busy.value.place == 1

    asyncio.run(wait())


def test_a_page_that_was_left_before_it_was_there_keeps_no_kernel() -> None:
    now = [0.0]
    kernels = Kernels(left=Kernel(), came=Kernel())
    kernels.unheard = UnheardPages(lambda: now[0])
    for kernel_id in ("left", "came"):
        kernels.unheard.sent(kernel_id)
    kernels.unheard.heard("came")
    now[0] = UNHEARD_S
    asyncio.run(kernels.look_after())
    assert kernels.ended == []
    now[0] += 0.1
    asyncio.run(kernels.look_after())
    asyncio.run(kernels.look_after())
    assert kernels.ended == ["left"]
    assert kernels.unheard.lost() == []
