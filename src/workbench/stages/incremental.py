"""Work on the studies that changed, and publish it beside others who do the same.

Several programs may map or estimate one workspace at once, and patients may be erased meanwhile.
Who publishes says which version of the tables the work began with; where that is no longer what
counts, nothing is kept, and it is looked again: what the others have done is taken from them, what
was made here of unchanged input is kept, and only the rest is made.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from workbench.errors import StoreError
from workbench.language import mark
from workbench.schema import FINDING, Table
from workbench.stages.changed_studies import (
    changed_studies,
    in_studies,
    merged,
    merged_findings,
)
from workbench.stages.run_record import Progress
from workbench.store.fingerprints import StudyNotes
from workbench.store.tables import OvertakenError
from workbench.survey import Survey

OVERTAKEN = mark("another run published first; studies left to this one")
MAX_ROUNDS = 20  # in which others may publish first


@dataclass(frozen=True)
class MadeRows:
    """Rows that were made of studies, by table, and the studies that are to be tried again."""

    frames: Mapping[str, pl.DataFrame]
    failed: frozenset[str] = frozenset()


class StudyWork(Protocol):
    """What a stage does, one survey's studies at a time ("" stands for no study).

    Attributes
    ----------
    stage
        Its name among the fingerprints.
    finding_stage
        Its name in the table of findings.
    tables
        What it makes.
    """

    stage: str
    finding_stage: str
    tables: tuple[Table, ...]

    def look(self) -> dict[str, str]:
        """Return study to fingerprint of its input, as it is now."""

    def with_kin(self, studies: Collection[str]) -> set[str]:
        """Return studies and those that must be worked on together with them."""

    def make(self, studies: Collection[str]) -> MadeRows:
        """Make the rows of studies, which are complete with their kin."""


class _RowsInHand:
    """What this run has made and not published yet."""

    def __init__(self, tables: Collection[Table]) -> None:
        self._tables = tables
        self.frames = {table.name: table.empty() for table in tables}
        self.made_of: dict[str, str] = {}
        self.failed: set[str] = set()

    def keep(self, studies: set[str]) -> None:
        """Let go of all studies but these."""
        self.made_of = {study: self.made_of[study] for study in studies}
        self.failed &= studies
        self.frames = {
            name: frame.filter(in_studies(studies)) for name, frame in self.frames.items()
        }

    def add(self, made: MadeRows, inputs: Mapping[str, str]) -> None:
        """Take what was made of these inputs."""
        self.made_of.update(inputs)
        self.failed |= made.failed
        for table in self._tables:
            rows = table.fit(made.frames[table.name])
            self.frames[table.name] = pl.concat([self.frames[table.name], rows])


def work_on_changed(
    survey: Survey, work: StudyWork, progress: Progress, *, again: bool = False
) -> tuple[int, MadeRows]:
    """Work on new or changed studies, or on all ``again``, and publish.

    Returns how many were new or changed, and what was made of them and of their kin.  Raises
    ``StoreError`` where other programs published again and again in between.
    """
    in_hand = _RowsInHand(work.tables)
    for number in range(MAX_ROUNDS):
        since = survey.store.version(table.name for table in work.tables)
        known = survey.store.fingerprints(work.stage)
        inputs = work.look()
        changed = set(inputs) if again else changed_studies(known, inputs)
        needed = work.with_kin(changed)
        _make_the_rest(work, in_hand, needed, inputs)
        if number:
            progress(len(needed), len(needed), OVERTAKEN)
        gone = known.keys() - inputs.keys()
        if changed or gone or again:
            notes = StudyNotes(
                work.stage,
                {study: inputs[study] for study in (needed & inputs.keys()) - in_hand.failed},
                gone | in_hand.failed,
            )
            kept = inputs.keys() - needed
            try:
                survey.store.publish(_merged(survey, work, kept, in_hand), since, notes)
            except OvertakenError:
                continue
        return len(changed), MadeRows(in_hand.frames, frozenset(in_hand.failed))
    raise StoreError(
        "other programs kept publishing the same tables.", "Run it again when they have ended."
    )


def _make_the_rest(
    work: StudyWork, in_hand: _RowsInHand, needed: set[str], inputs: Mapping[str, str]
) -> None:
    """Make what is needed and is not in hand, or was made of another input."""
    made_of = in_hand.made_of
    same = {study for study in needed & inputs.keys() if made_of.get(study) == inputs[study]}
    left = work.with_kin(needed - same)
    in_hand.keep(same - left)
    if left:
        made = work.make(left)
        in_hand.add(made, {study: inputs[study] for study in left & inputs.keys()})


def _merged(
    survey: Survey, work: StudyWork, kept: set[str], in_hand: _RowsInHand
) -> dict[str, pl.DataFrame]:
    """Return the tables: their rows of studies to be kept, and those in hand."""
    return {
        table.name: merged_findings(survey, work.finding_stage, kept, in_hand.frames[table.name])
        if table is FINDING
        else merged(survey, table, kept, in_hand.frames[table.name])
        for table in work.tables
    }
