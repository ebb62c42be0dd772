"""Power cuts: ``python -m tests.faults.powercuts --cuts 50 --seed 1`` (as root).

The workspace is on an ext4 file system in an image file.  At a random moment all processes are
frozen, the image is copied as it stands (what the kernel holds in memory is lost, as it would be),
and they go on.  Each copy is then mounted, mapped and judged.  ``--lying-disk`` makes fsync do
nothing: then acknowledged objects must be lost, or the test sees nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.fault_bench import WEIGHTS, Bench
from tests.faults.fault_disk import (
    Shim,
    copy_as_it_stands,
    disk_image,
    fast_folder,
    mounted,
    why_no_mount,
)
from tests.faults.fault_judge import Judgement, judge, tidy

LYING = "nosync"


@dataclass(frozen=True)
class Cut:
    """One power cut: when, what had been acknowledged by then, and what was left."""

    moment: str
    judgement: Judgement


@dataclass(frozen=True)
class PowerCuts:
    """A row of cuts; ``hung`` counts programs that did not end within 15 s of Ctrl-C."""

    cuts: tuple[Cut, ...]
    hung: int

    @property
    def lost(self) -> int:
        """Acknowledged objects that were not in the store, summed over the cuts."""
        return sum(cut.judgement.lost for cut in self.cuts)

    @property
    def broken(self) -> dict[str, int]:
        """What was broken, summed over the cuts; empty when every promise was kept."""
        found = Counter({"hung": self.hung} if self.hung else {})
        for cut in self.cuts:
            found.update(cut.judgement.broken)
        return dict(found)

    def summary(self) -> dict[str, object]:
        """Return the figures."""
        return {
            "cuts": len(self.cuts),
            "moments": dict(Counter(str(cut.moment) for cut in self.cuts)),
            "acknowledged at each cut": [cut.judgement.acknowledged for cut in self.cuts],
            "lost at each cut": [cut.judgement.lost for cut in self.cuts],
            "broken": self.broken,
            "last": asdict(self.cuts[-1].judgement),
        }


def power_cuts(cuts: int, seed: int, lying_disk: bool = False) -> PowerCuts:
    """Cut the power ``cuts`` times and judge what each left."""
    chance = random.Random(seed)
    folder = fast_folder(Path.cwd())
    try:
        with ExitStack() as stack:
            bench = stack.enter_context(_bench(folder, lying_disk))
            done = tuple(_cut(bench, folder, chance) for _ in range(cuts))
            return PowerCuts(done, bench.hung)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _bench(folder: Path, lying_disk: bool) -> Iterator[Bench]:
    with disk_image(folder / "image", folder / "disk") as disk, ExitStack() as stack:
        environment = {}
        if lying_disk:
            shim = Shim(folder / "shim", disk)
            stack.enter_context(shim.fault(LYING))
            environment = shim.environment
        bench = Bench(disk / "workspace", folder, environment)
        _flush(disk)
        try:
            yield bench
        finally:
            bench.end()


def _flush(disk: Path) -> None:
    """Put the empty workspace on the disk."""
    for path in (*disk.rglob("*"), disk):
        if path.is_file() or path.is_dir():
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


def _cut(bench: Bench, folder: Path, chance: random.Random) -> Cut:
    (moment,) = chance.choices([*WEIGHTS], [*WEIGHTS.values()])
    with bench.sending():
        bench.reach(moment, chance)
        frozen = bench.programs()
        for program in frozen:
            program.signal(signal.SIGSTOP)
        # A name of its own each time: files of the last copy may still be mapped into memory.
        copy = folder / f"copy{chance.getrandbits(64):x}"
        copy_as_it_stands(folder / "image", copy)
        # Answers the peers read only now were given before the cut.
        acknowledged, sent = bench.ledger.acknowledged, bench.ledger.sent
        for program in frozen:
            program.signal(signal.SIGCONT)
    return Cut(moment, _judged(copy, acknowledged, sent))


def _judged(copy: Path, acknowledged: set[int], sent: list[int]) -> Judgement:
    with mounted(copy, copy.with_suffix(".mounted")) as disk:
        tidy(disk / "workspace")
        judgement = judge(disk / "workspace", acknowledged, sent)
    copy.unlink()
    return judgement


def main() -> int:
    """Print the figures as JSON; return 1 if the promise was broken, 2 if nothing could be done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lying-disk", action="store_true", help="fsync does nothing")
    options = parser.parse_args()
    if why := why_no_mount():
        sys.stderr.write(f"powercuts {why}.\n")
        return 2
    done = power_cuts(options.cuts, options.seed, options.lying_disk)
    sys.stdout.write(json.dumps(done.summary(), indent=1) + "\n")
    return 1 if done.broken else 0


if __name__ == "__main__":
    sys.exit(main())
