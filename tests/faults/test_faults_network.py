"""A connection that breaks in the middle of an object leaves nothing of it, and hurts nobody."""

from __future__ import annotations

from pathlib import Path

from tests.faults.fault_bench import MakeBench
from tests.faults.fault_objects import simulated, with_pixels
from tests.faults.fault_sender import STORED

# Of the bytes of one object's message: in the command, after it, in the data set, all but the end.
SHARES = (0.002, 0.02, 0.1, 0.5, 0.9, 0.9999)
PIXELS = (0.05, 0.5, 0.9999)  # the same for an object whose Pixel Data are 200 kB


def test_a_cut_within_an_object_stores_nothing_of_it(tmp_path: Path, make_bench: MakeBench) -> None:
    bench = make_bench(tmp_path / "workspace")
    bench.start()
    assert bench.send_all([0]) == [STORED]
    cuts = [(share, False) for share in SHARES] + [(share, True) for share in PIXELS]
    for number, (share, pixels) in enumerate(cuts, 1):
        bench.ledger.begin(number)
        one = simulated(number)
        bench.association().store_part(with_pixels(one) if pixels else one, share)
        with bench.association() as association:
            assert bench.send(association, 100 + number, pixels) == STORED
    bench.start().stop()
    judged = bench.judge()
    assert judged.broken == {}
    assert judged.stored == judged.acknowledged == 1 + len(cuts)
    # What was cut off is taken when it is sent again.
    bench.settle()
    assert bench.judge().stored == 1 + 2 * len(cuts)
