"""A stranger makes, opens, downloads and signs a report, and the page's kernel stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.lab import chromium
from tests.server.server_workspace import harmless, make_workspace
from workbench.server.voila import ServerProcess

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("reports") / "w", harmless())


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[ServerProcess]:
    with ServerProcess(workspace) as running:
        yield running


def test_a_report_is_made_opened_downloaded_and_signed(
    server: ServerProcess, workspace: Path
) -> None:
    with chromium() as tab:
        page = tab.page
        page.goto(server.url)
        page.get_by_role("link", name="Reports").first.click()
        page.get_by_label("Your name").fill("A. Physicist")
        page.get_by_label("Your role").fill("Medical physicist")
        page.locator("select[name=report]").select_option("dose_by_protocol")
        page.locator("select[name=p-country]").wait_for()
        page.get_by_role("button", name="Make the report").click()
        page.get_by_text("The report is asked for.").wait_for()
        page.locator("progress").wait_for()
        page.get_by_role("link", name="Open Dose by protocol").wait_for(timeout=60000)

        with page.expect_popup() as popup:
            page.get_by_role("link", name="Open Dose by protocol").click()
        report = popup.value
        report.get_by_role("heading", name="Dose by protocol").wait_for()
        report.get_by_role("link", name="All pages and reports").click()
        report.get_by_role("heading", name="Workbench").wait_for()
        report.close()

        with page.expect_download() as download:
            page.get_by_role("button", name="Download Dose by protocol as DOCX").click()
        assert download.value.suggested_filename.startswith("dose_by_protocol_")
        assert Path(download.value.path()).read_bytes().startswith(b"PK")

        page.get_by_role("tab", name="History").click()
        page.get_by_role("button", name="Show Dose by protocol").click()
        page.get_by_label("I have read this report").check()
        page.get_by_role("button", name="Sign", exact=True).click()
        page.get_by_text("Signed by A. Physicist, Medical physicist.").first.wait_for()
        page.get_by_text("holds").wait_for()

        # Whoever comes again is known, and what was changed meanwhile is shown as broken.
        (copy,) = (workspace / "reports" / "history").glob("*/*.html")
        copy.write_text(copy.read_text("utf-8") + " ", "utf-8")
        page.reload()
        page.get_by_role("tab", name="History").click()
        page.get_by_text("A. Physicist (broken)").wait_for()
        assert page.get_by_label("Your name").input_value() == "A. Physicist"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert tab.outside == []
