"""Objects at the phantom title that are no phantom's: counted, told of, erased.

Whole objects lie there, names included.  One that no test profile selects may be a patient's that
was sent to the wrong title.  It is erased when somebody asks, or when ``[quality]
unselected_days`` have passed; what was measured, or is part of a result, never is.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC

from workbench.collect.phantom_folder import PhantomFolder
from workbench.dicom.files import Candidate
from workbench.errors import ReadError
from workbench.stages.quality.image_reasons import erased_reason
from workbench.store.quality_records import PhantomImage, Quality

MEASURED, UNRECOGNISED, REFUSED = "measured", "unrecognised", "refused"
QUARANTINED = "quarantined"  # its pixels cannot be read, or ended the program
ERASED = "erased"
LOOKED_AT = frozenset((MEASURED, UNRECOGNISED, REFUSED, QUARANTINED))
DAY_S = 24 * 3600.0


@dataclass(frozen=True)
class PhantomCount:
    """What lies at the phantom title.

    Attributes
    ----------
    kept
        All objects there.
    unselected, refused, quarantined
        Of these, selected by no test profile; selected, but found to be no phantom; damaged.
    unseen
        Of these, not looked at yet.
    named
        Of those that were not measured: with a PatientName that no measured image carries, or
        unreadable, so that nobody can say.
    oldest_days, oldest_unseen_days
        Age of the oldest one that was not measured, and not looked at; 0 where there is none.
    """

    kept: int = 0
    unselected: int = 0
    refused: int = 0
    quarantined: int = 0
    unseen: int = 0
    named: int = 0
    oldest_days: float = 0.0
    oldest_unseen_days: float = 0.0


def count_phantoms(
    quality: Quality, phantoms: PhantomFolder, now: float | None = None
) -> PhantomCount:
    """Look at every object kept; its header is read, nothing of it is told."""
    states, moment = _states(quality), now or time.time()
    came = {name: at for name in phantoms.names() if (at := _came(phantoms, name)) is not None}
    known = {_patient(phantoms, name) for name in came if states.get(name) == MEASURED}
    others = [name for name in came if states.get(name) != MEASURED]
    unseen = [name for name in others if states.get(name) not in LOOKED_AT]
    tally = [states.get(name) for name in came]
    return PhantomCount(
        len(came), tally.count(UNRECOGNISED), tally.count(REFUSED), tally.count(QUARANTINED),
        len(unseen),
        sum(_patient(phantoms, name) not in known | {""} for name in others),
        max((moment - came[name] for name in others), default=0.0) / DAY_S,
        max((moment - came[name] for name in unseen), default=0.0) / DAY_S,
    )  # fmt: skip


def _came(phantoms: PhantomFolder, name: str) -> float | None:
    """Return when an object came; ``None`` where it is gone meanwhile."""
    try:
        return phantoms.path(name).stat().st_mtime
    except FileNotFoundError:
        return None


def erase(
    quality: Quality,
    phantoms: PhantomFolder,
    states: Collection[str] = (UNRECOGNISED,),
    *,
    older_than_days: float = 0.0,
    now: float | None = None,
) -> int:
    """Erase objects in these states that came so many days ago at least; return how many.

    Each keeps its row with what became of it.  Objects that are measured, part of a result, or not
    looked at yet stay.
    """
    limit = (now or time.time()) - older_than_days * DAY_S
    return _erase(quality, phantoms, [
        image for image in _there(quality, phantoms)
        if image.state in states and phantoms.path(image.image).stat().st_mtime <= limit
    ])  # fmt: skip


def expire(quality: Quality, phantoms: PhantomFolder, days: int, now: float | None = None) -> int:
    """Erase what nothing selects or can read so many days after it was told of; return how many.

    Not after it came: nothing goes that nobody could know of.  0 days are never.  What an
    interrupted program has left half written goes after a day.
    """
    moment = now or time.time()
    phantoms.erase_partial(moment - DAY_S)
    if days <= 0:
        return 0
    limit = moment - days * DAY_S
    return _erase(quality, phantoms, [
        image for image in _there(quality, phantoms)
        if image.state in (UNRECOGNISED, QUARANTINED) and _told(image) <= limit
    ])  # fmt: skip


def _told(image: PhantomImage) -> float:
    """Return when an object was told of, in seconds since 1970."""
    return image.looked_at.replace(tzinfo=UTC).timestamp() if image.looked_at else float("inf")


def _there(quality: Quality, phantoms: PhantomFolder) -> list[PhantomImage]:
    """Return what lies there, has been looked at, and is part of no result."""
    results = {name for result in quality.results() for name in result.images}
    names = set(phantoms.names()) - results
    return [image for image in quality.images() if image.image in names]


def _erase(quality: Quality, phantoms: PhantomFolder, images: Sequence[PhantomImage]) -> int:
    for image in images:
        phantoms.erase(image.image)
        reason, header = erased_reason(image)
        quality.note_images([replace(image, state=ERASED, reason=reason, header=header)])
    return len(images)


def _states(quality: Quality) -> dict[str, str]:
    return {image.image: image.state for image in quality.images()}


def _patient(phantoms: PhantomFolder, name: str) -> str | None:
    """Return the PatientName of an object; ``None`` for one that cannot be read."""
    try:
        header = Candidate(phantoms.path(name)).read().dataset
        return str(header.get("PatientName") or "").strip()
    except (ReadError, OSError, ValueError):
        return None
