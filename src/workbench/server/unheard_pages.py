"""Pages that were sent and from which nothing was ever heard: somebody left before they were there.

A page asks for its kernel as soon as its first script runs, and says good-bye from then on.  One
that was left earlier does neither, and its kernel would be kept until it is culled.
"""

from __future__ import annotations

import time
from collections.abc import Callable

UNHEARD_S = 15.0  # from the end of a page's HTML to its first question; a slow network takes a few


class UnheardPages:
    """Kernels whose page has been sent, each with when, until something is heard of it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sent: dict[str, float] = {}

    def sent(self, kernel_id: str) -> None:
        """Note that all of a page has been sent; the first to ask is awaited from now on."""
        self._sent[kernel_id] = self._clock()

    def heard(self, kernel_id: str) -> None:
        """Note that a page is there, or that its kernel has ended."""
        self._sent.pop(kernel_id, None)

    def lost(self) -> list[str]:
        """Return the kernels of pages that nobody waits for any more."""
        now = self._clock()
        return [kernel_id for kernel_id, at in self._sent.items() if now - at > UNHEARD_S]
