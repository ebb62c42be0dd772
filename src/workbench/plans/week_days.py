"""Days of the week as people type them: ``mon-fri``, ``sat, sun``, ``thursday``, ``every day``."""

from __future__ import annotations

import re

NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALL = tuple(range(len(NAMES)))
EVERY_DAY = ("daily", "every day")
SHORTEST = 3  # letters of a name
RUN = re.compile(r"([a-z]+)(?:\s*-\s*([a-z]+))?")


def read_days(text: str) -> tuple[int, ...]:
    """Return days of the week, 0 is Monday; nothing where any word is none of them.

    ``fri-mon`` goes over the weekend.
    """
    if " ".join(text.lower().split()) in EVERY_DAY:
        return ALL
    days: set[int] = set()
    for part in text.lower().split(","):
        run = RUN.fullmatch(part.strip())
        first = _day(run[1]) if run else None
        last = _day(run[2]) if run and run[2] else first
        if first is None or last is None:
            return ()
        days.update((first + number) % 7 for number in range((last - first) % 7 + 1))
    return tuple(sorted(days))


def _day(word: str) -> int | None:
    fitting = [day for day, name in enumerate(NAMES) if name.startswith(word)]
    return fitting[0] if len(word) >= SHORTEST and fitting else None
