"""A disk that is full, broken or locked: refused with 0xA700, never half stored, all well after."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.faults.fault_bench import Bench, MakeBench
from tests.faults.fault_disk import Shim, enlarge, small_disk
from tests.faults.fault_sender import OUT_OF_RESOURCES, STORED

SMALL_KB, LARGE_KB = 2_000, 60_000


@pytest.fixture
def shimmed(tmp_path: Path, make_bench: MakeBench, compiler: None) -> tuple[Bench, Shim]:
    shim = Shim(tmp_path / "shim", tmp_path / "workspace")
    bench = make_bench(tmp_path / "workspace", environment=shim.environment)
    bench.start()
    return bench, shim


def settled(bench: Bench) -> None:
    """All is well again: what was refused is taken, each object once."""
    assert bench.settle() == 0
    judged = bench.judge()
    assert judged.broken == {}
    assert judged.stored == len(bench.ledger.sent)


@pytest.mark.usefixtures("mounts")
def test_a_full_disk_refuses_and_takes_all_once_there_is_room(
    tmp_path: Path, make_bench: MakeBench
) -> None:
    with small_disk(tmp_path / "disk", SMALL_KB) as disk:
        bench = make_bench(disk / "workspace")
        try:
            bench.start()
            answers = bench.send_all([*range(150)])
            assert answers[0] == STORED
            assert answers[-1] == OUT_OF_RESOURCES
            assert set(answers) == {STORED, OUT_OF_RESOURCES}
            # It also ends and starts while there is no room, and nothing is lost by that.
            bench.start().stop()
            bench.start()
            bench.send_all([150])
            enlarge(disk, LARGE_KB)
            settled(bench)
        finally:
            bench.end()


def test_a_disk_error_refuses_and_nothing_is_half_stored(shimmed: tuple[Bench, Shim]) -> None:
    bench, shim = shimmed
    for number, fault in enumerate(("eio-write", "eio-sync")):
        first = 10 * number
        assert bench.send_all([first, first + 1]) == [STORED, STORED]
        with shim.fault(fault):
            refused = bench.send_all([first + 2, first + 3])
        assert refused == [OUT_OF_RESOURCES, OUT_OF_RESOURCES]
        assert bench.send_all([first + 4]) == [STORED]
    with shim.fault("eio-sync"):
        assert bench.start().stop() != 0  # it could not note its end, and says so
    settled(bench)


def test_a_locked_database_refuses_after_a_while(tmp_path: Path, make_bench: MakeBench) -> None:
    bench = make_bench(tmp_path / "workspace")
    bench.start()
    assert bench.send_all([0]) == [STORED]
    other = sqlite3.connect(bench.workspace / "catalogue.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert bench.send_all([1]) == [OUT_OF_RESOURCES]
    other.execute("ROLLBACK")
    other.close()
    assert bench.send_all([1, 2]) == [STORED, STORED]
    settled(bench)
