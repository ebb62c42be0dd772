"""Kill -9 at any moment loses nothing that was acknowledged and leaves nothing half done."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.faults.fault_bench import MakeBench
from tests.faults.fault_judge import judge, stored, tidy, verdicts
from tests.faults.fault_objects import simulated
from tests.faults.fault_program import Program, run, until
from tests.faults.kills import kill_rounds

ROUNDS, FILES = 5, 2_600


def test_a_few_kills_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    done = kill_rounds(tmp_path, ROUNDS, seed=3)
    assert sum(done.kills.values()) >= ROUNDS - 1
    assert done.judgement.acknowledged > ROUNDS
    assert done.judgement.broken == {}
    assert (done.orphans, done.exit_code) == (0, 0)


def test_an_import_killed_again_and_again_gives_every_file_one_verdict(tmp_path: Path) -> None:
    chance = random.Random(5)
    workspace, files, log = tmp_path / "workspace", tmp_path / "files", tmp_path / "log.txt"
    run(["init", "-w", workspace], log)
    files.mkdir()
    for number in range(FILES):
        simulated(number).write(files)
    (files / "no object.txt").write_text("text")
    had = 0
    for _ in range(2):
        # By what it has done and not by the clock: how fast a machine is must not matter.
        program = Program(["import", files, "-w", workspace], log)
        goal = had + chance.randrange(1, 300)
        until(lambda goal=goal: stored(workspace) >= goal, "an import that gets on", log)
        program.kill()
        had = stored(workspace)
        assert had < FILES
    last = Program(["import", files, "-w", workspace], log)
    assert last.process.wait(120) == 1  # done, with one problem: the text file
    tidy(workspace)

    judged = judge(workspace, range(FILES), range(FILES))
    assert judged.stored == FILES
    assert judged.broken == {"refused": 1}
    assert verdicts(workspace) == {"stored": FILES, "rejected": 1}


def test_ctrl_c_ends_the_receiver_though_peers_go_on_sending(
    make_bench: MakeBench, tmp_path: Path
) -> None:
    bench = make_bench(tmp_path / "workspace")
    with bench.sending():
        bench.start()
        bench.wait_for_answers(5)
        time.sleep(0.2)
        assert bench.start().stop(20.0) == 0
    assert bench.judge().broken == {}
