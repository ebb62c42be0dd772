"""Two hands at one workspace: ``python -m tests.faults.two_hands --rounds 100 --seed 1``.

In each round two programs map and estimate, while a third imports; one of the three is frozen at
a random moment.  The others run beside it, or one after the other while it is frozen: what is
imported then is mapped by one who sees it, under the eyes of one who does not.  When they are
done, or held up by what it holds, it goes on or is killed.  After that the line is gone through
once, and must then say that all is done, find nothing missing, and have the tables of a second
workspace that only ever had one hand.

``--blind`` takes the comparison out that all this is about: studies must be lost.
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
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.faults.hand import BLIND, Hand
from tests.mapping.conftest import Cases
from workbench.settings import Settings, StoreSettings
from workbench.stages.dosing import estimate_doses
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.stages.study_check import dosed_problems, mapped_problems
from workbench.survey import KEY_FILE, Survey, create_survey

BEFORE, MEANWHILE, SLICES = 5, 3, 4  # studies there before a round, imported in it; their images
LINE_S = 0.4  # about as long as the line takes of so few studies, in which one is frozen
FROZEN_S = 3.0  # at most: the others may have to wait for what it holds
TABLES = ("series", "irradiation_event", "dose_estimate", "finding")


@dataclass
class Rounds:
    """What came of it.

    Attributes
    ----------
    frozen, killed
        How often by who was hit: a map, or the import.
    held_up
        How often the others could not end before it went on.
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
    held_up: int = 0
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

    def give(self, hand: Hand, task: str, **how: Any) -> None:
        """Give a hand a task on the shared workspace."""
        hand.begin(task, self.shared.folder, environment=self.environment, **how)

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
    files = game.new_files(BEFORE)
    for survey in (game.alone, game.shared):
        import_files(survey, [files])
    files = game.new_files(MEANWHILE)
    first, second, importing = hands
    again = [chance.random() < 0.2 for _ in range(2)]
    if chance.random() < 0.6:
        game.give(first, "line", again=again[0])
        killed = _frozen(
            first, "map", chance, told,
            lambda: _in_turn(
                lambda: game.give(importing, "import", paths=[str(files)]), importing,
                lambda: game.give(second, "line", again=again[1]), second,
            ),
        )  # fmt: skip
        victim = first
    else:
        for hand, which in ((first, again[0]), (second, again[1])):
            game.give(hand, "line", again=which)
            time.sleep(chance.choice((0.0, 0.01, 0.05)))
        game.give(importing, "import", paths=[str(files)])
        victim = chance.choice(hands)
        others = [hand for hand in hands if hand is not victim]
        name = "import" if victim is importing else "map"
        killed = _frozen(
            victim, name, chance, told, lambda: [hand.wait() for hand in others]
        )  # fmt: skip
    for hand in hands:
        if not (killed and hand is victim) and (outcome := hand.outcome()) != "done":
            told.ended_wrong[outcome] += 1
    for survey in (game.alone, game.shared):
        import_files(survey, [files])  # what a killed import has left
    game.judge(told)


def _in_turn(
    begin: Callable[[], None], first: Hand, then: Callable[[], None], second: Hand
) -> None:
    begin()
    first.wait()
    then()
    second.wait()


def _frozen(
    victim: Hand, name: str, chance: random.Random, told: Rounds, meanwhile: Callable[[], object]
) -> bool:
    """Freeze one hand at a random moment while others work; return whether it was then killed."""
    victim.until_begun()
    time.sleep(chance.uniform(0.0, LINE_S))
    victim.signal(signal.SIGSTOP)
    told.frozen[name] += 1
    others = threading.Thread(target=meanwhile)
    others.start()
    others.join(FROZEN_S)
    told.held_up += others.is_alive()
    killed = chance.random() < 0.3
    if killed:
        victim.kill()
        told.killed[name] += 1
    else:
        victim.signal(signal.SIGCONT)
    others.join()
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
    parser.add_argument("--blind", action="store_true", help="publish without a comparison")
    options = parser.parse_args()
    chance, told, store = random.Random(options.seed), Rounds(), StoreSettings()
    environment = {BLIND: "1"} if options.blind else {}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if options.postgres:
            from tests.store.postgres_server import server

            store = StoreSettings(stack.enter_context(server()).url)
        game = TwoHands(Path(folder), store, environment)
        stack.callback(game.close)
        hands = stack.enter_context(three_hands())
        for _ in range(options.rounds):
            play(hands, game, chance, told)
    sys.stdout.write(json.dumps({"kept": told.kept, **vars(told)}, indent=1) + "\n")
    return 0 if told.kept else 1


if __name__ == "__main__":
    sys.exit(main())
