"""Every section of every dashboard, and every report, in the languages there are beside English.

In the language that nobody speaks, what did not go through the door for texts is shown by its
place: dashboard, section, text; its words are a third longer.  In German and French, what is still
English is shown.  In all of them, heads and buttons that are cut off or overflow are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.browser.ended_pages import COLD_MS, CONTENT, make_full_workspace
from tests.browser.lab import chromium
from tests.language.unmarked import unmarked
from tests.language.untranslated import untranslated
from workbench.language.pseudo import BEGIN, PSEUDO
from workbench.report.notebooks import report_names
from workbench.server.voila import ServerProcess
from workbench.stages.reporting import make_report
from workbench.survey import open_survey

pytestmark = pytest.mark.chromium
TABLET = {"width": 768, "height": 1024}
# What a report cannot do without, in the workspace of these tests.
LANGUAGES = (PSEUDO, "de", "fr")
NEEDED: dict[str, dict[str, object]] = {
    "quality_over_time": {"profile": "CT1 water"}, "quality_results": {"numbers": [1]},
}  # fmt: skip
SETTLED_MS = 3000  # a page asks every two seconds
# Heads and buttons whose words are cut off, or stand out of them.
TOO_LONG = """() => [...document.querySelectorAll('button, th, [role=tab], h1, h2, h3, label')]
  .filter((place) => place.getClientRects().length && place.scrollWidth > place.clientWidth + 1
    && getComputedStyle(place).display !== 'inline')
  .map((place) => place.textContent.trim().slice(0, 80))"""

# The page without what is not shown: that may still be in the language of before.
SHOWN = """() => {
  const hidden = [...document.body.querySelectorAll('*')].filter(
    (each) => getComputedStyle(each).display === 'none' && !each.closest('select'));
  hidden.forEach((each) => each.setAttribute('data-not-shown', ''));
  const page = document.documentElement.cloneNode(true);
  hidden.forEach((each) => each.removeAttribute('data-not-shown'));
  page.querySelectorAll('[data-not-shown]').forEach((each) => each.remove());
  return page.outerHTML;
}"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = make_full_workspace(tmp_path_factory.mktemp("walked") / "w")
    return folder


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[ServerProcess]:
    with ServerProcess(workspace) as running:
        yield running


def sections(page: Any) -> Iterator[str]:
    """Show each section of a page in turn, with all that is folded opened; yield its name."""
    tabs = page.locator("[role=tab]")
    names = [tabs.nth(number).get_attribute("value") or "" for number in range(tabs.count())]
    for name in names or [""]:
        if name:
            page.locator(f'[role=tab][value="{name}"]').click()
            page.locator(f'[role=tab][value="{name}"][aria-selected=true]').wait_for()
        page.wait_for_timeout(SETTLED_MS)
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        page.wait_for_timeout(SETTLED_MS)
        answered(page)
        yield name or "all"


def answered(page: Any) -> None:
    """Wait until no part says that it has no answer yet: before its first it knows English only."""
    for late in page.locator(".wbc-late").all():
        late.wait_for(state="hidden", timeout=COLD_MS)


Found = Mapping[str, Sequence[str]]


def refuse(place: str, bare: Found, long: Found) -> None:
    """Fail with each text that is not marked or too long, and where it stands."""
    lines = [
        f"{place}, {section}: {why}: {text}"
        for found, why in ((bare, "is not marked"), (long, "is too long"))
        for section in found
        for text in found[section]
    ]
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)


def open_in(language: str, page: Any, server: ServerProcess, path: str, wait_for: str) -> None:
    base, _, query = server.url.partition("?")
    page.goto(f"{base}{path}?lang={language}&{query}")
    page.locator(wait_for).first.wait_for(timeout=COLD_MS)


def wrong(html: str, language: str) -> list[str]:
    found = unmarked(html) if language == PSEUDO else untranslated(html, language)
    return sorted(set(found))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(CONTENT))
def test_every_section_of_a_dashboard_speaks_the_language(
    server: ServerProcess, name: str, language: str
) -> None:
    with chromium() as tab:
        tab.page.set_viewport_size(TABLET)
        open_in(language, tab.page, server, f"dashboards/{name}", CONTENT[name])
        bare, long = {}, {}
        for section in sections(tab.page):
            bare[section] = wrong(tab.page.evaluate(SHOWN), language)
            long[section] = tab.page.evaluate(TOO_LONG)
        assert language != PSEUDO or BEGIN in tab.page.content()
    refuse(name, bare, long)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_speaks_the_language_and_names_the_dashboards(
    server: ServerProcess, language: str
) -> None:
    with chromium() as tab:
        tab.page.set_viewport_size(TABLET)
        open_in(language, tab.page, server, "", "h2")
        assert tab.page.evaluate("document.documentElement.lang") == language
        bare = {"all": wrong(tab.page.evaluate(SHOWN), language)}
        refuse("index", bare, {"all": tab.page.evaluate(TOO_LONG)})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", report_names())
def test_every_report_speaks_the_language(
    workspace: Path, tmp_path: Path, name: str, language: str
) -> None:
    out = tmp_path / "report.html"
    survey = open_survey(workspace)
    try:
        run = make_report(survey, name, out, {"language": language, **NEEDED.get(name, {})})
    finally:
        survey.close()
    assert run.outcome == "done", run.message
    page = out.read_text("utf-8")
    assert f'<html lang="{language}"' in page
    refuse(name, {"report": wrong(page, language)}, {})


def test_the_walk_sees_what_is_cut_off_and_nothing_else() -> None:
    with chromium() as tab:
        tab.page.set_content(
            "<button style='width:60px;overflow:hidden;white-space:nowrap'>Much too long</button>"
            "<button>As long as it needs</button><h2>A head may take two lines</h2>"
            "<h3 style='width:50px'>Unbreakably</h3>"
        )
        assert tab.page.evaluate(TOO_LONG) == ["Much too long", "Unbreakably"]
        tab.page.set_content(
            "<p>seen</p><p hidden>gone</p><div style='display:none'><b>gone</b></div>"
            "<select><option>first<option>second</select><p>after</p>"
        )
        assert unmarked(tab.page.evaluate(SHOWN)) == ["seen", "first", "second", "after"]
        assert tab.page.locator("[data-not-shown]").count() == 0
