"""Pixels: what damaged images do to the process that asks, and what the other process costs."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.figures.figure import NONE, Count, Figure, Found, Group, at_most

SEED = 1


def changed_images(short: bool) -> Mapping[str, Found]:
    """Decode changed images of every compressed transfer syntax."""
    from tests.fuzz.changed_images import DECODED, tried
    from tests.fuzz.images import NUMBER

    # Whatever ends this process or is no reason in words ends the measurement, too.
    outcomes = tried(NUMBER // 10 if short else NUMBER, SEED)
    crashed = outcomes.total("decoder_crashed")
    note = (
        f"{len(outcomes.codes)} kinds, seed {SEED}; {outcomes.total(DECODED)} were decoded; the "
        f"decoder crashed {crashed} times, in its own process"
    )
    return {
        "changed-images-unanswered": Found(Count(0, outcomes.tried), note),
        "changed-images-hung": Found(
            Count(outcomes.hangs, outcomes.tried), f"the slowest took {outcomes.slowest_s:.1f} s"
        ),
        "changed-images-memory": Found(outcomes.most_bytes / 1e6, f"{outcomes.tried} images"),
    }


def decoding(short: bool) -> Mapping[str, Found]:
    """Decode a CT slice here and there."""
    from benchmarks.decoding import REPEATS, measured

    repeats = REPEATS // 2 if short else REPEATS
    times = measured(repeats)
    worst = max(times, key=lambda each: each.more_ms)
    note = (
        f"512 × 512, {len(times)} transfer syntaxes, least of {repeats}; most: {worst.syntax.name}"
    )
    return {"decoding-elsewhere": Found(worst.more_ms, note)}


FUZZ = "python -m tests.fuzz.images"
FIGURES = (
    Figure("changed-images-unanswered", Group.ATTACKS, "changed compressed images that ended the "
           "process that asked, or had no reason in words", "", FUZZ, changed_images, NONE),
    Figure("changed-images-hung", Group.ATTACKS, "the same that took more than 10 s", "", FUZZ,
           changed_images, NONE),
    Figure("changed-images-memory", Group.ATTACKS, "most memory of the process that asked", "MB",
           FUZZ, changed_images, at_most(300), "", 0),
    Figure("decoding-elsewhere", Group.SPEED, "a compressed CT slice decoded in a process of its "
           "own, once that is warm: milliseconds more", "ms", "python -m benchmarks.decoding",
           decoding, at_most(30), "decoded in the same process", 1),
)  # fmt: skip
