"""When the PACS may be asked, in words for whoever waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from workbench.collect.hours.schedule import read_timetable
from workbench.collect.queue.doings import Doing, doing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.collect.hours.week_grid import Override
    from workbench.language import Saying


def closed_now(schedule: Mapping[str, Any], override: Override | None) -> Saying | None:
    """Return until when the PACS may not be asked; ``None`` when it may."""
    slots, now = read_timetable(schedule).query, datetime.now(UTC)
    if slots.is_open(now, override):
        return None
    opens = slots.next_change(now, override)
    if opens is None:
        return doing(Doing.CLOSED)
    return doing(Doing.CLOSED_UNTIL, moment=opens.astimezone(slots.zone))


def next_try(schedule: Mapping[str, Any], due: float) -> Saying:
    """Return at what time a patient is due again, ``due`` seconds from now."""
    at = datetime.now(UTC) + timedelta(seconds=due)
    zone = read_timetable(schedule).query.zone
    return doing(Doing.NEXT_TRY, clock=f"{at.astimezone(zone):%H:%M}")
