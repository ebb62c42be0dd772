"""Time as a collector needs it: moments for people, and a clock that nobody sets."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def moment() -> str:
    """Return now in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None).isoformat()


def steady() -> float:
    """Return seconds since this machine was started, sleep included; never set back or forth."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
