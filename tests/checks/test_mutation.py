"""The tool that breaks lines: it breaks them, says what it saw, and leaves the checkout alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from checks import mutation
from checks.mutation import Line, Mutant, copied_sources, mutants, survives

SOURCE = '''"""A module."""


def limit(value: int, low: int = 3) -> str:
    """Say how a value stands."""
    if value < low and not value == 1:
        raise ValueError("too low")
    print(value)
    return "good" if value else f"{value}"
'''
LINES = {text.strip(): number for number, text in enumerate(SOURCE.splitlines(), 1)}


def changes(line: str) -> set[str]:
    found = list(mutants(Line("a.py", LINES[line]), SOURCE))
    for one in found:
        compile(one.text, "a.py", "exec")
        assert one.text != mutation.ast.unparse(mutation.ast.parse(SOURCE))
    return {one.after for one in found}


def test_conditions_comparisons_and_connectives_are_changed() -> None:
    assert changes("if value < low and not value == 1:") >= {
        "value <= low", "value < low or not value == 1", "value == 1", "value != 1", "2",
    }  # fmt: skip


def test_statements_are_taken_away_and_values_returned_are_none() -> None:
    assert changes("print(value)") == {"pass"}
    assert changes('return "good" if value else f"{value}"') >= {"return None", "''"}


def test_messages_docstrings_and_types_are_left_as_they_are() -> None:
    assert changes('raise ValueError("too low")') == {"pass"}
    assert changes('"""Say how a value stands."""') == set()
    assert changes("def limit(value: int, low: int = 3) -> str:") == {"4"}


def test_a_line_is_read_as_file_and_number() -> None:
    assert Line.read("src/a.py:12") == Line("src/a.py", 12)
    for wrong in ("src/a.py", "src/a.py:x", ""):
        with pytest.raises(ValueError):
            Line.read(wrong)


TESTED = (
    "import {module} as one\n\n\ndef test_it() -> None:\n    assert one.{name}({value!r}) == 2\n"
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of a product of one module, and its test."""
    for folder in mutation.SOURCES:
        (tmp_path / folder).mkdir()
    (tmp_path / "src" / "doubled.py").write_text("def doubled(one):\n    return one + one\n")
    (tmp_path / "test_doubled.py").write_text(
        TESTED.format(module="doubled", name="doubled", value=1)
    )
    return tmp_path


def broken(text: str) -> Mutant:
    return Mutant(Line("src/doubled.py", 2), "", "", f"def doubled(one):\n    {text}\n")


@pytest.mark.parametrize(
    ("text", "alive"),
    [("return 2 * one", True), ("return one * one", False), ("return one +", False),
     ("import nothing_of_that_name", False), ("while True: pass", False)],
)  # fmt: skip
def test_a_mutant_survives_when_the_tests_pass_and_only_then(
    text: str, alive: bool, place: Path
) -> None:
    before = (place / "src" / "doubled.py").read_text()
    tests = [str(place / "test_doubled.py"), f"--rootdir={place}"]
    assert survives(broken(text), place, tests, seconds=30 if alive else 6) is alive
    assert (place / "src" / "doubled.py").read_text() == before


def test_where_no_test_ran_nothing_is_said_to_be_killed(place: Path) -> None:
    with pytest.raises(RuntimeError, match="no test was run"):
        survives(broken("return 2"), place, [str(place / "test_nothing.py")])


def test_only_a_copy_is_broken() -> None:
    with copied_sources() as folder:
        copy = folder / "src" / "workbench" / "errors.py"
        original = mutation.ROOT / "src" / "workbench" / "errors.py"
        assert copy.read_text() == original.read_text()
        assert not copy.samefile(original)
    assert not folder.exists()


def test_a_wrong_command_line_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "checks.mutation", "src/a.py"], capture_output=True, text=True,
        cwd=mutation.ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "FILE:LINE" in done.stderr
