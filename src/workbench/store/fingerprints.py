"""What a stage has worked on: a fingerprint of the input of each study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from workbench.store.database import Database


@dataclass(frozen=True)
class StudyNotes:
    """What is to be noted of a stage together with its tables.

    Attributes
    ----------
    stage
        The stage.
    done
        Study to fingerprint of the input that was worked on.
    gone
        Studies of which nothing shall be noted any more.
    """

    stage: str
    done: Mapping[str, str] = field(default_factory=dict)
    gone: Iterable[str] = ()


class Fingerprints:
    """The table ``fingerprint`` of a catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, stage: str) -> dict[str, str]:
        """Return what a stage has already worked on: study to fingerprint of its input."""
        rows = self._database.all("SELECT * FROM fingerprint WHERE stage = ?", stage)
        return {row["study_uid"]: row["value"] for row in rows}

    def note(self, notes: StudyNotes) -> None:
        """Note what was done; of other studies it stays as it is."""
        gone = [(notes.stage, study) for study in notes.gone]
        done = [(notes.stage, study, value) for study, value in notes.done.items()]
        self._database.atomically(lambda: self._write(gone, done))

    def replace(self, stage: str, fingerprints: Mapping[str, str]) -> None:
        """Note what was done, in place of all that was noted before."""
        done = [(stage, study, value) for study, value in fingerprints.items()]

        def write() -> None:
            self._database.write("DELETE FROM fingerprint WHERE stage = ?", stage)
            self._write([], done)

        self._database.atomically(write)

    def _write(self, gone: list[tuple[str, str]], done: list[tuple[str, str, str]]) -> None:
        self._database.many("DELETE FROM fingerprint WHERE stage = ? AND study_uid = ?", gone)
        self._database.many(
            "INSERT INTO fingerprint (stage, study_uid, value) VALUES (?, ?, ?)"
            " ON CONFLICT (stage, study_uid) DO UPDATE SET value = excluded.value",
            done,
        )
