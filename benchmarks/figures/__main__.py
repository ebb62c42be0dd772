"""Print every figure that the docs promise, and say which fell below its floor.

    python -m benchmarks.figures                        all, as make figures does without the page
    python -m benchmarks.figures NAME ... | GROUP ...   some of them
    python -m benchmarks.figures --out docs/figures.md  writes the page, and the docs' links to it
    python -m benchmarks.figures --accept               the shorter way, pass or fail

Progress, and all that the measurements print by themselves, is on standard error.  Exit code 1
when a floor was missed or a figure could not be measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures.catalogue import FIGURES
from benchmarks.figures.figure import Figure
from benchmarks.figures.page import Row, merged, read, refreshed, written
from benchmarks.figures.run import Run, apart, rows


def chosen(figures: Sequence[Figure], names: Sequence[str], accept: bool) -> list[Figure]:
    """Return the figures asked for by name or group; for acceptance those that have a limit."""
    words = {word.lower() for word in names}
    known = {word for each in figures for word in (each.name, each.group.value.lower())}
    if unknown := words - known:
        sys.exit(f"No figure and no group is called {', '.join(sorted(unknown))}.")
    return [
        each for each in figures
        if (not words or words & {each.name, each.group.value.lower()})
        and not (accept and each.limit is None)
    ]  # fmt: skip


def write(page: Path, found: Sequence[Row], figures: Sequence[Figure]) -> None:
    """Write the page, with what it had of figures not measured now, and mend the links to it."""
    old = read(page.read_text(encoding="utf-8")) if page.exists() else []
    all_rows = merged(old, found, [each.name for each in figures])
    page.write_text(written(all_rows), encoding="utf-8")
    values = {row.name: row.value for row in all_rows}
    for text in (*page.parent.glob("*.md"), page.parent.parent / "README.md"):
        if text != page and text.exists():
            before = text.read_text(encoding="utf-8")
            if (after := refreshed(before, values)) != before:
                text.write_text(after, encoding="utf-8")


def main(
    words: Sequence[str] | None = None, figures: Sequence[Figure] = FIGURES, run: Run = apart
) -> int:
    """Measure what is asked for; return the exit code."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.figures", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    options.add_argument("names", nargs="*", metavar="NAME", help="of figures or groups")
    options.add_argument("--accept", action="store_true", help="smaller inputs; pass or fail")
    options.add_argument("--out", type=Path, help="the page to write")
    asked = options.parse_args(words)
    if asked.accept and asked.out:
        options.error("the page holds what was measured in full: --accept writes none")
    found = []
    for row in rows(chosen(figures, asked.names, asked.accept), asked.accept, run):
        found.append(row)
        print(f"{'pass' if row.passed else 'FAIL'}  {row.line()}" if asked.accept else row.line())
        sys.stdout.flush()
        if asked.out:  # each time: what was measured is not lost with a run that is stopped
            write(asked.out, found, figures)
    failed = [row for row in found if not row.passed]
    print(f"{len(found) - len(failed)} of {len(found)} figures hold.")
    for row in failed:
        print(f"  {row.line()}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
