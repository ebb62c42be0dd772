"""Plant fifty people, make every output, and count whom it names: 0 but in phantom images.

    python -m benchmarks.leaks [--keep FOLDER] [--where] [--cases FILE.csv]

What the confidentiality profile keeps on purpose (times of day, devices) is listed apart: it names
nobody by itself, and somebody who knows more may know a patient by it.  Exit code 1 when anybody is
named.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.leaks.cases import leaving, read_cases
from benchmarks.leaks.people import PEOPLE, Planted, all_planted
from benchmarks.leaks.search import Hit, Search
from benchmarks.leaks.whole_line import Machine, whole_line

PHANTOMS = "phantoms"
OUTPUTS = {
    "workspace, key locked": "workspace", "tables": "tables", "reports": "reports",
    "de-identified files": "deidentified", "verification page": "verified",
    "notebook and its page": "notebook", "pages and widget state": "pages",
    "messages and logs": "said", "home, caches, temporary files": "machine",
}  # fmt: skip
MAX_TOLD = 40
NOT_MEASURED = 2  # exit code: it cannot say who is named
PRINTED = "PDF is not searched: it holds numbers of glyphs. The same pages are searched as HTML."


@dataclass(frozen=True)
class Searched:
    """What was found in one kind of output."""

    output: str
    files: int
    size: int
    hits: tuple[Hit, ...]

    def named(self) -> list[Hit]:
        """Return hits of what must not leave."""
        return [hit for hit in self.hits if not hit.value.retained]

    def people(self, *, retained: bool, kind: str = "") -> int:
        """Return how many people are known by what was found."""
        return len({
            hit.value.person for hit in self.hits
            if hit.value.retained == retained and kind in ("", hit.value.kind)
        })  # fmt: skip


def searched(machine: Machine, values: Sequence[Planted]) -> Iterator[Searched]:
    """Search every kind of output, and the phantom images by themselves."""
    search = Search(values)
    images = machine.workspace / PHANTOMS
    for output, folder in OUTPUTS.items():
        place = machine.folder / folder
        paths = [path for path in sorted(place.rglob("*")) if images not in path.parents]
        yield _searched(search, output, paths, place)
    yield _searched(search, "phantom images, kept whole", sorted(images.rglob("*")), images)


def _searched(search: Search, output: str, paths: Sequence[Path], place: Path) -> Searched:
    hits, size = search.files(paths, place)
    return Searched(output, sum(path.is_file() for path in paths), size, tuple(hits))


def lines(found: Sequence[Searched]) -> Iterator[str]:
    """Yield the table: who is named, and apart from it what options keep."""
    kinds = sorted({value.kind for value in all_planted() if value.retained})
    heads = "".join(f"{kind:>14}" for kind in kinds)
    yield f"{'of ' + str(PEOPLE) + ' people':32}{'files':>7}{'MB':>8}{'named':>7}   kept:{heads}"
    for each in found:
        kept = "".join(f"{each.people(retained=True, kind=kind):14}" for kind in kinds)
        named = each.people(retained=False)
        yield f"{each.output:32}{each.files:7}{each.size / 2**20:8.1f}{named:7}        {kept}"


@dataclass(frozen=True)
class Measured:
    """What the search found in outputs, and whom it found in the hospital's own files."""

    found: tuple[Searched, ...]
    known: int

    def faults(self) -> list[str]:
        """Return why this says nothing; empty where it does."""
        empty = [each.output for each in self.found if not each.files]
        sentences = [f"Nothing was made of: {', '.join(empty)}."] if empty else []
        if self.known < PEOPLE:
            sentences.append(f"The same search finds {self.known} of {PEOPLE} at the hospital.")
        if not self.found[-1].people(retained=False):
            sentences.append("It finds nobody in phantom images, which are kept whole.")
        return sentences


def measure(folder: Path) -> Measured:
    """Run the line in a folder, and search all that came of it, and the hospital it came from."""
    values = all_planted()
    found = tuple(searched(whole_line(folder), values))
    hospital = folder / "hospital"
    hits, _ = Search(values).files(sorted(hospital.rglob("*")), hospital)
    return Measured(found, len({hit.value.person for hit in hits if not hit.value.retained}))


def leaking(found: Sequence[Searched]) -> list[Hit]:
    """Return hits in what must name nobody; phantom images are kept whole on purpose."""
    return [hit for each in found[:-1] for hit in each.named()]


def tell_cases(file: Path) -> int:
    """Say of which texts of a file of cases a word leaves; return the exit code."""
    every = read_cases(file)
    cases = [case for case in every if case.words]
    for case in every:
        if not case.words:
            print(f"- {case.kind}: no word is named that must not leave; left out")
    if not cases:
        print("NOT MEASURED: the file holds no case.")
        return NOT_MEASURED
    kinds = leaving(cases)
    for kind in kinds:
        print(f"- {kind}")
    print(f"A word of {len(kinds)} of {len(cases)} texts leaves.")
    return 1 if kinds else 0


def main(words: Sequence[str] | None = None) -> int:
    """Run it; return the exit code."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.leaks", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    options.add_argument("--keep", type=Path, metavar="FOLDER", help="a new folder, which stays")
    options.add_argument("--where", action="store_true", help="say where somebody is named")
    options.add_argument("--cases", type=Path, metavar="FILE", help="only texts of such a file")
    asked = options.parse_args(words)
    if asked.cases:
        return tell_cases(asked.cases)
    if asked.keep:
        measured = measure(asked.keep)
    else:
        with tempfile.TemporaryDirectory() as name:
            measured = measure(Path(name))
    found = measured.found
    for line in lines(found):
        print(line)
    print(PRINTED)
    if faults := measured.faults():
        print(f"NOT MEASURED: {' '.join(faults)}")
        return NOT_MEASURED
    hits = leaking(found)
    for hit in hits[:MAX_TOLD] if asked.where else ():
        print(f"- {hit.value.kind} of person {hit.value.person} in {hit.where}, {hit.encoding}")
    print(f"{len({hit.value.person for hit in hits})} people named in {len(hits)} places.")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
