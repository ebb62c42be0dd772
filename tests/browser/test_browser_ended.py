"""Pages whose kernel, server or collector is gone: each says so, and none mixes old with new."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.browser.ended_pages import (
    ACME,
    CONTENT,
    FORCE,
    end_kernels,
    make_full_workspace,
    open_dashboard,
)
from tests.browser.lab import chromium
from workbench.server.voila import ServerProcess

pytestmark = pytest.mark.chromium
ENDED = "#ended:not([hidden])"
SOON_MS = 20_000  # the pages say it within five seconds; a busy machine may be late


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_full_workspace(tmp_path_factory.mktemp("ended") / "w")


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[ServerProcess]:
    with ServerProcess(workspace) as running:
        yield running


def is_old(page: Any) -> bool:
    """Tell whether what a page shows is greyed and cannot be used."""
    seen = "main => main.inert && Number(getComputedStyle(main).opacity) < 0.6"
    return bool(page.locator("main").evaluate(seen))


@pytest.mark.parametrize("name", sorted(CONTENT))
def test_a_page_whose_kernel_was_killed_says_so_and_is_reloaded(
    server: ServerProcess, name: str
) -> None:
    with chromium() as tab:
        page = tab.page
        open_dashboard(page, server, name)
        page.wait_for_timeout(2500)
        page.locator("#ended").wait_for(state="hidden", timeout=SOON_MS)
        assert not is_old(page)
        end_kernels(server)
        page.locator(ENDED).get_by_text("ended unexpectedly").wait_for(timeout=SOON_MS)
        words = page.locator(ENDED).inner_text()
        assert re.search(r"as it was at \d", words)
        assert is_old(page)
        page.get_by_role("button", name="Reload").click()
        page.locator(CONTENT[name]).first.wait_for(timeout=60_000)
        page.locator("#ended").wait_for(state="hidden", timeout=SOON_MS)
        assert not is_old(page)
        assert tab.outside == []


@pytest.mark.parametrize("name", ["my_scanner", "collector", ""])
def test_a_page_whose_server_is_gone_says_so_recovers_or_asks_to_log_in(
    workspace: Path, name: str
) -> None:
    server = ServerProcess(workspace)
    server.start()
    try:
        assert server.process is not None
        process, port = server.process, int(server.url.split(":")[2].partition("/")[0])
        with chromium() as tab:
            page = tab.page
            if name:
                open_dashboard(page, server, name)
            else:
                page.goto(server.url)
                page.get_by_text("Dashboards").wait_for()
            # It does not answer for a while: that is told, and taken back.
            process.send_signal(signal.SIGSTOP)
            page.locator(ENDED).wait_for(timeout=SOON_MS)
            assert "does not answer" in page.locator(ENDED).inner_text()
            assert is_old(page)
            process.send_signal(signal.SIGCONT)
            page.locator("#ended").wait_for(state="hidden", timeout=SOON_MS)
            assert not is_old(page)
            # It is gone; another one in its place does not know this browser.
            server.stop()
            page.locator(ENDED).wait_for(timeout=SOON_MS)
            assert is_old(page)
            with ServerProcess(workspace, port):
                page.get_by_text("not logged in any more").wait_for(timeout=SOON_MS)
                page.get_by_role("button", name="Reload").click()
                page.get_by_text("needs the address that workbench serve printed").wait_for()
    finally:
        server.stop()


def test_a_choice_that_no_kernel_answers_is_taken_back_and_never_mixed(
    server: ServerProcess,
) -> None:
    with chromium() as tab:
        page = tab.page
        open_dashboard(page, server, "my_scanner")
        name, number = page.locator("h2.wb-shown"), page.locator(".wb .tiles b").first
        choice, chart = page.locator("select[name=scanner]"), page.locator(".wb figure").first
        assert name.inner_text().startswith(ACME)
        before = (number.inner_text(), chart.inner_html())

        # Alive: name, number, chart and choice change together.
        choice.select_option(label=f"{FORCE} (2 exams)")
        page.wait_for_function(
            "name => document.querySelector('h2.wb-shown').textContent.startsWith(name)", arg=FORCE
        )
        assert number.inner_text() == "2"
        assert chart.inner_html() != before[1]
        assert choice.input_value() == FORCE
        choice.select_option(label=f"{ACME} (12 exams)")
        page.wait_for_function(
            "name => document.querySelector('h2.wb-shown').textContent.startsWith(name)", arg=ACME
        )
        assert (number.inner_text(), chart.inner_html()) == before

        # Dead, and nobody has noticed yet: what was chosen is greyed at once, and taken back.
        page.route("**/dashboards/state/*", lambda route: route.fulfill(json={"text": ""}))
        end_kernels(server)
        choice.select_option(label=f"{FORCE} (2 exams)")
        page.wait_for_function(
            "() => Number(getComputedStyle(document.querySelector('.wbc-follows')).opacity) < 0.6"
        )
        page.locator(".wbc-late:not([hidden])").first.wait_for(timeout=SOON_MS)
        assert "from before" in page.locator(".wbc-late:not([hidden])").first.inner_text()
        assert choice.input_value() == ACME
        assert name.inner_text().startswith(ACME)
        assert (number.inner_text(), chart.inner_html()) == before


def test_a_kernel_that_is_slow_is_told_and_its_answer_is_taken(server: ServerProcess) -> None:
    with chromium() as tab:
        page = tab.page
        open_dashboard(page, server, "my_scanner")
        assert server.process is not None
        kernels = [
            child for child in psutil.Process(server.process.pid).children(recursive=True)
            if "ipykernel_launcher" in " ".join(child.cmdline())
        ]  # fmt: skip
        for kernel in kernels:
            kernel.suspend()
        try:
            page.locator("select[name=scanner]").select_option(label=f"{FORCE} (2 exams)")
            page.locator(".wbc-late:not([hidden])").first.wait_for(timeout=SOON_MS)
            assert page.locator("select[name=scanner]").input_value() == ACME
        finally:
            for kernel in kernels:
                kernel.resume()
        page.locator("h2.wb-shown").get_by_text(FORCE).wait_for(timeout=SOON_MS)
        page.locator(".wbc-late:not([hidden])").first.first.wait_for(state="hidden", timeout=SOON_MS)
        assert page.locator("select[name=scanner]").input_value() == FORCE
        assert page.locator(".wb .tiles b").first.inner_text() == "2"


# --- the collector -------------------------------------------------------------------------------

IDLE = """
import sys, time
from pathlib import Path
from workbench.collect.queue.control import Control
from workbench.services.running_process import Process
from workbench.collect.queue.doings import paused
from workbench.collect.queue.hospital_file import HospitalFile
control = Control(HospitalFile(Path(sys.argv[1])))
while True:
    told = {"doing": "The queue is done.", "patient": None}
    if control.command == "pause":
        told["doing"] = paused()
    control.beat(str(Process.this()), told)
    time.sleep(0.5)
