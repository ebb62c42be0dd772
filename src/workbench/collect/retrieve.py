"""Order a PACS to send a study or series to our receiver (C-MOVE)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelMove,
)

from workbench.collect.query import identifier
from workbench.dicom.quiet import quiet

MOVE_CLASSES = (
    str(StudyRootQueryRetrieveInformationModelMove),
    str(PatientRootQueryRetrieveInformationModelMove),
)
PENDING = 0xFF00  # PS3.4 table C.4-2
UNKNOWN_DESTINATION = 0xA801


@dataclass(frozen=True)
class MoveOutcome:
    """What the PACS says it did; never a proof that anything arrived.

    Attributes
    ----------
    status
        Final DICOM status, or ``None`` when the PACS stopped answering.
    completed, failed, warning
        Its last counters of sub-operations; ``None`` when it did not say.
    """

    status: int | None
    completed: int | None = None
    failed: int | None = None
    warning: int | None = None


def move(
    association: Association, destination: str, level: str, keys: Mapping[str, str]
) -> MoveOutcome:
    """Have the objects that ``keys`` name sent to the AE title ``destination``.

    ``level`` is STUDY or SERIES; ``keys`` holds the unique keys down to it, PatientID included.
    """
    accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
    root = next((uid for uid in MOVE_CLASSES if uid in accepted), None)
    outcome = MoveOutcome(None)
    if root is None or not association.is_established:
        return outcome
    if root == MOVE_CLASSES[0]:
        keys = {keyword: value for keyword, value in keys.items() if keyword != "PatientID"}
    with quiet():
        wanted = identifier(level, keys, root)
        for answer, _ in association.send_c_move(wanted, destination, root):
            outcome = _outcome(answer, outcome)
    return outcome


def _outcome(answer: Dataset, before: MoveOutcome) -> MoveOutcome:
    status = answer.get("Status")

    def count(keyword: str, earlier: int | None) -> int | None:
        value = answer.get(keyword)
        return earlier if value is None else int(value)

    return MoveOutcome(
        None if status in (None, PENDING) else int(status),
        count("NumberOfCompletedSuboperations", before.completed),
        count("NumberOfFailedSuboperations", before.failed),
        count("NumberOfWarningSuboperations", before.warning),
    )
