"""The shape check sees what it should: each bad sample breaks exactly its own rule."""

from __future__ import annotations

import pytest

from checks.shape import FUNCTION, ROOT, Size, measure, percentile, sources

CLEAN = '''"""A module."""

def area(radius: float) -> float:
    """Return the area."""
    return 3.0 * radius**2
'''


def problems(text: str, place: str = "workbench/dose/sample.py") -> list[str]:
    return measure([(place, text)]).problems()


def function(lines: int) -> str:
    body = "\n".join(f"    x{number} = {number}" for number in range(lines - 1))
    return f'"""M."""\n\n\ndef long() -> None:\n    """Do."""\n\n    # why\n{body}\n'


def test_clean_code_has_no_problems() -> None:
    assert problems(CLEAN) == []


def test_docstring_comments_and_blank_lines_are_free() -> None:
    shape = measure([("workbench/a.py", function(lines=12))])
    assert [size.value for size in shape.sizes[FUNCTION.name]] == [12]


def test_a_function_over_50_lines_fails() -> None:
    many = CLEAN + "".join(f'\n\ndef f{number}() -> None:\n    """Do."""\n' for number in range(40))
    long = function(lines=51).removeprefix('"""M."""')
    assert [problem for problem in problems(many + long) if "long: 51" in problem]
    assert not problems(many + function(lines=50).removeprefix('"""M."""'))


def test_the_95th_percentile_is_judged() -> None:
    assert any("95th percentile is 31" in problem for problem in problems(function(lines=31)))
    assert problems(function(lines=30)) == []


def test_a_file_over_600_lines_fails() -> None:
    others = [(f"workbench/{number}.py", CLEAN) for number in range(40)]
    good = measure([*others, ("workbench/x.py", '"""M."""\n' + "\n" * 599)])
    bad = measure([*others, ("workbench/x.py", '"""M."""\n' + "\n" * 600)])
    assert good.problems() == []
    assert bad.problems() == ["workbench/x.py: 601 lines of a file, not over 600"]


def test_branches_are_counted_and_13_are_too_many() -> None:
    branches = "".join(f"    if x == {number}:\n        return {number}\n" for number in range(12))
    text = f'"""M."""\n\ndef f(x: int) -> int:\n    """Do."""\n{branches}    return 0\n'
    assert any("13 complexity" in problem for problem in problems(text))


def test_six_parameters_everywhere_are_too_many() -> None:
    names = ", ".join(f"p{number}: int" for number in range(6))
    text = f'"""M."""\n\ndef f({names}) -> None:\n    """Do."""\n'
    assert any("parameters" in problem for problem in problems(text))


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (CLEAN.replace('    """Return the area."""\n', ""), "no docstring"),
        (CLEAN.replace('"""A module."""', ""), "no docstring"),
        (CLEAN.replace(" -> float", ""), "a type is missing"),
        (CLEAN.replace("radius: float", "radius"), "a type is missing"),
        (CLEAN.replace("return", "print('x')\n    return"), "print in the library"),
        (CLEAN + "try:\n    pass\nexcept Exception:\n    pass\n", "broad except"),
        (CLEAN + "try:\n    pass\nexcept:\n    pass\n", "broad except"),
        (CLEAN + "try:\n    pass\nexcept (OSError, Exception):\n    pass\n", "broad except"),
    ],
)
def test_a_fault_is_found(bad: str, fault: str) -> None:
    assert [fault in problem for problem in problems(bad)] == [True]


def test_private_names_need_no_docstring_and_the_command_line_may_print() -> None:
    assert problems(CLEAN + "\n\ndef _area(radius):\n    return radius\n") == []
    assert problems(CLEAN + "\nprint(1)\n", "workbench/cli/output.py") == []


def test_percentile_is_the_nearest_rank() -> None:
    sizes = [Size(value, "") for value in range(1, 21)]
    assert [percentile(sizes, p) for p in (50, 95, 100)] == [10, 19, 20]


def test_the_whole_product_is_measured() -> None:
    places = {place for place, _ in sources(ROOT)}
    assert {
        "workbench/cli/output.py",
        "workbench/mapping/ct/report_events.py",
        "workbench_widgets/__init__.py",
    } <= places
