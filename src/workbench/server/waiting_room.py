"""Who waits for a dashboard when the machine has no room: first come, first served."""

from __future__ import annotations

import time
from collections.abc import Callable

ASK_AGAIN_S = 5  # what a page that waits is told
FORGOTTEN_S = 20.0  # who has not asked again for so long has gone


class WaitingRoom:
    """A line of visitors, each known by what it asked for last and when."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._line: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._line)

    def place(self, visitor: str, free: int) -> int:
        """Return the place of who asks, from 1; 0 for who may go in, and is then out of the line.

        ``free`` is how many may go in now.
        """
        now = self._clock()
        self._line = {
            other: asked for other, asked in self._line.items() if now - asked < FORGOTTEN_S
        }
        self._line[visitor] = now
        place = list(self._line).index(visitor) + 1
        if place <= free:
            del self._line[visitor]
            return 0
        return place
