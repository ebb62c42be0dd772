"""The explore notebook in JupyterLab: it runs, draws, fetches nothing, and runs no header text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.browser.lab import ROOT, chromium, jupyterlab, run_all
from tests.report.report_frames import scans
from workbench import create_survey
from workbench.schema import IRRADIATION_EVENT

pytestmark = pytest.mark.chromium

NOTEBOOK = ROOT / "notebooks" / "explore" / "explore.ipynb"
MARKS = ".wb-chart svg .mark-symbol path, .wb-chart svg .mark-rect path"
EVIL = (
    "<img src=x onerror=\"window.owned='img'\">",
    "</script><script>window.owned='script'</script>",
    "</text></svg><svg onload=\"window.owned='svg'\">",
    '"><iframe srcdoc="<script>parent.owned=\'frame\'</script>"></iframe>',
    "javascript:window.owned='address'",
    "{{constructor.constructor(\"window.owned='angular'\")()}}",
    "'+(window.owned='expression')+'",
    "<a href='http://127.0.0.1:9/x' ping='http://127.0.0.1:9/x'>x</a>",
    "$\\href{javascript:window.owned='mathjax'}{x}$",
)
TEXTS = ("protocol", "manufacturer", "model", "station", "body_region", "source", "comment")


def code_cells() -> int:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    return sum(cell["cell_type"] == "code" for cell in cells)


@pytest.fixture
def lab(tmp_path: Path):
    """JupyterLab with a copy of the notebook and a survey whose header texts are hostile."""
    survey = create_survey(tmp_path / "workspace")
    evil = [{**dict.fromkeys(TEXTS, text), "dlp_mgy_cm": 100.0 + n} for n, text in enumerate(EVIL)]
    plain = [{"patient_age_years": float(age), "protocol": f"Head {age}"} for age in range(80)]
    survey.store.publish({IRRADIATION_EVENT.name: scans(*evil, *plain)})
    survey.close()
    folder, home = tmp_path / "notebooks", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    shutil.copy(NOTEBOOK, folder)
    with jupyterlab(folder, home, tmp_path / "workspace") as address:
        yield address, tmp_path / "workspace"


def test_the_notebook_explores_a_survey_and_runs_no_text_of_a_header(lab):
    address, _ = lab
    with chromium() as tab:
        page = tab.page
        page.add_init_script("window.owned = 'nobody'")
        run_all(tab, address, NOTEBOOK.name, code_cells())
        assert page.locator(".jp-RenderedText[data-mime-type*=stderr]").count() == 0

        # Both charts are drawn, named, and say what they show.
        page.wait_for_function("document.querySelectorAll('.wb-chart svg').length === 2")
        page.wait_for_function(f"document.querySelectorAll('{MARKS}').length > 30")
        names = [one.get_attribute("aria-label") for one in page.locator(".wb-chart-frame").all()]
        assert names[0].startswith("Dose length product of 89 events by protocol")
        assert names[1].startswith("CTDIvol of 89 events by age")

        # The table pages through the events and shows a hostile text as text.
        count = page.locator(".workbench-table-count").first
        assert count.inner_text() == "89 of 89 rows shown"
        assert page.locator(".workbench-table tbody tr").count() == 50
        cells = page.locator(".workbench-table tbody td").all_inner_texts()
        assert EVIL[0] in cells

        # A mark's tooltip is text, too.
        page.locator(".wb-chart svg .mark-symbol path").nth(3).hover()
        page.locator(".wb-chart-tooltip:not([hidden])").first.wait_for()

        # By keyboard from a mark of the second chart to its event, its sources, and back.
        frame = page.locator(".wb-chart-frame[role=application]")
        frame.focus()
        page.keyboard.press("ArrowRight")
        assert page.locator(".wb-chart-ring:not([hidden])").count() == 1
        page.keyboard.press("Enter")
        page.wait_for_selector(".wb-trail h2")
        assert "event" in page.locator(".wb-trail h2").inner_text()
        page.get_by_role("button", name="Open row 1").last.click()
        page.wait_for_selector("table.sources")
        page.get_by_role("button", name="The table").click()
        page.wait_for_selector(".wb-trail", state="detached")

        # The filter of the page and the filter of the table reach the kernel.
        page.get_by_role("searchbox", name="Filter protocol").fill("head 1")
        page.get_by_text("11 of 89 rows shown").wait_for()
        region = page.locator(".widget-dropdown", has_text="Region").first.locator("select")
        region.select_option(label=f"{EVIL[0]} (1)".replace(" ", "\u00a0"))
        page.get_by_text("1 of 89 events shown").wait_for()
        page.get_by_text("No row fits the filters.").wait_for()
        page.get_by_role("button", name="Clear filters").click()
        page.get_by_text("1 of 1 row shown").wait_for()

        # An export ends in the downloads of the browser.
        with page.expect_download() as download:
            page.get_by_role("button", name="Export").click()
        name = download.value.suggested_filename
        assert name.startswith("irradiation_event_")
        page.get_by_text(f"89 rows. {name} is in the downloads").wait_for()

        # A stage runs beside the page and says what it did.
        page.get_by_role("button", name="Map", exact=True).click()
        page.get_by_text("Mapping is done: 0 new or changed studies").wait_for()

        assert page.evaluate("window.owned") == "nobody"
        assert tab.errors == []
        assert tab.outside == []
