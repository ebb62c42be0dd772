"""A measured figure in README or docs is one that docs/figures.md holds, and that code measures.

Nothing is measured here: pages are read, and measurements are made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.figures import __main__ as program
from benchmarks.figures.catalogue import FIGURES
from benchmarks.figures.figure import (
    ALL,
    NONE,
    Count,
    Figure,
    Found,
    Group,
    Limit,
    MissingError,
    at_least,
    at_most,
)
from benchmarks.figures.page import LINK, agrees, read, refreshed, written
from benchmarks.figures.run import apart, machine, rows
from tests.checks.limits_in_docs import ALLOWED
from tests.checks.measured_words import places, unlinked

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "figures.md"
PAGES = {
    path.name: path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if path != PAGE
}
ROWS = read(PAGE.read_text(encoding="utf-8"))
VALUES = {row.name: row.value for row in ROWS}


def fake(value: float | Count | Exception, limit: Limit | None, unit: str = "×") -> Figure:
    """Return a figure whose measurement gives a value, or raises."""

    def measure(_: bool) -> Mapping[str, Found]:
        if isinstance(value, Exception):
            raise value
        return {"made-up": Found(value, "a note")}

    return Figure("made-up", Group.SPEED, "speed", unit, "python -m x", measure, limit, "peer")


def here(measure, short):
    return measure(short)


def run(*figures: Figure, words: tuple[str, ...] = ()) -> int:
    return program.main(words, figures, here)


# The docs.


@pytest.mark.parametrize("page", PAGES)
def test_links_say_what_the_page_of_figures_says(page: str) -> None:
    for words, name in LINK.findall(PAGES[page]):
        assert name in VALUES, f"{page}: no figure {name}"
        assert agrees(words, VALUES[name]), f"{page}: {words}, not {VALUES[name]} ({name})"


@pytest.mark.parametrize("page", PAGES)
def test_what_looks_measured_is_a_link_or_a_known_limit(page: str) -> None:
    found = unlinked(page, PAGES[page], ALLOWED.get(page, {}))
    assert not found, [(one.number, one.line) for one in found]


def test_every_allowance_is_needed_and_has_its_reason() -> None:
    for page, allowed in ALLOWED.items():
        there = list(places(page, PAGES[page]))
        for words, reason in allowed.items():
            assert reason
            assert any(one.within(words) for one in there), f"{page}: {words}"


@pytest.mark.parametrize(
    "text",
    [
        "It is 7.3 × as fast as pydicom.", "It is 12 x quicker.", "It takes 14 ms.", "In 3.5 s.",
        "9 times the peer", "Some 3,000 rows/s.", "1,200 headers a second", "812 µs", "It is 44 MB",
        "636 of 636 attributes", "| a rule | 372 | x |", "97 % of them", "| x | 0.5 |",
        "[as fast: 7.3 ×](other.md#made-up)",
    ],
)  # fmt: skip
def test_a_made_up_figure_is_found(text: str) -> None:
    assert unlinked("x.md", f"A page.\n\n{text}\n", []), text


def test_code_and_figures_and_plain_words_are_let_be() -> None:
    text = (
        "[7.3 ×](figures.md#made-up), `sleep 3 s`, 512 x 512 pixels, 4000 × 3000, two words, 2026\n"
        "```\nwait 5 s\n```\n"
    )
    assert not unlinked("x.md", text, [])


def test_a_link_is_compared_as_it_is_rounded() -> None:
    assert agrees("0.8 ×", "0.83 ×")
    assert agrees("0.9 ×", "0.85 ×")
    assert not agrees("0.9 ×", "0.83 ×")
    assert agrees("1,234 of 1,240", "1,234 of 1,240")
    assert agrees("0", "0 of 60")
    assert not agrees("1,234 of 1,234", "1,234 of 1,240")
    assert not agrees("fast", "0.83 ×")
    assert not agrees("0.8 ×", "–")


def test_links_are_mended_as_they_are_rounded() -> None:
    text = "[0.8 ×](figures.md#a), [0](figures.md#b) of [1,100 MB](docs/figures.md#c), [x](a.md#a)"
    values = {"a": "1.26 ×", "b": "3 of 60", "c": "900 MB"}
    assert refreshed(text, values) == (
        "[1.3 ×](figures.md#a), [3](figures.md#b) of [900 MB](docs/figures.md#c), [x](a.md#a)"
    )
    assert refreshed(text, {}) == text


# The page.


def test_the_page_has_a_row_for_every_figure_and_no_other() -> None:
    assert [row.name for row in ROWS] == [figure.name for figure in FIGURES]


def test_the_page_says_of_each_figure_what_the_code_says() -> None:
    for row, figure in zip(ROWS, FIGURES, strict=True):
        told = (row.group, row.says, row.limit, row.peer, row.command)
        known = (figure.group.value, figure.says, figure.limit_text(), figure.peer, figure.command)
        assert told == known
        assert row.date
        assert "Python" in row.machine


def test_names_are_keys() -> None:
    names = [figure.name for figure in FIGURES]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and " " not in name for name in names)
    assert all("|" not in text for f in FIGURES for text in (f.says, f.peer, f.command))


def test_every_command_behind_a_figure_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for figure in FIGURES:
        words = figure.command.split()
        if words[0] == "make":
            assert f"\n{words[1]}:" in makefile
        elif words[2] == "pytest":
            assert (ROOT / words[3]).is_file()
        else:
            assert words[:2] == ["python", "-m"]
            assert (ROOT / f"{words[2].replace('.', '/')}.py").is_file(), figure.command


def test_the_page_is_read_as_it_was_written() -> None:
    made = list(rows([fake(2.0, at_least(1)), replace(fake(Count(1, 2), ALL, ""), name="other")],
                     run=here))  # fmt: skip
    assert read(written(made)) == made
    assert "other" in written(made).split("Below its floor")[1].split("\n")[0]


def test_neither_host_nor_path_is_written() -> None:
    import socket

    (row,) = rows([fake(OSError("no /home/someone/data here"), None)], run=here)
    assert "someone" not in written([row])
    assert socket.gethostname() not in machine().split(", ")


# What counts as passed.


@pytest.mark.parametrize("words", [(), ("--accept",)])
def test_a_figure_below_its_floor_fails(words: tuple[str, ...], capsys) -> None:
    assert run(fake(0.9, at_least(1)), words=words) == 1
    assert "below its floor" in capsys.readouterr().out
    assert run(fake(1.0, at_least(1)), words=words) == 0


def test_a_figure_above_its_ceiling_fails() -> None:
    assert run(fake(6.1, at_most(6))) == 1
    assert run(fake(Count(1, 100), NONE, "")) == 1
    assert run(fake(Count(0, 100), NONE, "")) == 0
    assert run(fake(Count(99, 100), ALL, "")) == 1


def test_of_nothing_nothing_is_shown() -> None:
    assert run(fake(Count(0, 0), NONE, "")) == 1
    assert run(fake(Count(0, 0), ALL, "")) == 1
    assert run(fake(float("nan"), at_least(1))) == 1


@pytest.mark.parametrize("error", [MissingError("Orthanc is not installed"), ValueError("why")])
@pytest.mark.parametrize("limit", [None, at_least(1)])
def test_what_cannot_be_measured_is_a_row_with_its_reason_and_fails(
    error: Exception, limit: Limit | None, capsys
) -> None:
    figure = fake(error, limit)
    (row,) = rows([figure], run=here)
    assert not row.passed
    assert str(error) in row.note
    assert run(figure) == 1
    assert str(error) in capsys.readouterr().out


def test_a_value_that_was_not_given_fails() -> None:
    assert run(replace(fake(1.0, at_least(1)), name="another")) == 1


def dies(_: bool) -> Mapping[str, Found]:
    import os

    os._exit(3)


def test_a_measurement_that_dies_is_a_row() -> None:
    (row,) = rows([replace(fake(1.0, None), measure=dies)], run=apart)
    assert not row.passed
    assert row.note


def test_acceptance_leaves_out_what_has_no_floor(capsys) -> None:
    assert run(fake(ValueError("not run"), None), words=("--accept",)) == 0
    assert "0 of 0" in capsys.readouterr().out


def test_figures_are_asked_for_by_name_or_group() -> None:
    figures = (fake(1.0, None), replace(fake(1.0, None), name="x", group=Group.TRUTH))
    assert [one.name for one in program.chosen(figures, ["made-up"], False)] == ["made-up"]
    assert [one.name for one in program.chosen(figures, ["truth"], False)] == ["x"]
    with pytest.raises(SystemExit, match="nonsense"):
        program.chosen(figures, ["nonsense"], False)


def test_writing_keeps_what_was_not_measured_now_and_mends_the_docs(tmp_path: Path) -> None:
    page, text = tmp_path / "docs" / "figures.md", tmp_path / "docs" / "speed.md"
    page.parent.mkdir()
    text.write_text("It is [0.5 ×](figures.md#made-up).")
    other = replace(fake(4.0, None), name="other")
    both = (fake(2.0, None), replace(other, measure=lambda _: {"other": Found(4.0)}))
    assert program.main(("--out", str(page)), both, here) == 0
    assert program.main(("made-up", "--out", str(page)), both, here) == 0
    assert [row.value for row in read(page.read_text())] == ["2.00 ×", "4.00 ×"]
    assert text.read_text() == "It is [2.0 ×](figures.md#made-up)."


def test_the_shorter_way_writes_no_page(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        program.main(("--accept", "--out", str(tmp_path / "figures.md")), (), here)
