"""Forged messages of a page against each guarded action, over the wire, with each right.

The buttons of a page are left out for who may not use them; here nobody looks at buttons.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.attacks.forged_page import ForgedPage
from tests.server.broken_server import broken
from tests.server.web_visitor import WebVisitor
from workbench.rights import Right, Rights
from workbench.server.voila import ServerProcess
from workbench.settings import EntitySettings, Settings, SurveySettings
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.sample import make_sample
from workbench.survey import create_survey, open_survey
from workbench_widgets.pages.collector import CollectorPage, collector_page
from workbench_widgets.pages.quality import quality_page

REFUSED = re.compile(r"[Tt]his needs the right to (\w+)")
OPENS = {"quality": Right.LOOK, "collector": Right.COLLECT}
NO_DEEDS = ("anything", "__init__", "answer", "delete", "export", "")
# As forms would fill them in, for each deed that would leave a trace.
VALUES = {
    "value": "1", "by": "Mallory", "comment": "forged", "first": "test", "second": "test",
    "patients": "P1", "path": "/etc/hostname", "name": "forged", "patient": "P1", "text": "forged",
    "pacs.host": "192.0.2.1", "local.phantom_title": "FORGED", "protect.times": "exact",
    "filter.modalities": "MR", "token": "forged",
}  # fmt: skip


class Section(NamedTuple):
    """What a section needs to be seen, and what it can be asked for with which right."""

    right: Right
    needs: Mapping[str, Right]


Sections = Mapping[str, Section]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forged") / "w"
    pacs = EntitySettings("PACS", port=1)
    survey = create_survey(folder, Settings(SurveySettings("test", "LU01"), pacs=pacs))
    make_sample(QualityDesk(survey))
    survey.close()
    return folder


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[ServerProcess]:
    with ServerProcess(workspace) as running:
        yield running


@pytest.fixture(scope="module")
def sections(workspace: Path) -> Mapping[str, Sections]:
    """Return the sections of each page."""
    pages = {"quality": quality_page(str(workspace)), "collector": collector_page(str(workspace))}
    found = {
        dashboard: {
            name: Section(panel.right, dict(panel.needs)) for name, panel in page._panels.items()
        }
        for dashboard, page in pages.items()
    }
    for page in pages.values():
        page.close()
    assert all(found.values())
    return found


def traces(workspace: Path) -> dict[str, Any]:
    """Return what the deeds of both pages change."""
    with closing(open_survey(workspace)) as survey:
        quality = QualityDesk(survey).quality
        left = {
            "results": [(each.number, each.decisions) for each in quality.results()],
            "profiles": [(each.name, each.version) for each in quality.profiles()],
            "events": quality.events(),
            "images": quality.images(),
        }
    page = collector_page(str(workspace))
    assert isinstance(page, CollectorPage)
    left |= {"command": page.desk.control.command, "queue": page.desk.queue.states()}
    page.close()
    left |= {name: (workspace / name).read_bytes() for name in ("workbench.toml", "hospital.key")}
    return left


def sent(page: ForgedPage, sections: Sections, mine: Rights) -> list[str]:
    """Ask for all that the visitor may not do, in each section; return the answers.

    A section that she may not see cannot be opened: she stays where she was.
    """
    answers, here = [], next(iter(sections))
    names = {name for section in sections.values() for name in section.needs} | {*NO_DEEDS}
    upper, lower = page.parts(*sections)
    for place, wanted in [(upper, wanted) for wanted in sections] + [(lower, here)] * bool(lower):
        here = wanted if mine.allow(sections[wanted].right) else here
        page.ask(upper, "section", {"value": wanted})
        page.ask(upper, "open", {"value": "1"})  # what can be decided on, where that is shown
        for name in sorted(names):
            if mine.allow(sections[here].needs.get(name, Right.ADMINISTER)):
                continue
            page.shown.clear()  # the part with the tabs says each time what came of it
            if place == lower:
                page.ask(upper, "section", {"value": wanted})
            files = (b"P1;Mallory",) if name == "add-file" else ()
            answers.append(page.ask(place, name, VALUES, files))
    return answers


@pytest.mark.parametrize("right", [Right.LOOK, Right.DECIDE, Right.COLLECT])
def test_what_somebody_may_not_do_is_refused_however_it_is_asked(
    server: ServerProcess, workspace: Path, sections: Mapping[str, Sections], right: Right
) -> None:
    before, mine = traces(workspace), Rights.of([right])
    visitor = WebVisitor(server, right)
    for dashboard, opens in OPENS.items():
        if not mine.allow(opens):
            assert visitor.ask(f"/dashboards/{dashboard}")[0] == 403
            continue
        with ForgedPage(server, visitor, dashboard) as page:
            answers = sent(page, sections[dashboard], mine)
            assert len(answers) > 20
            shown = [answer for answer in answers if not REFUSED.search(answer)]
            assert shown == []
    assert traces(workspace) == before


NOT_A_MESSAGE = (
    None, 7, {"ask": ["look"]}, {"ask": "look", "values": {"x": {"y": 1}}},
    {"ask": "section", "values": {"value": "x" * 9999}},
    {"ask": "frame", "index": 10**30, "version": []}, {"ask": "rows", "filters": {"x": [1]}},
    {"type": "selected", "name": "picked", "value": {"key": ["x"]}},
)  # fmt: skip
NO_VALUES = (None, 10**30, ["forged"], "IPY_MODEL_forged")  # for all that a widget holds


def test_widgets_told_nonsense_leave_the_page_and_the_rights_as_they_are(
    server: ServerProcess, workspace: Path, sections: Mapping[str, Sections]
) -> None:
    before, mine = traces(workspace), Rights.of([Right.LOOK])
    visitor = WebVisitor(server, Right.LOOK)
    for dashboard in ("quality", "my_scanner"):
        with ForgedPage(server, visitor, dashboard) as page:
            widgets = page.widgets()
            assert widgets
            for number, state in widgets.items():
                if state["_model_name"] == "LayoutModel":
                    continue  # there is one for each of the others
                for content in NOT_A_MESSAGE:
                    page.custom(number, content, (b"", b"\xff" * 99))
                for value in NO_VALUES:
                    page.change(number, dict.fromkeys(state, value))
                page.settle()
            if dashboard == "quality":
                answers = sent(page, sections[dashboard], mine)
                assert answers
                assert all(REFUSED.search(answer) for answer in answers)
            kinds = {kind if kind != "stream" else content["name"] for kind, content in page.said}
            assert not {"error", "stderr"} & kinds  # the words of errors are not a page's
            for number in widgets:
                page.tell("comm_close", {"comm_id": number, "data": {}})
            page.settle()
            assert visitor.ask(f"/api/kernels/{page.kernel}")[0] == 200
        assert visitor.ask(f"/voila/api/shutdown/{page.kernel}", "POST")[0] == 204
    assert traces(workspace) == before


def test_a_form_saves_its_own_fields_only(server: ServerProcess, workspace: Path) -> None:
    visitor = WebVisitor(server, Right.COLLECT)
    before = (workspace / "workbench.toml").read_text()
    with ForgedPage(server, visitor, "collector") as page:
        upper, _ = page.parts("settings")
        page.ask(upper, "section", {"value": "settings"})
        foreign = {name: text for name, text in VALUES.items() if not name.startswith("pacs.")}
        foreign |= {
            "pacs.mover": "FORGED",
            "pacs.token_file": "/etc/passwd",
            "server.kernels": "999",
        }
        page.ask(upper, "save-pacs", foreign)
        assert (workspace / "workbench.toml").read_text() == before
        page.ask(upper, "save-pacs", {**foreign, "pacs.port": "104"})
    after = (workspace / "workbench.toml").read_text()
    assert after == before.replace("port = 1\n", "port = 104\n")
    assert "FORGED" not in after


# --- with a safeguard away ----------------------------------------------------------------------

NO_CHECK_OF_PAGES = """
import sys
from workbench.rights import Rights
def passing(check, answer):
    def changed(self, right):
        page = sys._getframe(1).f_globals["__name__"].endswith("tabs.tabs")
        return answer if page else check(self, right)
    return changed
Rights.need, Rights.allow = passing(Rights.need, None), passing(Rights.allow, True)
"""
NO_CHECK_AT_ALL = """
from workbench import rights
rights.Rights.allow = lambda *_: True
"""


@pytest.mark.parametrize(("away", "changed"), [
    (NO_CHECK_OF_PAGES, False), (NO_CHECK_AT_ALL, True),
], ids=["of pages", "of functions too"])  # fmt: skip
def test_the_functions_behind_refuse_when_the_check_of_pages_is_away(
    workspace: Path, sections: Mapping[str, Sections], tmp_path: Path, away: str, changed: bool
) -> None:
    copy = tmp_path / "w"
    shutil.copytree(workspace, copy)
    before = traces(copy)
    with broken(copy, kernels=away) as server:
        visitor = WebVisitor(server, Right.LOOK)
        with ForgedPage(server, visitor, "quality") as page:
            some = {name: sections["quality"][name] for name in ("today", "results")}
            answers = sent(page, some, Rights.of([Right.LOOK]))
    refused = sum(bool(REFUSED.search(answer)) for answer in answers)
    assert refused < len(answers)  # the first safeguard is away
    assert (refused > 0) == (not changed)
    assert (traces(copy) != before) == changed
