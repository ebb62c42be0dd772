"""Break a line on purpose and see whether a test notices.

``python -m checks.mutation src/workbench/dose/method.py:40 ... --tests tests/dose`` changes each
line in every way of ``OPERATORS``, one at a time, in a copy of ``src``; the checkout is never
touched.  A mutant is killed when the tests fail or take too long, and a line when all of its
mutants are.  What survives is either a test that is missing or a change that changes nothing.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("src", "widgets")
TESTS_FAILED, NOT_COLLECTED = 1, 2  # pytest's exit codes; others say that nothing was tested
SECONDS = 300.0

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of a file, given from the root of the checkout."""

    file: str
    number: int

    @classmethod
    def read(cls, text: str) -> Line:
        """Read ``FILE:LINE``; raises ``ValueError`` for anything else."""
        file, _, number = text.rpartition(":")
        return cls(Path(file).as_posix(), int(number))

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


@dataclass(frozen=True)
class Mutant:
    """One change of a line: what it was, what it became, and the whole file with it."""

    line: Line
    before: str
    after: str
    text: str

    def __str__(self) -> str:
        return f"{self.line}  {_short(self.before)}  ->  {_short(self.after)}"


def flipped(node: ast.AST) -> ast.AST | None:
    """Return a comparison that is flipped, or whose limit moves to the other side."""
    if not isinstance(node, ast.Compare) or type(node.ops[0]) not in COMPARISONS:
        return None
    changed = copy.deepcopy(node)
    changed.ops[0] = COMPARISONS[type(node.ops[0])]()
    return changed


def swapped(node: ast.AST) -> ast.AST | None:
    """Return arithmetic with another operator: + for -, * for /."""
    if not isinstance(node, ast.BinOp | ast.AugAssign) or type(node.op) not in ARITHMETIC:
        return None
    changed = copy.deepcopy(node)
    changed.op = ARITHMETIC[type(node.op)]()
    return changed


def negated(node: ast.AST) -> ast.AST | None:
    """Return an ``if``, a conditional expression or a filter with the condition negated."""
    if not isinstance(node, ast.If | ast.IfExp | ast.While):
        return None
    changed = copy.deepcopy(node)
    changed.test = ast.UnaryOp(ast.Not(), changed.test)
    return changed


def other_connective(node: ast.AST) -> ast.AST | None:
    """Return ``or`` for ``and`` and the other way round."""
    if not isinstance(node, ast.BoolOp):
        return None
    changed = copy.deepcopy(node)
    changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return changed


def without_sign(node: ast.AST) -> ast.AST | None:
    """Return the operand of ``not``, ``-`` or ``~`` alone."""
    return node.operand if isinstance(node, ast.UnaryOp) else None


def other_constant(node: ast.AST) -> ast.AST | None:
    """Return another number or truth value, or an empty text for one that is none."""
    if not isinstance(node, ast.Constant):
        return None
    match node.value:
        case bool():
            return ast.Constant(not node.value)
        case int() | float():
            return ast.Constant(node.value + 1)
        case str() if node.value:
            return ast.Constant("")
    return None


def nothing_returned(node: ast.AST) -> ast.AST | None:
    """Return ``return None`` for a value."""
    if not isinstance(node, ast.Return) or node.value is None:
        return None
    already = isinstance(node.value, ast.Constant) and node.value.value is None
    return None if already else ast.Return(ast.Constant(None))


def removed(node: ast.AST) -> ast.AST | None:
    """Return ``pass`` for a call, a raise, a ``continue`` or a ``break`` that is a statement."""
    acts = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Yield)
    return ast.Pass() if acts or isinstance(node, ast.Raise | ast.Continue | ast.Break) else None


Operator = Callable[[ast.AST], ast.AST | None]
OPERATORS: tuple[Operator, ...] = (
    flipped, swapped, negated, other_connective, without_sign, other_constant, nothing_returned,
    removed,
)  # fmt: skip


def mutants(line: Line, text: str) -> Iterator[Mutant]:
    """Yield every mutant of a line; texts that people read and types are left as they are."""
    tree = ast.parse(text)
    spared = _spared(tree)
    nodes = list(ast.walk(tree))
    for index, node in enumerate(nodes):
        if getattr(node, "lineno", 0) != line.number or index in spared:
            continue
        for operator in OPERATORS:
            changed = operator(node)
            if changed is not None:
                yield Mutant(line, ast.unparse(node), ast.unparse(changed), _with(text, index,
                             changed))  # fmt: skip


