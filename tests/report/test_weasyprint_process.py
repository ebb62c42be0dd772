"""A page that WeasyPrint cannot draw, or not in time or memory, ends: with words and a remedy."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from workbench.errors import WorkbenchError
from workbench.report import weasyprint_process as process
from workbench.report.pdf import pdf
from workbench.report.runner import run_report
from workbench.survey import create_survey

pytestmark = pytest.mark.pango
PAGE = "<!doctype html><html lang='en'><title>t</title><body><h1>Title</h1><p>MUELLER</p></body>"
# Minutes of work, made of nothing but what reports are made of.
ENDLESS = PAGE.replace("<p>", "<p>" + "<table><tr><td>word<td>word</tr></table>" * 60_000)
WAIT_S = 120
BROKEN = """
import weasyprint
def broken(*_, **__): raise ValueError("MUELLER")
weasyprint.HTML.render = broken
"""
TALKING = """
import os, weasyprint
drawn = weasyprint.HTML.render
def talks(*given, **more):
    print("advice", flush=True)
    os.write(1, b"more advice")
    return drawn(*given, **more)
weasyprint.HTML.render = talks
"""


def printed(page: str) -> bytes:
    return pdf(page).content


def children() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "weasyprint" in str(each.cmdline())]


def begin_with(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process do something before it draws."""
    path, rest = process.START.split("; from ")
    monkeypatch.setattr(process, "START", f"{path}\n{code}\nfrom {rest}")


def test_a_page_is_printed_and_its_process_is_gone() -> None:
    assert printed(PAGE).startswith(b"%PDF-")
    assert children() == []


def test_a_page_that_takes_for_ever_ends_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LIMIT_S", 3)
    with pytest.raises(WorkbenchError, match=r"not printed within 3 s.*shorter period.*\.html"):
        printed(ENDLESS)
    assert children() == []
    monkeypatch.undo()
    assert printed(PAGE).startswith(b"%PDF-"), "the next one is printed"


def test_a_report_that_is_not_printed_in_time_leaves_the_last_good_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_survey(tmp_path / "w").close()
    given, out = {"workspace": str(tmp_path / "w")}, tmp_path / "report.pdf"
    out.write_bytes(b"the last good one")
    monkeypatch.setattr(process, "LIMIT_S", 1)
    begin_with("import time; time.sleep(600)", monkeypatch)
    with pytest.raises(WorkbenchError, match="not printed within 1 s"):
        run_report("completeness", given, out)
    assert out.read_bytes() == b"the last good one"
    assert [each.name for each in tmp_path.iterdir() if each.name != "w"] == ["report.pdf"]


def test_a_page_that_takes_all_memory_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MAX_MEMORY_BYTES", 300 << 20)
    with pytest.raises(WorkbenchError, match=r"could not be printed \((Memory|Early|OS)\w+\)"):
        printed(ENDLESS)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (BROKEN, "ValueError"),
        ("import os; os.kill(os.getpid(), 11)", "EarlyEnd"),
        ("import os; os._exit(0)", "EarlyEnd"),
        ("print('advice'); raise SystemExit", "EarlyEnd"),
    ],
)  # fmt: skip
def test_a_page_that_cannot_be_drawn_is_told_and_not_quoted(
    code: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_with(code, monkeypatch)
    with pytest.raises(WorkbenchError, match=rf"could not be printed \({kind}\).*\.html") as told:
        printed(PAGE)
    assert "MUELLER" not in str(told.value)


def test_what_a_library_says_is_no_part_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    begin_with(TALKING, monkeypatch)
    assert printed(PAGE).startswith(b"%PDF-")


def test_without_a_parent_it_ends_by_its_own_clock() -> None:
    about = {"archived": False, "seconds": 2, "memory": process.MAX_MEMORY_BYTES}
    words = ["-P", "-c", process.START, json.dumps(sys.path), json.dumps(about)]
    child = subprocess.Popen(
        [sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert child.stdin is not None
    child.stdin.write(ENDLESS.encode())
    child.stdin.close()
    assert child.wait(WAIT_S) == -signal.SIGALRM
