"""The benchmark of a night sees a page that differs, and memory that a child holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from benchmarks.report_night import NEEDED, held_mb, plans, same, timed
from workbench.report.notebooks import report_names

PAGE = "<p>23 events, 4.5 mGy</p><footer>{}</footer>"
MINUTE = "2026-11-30 05:30"
STARTS = """
import subprocess, sys
holds = "import sys; held = b'x' * {}; print('here', flush=True); sys.stdin.read()"
held = subprocess.Popen([sys.executable, "-c", holds], stdin=subprocess.PIPE)
sys.stdin.readline()
held.kill()
held.wait()
print("ended", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("other", "equal"),
    [(PAGE.format("2026-12-01 05:31"), True), (PAGE.replace("4.5", "4.6").format(MINUTE), False),
     (PAGE.format(f"{MINUTE} and more"), False), ("", False)],
)  # fmt: skip
def test_pages_are_equal_but_for_the_minute(tmp_path: Path, other: str, equal: bool) -> None:
    (tmp_path / "a.html").write_text(PAGE.format(MINUTE))
    (tmp_path / "b.html").write_text(other)
    assert same(tmp_path / "a.html", tmp_path / "b.html") is equal


def test_memory_is_that_of_children_too() -> None:
    """A program of our own is the root: what else this test run has started is none of it."""
    with subprocess.Popen(
        [sys.executable, "-c", STARTS.format(100_000_000)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as root:
        assert root.stdin is not None
        assert root.stdout is not None
        assert root.stdout.readline() == b"here\n"
        assert held_mb(psutil.Process(root.pid)) > 90
        root.stdin.write(b"end it\n")
        root.stdin.flush()
        assert root.stdout.readline() == b"ended\n"
        assert held_mb(psutil.Process(root.pid)) < 90
        root.kill()


def test_a_program_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="ended with 3"):
        timed([sys.executable, "-c", "raise SystemExit(3)"])


def test_fifty_plans_are_over_all_reports_and_no_two_have_one_title() -> None:
    made = plans(50)
    assert {plan["report"] for plan in made.values()} == set(report_names())
    assert len({plan["parameters"]["title"] for plan in made.values()}) == 50
    assert set(NEEDED) < set(report_names())
