"""The report in Chromium: hostile header texts do not run, nothing is fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.report.report_frames import scans, tables_of
from workbench.report import run_report
from workbench.report.missing import ReportTables

pytestmark = pytest.mark.chromium

EVIL = (
    "</script><script>document.title='owned'</script>",
    "<img src=http://127.0.0.1:9/x onerror=\"document.title='owned'\">",
    "<svg/onload=document.title='owned'>",
    "</style><style>@import 'http://127.0.0.1:9/x.css';</style>",
    "<iframe srcdoc=\"<script>parent.document.title='owned'</script>\"></iframe>",
    "</text><a href=\"javascript:document.title='owned'\">x</a>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
)


@contextmanager
def opened(page_file: Path) -> Iterator[tuple[Any, list[str]]]:
    """Open a page; give it and the list of addresses it asked for."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        page.wait_for_timeout(300)
        yield page, asked
        browser.close()


@pytest.fixture(scope="module")
def without_policy() -> Callable[[Path], Path]:
    """Return a function that takes the page's policy away: escaping must do on its own."""

    def strip(page: Path) -> Path:
        text = page.read_text(encoding="utf-8")
        start = text.index('<meta http-equiv="Content-Security-Policy"')
        bare = page.with_name("bare.html")
        bare.write_text(text[:start] + text[text.index(">", start) + 1 :], encoding="utf-8")
        return bare

    return strip


def test_hostile_texts_neither_run_nor_fetch(
    workspace: Callable[[ReportTables], str],
    without_policy: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    evil = [
        dict.fromkeys(("protocol", "manufacturer", "model", "station", "body_region"), text)
        for text in EVIL
    ]
    folder = workspace(tables_of(scans({}, *evil)))
    out = tmp_path / "report.html"
    run = run_report("dose_by_protocol", {"workspace": folder, "title": EVIL[0]}, out)
    assert run.message == ""
    for file in (out, without_policy(out)):
        with opened(file) as (page, asked):
            assert page.title() == "Dose by protocol"
            assert asked == [file.as_uri()]
            assert page.locator("script, iframe, img, style + style").count() == 0
            # The contents lead within the page, whatever a heading says.
            assert page.locator("a:not([href^='#part-'])").count() == 0
            assert page.locator("figure svg[role=img]").count() == 2
            shown = page.locator("main").inner_text()
            for text in EVIL:
                assert text in shown


def test_the_page_fits_a_phone_and_has_a_dark_form(
    workspace: Callable[[ReportTables], str], tmp_path: Path
) -> None:
    folder = workspace(tables_of(scans({}, {"body_region": "head", "protocol": "Head"})))
    out = tmp_path / "report.html"
    assert run_report("dose_by_protocol", {"workspace": folder}, out).message == ""
    with opened(out) as (page, _):
        paper = "getComputedStyle(document.body).backgroundColor"
        text = "getComputedStyle(document.querySelector('figure svg text')).fill"
        light = page.evaluate(paper), page.evaluate(text)
        page.emulate_media(color_scheme="dark")
        dark = page.evaluate(paper), page.evaluate(text)
        assert light[0] == "rgb(255, 255, 255)"
        assert dark[0] == "rgb(20, 24, 29)"
        assert light[1] != dark[1]
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
