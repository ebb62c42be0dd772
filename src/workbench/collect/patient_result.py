"""What became of one patient: judged by what is here, not by what the PACS counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.collect.expected import Expected
from workbench.collect.queue.patient_queue import Counts, PatientState
from workbench.collect.retrieval import UNKNOWN_DESTINATION, RetrieveOutcome
from workbench.collect.study_arrivals import Holdings, is_counted, lacks_unlisted

REGISTER = (
    "The PACS cannot send to us. Ask its administrator to register our AE title with our "
    "address and port, and check that we listen."
)
PARTIAL_REMEDY = (
    "the PACS hands out neither these nor the whole objects over the web. To have them, erase the "
    'patient (workbench store erase), set retrieve = "move" and ask again.'
)


@dataclass(frozen=True)
class PatientResult:
    """What became of one patient; holds no identity.

    Attributes
    ----------
    state
        Complete, incomplete, not found or failed.
    counts
        Of studies and objects.
    reason
        Why it is not complete, for a person; empty when it is.
    hopeless
        Whether another try can bring nothing: a person must look.
    moves
        Retrieve requests made.
    silent
        Whether the peer fell silent in the middle: it may be away.
    """

    state: PatientState
    counts: Counts = field(default_factory=Counts)
    reason: str = ""
    hopeless: bool = False
    moves: int = 0
    silent: bool = False


def judged(
    expected: Expected, counts: Counts, outcomes: Sequence[RetrieveOutcome], holdings: Holdings
) -> PatientResult:
    """Return what became of a patient of whom everything has been asked for and waited for."""
    moves = len(outcomes)
    if any(outcome.status == UNKNOWN_DESTINATION for outcome in outcomes):
        return PatientResult(PatientState.FAILED, counts, REGISTER, moves=moves)
    lacking = _lacking(expected, counts, holdings)
    if lacking is not None:
        reason, hopeless = lacking
        return PatientResult(
            PatientState.INCOMPLETE,
            counts,
            f"{reason}{_said(outcomes)}{_elsewhere(counts, outcomes)}",
            hopeless=hopeless,
            moves=moves,
            silent=any(outcome.status is None for outcome in outcomes),
        )
    if not expected.studies:
        reason = f"The filter wants none of its {len(expected.offered)} studies."
        return PatientResult(PatientState.COMPLETE, counts, reason)
    told = sum(outcome.partial for outcome in outcomes)
    partial = max(holdings.partial(expected.instances), told)
    if partial:
        reason = f"{partial} objects came without some of their values: {PARTIAL_REMEDY}"
        return PatientResult(PatientState.INCOMPLETE, counts, reason, hopeless=True, moves=moves)
    return PatientResult(PatientState.COMPLETE, counts, moves=moves)


def _lacking(expected: Expected, counts: Counts, holdings: Holdings) -> tuple[str, bool] | None:
    """Return why not all is here, and whether another try can bring nothing; ``None`` if it is."""
    missing = len(expected.instances) - len(holdings.fates(expected.instances))
    if missing:
        return f"{missing} objects did not arrive; ", False
    uncounted = [study for study in expected.studies if lacks_unlisted(study, holdings)]
    cut = "cut_answer" in expected.notes and bool(expected.studies)
    if not uncounted and not cut:
        return None
    aside = f", {counts.refused} of them put aside (table rejected)" if counts.refused else ""
    here = counts.already + counts.received
    came = f"{here} objects have come{aside}, {counts.received} of them now; "
    if not cut and all(map(is_counted, uncounted)):
        return f"{came}the PACS counts {counts.expected} and does not list them; ", False
    doubt = "The PACS does not list all its objects, so completeness cannot be judged. "
    return f"{doubt}{came}", True


def _said(outcomes: Sequence[RetrieveOutcome]) -> str:
    """Return what the PACS said to all requests, and why we ended some."""
    words = ", ".join(sorted({outcome.said for outcome in outcomes})) or "nothing"
    given_up = sorted({str(outcome.given_up) for outcome in outcomes if outcome.given_up})
    ended = f"; we gave it up: {', '.join(given_up)}" if given_up else ""
    return f"the PACS said {words}{ended}."


def _elsewhere(counts: Counts, outcomes: Sequence[RetrieveOutcome]) -> str:
    """Return a hint where the PACS says that it sent objects, and none has come."""
    sent = [outcome for outcome in outcomes if outcome.destination and outcome.completed]
    if counts.received or not sent:
        return ""
    number, title = sum(outcome.completed or 0 for outcome in sent), sent[0].destination
    return (
        f" It counts {number} as sent, and none came here: ask its administrator which address "
        f"and port are registered for {title}."
    )
