"""A crash before every single change of the disk: ``python -m tests.faults.steps --verb import``.

Random kills seldom hit the moment between two steps.  Here a library stands before the C library's
calls that change the disk (write, fsync, rename, unlink, mkdir below the workspace) and kills the
program just before the first one, then before the second one, and so on until it comes through.
After each crash the same command is run again, and the workspace is judged.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.faults.fault_disk import Shim, why_no_shim
from tests.faults.fault_judge import judge, tidy
from tests.faults.fault_objects import simulated
from tests.faults.fault_program import PATIENCE, Program, run
from workbench.settings import Settings
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.survey import create_survey, open_survey

OLD, NEW = 40, 60  # objects there before, and after
VERBS = ("import", "map")


@dataclass(frozen=True)
class Steps:
    """How many crashes there were, what they broke, and what the last run differed in."""

    crashes: int
    broken: dict[str, int]
    other_tables: int

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return not (self.broken or self.other_tables)


def crash_at_every_step(folder: Path, verb: str, first: int = 1, stride: int = 1) -> Steps:
    """Crash a verb before each change of the disk, or each ``stride``-th from ``first`` on."""
    base, files = folder / "base", folder / "files"
    _prepare(base, files, verb)
    workspace = folder / "workspace"
    arguments = ["import", files, "-w", workspace] if verb == "import" else ["map", "-w", workspace]
    shutil.copytree(base, workspace)
    run(arguments, folder / "log.txt")
    tidy(workspace)
    expected = _tables(workspace)
    shim = Shim(folder / "shim", workspace)
    broken: Counter[str] = Counter()
    crashes = other = 0
    while True:
        shutil.rmtree(workspace)
        shutil.copytree(base, workspace)
        environment = shim.killing_at(first + crashes * stride)
        program = Program(arguments, folder / "log.txt", environment)
        if program.process.wait(PATIENCE) >= 0:
            return Steps(crashes, dict(broken), other)
        crashes += 1
        _again(workspace, files, verb)
        broken.update(judge(workspace, range(NEW), range(NEW)).broken)
        other += _tables(workspace) != expected


def _prepare(base: Path, files: Path, verb: str) -> None:
    """Make a workspace with some objects mapped and, to be mapped, some more waiting."""
    files.mkdir()
    survey = create_survey(base, Settings())
    try:
        for numbers in (range(OLD), range(OLD, NEW)):
            for number in numbers:
                simulated(number).write(files)
            if numbers.start == 0 or verb == "map":
                import_files(survey, [files])
            if numbers.start == 0:
                map_survey(survey)
    finally:
        survey.close()


def _again(workspace: Path, files: Path, verb: str) -> None:
    """Do what was cut off, in this process, which is quicker than a new one."""
    survey = open_survey(workspace)
    try:
        if verb == "import":
            import_files(survey, [files])
        map_survey(survey)
    finally:
        survey.close()


def _tables(workspace: Path) -> tuple[str, ...]:
    """Return what the survey says, without the moments at which things were done."""
    survey = open_survey(workspace)
    try:
        frames = [survey.table(name) for name in ("instance", "series", "irradiation_event")]
        frames.append(survey.table("rejected"))
    finally:
        survey.close()
    moments = ("received_at", "object_number")
    return tuple(str(sorted(frame.drop(moments, strict=False).rows(), key=str)) for frame in frames)


def main() -> int:
    """Print the figures as JSON; return 1 if a promise was broken, 2 if nothing could be done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verb", choices=VERBS, default="import")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--stride", type=int, default=1)
    options = parser.parse_args()
    if why := why_no_shim():
        sys.stderr.write(f"steps {why}.\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        done = crash_at_every_step(Path(folder), options.verb, options.first, options.stride)
    told = {"verb": options.verb, "crashes": done.crashes, "broken": done.broken}
    sys.stdout.write(json.dumps({**told, "other tables": done.other_tables}, indent=1) + "\n")
    return 0 if done.kept else 1


if __name__ == "__main__":
    sys.exit(main())
