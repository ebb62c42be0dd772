"""Rights in Chromium: what each sees, what an injected script can do, and who is told to wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.browser.lab import chromium
from tests.server.server_workspace import harmless, make_workspace
from workbench.rights import Right
from workbench.server.passwords import Passwords
from workbench.server.voila import ServerProcess
from workbench.settings import EntitySettings, ServerSettings
from workbench.settings_file import read_settings
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.sample import make_sample
from workbench.survey import open_survey

pytestmark = pytest.mark.chromium
COLD_MS = 60_000
PASSWORD = "four words drawn by lot"
INJECT = """() => {
    const script = document.createElement("script");
    script.textContent = "document.title = 'owned'";
    document.body.append(script);
    const image = document.createElement("img");
    image.setAttribute("onerror", "document.title = 'owned'");
    image.src = "/nothing.png";
    document.body.append(image);
    const frame = document.createElement("iframe");
    frame.srcdoc = "<script>parent.document.title = 'owned'</scr" + "ipt>";
    document.body.append(frame);
    const link = document.createElement("a");
    link.href = "javascript:void(document.title = 'owned')";
    document.body.append(link);
    link.click();
    const drawing = "<svg onload=\\"document.title='owned'\\"></svg>";
    document.body.insertAdjacentHTML("beforeend", drawing);
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = make_workspace(tmp_path_factory.mktemp("rights") / "w", harmless())
    survey = open_survey(folder)
    make_sample(QualityDesk(survey))
    survey.close()
    web = EntitySettings("PACS", port=1, retrieve="web", url="https://pacs.example/dicom-web",
                         token_file="token")  # fmt: skip
    limits = ServerSettings(kernels=2)
    replace(read_settings(folder), pacs=web, server=limits).write(folder)
    (folder / "token").write_text("the-token-of-old")
    Passwords(folder).set(Right.DECIDE, PASSWORD)
    with ServerProcess(folder) as running:
        yield running


def at(server: ServerProcess, path: str) -> str:
    return f"{server.url.partition('?')[0]}{path}"


def leave(page: Any, server: ServerProcess) -> None:
    """Go back to the list, so that the dashboard's kernel ends."""
    page.goto(at(server, ""))
    page.wait_for_timeout(500)


def test_who_looks_sees_quality_without_buttons_and_the_collector_in_words(
    server: ServerProcess,
) -> None:
    with chromium() as tab:
        page = tab.page
        page.goto(server.urls[Right.LOOK])
        assert "token" not in page.url
        assert page.get_by_role("link", name="Collector").count() == 0
        assert page.goto(at(server, "dashboards/collector")).status == 403
        page.get_by_text("This page needs the right to collect. You may: look.").wait_for()
        page.goto(at(server, "dashboards/quality"))
        page.get_by_role("tab", name="Today").wait_for(timeout=COLD_MS)
        assert page.get_by_role("tab", name="Measure").count() == 0
        page.get_by_role("button", name="Show result").first.click()
        page.locator("summary", has_text="Verification").first.wait_for()
        for name in ("Accept", "Reject", "Look for new images"):
            assert page.get_by_role("button", name=name, exact=True).count() == 0
        page.get_by_role("tab", name="Charts").click()
        page.locator(".wb-chart-picture svg").wait_for(timeout=COLD_MS)
        assert page.get_by_role("button", name="Set a baseline").count() == 0
        assert tab.outside == []
        assert tab.errors == []
        leave(page, server)


def test_a_password_lets_decide_and_a_wrong_one_does_not(server: ServerProcess) -> None:
    with chromium() as tab:
        page = tab.page
        page.goto(at(server, "dashboards/quality"))
        page.get_by_label("Password").fill("a wrong one altogether")
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("That is no password of this workspace.").wait_for()
        page.goto(at(server, "dashboards/quality"))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("tab", name="Measure").wait_for(timeout=COLD_MS)
        assert page.url == at(server, "dashboards/quality")
        page.get_by_role("button", name="Show result").first.click()
        page.get_by_role("button", name="Accept", exact=True).wait_for()
        cookies = page.context.cookies()
        assert len(cookies) == 2, "the log-in, and that this browser knew the password"
        assert {(each["httpOnly"], each["sameSite"]) for each in cookies} == {(True, "Strict")}
        leave(page, server)
        page.get_by_role("button", name="Log out").click()
        page.get_by_label("Password").wait_for()
        assert page.goto(at(server, "")).status == 403


@pytest.mark.parametrize("dashboard", ["my_scanner", "quality"])
def test_an_injected_script_does_not_run(server: ServerProcess, dashboard: str) -> None:
    with chromium() as tab:
        page = tab.page
        page.goto(server.urls[Right.LOOK])
        answer = page.goto(at(server, f"dashboards/{dashboard}"))
        page.wait_for_function("() => !document.getElementById('loading')", timeout=COLD_MS)
        policy = dict(part.strip().partition(" ")[::2]
                      for part in answer.headers["content-security-policy"].split(";"))  # fmt: skip
        assert "unsafe" not in policy["script-src"]
        assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert page.evaluate("[...document.scripts].filter(one => !one.src && !one.type.includes("
                             "'json')).length") == 0  # fmt: skip
        before = page.title()
        page.evaluate(INJECT)
        page.wait_for_timeout(800)
        assert page.title() == before
        # With the policy away the same does run: the test can fail.
        other = page.context.browser.new_page(bypass_csp=True)
        other.set_content("<title>mine</title>")
        other.evaluate(INJECT)
        other.wait_for_function("() => document.title === 'owned'")
        leave(page, server)


def test_a_changed_address_asks_for_the_token_again(server: ServerProcess) -> None:
    with chromium() as tab:
        page = tab.page
        page.goto(server.urls[Right.COLLECT])
        page.goto(at(server, "dashboards/collector"))
        page.get_by_role("tab", name="Settings").wait_for(timeout=COLD_MS)
        page.get_by_role("tab", name="Settings").click()
        page.get_by_text("To change this you need the right to administer.").first.wait_for()
        page.get_by_label("DICOMweb address").fill("https://evil.example/dicom-web")
        page.get_by_role("button", name="Save", exact=True).first.click()
        page.get_by_text("so it is not sent: give it again below").wait_for()
        page.get_by_role("button", name="Test: PACS answers C-ECHO").click()
        page.get_by_text("✗ failed").wait_for(timeout=COLD_MS)
        field = page.get_by_label("The token, for this address")
        assert field.get_attribute("type") == "password"
        field.fill("a-new-token-for-the-new-place")
        page.get_by_role("button", name="Give it").click()
        page.get_by_text("It may go to https://evil.example/dicom-web now.").wait_for()
        assert (server.workspace / "token").read_text().startswith("a-new-token")
        leave(page, server)


def test_who_finds_no_room_is_told_and_let_in_when_somebody_leaves(server: ServerProcess) -> None:
    with chromium() as tab:
        browser = tab.page.context.browser
        tab.page.goto(server.urls[Right.LOOK])
        inside = [browser.new_context().new_page() for _ in range(2)]  # two other people
        for page in inside:
            page.goto(server.urls[Right.LOOK])
            page.goto(at(server, "dashboards/my_scanner"))
            page.locator(".wb figure svg").first.wait_for(timeout=COLD_MS)
        tab.page.goto(at(server, "dashboards/my_scanner"))
        tab.page.get_by_text("Busy: you are number 1 in the line.").wait_for()
        leave(inside[0], server)
        tab.page.locator(".wb figure svg").first.wait_for(timeout=COLD_MS)
        # Of two places one is another's: she is told to close her first page, which lets her in.
        second = tab.page.context.new_page()
        second.goto(at(server, "dashboards/quality"))
        second.get_by_text("You have one dashboard open, as many as one visitor may.").wait_for()
        leave(inside[1], server)
        second.get_by_text("You have one dashboard open").wait_for()
        leave(tab.page, server)
        second.get_by_role("tab", name="Today").wait_for(timeout=COLD_MS)
        assert tab.errors == []


def test_the_page_of_a_kernel_that_died_says_so(tmp_path: Path) -> None:
    folder = make_workspace(tmp_path / "w", harmless())
    replace(read_settings(folder), server=ServerSettings(kernel_memory_mb=60)).write(folder)
    with ServerProcess(folder) as server, chromium() as tab:
        tab.page.goto(server.urls[Right.LOOK])
        tab.page.goto(at(server, "dashboards/my_scanner"))
        told = tab.page.locator("#ended")
        told.get_by_text("it took more than 60 MB of memory").wait_for(timeout=COLD_MS)


def test_a_page_whose_log_in_has_ended_says_so(server: ServerProcess) -> None:
    with chromium() as tab:
        page = tab.page
        page.goto(server.urls[Right.LOOK])
        page.goto(at(server, "dashboards/my_scanner"))
        page.locator(".wb figure svg").first.wait_for(timeout=COLD_MS)
        other = page.context.new_page()
        other.goto(at(server, ""))
        other.get_by_role("button", name="Log out").click()
        other.get_by_text("This page needs the address").wait_for()
        page.bring_to_front()
        ended = page.locator("#ended").get_by_text("You are not logged in any more: you logged out")
        ended.wait_for(timeout=COLD_MS)