def _spared(tree: ast.AST) -> set[int]:
    """Return the places (in walking order) of f-strings, docstrings, annotations and messages."""
    place = {id(node): index for index, node in enumerate(ast.walk(tree))}
    spared: set[int] = set()
    for node in ast.walk(tree):
        inner: list[ast.AST | None] = []
        if isinstance(node, ast.JoinedStr) or _is_docstring(node):
            inner = [node]
        elif isinstance(node, ast.arg | ast.AnnAssign):
            inner = [node.annotation]
        elif isinstance(node, ast.FunctionDef):
            inner = [node.returns]
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            inner = [*node.exc.args]
        for part in inner:
            spared.update(place[id(one)] for one in ast.walk(part) if part) if part else None
    return spared


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _with(text: str, index: int, changed: ast.AST) -> str:
    """Return the file with the node at a place (in walking order) changed."""
    tree = ast.parse(text)
    target = list(ast.walk(tree))[index]

    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return changed if node is target else super().generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Put().visit(tree)))


@contextmanager
def copied_sources(root: Path = ROOT) -> Iterator[Path]:
    """Yield a folder with a copy of the product, which may be broken at will."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        for name in SOURCES:
            shutil.copytree(
                root / name, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        yield Path(folder)


def survives(mutant: Mutant, place: Path, tests: Sequence[str], seconds: float = SECONDS) -> bool:
    """Run the tests against a mutant in the copy at ``place``; tell whether all of them passed.

    Raises ``RuntimeError`` when no test could be run.
    """
    file = place / mutant.line.file
    whole = file.read_text("utf-8")
    file.write_text(mutant.text, "utf-8")
    try:
        return _passes(place, tests, seconds)
    finally:
        file.write_text(whole, "utf-8")


def _passes(place: Path, tests: Sequence[str], seconds: float) -> bool:
    paths = os.pathsep.join(str(place / name) for name in SOURCES)
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=said, stderr=said, start_new_session=True
        )
        try:
            code = running.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        finally:
            _end(running)
        if code in (0, TESTS_FAILED):
            return code == 0
        said.seek(0)
        words = said.read().decode(errors="replace")
    not_imported = code == NOT_COLLECTED or "ImportError while loading conftest" in words
    if not_imported and _runs(place):  # the environment is sound: it is the mutant's fault
        return False
    raise RuntimeError(f"no test was run:\n{words[-2000:]}")


def _runs(place: Path) -> bool:
    """Tell whether the environment can import the product where nothing is broken."""
    command = [sys.executable, "-c", "import polars, pytest, pydicom, pynetdicom, scipy"]
    return subprocess.run(command, cwd=place, capture_output=True, check=False).returncode == 0


def _end(running: subprocess.Popen[bytes]) -> None:
    """End the tests and every process they started."""
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def _short(text: str) -> str:
    first = text.splitlines()[0]
    return first if len(first) <= 60 else f"{first[:57]}..."


def run(
    lines: Sequence[Line], tests: Sequence[str], seconds: float = SECONDS, most: int | None = None
) -> dict[Line, list[Mutant]]:
    """Return the survivors of each line that has mutants; prints each verdict as it falls.

    The tests must pass without any mutant before and after: an environment that breaks under way
    would kill them all.
    """
    survivors: dict[Line, list[Mutant]] = {}
    with copied_sources() as place:
        if not _passes(place, tests, seconds):
            raise RuntimeError("the tests fail without any mutant.")
        for line in lines:
            text = (ROOT / line.file).read_text("utf-8")
            for mutant in islice(mutants(line, text), most):
                alive = survives(mutant, place, tests, seconds)
                survivors.setdefault(line, []).extend([mutant] if alive else [])
                print("survived" if alive else "killed  ", mutant, flush=True)
        if not _passes(place, tests, seconds):
            raise RuntimeError("the tests fail without any mutant, now: nothing counts.")
    return survivors


def main() -> int:
    """Print a verdict a mutant and the figure; return 1 when something survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", nargs="+", type=Line.read, metavar="FILE:LINE")
    parser.add_argument("--tests", nargs="+", required=True, metavar="PATH")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="patience a mutant")
    parser.add_argument("--most", type=int, help="mutants of a line, at most")
    options = parser.parse_args()
    survivors = run(options.lines, options.tests, options.seconds, options.most)
    for line in options.lines:
        if line not in survivors:
            print("no mutant", line)
    killed = sum(not alive for alive in survivors.values())
    print(f"{killed} of {len(survivors)} lines killed")
    return 0 if killed == len(survivors) else 1


if __name__ == "__main__":
    sys.exit(main())
