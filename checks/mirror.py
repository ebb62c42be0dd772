"""Say which modules have a test file of their own, and how many lines of tests there are.

``src/workbench/<room>/<module>.py`` has one when ``tests/<room>/test_<module>.py`` is there.  No
other name counts, so that whoever changes a module knows which file to open; and an
``__init__.py`` needs none.  Lines are counted as ``checks.shape`` counts a function's: comments,
blank lines and docstrings are no code, in tests as in the product.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from checks.shape import ROOT, code_lines

PACKAGE, TESTS = "src/workbench", "tests"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Mirror:
    """What was found.

    Attributes
    ----------
    without, having
        Modules without and with a test file of their own, from the package's folder.
    code, tests
        Lines of code in the product (with its widgets) and in the tests.
    """

    without: tuple[str, ...]
    having: tuple[str, ...]
    code: int
    tests: int

    @property
    def share(self) -> float:
        """Share of modules with a test file of their own."""
        return len(self.having) / max(len(self.having) + len(self.without), 1)

    @property
    def ratio(self) -> float:
        """Lines of tests for each line of code."""
        return self.tests / max(self.code, 1)

    def table(self) -> str:
        """Return the figures in two lines."""
        number = len(self.having) + len(self.without)
        return (
            f"{len(self.having)} of {number} modules have a test file of their own: "
            f"{self.share:.0%}\n"
            f"{self.tests} lines of tests for {self.code} of code: {self.ratio:.2f}"
        )


def measure(root: Path = ROOT) -> Mirror:
    """Measure a checkout."""
    modules = sorted(_modules(root / PACKAGE))
    having = {module for module in modules if (root / TESTS / own_test(module)).is_file()}
    return Mirror(
        tuple(module for module in modules if module not in having),
        tuple(module for module in modules if module in having),
        sum(_lines(root / folder) for folder in ("src", "widgets")), _lines(root / TESTS),
    )  # fmt: skip


def own_test(module: str) -> str:
    """Return where the test file of ``<room>/<module>.py`` must be, from the tests' folder."""
    folder, _, name = module.rpartition("/")
    return f"{folder}/test_{name}".lstrip("/")


def _modules(package: Path) -> Iterator[str]:
    for path in package.rglob("*.py"):
        if not path.name.startswith("__"):
            yield path.relative_to(package).as_posix()


def _lines(folder: Path) -> int:
    return sum(_code(path.read_text("utf-8")) for path in folder.rglob("*.py"))


def _code(text: str) -> int:
    lines = set(code_lines(text))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            told = node.body[0]
            lines -= set(range(told.lineno, (told.end_lineno or told.lineno) + 1))
    return len(lines)


def main() -> int:
    """Print the figures; with ``--without`` the modules that have no test file of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", action="store_true", help="name the modules that have none")
    options = parser.parse_args()
    found = measure()
    print("\n".join([*(found.without if options.without else ()), found.table()]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
