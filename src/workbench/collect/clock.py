"""Time as a collector needs it: moments for people, and a clock that nobody sets."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def moment() -> str:
    """Return now in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None).isoformat()


def steady() -> float:
    """Return seconds since this machine was started, sleep included; never set back or forth."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def boot() -> str:
    """Return a name of this start of the machine, which ``steady`` counts from."""
    try:
        return BOOT_ID.read_text("ascii").strip()
    except OSError:  # no such file on this system: leases then end with the process
        return uuid.uuid4().hex
