"""What a collector does and tells, as codes with values: worded where it is shown."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from workbench.language import Saying, mark


class Doing(StrEnum):
    """What a collector does, or why it does nothing."""

    STARTING = "starting"
    PAUSED = "paused"
    RESTING = "resting"
    PATIENT = "patient"
    DONE = "done"
    NEXT_TRY = "next_try"
    CLOSED = "closed"
    CLOSED_UNTIL = "closed_until"
    DISK_FULL = "disk_full"
    AWAY = "away"
    AWAY_TOO_LONG = "away_too_long"
    TRYING_AGAIN = "trying_again"


# Somebody should look after it.
TROUBLE = frozenset({Doing.DISK_FULL, Doing.AWAY, Doing.AWAY_TOO_LONG})
TEXTS = MappingProxyType({
    Doing.STARTING: mark("Starting."),
    Doing.PAUSED: mark("Paused."),
    Doing.RESTING: mark("Pausing between two patients."),
    Doing.PATIENT: mark("Patient {number} of the queue: {state}."),
    Doing.DONE: mark("The queue is done."),
    Doing.NEXT_TRY: mark("The next try is due at {clock}."),
    Doing.CLOSED: mark("The week schedule is closed at all hours."),
    Doing.CLOSED_UNTIL: mark("The week schedule is closed until {moment}."),
    Doing.DISK_FULL: mark("The disk is nearly full ({free} GB free): nothing more is asked for."),
    Doing.AWAY: mark("The PACS is away."),
    Doing.AWAY_TOO_LONG: mark(
        "The PACS is away for too long; who is left still waits. Start it again."
    ),
    Doing.TRYING_AGAIN: mark("Trying again in {seconds} seconds."),
})  # fmt: skip


def doing(code: Doing, **values: object) -> Saying:
    """Return what a collector does, with its values."""
    return Saying(TEXTS[code], **values).coded(code)


def paused() -> Saying:
    """Return what a collector says it does once a pause has begun."""
    return doing(Doing.PAUSED)
