"""Attack the receiver at full size and print what it cost: ``python -m tests.attacks.measure``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.attacks.attack_bench import Receiver, Seen, watched
from tests.attacks.attack_list import ATTACKS, MB, drips, endless_header, endless_pixels, silence
from tests.attacks.attack_wire import GoneError

ENDLESS = 1500 * MB
LONG = 30.0


def at_full_size(run: Callable[[int], str]) -> Callable[[int], str]:
    """Return an attack as the threat is described, not as short as a test needs it."""
    if run in (endless_header, endless_pixels):
        return partial(run, size=ENDLESS)
    return partial(run, seconds=LONG) if run in (drips, silence) else run


def tell(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def measured(short: bool, only: str = "") -> Iterator[tuple[str, str, Seen]]:
    """Yield each attack's name, what was sent, and what was seen meanwhile."""
    for attack in ATTACKS:
        if only not in attack.name:
            continue
        run = attack.run if short else at_full_size(attack.run)
        with tempfile.TemporaryDirectory() as folder, Receiver(Path(folder)) as receiver:
            with watched(receiver, attack.peer) as seen:
                try:
                    sent = run(receiver.port)
                except GoneError as error:
                    sent = f"cut off {error}"
            yield attack.name, sent, seen


def main() -> None:
    """Print one row an attack: what was sent, memory before and at its peak, slowest echo."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--short", action="store_true", help="as short as the tests are")
    options.add_argument("--only", default="", help="a part of the attack's name")
    chosen = options.parse_args()
    tell(f"{'attack':31}{'sent':31}{'RSS before':>11}{'peak':>8}{'slowest echo':>14}{'failed':>10}")
    for name, sent, seen in measured(chosen.short, chosen.only):
        echoes = f"{seen.failed} of {len(seen.echoes)}"
        tell(
            f"{name:31}{sent:31}{seen.before_mb:8.0f} MB{seen.peak_mb:5.0f} MB"
            f"{seen.slowest:12.2f} s{echoes:>10}"
        )


if __name__ == "__main__":
    main()
