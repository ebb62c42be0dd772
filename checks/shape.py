"""Measure the shape of the code against its budget; ``make check`` fails over it.

Sizes are counted on the syntax tree of ``src`` and ``widgets``: a file in lines, a function in
lines that hold code (its docstring, comments and blank lines are free), complexity as McCabe
counts it (1 + the branches), parameters without ``self`` and ``cls``.  The medians are reported;
the 95th percentiles (nearest rank) and the maxima are the budget.
"""

from __future__ import annotations

import ast
import io
import math
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("src", "widgets")
MAY_PRINT = ("workbench/cli/output.py",)
CALCULATIONS = ("workbench/mapping/", "workbench/dose/", "workbench/qa/", "workbench/spc/")

FREE_TOKENS = frozenset({
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
})  # fmt: skip
BRANCHES = (
    ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case,
)  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Size:
    """A size of one thing, and where the thing is."""

    value: int
    place: str


@dataclass(frozen=True)
class Budget:
    """The largest sizes allowed; ``None`` is reported and not judged."""

    name: str
    median: int
    p95: int | None
    largest: int | None


FILE = Budget("lines of a file", 120, 400, 600)
FUNCTION = Budget("code lines of a function", 7, 30, 50)
COMPLEXITY = Budget("complexity of a function", 2, 8, 12)
PARAMETERS = Budget("parameters of a function", 2, 5, None)
BUDGETS = (FILE, FUNCTION, COMPLEXITY, PARAMETERS)


@dataclass
class Shape:
    """What was measured: sizes by budget, and faults that have no budget at all."""

    sizes: dict[str, list[Size]] = field(default_factory=lambda: {b.name: [] for b in BUDGETS})
    faults: list[str] = field(default_factory=list)

    def problems(self) -> list[str]:
        """Return every overstepped budget and every fault, as sentences."""
        over = [text for budget in BUDGETS for text in _over(budget, self.sizes[budget.name])]
        return over + self.faults

    def table(self) -> str:
        """Return median, 95th percentile and maximum beside the budget."""
        lines = [f"{'':26}{'median':>12}{'p95':>12}{'max':>12}   measured/budget"]
        for budget in BUDGETS:
            sizes = self.sizes[budget.name]
            pairs = zip(
                (percentile(sizes, 50), percentile(sizes, 95), percentile(sizes, 100)),
                (budget.median, budget.p95, budget.largest),
                strict=True,
            )
            cells = "".join(f"{f'{seen}/{_word(allowed)}':>12}" for seen, allowed in pairs)
            lines.append(f"{budget.name:26}{cells}   of {len(sizes)}")
        lines.append(f"{'faults':26}{f'{len(self.faults)}/0':>36}")
        return "\n".join(lines)


def percentile(sizes: Sequence[Size], percent: float) -> int:
    """Return the nearest-rank percentile, 0 where nothing was measured."""
    if not sizes:
        return 0
    ordered = sorted(size.value for size in sizes)
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def measure(files: Iterable[tuple[str, str]]) -> Shape:
    """Measure files given as (place, source text)."""
    shape = Shape()
    for place, text in files:
        tree = ast.parse(text, place)
        code = code_lines(text)
        shape.sizes[FILE.name].append(Size(text.count("\n"), place))
        for function in _functions(tree):
            where = f"{place}:{function.lineno} {function.name}"
            shape.sizes[FUNCTION.name].append(Size(_function_lines(function, code), where))
            shape.sizes[COMPLEXITY.name].append(Size(complexity(function), where))
            shape.sizes[PARAMETERS.name].append(Size(len(_parameters(function)), where))
        shape.faults += _unexplained(tree, place)
        shape.faults += _forbidden(tree, place)
    return shape


def sources(root: Path) -> Iterator[tuple[str, str]]:
    """Yield (place, text) of each Python file of the product."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root / folder).as_posix(), path.read_text(encoding="utf-8")


def complexity(function: Function) -> int:
    """Return 1 + the number of branches; functions inside count with their own."""
    return 1 + sum(isinstance(node, BRANCHES) for node in ast.walk(function))


def _over(budget: Budget, sizes: Sequence[Size]) -> Iterator[str]:
    seen = percentile(sizes, 95)
    if budget.p95 is not None and seen > budget.p95:
        worst = sorted(sizes, key=lambda size: -size.value)[:5]
        names = ", ".join(f"{size.place} ({size.value})" for size in worst)
        yield f"{budget.name}: the 95th percentile is {seen}, not {budget.p95}. Largest: {names}"
    for size in sizes:
        if budget.largest is not None and size.value > budget.largest:
            yield f"{size.place}: {size.value} {budget.name}, not over {budget.largest}"


def _word(allowed: int | None) -> str:
    return "-" if allowed is None else str(allowed)


def _functions(tree: ast.AST) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def code_lines(text: str) -> frozenset[int]:
    """Return the lines of a source that hold a token other than a comment."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in FREE_TOKENS:
            lines.update(range(token.start[0], token.end[0] + 1))
    return frozenset(lines)


def _function_lines(function: Function, code: frozenset[int]) -> int:
    lines = set(range(function.lineno, (function.end_lineno or function.lineno) + 1)) & code
    if ast.get_docstring(function, clean=False) is not None:
        docstring = function.body[0]
        end = docstring.end_lineno or docstring.lineno
        lines -= set(range(docstring.lineno, end + 1)) - {function.lineno}
    return len(lines)


def _parameters(function: Function) -> list[ast.arg]:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args]
    if named and named[0].arg in {"self", "cls"}:
        named = named[1:]
    starred = [star for star in (arguments.vararg, arguments.kwarg) if star is not None]
    return [*named, *arguments.kwonlyargs, *starred]


def _unexplained(tree: ast.Module, place: str) -> Iterator[str]:
    """Yield public names with no docstring or with a type missing."""
    for node, name in _public(tree, ""):
        where = f"{place}:{getattr(node, 'lineno', 1)} {name}".rstrip()
        if not name.rpartition(".")[2].startswith("__") and not ast.get_docstring(node):
            yield f"{where}: no docstring"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            node.returns is None or any(arg.annotation is None for arg in _parameters(node))
        ):
            yield f"{where}: a type is missing"


def _public(node: Documented, name: str) -> Iterator[tuple[Documented, str]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        if not _is_overload(node):
            yield node, name
        return
    yield node, name
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            dunder = child.name.startswith("__") and child.name.endswith("__")
            if dunder or not child.name.startswith("_"):
                yield from _public(child, f"{name}.{child.name}".lstrip("."))


def _is_overload(function: Function) -> bool:
    return any("overload" in ast.unparse(item) for item in function.decorator_list)


def _forbidden(tree: ast.Module, place: str) -> Iterator[str]:
    """Yield prints in the library and broad excepts in calculations."""
    calculation = place.startswith(CALCULATIONS)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_print(node) and place not in MAY_PRINT:
            yield f"{place}:{node.lineno}: print in the library"
        if isinstance(node, ast.ExceptHandler) and calculation and _is_broad(node.type):
            yield f"{place}:{node.lineno}: broad except in a calculation"


def _is_print(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "print"


def _is_broad(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = {node.id for node in ast.walk(caught) if isinstance(node, ast.Name)}
    return bool(names & {"Exception", "BaseException"})


def main() -> int:
    """Print the table and the problems; return 1 if there are any."""
    shape = measure(sources(ROOT))
    problems = shape.problems()
    print("\n".join([shape.table(), *problems]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
