"""Adding patients on the page: looked at first, added when told, nothing shown of anybody."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import ipywidgets
import pytest

from workbench import create_survey
from workbench.settings import EntitySettings, Settings, SurveySettings
from workbench_widgets.pages.collector import CollectorPage, collector_page, list_intake
from workbench_widgets.pages.collector.list_intake import spans
from workbench_widgets.parts.live.live import Ask, Reply

SECRET = "SECRET-0815"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[CollectorPage]:
    create_survey(
        tmp_path / "w",
        Settings(SurveySettings("test", "LU01"), pacs=EntitySettings("PACS", port=1)),
    ).close()
    made = collector_page(str(tmp_path / "w"))
    assert isinstance(made, CollectorPage)
    made.show("queue")
    yield made
    made.close()


def ask(page: CollectorPage, name: str, files: tuple[bytes, ...] = (), **values: str) -> Reply:
    return page.answer(Ask(name, values, files))


def numbers(page: CollectorPage) -> list[int]:
    return [row["number"] for row in page.desk.queue.rows()]


def test_a_list_is_looked_at_before_anything_happens(page: CollectorPage) -> None:
    ask(page, "add", patients="P0001")
    ask(page, "add-confirm")
    text = f"patient_id;date_from\nP0001;\n{SECRET};2020-01-01\nP0002;\nP0003;never\n"
    looked = ask(page, "add", (text.encode(),), priority="7")
    assert "2 new, 1 known, 1 line left out" in looked.html
    assert "Line 5 of the patient list is not a date." in looked.html
    assert "Line 4 has no date" in looked.html
    assert numbers(page) == [1], "nothing was added yet"
    assert looked.reset == (), "what was typed stays until it is added"
    added = ask(page, "add-confirm")
    assert "2 patients added. 1 was in the queue already." in added.html
    assert added.reset == ("add",)
    assert [row["priority"] for row in page.desk.queue.rows()] == [0, 7, 7]
    kept = json.dumps(ipywidgets.Widget.get_manager_state(), default=str)
    assert SECRET not in looked.html + added.html + kept


def test_it_can_be_let_go(page: CollectorPage) -> None:
    ask(page, "add", patients="P1\nP2")
    assert "Nobody was added" in ask(page, "add-drop").html
    assert "No list waits" in ask(page, "add-confirm").html
    assert numbers(page) == []


def test_one_that_waited_too_long_is_let_go_and_said(
    page: CollectorPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(page, "add", patients="P1")
    monkeypatch.setattr(list_intake, "KEPT_S", -1.0)
    assert "waited for ten minutes" in ask(page, "look").html
    assert numbers(page) == []


@pytest.mark.parametrize(
    ("files", "values", "word"),
    [
        ((), {}, "Paste them, or choose a file"),
        ((b"1",), {"patients": "2"}, "oth a text and a file"),
        ((b"1", b"2"), {}, "everal files"),
        ((b"PK\x03\x04",), {}, "no list of patients"),
        ((), {"patients": "1", "priority": "very"}, "not a whole number"),
    ],
)
def test_what_cannot_be_read_is_said(
    page: CollectorPage, files: tuple[bytes, ...], values: dict[str, str], word: str
) -> None:
    assert word in ask(page, "add", files, **values).html


def test_long_work_shows_how_far_it_is_and_what_came_of_it(
    page: CollectorPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_intake, "AT_ONCE_S", 0.0)
    shown = ask(page, "add", patients="\n".join(f"Q{number:05}" for number in range(3000))).html
    deadline = time.monotonic() + 30
    while "3\u202f000 new" not in shown and time.monotonic() < deadline:
        assert "progress" in shown or "new" in shown
        shown = ask(page, "look").html
    ask(page, "add-confirm")
    while len(numbers(page)) == 0 and time.monotonic() < deadline:
        ask(page, "look")
    shown = ""
    while "3\u202f000 patients added" not in shown and time.monotonic() < deadline:
        shown = ask(page, "look").html
    assert page.desk.queue.outstanding() == 3000


def test_many_wrong_lines_are_all_named(page: CollectorPage) -> None:
    shown = ask(page, "add", patients="P1\n" + "*\n" * 60).html
    assert "Line 2 of the patient list" in shown
    assert "and 40 more lines" in shown
    assert "Lines 22-61." in shown


def test_spans() -> None:
    assert spans([3, 7, 8, 9, 12]) == "3, 7-9, 12"
    assert spans(range(0, 1000, 2)).endswith("398, …")
