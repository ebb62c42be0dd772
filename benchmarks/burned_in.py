"""How much of the names drawn into images is covered before a person is shown one.

Pages with known words in known places (``burned_in_pages``) are masked as the product does it; a
word is covered when at least 95 % of its own ink is.  Goals, from header-guided Tesseract as it
was measured elsewhere: dose screens with something covered 9 of 10, their words 34 of 40, images
of noisy anatomy 13 of 20, false alarms 0 of 10.

This is a detector's measurement, not a promise: what it misses is shown.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.burned_in_pages import (
    FONTS,
    LAYOUTS,
    Drawn,
    Person,
    Style,
    anatomy,
    corners,
    draw,
    person,
    scans,
)
from workbench.deidentify.burned_in.screen import ShownImage, shown
from workbench.deidentify.burned_in.word_matching import THRESHOLD, Matcher
from workbench.deidentify.burned_in.words import sought

ENOUGH = 0.95
PAGES, SEED, PEOPLE = 10, 2026, 50
SIZES, NOISES = (11.0, 14.0, 18.0), (0.0, 8.0)
SMALLEST = 9.5  # font size in pixels: capital letters of seven rows
GOALS = {"screens": 9 / 10, "words": 34 / 40, "anatomy": 13 / 20, "alarms": 0.0}


@dataclass
class Count:
    """What was found on pages of one kind."""

    pages: int = 0
    flagged: int = 0
    whole: int = 0
    withheld: int = 0
    words: int = 0
    covered: int = 0
    doses: int = 0
    legible: int = 0
    seconds: tuple[float, ...] = ()

    def add(self, drawn: Drawn, result: ShownImage, seconds: float) -> None:
        """Count one page; a withheld page shows neither names nor doses."""
        hidden = [_hidden(result, ink) for ink in drawn.identity]
        doses = [_hidden(result, ink) for ink in drawn.doses]
        self.pages += 1
        self.withheld += result.pixels is None
        self.flagged += bool(result.masked)
        self.words += len(hidden)
        self.covered += sum(part >= ENOUGH for part in hidden)
        self.whole += bool(hidden) and min(hidden) >= ENOUGH
        self.doses += len(doses)
        self.legible += sum(part == 0 for part in doses)
        self.seconds = (*self.seconds, seconds)


def _hidden(result: ShownImage, ink: NDArray[np.bool_]) -> float:
    if not ink.any():
        raise ValueError("a word was drawn without ink: does the font exist?")
    filled = np.zeros(ink.shape, bool)
    for box in result.masked:
        filled[box.rows_and_columns()] = True
    return 1.0 if result.pixels is None else float(filled[ink].mean())


def masked(who: Person, drawn: Drawn) -> tuple[ShownImage, float]:
    """Mask a page under the header of somebody, and return the wall time too."""
    header = who.header()
    header.Rows, header.Columns = drawn.page.shape
    start = time.perf_counter()
    return shown(drawn.page, header), time.perf_counter() - start


def styles(number: int, *, hard: bool = False) -> Iterator[Style]:
    """Yield fonts, sizes, light and dark, with and without noise; hard: small and jagged."""
    for turn in range(number):
        size = SMALLEST if hard else SIZES[turn % len(SIZES)]
        yield Style(
            FONTS[turn % len(FONTS)], size, turn % 5 != 4, NOISES[turn // 2 % 2],
            columns=int(46 * size), rows=int(34 * size), jagged=hard,
        )  # fmt: skip


def screens(count: int, seed: int, *, named: bool, hard: bool = False) -> dict[str, Count]:
    """Return the counts of dose screens by layout; the header names somebody in any case."""
    rng = np.random.default_rng(seed)
    counts = {}
    for name, layout in LAYOUTS.items():
        counts[name] = Count()
        for style in styles(count, hard=hard):
            who = person(rng)
            drawn = draw(list(layout(who if named else None, scans(rng))), style)
            counts[name].add(drawn, *masked(who, drawn))
    return counts


def over_anatomy(count: int, seed: int) -> dict[str, Count]:
    """Return the counts of text over noisy anatomy: white as devices draw it, and grey."""
    rng = np.random.default_rng(seed)
    kinds = {"white on anatomy": 255, "grey on anatomy": 190}
    counts = {name: Count() for name in kinds}
    for name, brightness in kinds.items():
        for style in styles(count):
            who = person(rng)
            how = replace(style, dark=True, noise=0.0, brightness=brightness, columns=512, rows=512)
            drawn = draw(list(corners(who)), how, anatomy(rng, how.rows, how.columns))
            counts[name].add(drawn, *masked(who, drawn))
    return counts


def false_words(people: int, seed: int) -> tuple[int, int]:
    """Return how many comparisons of a person's header with a page of doses alone found a word."""
    rng = np.random.default_rng(seed)
    alarms = comparisons = 0
    for _ in range(people):
        matcher = Matcher(sought(person(rng).header()))
        for layout in LAYOUTS.values():
            for piece in layout(None, scans(rng)):
                texts = piece.text.split()
                comparisons += len(texts)
                alarms += len(matcher.found(texts))
    return alarms, comparisons


def report(counts: dict[str, Count], title: str) -> Count:
    """Print one line a kind, and return their sum."""
    total = Count()
    print(title)
    for name, count in counts.items():
        print(f"  {name:17} {_line(count)}")
        for key, value in vars(count).items():
            setattr(total, key, getattr(total, key) + value)
    if len(counts) > 1:
        print(f"  {'all':17} {_line(total)}")
    return total


def _line(count: Count) -> str:
    return (
        f"flagged {count.flagged}/{count.pages}, withheld {count.withheld}, every word covered "
        f"{count.whole}/{count.pages}, words {count.covered}/{count.words}, doses legible "
        f"{count.legible}/{count.doses}, {median(count.seconds):.2f} s an image "
        f"(slowest {max(count.seconds):.1f})"
    )


def measured(pages: int = PAGES, seed: int = SEED) -> tuple[dict[str, Count], tuple[int, int]]:
    """Print and return the counts of each kind, and the words of technique taken for a name."""
    named = report(screens(pages, seed, named=True), "Dose screens with names")
    print(f"  goals: flagged {GOALS['screens']:.0%} (here {named.flagged / named.pages:.0%}), "
          f"words {GOALS['words']:.0%} (here {named.covered / named.words:.0%})")  # fmt: skip
    hard = report(screens(pages, seed + 4, named=True, hard=True), "Small and jagged letters")
    anatomies = report(over_anatomy(pages, seed + 1), "Text over noisy anatomy")
    print(f"  goal: images {GOALS['anatomy']:.0%} (here {anatomies.flagged / anatomies.pages:.0%})")
    nameless = report(screens(pages, seed + 2, named=False), "Dose screens without names")
    print(f"  false alarms: {nameless.flagged}/{nameless.pages} (goal {GOALS['alarms']:.0%})")
    alarms, comparisons = false_words(PEOPLE, seed + 3)
    print(f"Threshold {THRESHOLD}: {alarms} of {comparisons} words of technique taken for a name")
    counts = {"screens": named, "hard": hard, "anatomy": anatomies, "nameless": nameless}
    return counts, (alarms, comparisons)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=PAGES, help="of each kind")
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args()
    measured(chosen.pages, chosen.seed)


if __name__ == "__main__":
    main()
