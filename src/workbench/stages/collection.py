"""What a run of the collector brought: the patients asked for, and what of them came now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import PatientState, Queue
from workbench.language import Saying, Words, data, listed, sentences, t, worded
from workbench.stages.border import Intake
from workbench.survey import Survey


@dataclass(frozen=True)
class Collection:
    """What became of patients that were asked for, in the order given.

    Attributes
    ----------
    patients
        Their rows of the queue.
    received
        How many objects came in this run, by the number of the patient; of those who were not
        asked for in it, nothing.
    intake
        What came in, pushed objects included.
    note
        Why it ended before everybody was done; empty where it did not.
    """

    patients: tuple[dict[str, object], ...]
    received: Mapping[int, int]
    intake: Intake
    note: Saying | str = ""

    @property
    def complete(self) -> bool:
        """Whether every patient is complete."""
        return all(patient["state"] == PatientState.COMPLETE for patient in self.patients)

    def states(self) -> dict[str, int]:
        """Return the number of patients by state."""
        counts = Counter(str(patient["state"]) for patient in self.patients)
        return {str(state): counts[state] for state in PatientState}

    def as_json(self) -> dict[str, object]:
        """Return the counts of the collection."""
        expected, received = self._sum("expected"), self._received()
        here = self._sum("already") + self._sum("received")
        return {
            "patients": self.states(),
            "expected": expected,
            "already": here - received,
            "received": received,
            "refused": self._sum("refused"),
            "reasons": dict(
                Counter(str(patient["reason"]) for patient in self.patients if patient["reason"])
            ),
            **self.intake.as_json(),
        }

    def sentence(self) -> Words:
        """Say it in a sentence or two."""
        states = listed(
            listed((data(number), PatientState(state).words), " ")
            for state, number in self.states().items()
            if number
        )
        counts = t(
            "Patients: {states}. {received} objects received.",
            states=states or t("none"), received=self._received(),
        )  # fmt: skip
        return sentences(counts, worded(self.note)) if self.note else counts

    def _received(self) -> int:
        """Return how many objects of these patients came in this run."""
        return sum(self.received.get(int(str(patient["number"])), 0) for patient in self.patients)

    def _sum(self, name: str) -> int:
        return sum(int(str(patient[name] or 0)) for patient in self.patients)


def collection_of(
    survey: Survey,
    numbers: Sequence[int],
    intake: Intake,
    received: Mapping[int, int],
    note: Saying | str = "",
) -> Collection:
    """Return what became of patients of the queue, of all when no numbers are given."""
    with closing(HospitalFile(survey.folder)) as hospital:
        rows = {row["number"]: row for row in Queue(hospital).rows(limit=-1)}
    wanted = numbers or sorted(rows)
    patients = tuple(rows[number] for number in wanted if number in rows)
    return Collection(patients, received, intake, note)
