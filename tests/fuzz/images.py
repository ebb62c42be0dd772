"""Fuzz the reading of compressed images: ``python -m tests.fuzz.images [NUMBER [SEED]]``.

It ends with what became of how many, or at the first input for which a check fails.
"""

from __future__ import annotations

import sys

from tests.fuzz.changed_images import HANG_S, tried

NUMBER, SEED = 5000, 1
MAX_MB = 300


def main(arguments: list[str]) -> int:
    """Try changed images; return 1 when one of them did harm."""
    number = int(arguments[1]) if len(arguments) > 1 else NUMBER
    outcomes = tried(number, int(arguments[2]) if len(arguments) > 2 else SEED)
    megabytes = outcomes.most_bytes / 1e6
    print(outcomes.table())
    print(
        f"{outcomes.tried} changed images, 0 crashes of ours, {outcomes.hangs} took more than "
        f"{HANG_S:g} s (slowest {outcomes.slowest_s:.1f} s), at most {megabytes:.0f} MB here."
    )
    return int(outcomes.hangs > 0 or megabytes > MAX_MB)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
