"""Two hands at one workspace: ``python -m tests.faults.two_hands --rounds 100 --seed 1``.

In each round two programs map and estimate at once, while a third imports; one of the three is
frozen at a random moment, until the others are done or for a second, then goes on or is killed.
After that the line is gone through once, and must then say that all is done, find nothing missing,
and have the tables of a second workspace that only ever had one hand.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.faults.hand import Hand
from tests.mapping.conftest import Cases
from workbench.settings import Settings, StoreSettings
from workbench.stages.dosing import estimate_doses
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.stages.study_check import dosed_problems, mapped_problems
from workbench.survey import KEY_FILE, Survey, create_survey

BEFORE, MEANWHILE, SLICES = 5, 3, 4  # studies there before a round, imported in it; their images
FROZEN_S = 1.0  # at most: the others may have to wait for what it holds
TABLES = ("series", "irradiation_event", "dose_estimate", "finding")


@dataclass
class Rounds:
    """What came of it.

    Attributes
    ----------
    frozen, killed
        How often by who was hit: a map, or the import.
    not_done
        Rounds after which the line was not done at its second time.
    missing
        Rounds after which the check named a study.
    different
        Rounds after which a table was not that of one hand, by table.
    ended_wrong
        What programs said that were not killed, and did not end well.
    """

    rounds: int = 0
    frozen: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    not_done: int = 0
    missing: int = 0
    different: Counter[str] = field(default_factory=Counter)
    ended_wrong: Counter[str] = field(default_factory=Counter)

    @property
    def kept(self) -> bool:
        """Whether nothing was lost, nothing twice, and everybody ended well."""
        return not (self.not_done or self.missing or self.different or self.ended_wrong)


class TwoHands:
    """A workspace for several hands, and one for a single hand, of the same objects."""

    def __init__(
        self, folder: Path, store: StoreSettings, environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.alone = create_survey(folder / "alone", Settings())
        self.shared = create_survey(folder / "shared", Settings(store=store))
        shutil.copy(self.alone.folder / KEY_FILE, self.shared.folder / KEY_FILE)
        self.environment = dict(environment or {})
        self._cases, self._studies = Cases(), 0

    def close(self) -> None:
        """Close both."""
        self.alone.close()
        self.shared.close()

    def new_files(self, studies: int) -> Path:
        """Return a new folder of new studies; of three, two are of one patient."""
        folder = self.folder / f"files{self._studies:05d}"
        folder.mkdir()
        for number in range(self._studies, self._studies + studies):
            study = f"1.2.3.{number + 1}"
            images = self._cases.slices(
                "2", range(0, 5 * SLICES, 5), StudyInstanceUID=study, PatientName="Grottenolm",
                SeriesInstanceUID=f"{study}.2", PatientID=f"P{number - (number % 3 == 2)}",
                PatientBirthDate="19740301",
            )  # fmt: skip
            for image in images:
                image.file_meta = FileMetaDataset()
                image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
                image.save_as(folder / f"{image.SOPInstanceUID}.dcm", enforce_file_format=True)
        self._studies += studies
        return folder

    def judge(self, told: Rounds) -> None:
        """Go through the line once more, and see whether all is as with one hand."""
        survey = self.shared
        line(survey)
        again = map_survey(survey)["studies"] + estimate_doses(survey)["studies"]
        told.not_done += again > 0
        told.missing += bool([*mapped_problems(survey), *dosed_problems(survey)])
        line(self.alone)
        for name in TABLES:
            told.different[name] += rows_of(survey, name) != rows_of(self.alone, name)
        told.different = +told.different
        told.rounds += 1


def line(survey: Survey) -> None:
    """Map and estimate what is new."""
    map_survey(survey)
    estimate_doses(survey)


def rows_of(survey: Survey, name: str) -> list[str]:
    """Return the rows of a table as text, in an order of their own."""
    frame = survey.table(name).drop("object_number", strict=False)
    return sorted(str(row) for row in frame.rows())


def play(hands: list[Hand], game: TwoHands, chance: random.Random, told: Rounds) -> None:
    """Play one round."""
    workspace, environment = game.shared.folder, game.environment
    files = game.new_files(BEFORE)
    for survey in (game.alone, game.shared):
        import_files(survey, [files])
    files = game.new_files(MEANWHILE)
    tasks = {"map": hands[0], "other map": hands[1], "import": hands[2]}
    for name, hand in tasks.items():
        if name == "import":
            hand.begin("import", workspace, paths=[str(files)], environment=environment)
        else:
            hand.begin(
                "line", workspace, again=chance.random() < 0.2, environment=environment
            )  # fmt: skip
        time.sleep(chance.choice((0.0, 0.01, 0.05)))
    name = chance.choice([*tasks])
    killed = _disturb(tasks, name, chance, told)
    for other, hand in tasks.items():
        if not (killed and other == name) and (outcome := hand.outcome()) != "done":
            told.ended_wrong[outcome] += 1
    for survey in (game.alone, game.shared):
        import_files(survey, [files])  # what a killed import has left
    game.judge(told)


def _disturb(tasks: dict[str, Hand], name: str, chance: random.Random, told: Rounds) -> bool:
    """Freeze one hand at a random moment; return whether it was then killed."""
    victim = tasks[name]
    time.sleep(chance.uniform(0.0, 0.5))
    victim.signal(signal.SIGSTOP)
    told.frozen[name.rpartition(" ")[2]] += 1
    others = [hand for hand in tasks.values() if hand is not victim]
    waiting = [threading.Thread(target=hand.wait) for hand in others]
    end = time.monotonic() + FROZEN_S
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join(max(0.0, end - time.monotonic()))
    killed = chance.random() < 0.3
    if killed:
        victim.kill()
        told.killed[name.rpartition(" ")[2]] += 1
    else:
        victim.signal(signal.SIGCONT)
    for thread in waiting:
        thread.join()
    return killed


@contextmanager
def three_hands() -> Iterator[list[Hand]]:
    """Give three hands, which end with the block."""
    hands = [Hand(), Hand(), Hand()]
    try:
        yield hands
    finally:
        for hand in hands:
            hand.kill()


def main() -> int:
    """Print the figures as JSON; return 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="catalogue on PostgreSQL")
    options = parser.parse_args()
    chance, told, store = random.Random(options.seed), Rounds(), StoreSettings()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if options.postgres:
            from tests.store.postgres_server import server

            store = StoreSettings(stack.enter_context(server()).url)
        game = TwoHands(Path(folder), store)
        stack.callback(game.close)
        hands = stack.enter_context(three_hands())
        for _ in range(options.rounds):
            play(hands, game, chance, told)
    sys.stdout.write(json.dumps({"kept": told.kept, **vars(told)}, indent=1) + "\n")
    return 0 if told.kept else 1


if __name__ == "__main__":
    sys.exit(main())
