"""Is what was promised true?  Acknowledged objects are in the store, each once, as a file would be.

The judge reads the workspace through ``workbench.survey`` and the catalogue's own list of parts,
and compares with a second workspace into which the same objects were imported from files.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from tests.faults.fault_objects import object_uid, simulated
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.survey import Survey, open_survey

OWN = ("object_number", "source", "received_at")  # differ between the network and a folder


@dataclass(frozen=True)
class Judgement:
    """How often the promise was broken, by kind; all zero when it was kept.

    Attributes
    ----------
    lost
        Acknowledged objects that are not in the store.
    double
        Objects that are in the store more than once.
    different
        Stored objects with another row than a folder import of the same object gives.
    foreign
        Rows that are no object of ours.
    refused
        Objects that stand in the table of rejected ones.
    leftovers
        Files in the folder of parts that no row names.
    missing
        Rows of parts whose file is not there.
    damaged
        Lines of SQLite's integrity check other than "ok".
    """

    acknowledged: int
    stored: int
    lost: int = 0
    double: int = 0
    different: int = 0
    foreign: int = 0
    refused: int = 0
    leftovers: int = 0
    missing: int = 0
    damaged: int = 0

    @property
    def broken(self) -> dict[str, int]:
        """What was broken; empty when the promise was kept."""
        figures = asdict(self)
        del figures["acknowledged"], figures["stored"]
        return {name: number for name, number in figures.items() if number}


def tidy(workspace: Path) -> None:
    """Map what has come: a publication also removes what a run that was cut off left behind."""
    survey = open_survey(workspace)
    try:
        map_survey(survey)
    finally:
        survey.close()


def judge(workspace: Path, acknowledged: Iterable[int], sent: Iterable[int]) -> Judgement:
    """Judge a workspace at rest; ``sent`` are all objects that may be in it."""
    survey = open_survey(workspace)
    try:
        stored = survey.table("instance")
        refused = survey.rejected().height
        uid = survey.pseudonyms().uid
        ours = {uid(object_uid(number)): number for number in sent}
        promised = {uid(object_uid(number)) for number in acknowledged}
    finally:
        survey.close()
    uids = stored["SOPInstanceUID"]
    known = {one for one in uids if one in ours}
    leftovers, missing, damaged = _files(workspace)
    return Judgement(
        acknowledged=len(promised),
        stored=stored.height,
        lost=len(promised - set(uids)),
        double=stored.height - uids.n_unique(),
        different=_different(workspace, stored, sorted(ours[one] for one in known)),
        foreign=uids.n_unique() - len(known),
        refused=refused,
        leftovers=leftovers,
        missing=missing,
        damaged=damaged,
    )


def verdicts(workspace: Path) -> dict[str, int]:
    """Return how many objects the catalogue holds by verdict."""
    catalogue = sqlite3.connect(workspace / "catalogue.sqlite")
    try:
        found = catalogue.execute(
            "SELECT 'stored', count(*) FROM object HAVING count(*) > 0"
            " UNION ALL SELECT verdict, count(*) FROM refused GROUP BY verdict"
        )
        return dict(found.fetchall())
    finally:
        catalogue.close()


def stored(workspace: Path) -> int:
    """Return how many objects the catalogue says are stored; zero while there is none."""
    try:
        return verdicts(workspace).get("stored", 0)
    except sqlite3.OperationalError:  # not made yet
        return 0


def _files(workspace: Path) -> tuple[int, int, int]:
    catalogue = sqlite3.connect(workspace / "catalogue.sqlite")
    try:
        named = {row[0] for row in catalogue.execute("SELECT file FROM part")}
        check = [row[0] for row in catalogue.execute("PRAGMA integrity_check")]
    finally:
        catalogue.close()
    folder = workspace / "parts"
    there = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
    return len(there - named), len(named - there), len([line for line in check if line != "ok"])


def _different(workspace: Path, stored: pl.DataFrame, numbers: list[int]) -> int:
    """Count rows that a folder import of the same objects gives otherwise."""
    reference = workspace.parent / f"{workspace.name}-reference"
    files = reference / "files"
    try:
        files.mkdir(parents=True)
        for number in numbers:
            simulated(number).write(files)
        made = reference / "workspace"
        made.mkdir()
        for name in ("workbench.toml", "hospital.key"):
            shutil.copy(workspace / name, made / name)
        return _compared(stored, open_survey(made), files)
    finally:
        shutil.rmtree(reference, ignore_errors=True)


def _compared(stored: pl.DataFrame, reference: Survey, files: Path) -> int:
    try:
        import_files(reference, [files])
        expected = reference.table("instance")
    finally:
        reference.close()
    rows = [
        frame.drop(OWN).unique("SOPInstanceUID").select(pl.struct(pl.all()).alias("row"))
        for frame in (stored, expected)
    ]
    (has, ought) = ({str(row) for row in frame["row"]} for frame in rows)
    return len(ought - has)
