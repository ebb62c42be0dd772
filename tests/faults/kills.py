"""Kill -9 at random moments: ``python -m tests.faults.kills --rounds 200 --seed 1``.

Peers send without a pause.  In each round the receiver (or ``workbench map`` beside it) is killed
at a random moment of a random kind and started again.  At the end what is still open is sent, the
receiver ends properly, and the workspace is judged.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.fault_bench import WEIGHTS, Bench
from tests.faults.fault_judge import Judgement


@dataclass(frozen=True)
class Kills:
    """What came of it.

    Attributes
    ----------
    kills
        Kills by kind of moment.
    late
        Kills that found the program ended already, by kind.
    unfinished
        Kills after which an unfinished part lay in the folder; it has to be gone at the end.
    orphans
        Child processes that outlived a killed parent by 5 s.
    hung
        Programs that did not end within 15 s of Ctrl-C while peers were sending.
    exit_code
        Of the receiver that was ended properly at last.
    answers
        Answers to C-STORE by status; "none" where the connection broke first.
    """

    kills: dict[str, int]
    late: dict[str, int]
    unfinished: int
    orphans: int
    hung: int
    exit_code: int
    answers: dict[str, int]
    judgement: Judgement

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return not (self.judgement.broken or self.orphans or self.hung or self.exit_code)


def kill_rounds(folder: Path, rounds: int, seed: int) -> Kills:
    """Kill ``rounds`` times in a new workspace below ``folder``."""
    chance = random.Random(seed)
    bench = Bench(folder / "workspace", folder)
    kills: Counter[str] = Counter()
    late: Counter[str] = Counter()
    unfinished = orphans = 0
    try:
        with bench.sending():
            for _ in range(rounds):
                (moment,) = chance.choices([*WEIGHTS], [*WEIGHTS.values()])
                program = bench.reach(moment, chance)
                (kills if program.process.poll() is None else late)[moment] += 1
                orphans += program.kill()
                unfinished += _has_partial(bench.workspace)
        code = bench.settle()
        answers = dict(bench.ledger.statuses())
        counted = (dict(kills), dict(late), unfinished, orphans, bench.hung, code, answers)
        return Kills(*counted, bench.judge())
    finally:
        bench.end()


def _has_partial(workspace: Path) -> bool:
    return any((workspace / "parts").glob("*.partial"))


def main() -> int:
    """Print the figures as JSON; return 1 if the promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep workspace and record here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        done = kill_rounds(folder, options.rounds, options.seed)
    told = {"rounds": options.rounds, "seed": options.seed, "kept": done.kept, **asdict(done)}
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return 0 if done.kept else 1


if __name__ == "__main__":
    sys.exit(main())
