"""Check that a name stands for one thing: no module and no class name twice in a package.

``python -m checks.names`` lists those that do; ``make check`` fails over one that is not among the
exceptions.  A folder's main module may bear the folder's name (``store/store.py``), and a package
that is named twice is a module twice.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("src/workbench", "widgets/workbench_widgets")
Places = dict[str, list[str]]

# Leaves: folders that stand beside each other and hold the same kinds of thing on purpose.
LEAVES = frozenset({"ct", "projection", "mammography", "nuclear", "mr", "xray", "fast"})
# Names that may stand twice, and why.
EXCEPTIONS: Mapping[str, str] = {
    "mapping": "stages/mapping.py drives the room mapping/: one thing, seen from a workspace",
    "page": "pages/<page>/page.py: each page's folder has one",
    "__main__": "what python -m runs",
    **dict.fromkeys(LEAVES, "a leaf: parallel on purpose"),
}


def modules(files: Iterable[PurePosixPath]) -> Places:
    """Return the places of each module and package name; files are relative to a package."""
    places: Places = defaultdict(list)
    for file in files:
        folder, package = file.parent, file.stem == "__init__"
        name = folder.name if package else file.stem
        own = not package and name == folder.name  # the main module of its folder
        if name and not own and not LEAVES & set(folder.parts[:-1] if package else folder.parts):
            places[name].append(file.as_posix())
    return places


def classes(sources: Iterable[tuple[PurePosixPath, str]]) -> Places:
    """Return the places of each class, of those at the top of a module."""
    places: Places = defaultdict(list)
    for file, text in sources:
        for node in ast.parse(text, file.as_posix()).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(file.as_posix())
    return places


def problems(files: Mapping[PurePosixPath, str]) -> Iterator[str]:
    """Yield a sentence for each name of a package that stands for two things."""
    for kind, places in (("module", modules(files)), ("class", classes(files.items()))):
        for name, where in sorted(places.items()):
            if len(where) > 1 and name not in EXCEPTIONS:
                yield f"the {kind} name {name} stands for {len(where)} things: {', '.join(where)}"


def read(package: Path) -> dict[PurePosixPath, str]:
    """Return the Python files of a package, by their place in it."""
    return {
        PurePosixPath(path.relative_to(package).as_posix()): path.read_text(encoding="utf-8")
        for path in sorted(package.rglob("*.py"))
    }


def main() -> int:
    """Print what stands twice; return 1 if anything does."""
    found = [text for package in PACKAGES for text in problems(read(ROOT / package))]
    print("\n".join(found) if found else "Every module and class name stands for one thing.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