"""


def idle_collector(workspace: Path) -> subprocess.Popen[bytes]:
    """Start a process that says on the board what a collector with nothing to do says."""
    return subprocess.Popen([sys.executable, "-c", IDLE, str(workspace)])


def states(page: Any, index: Any) -> tuple[str, str]:
    """Return how the collector stands by its own page, and by the index."""
    own = page.locator(".wbc-state strong").inner_text()
    return own, index.locator('#collector [data-part="text"]').inner_text()


def wait_for_state(words: str, page: Any, index: Any) -> None:
    """Wait until both pages say the same, and that."""
    page.locator(".wbc-state").get_by_text(words).wait_for(timeout=SOON_MS)
    index.locator("#collector").get_by_text(words).wait_for(timeout=SOON_MS)
    # Each asks for itself, a moment after the other.
    for _ in range(SOON_MS // 100):
        own, listed = states(page, index)
        if own == listed:
            return
        page.wait_for_timeout(100)
    pytest.fail("both pages say the same")


def test_a_collector_that_is_gone_is_told_on_every_page_with_how_to_start_it(
    server: ServerProcess, workspace: Path
) -> None:
    collector = idle_collector(workspace)
    try:
        with chromium() as tab:
            page, index = tab.page, tab.page.context.new_page()
            open_dashboard(page, server, "collector")
            index.goto(server.url)
            wait_for_state("The queue is done.", page, index)

            collector.kill()
            collector.wait()
            wait_for_state("it was ended from outside", page, index)
            assert re.search(r"Not running since \d\d:\d\d:\d\d:", states(page, index)[0])
            command = f"workbench up -w {workspace}"
            assert page.locator(".wbc-state code").first.inner_text() == command
            assert index.locator('[data-part="start"]').inner_text() == command

            # Another one is started: both pages follow without a reload.
            collector = idle_collector(workspace)
            wait_for_state("The queue is done.", page, index)
            assert not index.locator('[data-part="start"]').is_visible()

            # One that is silent, though it lives.
            collector.send_signal(signal.SIGSTOP)
            wait_for_state("No word from the collector", page, index)
            collector.send_signal(signal.SIGCONT)
            wait_for_state("The queue is done.", page, index)
            assert tab.errors == []
    finally:
        collector.kill()
        collector.wait()


def test_a_pause_asked_on_one_page_is_one_state_on_all(
    server: ServerProcess, workspace: Path
) -> None:
    collector = idle_collector(workspace)
    try:
        with chromium() as tab:
            page, other = tab.page, tab.page.context.new_page()
            index = tab.page.context.new_page()
            for each in (page, other):
                open_dashboard(each, server, "collector")
            index.goto(server.url)
            wait_for_state("The queue is done.", page, index)
            page.get_by_role("button", name="Pause", exact=True).click()
            for each in (page, other):
                wait_for_state("Paused.", each, index)
            assert not page.get_by_text("Asked to pause").count()
            other.get_by_role("button", name="Resume").click()
            for each in (page, other):
                wait_for_state("The queue is done.", each, index)
            assert not other.get_by_text("Asked to go on").count()
    finally:
        collector.kill()
        collector.wait()


# --- two tabs at once ----------------------------------------------------------------------------


def test_a_decision_in_one_tab_is_in_the_other_or_a_conflict_is_told(
    server: ServerProcess,
) -> None:
    with chromium() as tab:
        page, other = tab.page, tab.page.context.new_page()
        for each in (page, other):
            open_dashboard(each, server, "quality")
            each.get_by_label("Your name").first.fill("A. Physicist")
            each.get_by_label("Your name").first.press("Tab")
            each.get_by_role("button", name="Show result 1", exact=True).click()
            each.get_by_role("heading", name="Result 1:").wait_for()
        # The other has begun to write: what the form was about stays noted.
        other.get_by_label("Comment").fill("looks fine to me")
        page.get_by_label("Comment").fill("askew")
        page.get_by_role("button", name="Reject").click()
        page.get_by_text("Result 1 is rejected.").wait_for()
        other.get_by_text("Rejected by A. Physicist").wait_for(timeout=SOON_MS)
        assert other.get_by_label("Comment").input_value() == "looks fine to me"
        other.get_by_role("button", name="Accept").click()
        other.get_by_text("Result 1 was rejected meanwhile; nothing was noted.").wait_for()
        other.get_by_role("button", name="Accept").click()  # knowing it
        other.get_by_text("Result 1 is accepted.").wait_for()


def test_a_name_given_in_one_tab_is_in_the_others(server: ServerProcess) -> None:
    with chromium() as tab:
        page, other, scanner = (tab.page, *(tab.page.context.new_page() for _ in range(2)))
        open_dashboard(page, server, "scanners")
        open_dashboard(other, server, "scanners")
        open_dashboard(scanner, server, "my_scanner")
        for each in (page, other):
            each.get_by_role("button", name=f"Open {FORCE}").click()
            each.get_by_role("heading", name=FORCE).wait_for()
        other.get_by_label("Name", exact=True).fill("Other name")
        page.get_by_label("Name", exact=True).fill("Emergency CT")
        page.get_by_role("button", name="Show it under this name").click()
        page.get_by_text(f"{FORCE} is shown as Emergency CT from now on.").wait_for()
        other.get_by_role("cell", name="Emergency CT", exact=True).wait_for(timeout=SOON_MS)
        scanner.locator("select[name=scanner] option", has_text="Emergency CT (2 exams)").wait_for(
            state="attached", timeout=SOON_MS
        )
        # In the other tab that scanner is not open any more, under its old name.
        assert not other.get_by_role("heading", name=FORCE).count()
        page.get_by_role("button", name="Open Emergency CT").click()
        page.get_by_role("button", name="Take the name back").click()
        page.get_by_role("cell", name=FORCE, exact=True).wait_for()
