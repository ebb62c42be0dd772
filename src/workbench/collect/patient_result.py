"""What became of one patient: judged by what is here, not by what the PACS counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.collect.expected import Expected
from workbench.collect.queue.patient_queue import Counts, PatientState
from workbench.collect.retrieval import NOTHING, UNKNOWN_DESTINATION, RetrieveOutcome
from workbench.collect.study_arrivals import Holdings, is_counted, lacks_unlisted
from workbench.language import Saying, mark

REGISTER = mark(
    "The PACS cannot send to us. Ask its administrator to register our AE title with our "
    "address and port, and check that we listen."
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
    why
        Why it is not complete, for a person; empty when it is.  ``reason`` is that in English.
    hopeless
        Whether another try can bring nothing: a person must look.
    moves
        Retrieve requests made.
    silent
        Whether the peer fell silent in the middle: it may be away.
    """

    state: PatientState
    counts: Counts = field(default_factory=Counts)
    why: Saying = field(default_factory=lambda: Saying(""))
    hopeless: bool = False
    moves: int = 0
    silent: bool = False

    @property
    def reason(self) -> str:
        """Why it is not complete, for logs and tables."""
        return str(self.why)


def judged(
    expected: Expected, counts: Counts, outcomes: Sequence[RetrieveOutcome], holdings: Holdings
) -> PatientResult:
    """Return what became of a patient of whom everything has been asked for and waited for."""
    moves = len(outcomes)
    if any(outcome.status == UNKNOWN_DESTINATION for outcome in outcomes):
        return PatientResult(PatientState.FAILED, counts, Saying(REGISTER), moves=moves)
    lacking = _lacking(expected, counts, outcomes, holdings)
    if lacking is not None:
        reason, hopeless = lacking
        return PatientResult(
            PatientState.INCOMPLETE,
            counts,
            Saying.joined(reason, _elsewhere(counts, outcomes)),
            hopeless=hopeless,
            moves=moves,
            silent=any(outcome.status is None for outcome in outcomes),
        )
    if not expected.studies:
        reason = Saying.counted(
            "The filter wants none of its {count} studies.",
            "The filter wants none of its {count} studies.",
            len(expected.offered),
        )
        return PatientResult(PatientState.COMPLETE, counts, reason)
    told = sum(outcome.partial for outcome in outcomes)
    partial = max(holdings.partial(expected.instances), told)
    if partial:
        reason = Saying.counted(
            "{count} objects came without some of their values: the PACS hands out neither these "
            "nor the whole objects over the web. To have them, erase the patient (workbench store "
            'erase), set retrieve = "move" and ask again.',
            "{count} objects came without some of their values: the PACS hands out neither these "
            "nor the whole objects over the web. To have them, erase the patient (workbench store "
            'erase), set retrieve = "move" and ask again.',
            partial,
        )
        return PatientResult(PatientState.INCOMPLETE, counts, reason, hopeless=True, moves=moves)
    return PatientResult(PatientState.COMPLETE, counts, moves=moves)


def _lacking(
    expected: Expected, counts: Counts, outcomes: Sequence[RetrieveOutcome], holdings: Holdings
) -> tuple[Saying, bool] | None:
    """Return why not all is here, and whether another try can bring nothing; ``None`` if it is."""
    missing, said = (
        len(expected.instances) - len(holdings.fates(expected.instances)),
        _said(outcomes),
    )
    if missing:
        return Saying.counted(
            "{count} objects did not arrive; {said}", "{count} objects did not arrive; {said}",
            missing, said=said,
        ), False  # fmt: skip
    uncounted = [study for study in expected.studies if lacks_unlisted(study, holdings)]
    cut = "cut_answer" in expected.notes and bool(expected.studies)
    if not uncounted and not cut:
        return None
    came = _came(counts)
    if not cut and all(map(is_counted, uncounted)):
        text = mark("{came}; the PACS counts {expected} and does not list them; {said}")
        return Saying(text, came=came, expected=counts.expected, said=said), False
    text = mark(
        "The PACS does not list all its objects, so completeness cannot be judged. {came}; {said}"
    )
    return Saying(text, came=came, said=said), True


def _came(counts: Counts) -> Saying:
    here, now = counts.already + counts.received, counts.received
    if counts.refused:
        return Saying.counted(
            "{count} objects have come, {refused} of them put aside (table rejected), {now} of "
            "them now",
            "{count} objects have come, {refused} of them put aside (table rejected), {now} of "
            "them now",
            here,
            refused=counts.refused,
            now=now,
        )
    return Saying.counted(
        "{count} objects have come, {now} of them now",
        "{count} objects have come, {now} of them now",
        here,
        now=now,
    )


def _said(outcomes: Sequence[RetrieveOutcome]) -> Saying:
    """Return what the PACS said to all requests, and why we ended some."""
    answers = ", ".join(sorted({outcome.said for outcome in outcomes}))
    words = Saying("nothing") if answers in ("", NOTHING) else Saying.plain(answers)
    given_up = sorted({outcome.given_up for outcome in outcomes if outcome.given_up})
    if not given_up:
        return Saying("the PACS said {words}.", words=words)
    if len(given_up) == 1:
        why = Saying(given_up[0].value)
    else:
        why = Saying(
            "{why}, {other}", why=Saying(given_up[0].value), other=Saying(given_up[1].value)
        )
    return Saying("the PACS said {words}; we gave it up: {why}.", words=words, why=why)


def _elsewhere(counts: Counts, outcomes: Sequence[RetrieveOutcome]) -> Saying | None:
    """Return a hint where the PACS says that it sent objects, and none has come."""
    sent = [outcome for outcome in outcomes if outcome.destination and outcome.completed]
    if counts.received or not sent:
        return None
    return Saying.counted(
        "It counts {count} as sent, and none came here: ask its administrator which address and "
        "port are registered for {title}.",
        "It counts {count} as sent, and none came here: ask its administrator which address and "
        "port are registered for {title}.",
        sum(outcome.completed or 0 for outcome in sent),
        title=sent[0].destination,
    )
