"""The page of scanners: it shows every spelling, names, merges, splits, and tells conflicts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.language.unmarked import unmarked
from tests.report.report_frames import scans
from tests.server.server_workspace import HOSTILE, hostile, make_workspace
from workbench.language import Marked, use_language
from workbench.rights import GIVEN
from workbench.scanners.machines import SAME_MODEL, SAME_SERIAL, SAME_STATION, UNLIKE_SERIALS
from workbench.scanners.scanner_file import FILE, read_scanners
from workbench.scanners.scanner_names import CLAIMED
from workbench.survey import open_survey
from workbench_widgets.pages.scanners import scanners_page
from workbench_widgets.pages.scanners.page import ScannersPage
from workbench_widgets.parts.live.live import Ask, Reply

FORCE, RING, RING_2 = "Siemens SOMATOM Force, CT1", "ACME Ring 64, CT1", "ACME Ring 64, CT2"


def machine(maker: str, model: str, station: str, serial: str | None) -> dict[str, object]:
    return {"manufacturer": maker, "model": model, "station": station,
            "device_serial_number": serial}  # fmt: skip


EVENTS = scans(
    *[machine("SIEMENS", "SOMATOM Force", "CT1", "75512")] * 3,
    machine("Siemens Healthcare", "Somatom FORCE", "CT7", "75512"),
    *[machine("ACME", "Ring 64", "CT1", "1A")] * 2,
    machine("ACME", "Ring 64", "CT2", "2"),
    machine("ACME", "Ring 64", "CT2", None),
)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[ScannersPage]:
    made = scanners_page(str(make_workspace(tmp_path / "w", EVENTS)))
    assert isinstance(made, ScannersPage)
    yield made
    made.survey.close()


def ask(page: ScannersPage, question: str, /, **values: str) -> Reply:
    if question not in ("look", "open", "close", "choose"):
        shown = re.search(rf'name="{question}".*?name="seen" value="(.*?)"', look(page))
        values = {"seen": shown.group(1) if shown else "", **values}
    return page.answer(Ask(question, values))


def look(page: ScannersPage) -> str:
    return page.answer(Ask("look", {})).html


def shown(page: ScannersPage) -> list[str]:
    return [unescape(name) for name in re.findall(r"<td><b>(.*?)</b></td>", look(page))]


def test_every_spelling_and_serial_number_is_shown(page: ScannersPage) -> None:
    assert shown(page) == [FORCE, RING, RING_2]
    html = look(page)
    for text in ("SIEMENS, SOMATOM Force, CT1", "Siemens Healthcare, Somatom FORCE, CT7", "75512",
                 "1A"):  # fmt: skip
        assert text in html
    assert "These may be one scanner" not in html


def test_a_name_is_given_and_taken_back(page: ScannersPage) -> None:
    ask(page, "open", value=RING)
    assert "1A" in look(page)
    assert "is shown as CT 2 from now on" in ask(page, "name", name="CT 2").html
    assert shown(page) == [FORCE, RING_2, "CT 2"]
    assert "a person" in look(page)
    ask(page, "open", value="CT 2")
    assert "taken back" in ask(page, "forget").html
    assert shown(page) == [FORCE, RING, RING_2]


def test_machines_with_different_serial_numbers_are_merged_only_when_somebody_is_sure(
    page: ScannersPage,
) -> None:
    pair = {"first": RING, "second": RING_2, "name": "Ring"}
    refused = ask(page, "merge", **pair).html
    assert "different serial numbers: 1a, 2" in refused
    assert shown(page) == [FORCE, RING, RING_2]
    assert f'<option value="{RING}" selected>' in refused  # what was chosen is still there
    assert "are one scanner now" in ask(page, "merge", **pair, sure="yes").html
    assert shown(page) == ["Ring", FORCE]


def test_part_of_a_scanner_becomes_one_of_its_own(page: ScannersPage) -> None:
    ask(page, "open", value=FORCE)
    html = look(page)
    places = re.findall(r"<span>([^<]*)</span><input type=\"checkbox\" name=\"(sign-\d)\"", html)
    assert len(places) == 2
    place = next(name for words, name in places if "CT7" in words)
    assert "not all" in ask(page, "split", new="Lent CT").html
    assert (
        "Lent CT is a scanner of its own now"
        in ask(page, "split", new="Lent CT", **{place: "yes"}).html
    )
    assert shown(page) == [FORCE, RING, RING_2, "Lent CT"]


def test_what_may_be_one_is_asked_until_somebody_has_decided(tmp_path: Path) -> None:
    events = scans(machine("ACME", "Ring 64", "CT1", "1"), machine("ACME", "Ring 64", "CT1", "9"))
    page = scanners_page(str(make_workspace(tmp_path / "w", events)))
    html = look(page)
    assert "These may be one scanner" in html
    assert "the same model and station, but different serial numbers" in html
    chosen = ask(page, "choose", value="0").html
    assert chosen.count(" selected>") == 2
    for old, new in zip(shown(page), ("Old CT", "New CT"), strict=True):
        ask(page, "open", value=old)
        ask(page, "name", name=new)
    assert sorted(shown(page)) == ["New CT", "Old CT"]
    assert "These may be one scanner" not in look(page)
    assert "not asked any more" in ask(page, "choose", value="0").html
    page.survey.close()


def test_who_looked_before_somebody_elses_change_is_told_and_then_sees_it(
    page: ScannersPage,
) -> None:
    other = scanners_page(str(page.survey.folder))
    ask(page, "open", value=RING)
    ask(other, "open", value=RING)
    before = read_scanners(page.survey.folder).digest
    ask(page, "name", name="mine")
    assert "mine" in look(other)
    refused = ask(other, "merge", first=FORCE, second=RING_2, seen=before).html
    assert "somebody else has named or merged" in refused.lower()
    assert shown(other) == [FORCE, RING_2, "mine"]
    other.survey.close()


def test_a_wrong_file_is_told_and_mended_by_hand(page: ScannersPage) -> None:
    (page.survey.folder / FILE).write_text("scanner = 3")
    assert FILE in look(page)
    assert "Take out what is no such" in look(page)
    (page.survey.folder / FILE).unlink()
    assert shown(page) == [FORCE, RING, RING_2]


def test_an_empty_workspace_says_the_next_step(tmp_path: Path) -> None:
    page = scanners_page(str(make_workspace(tmp_path / "w")))
    assert "workbench map" in look(page)
    page.survey.close()


def test_hostile_names_are_text(tmp_path: Path) -> None:
    page = scanners_page(str(make_workspace(tmp_path / "w", hostile())))
    names = [scanner.name for scanner in page.survey.scanner_names().scanners]
    assert len(names) == len(HOSTILE)
    for name in names:
        lowered = ask(page, "open", value=name).html.lower()
        tags = ("<script", "<img", "<iframe", "<object", "<link", "<meta", "<style", "<body")
        assert not any(tag in lowered for tag in tags)
        assert "spellings" in lowered
    page.survey.close()


def test_who_may_not_decide_is_shown_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_workspace(tmp_path / "w", EVENTS)
    monkeypatch.setenv(GIVEN, "look,collect")
    refused = scanners_page(str(folder))
    assert "right to decide" in refused.value
    monkeypatch.setenv(GIVEN, "decide")
    made = scanners_page(str(folder))
    assert isinstance(made, ScannersPage)
    monkeypatch.setenv(GIVEN, "look")
    assert "right to decide" in made.answer(Ask("name", {"name": "x"})).html
    monkeypatch.delenv(GIVEN)
    survey = open_survey(folder)
    assert [scanner.name for scanner in survey.scanner_names().scanners] == [FORCE, RING, RING_2]
    survey.close()
    made.survey.close()


def test_nothing_is_left_in_english(page: ScannersPage) -> None:
    panel = page._panels["scanners"]
    with use_language("xx"):
        assert unmarked(str(panel.html())) == []
        first = panel._read()[1].scanners[0].name
        panel.act(Ask("open", {"value": first}))
        assert unmarked(str(panel.html())) == []
        seen = read_scanners(page.survey.folder).digest
        done = panel.act(Ask("name", {"name": "Room 1", "seen": seen}))
        assert done is not None
        assert unmarked(f"<p>{done.text}</p>") == []


@pytest.mark.parametrize("text", [SAME_SERIAL, UNLIKE_SERIALS, SAME_STATION, SAME_MODEL, CLAIMED])
def test_why_two_may_be_one_is_a_text_to_be_translated(text: Marked) -> None:
    assert isinstance(text, Marked)
    assert " " in text
