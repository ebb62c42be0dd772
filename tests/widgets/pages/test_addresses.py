"""What an address says of a choice: read back as it was, of what is there, nothing of a patient."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.report_frames import scans
from tests.server.server_workspace import harmless, hostile, make_workspace
from workbench.report.follow_up import FollowUp
from workbench_widgets.pages.my_scanner import choice_address
from workbench_widgets.pages.my_scanner import page as my_scanner
from workbench_widgets.pages.my_scanner.choice_address import KEYS, read, written
from workbench_widgets.pages.my_scanner.scanner_frames import ScannerChoice
from workbench_widgets.parts.live.live import MAX_IN_ADDRESS, Ask

ACME, OTHER = "ACME Ring 64, CT1", "ACME Other, CT1"
SETS = {"UK 2022": ("UK", 2022), "FR 2011": ("FR", 2011)}
FIRST = ScannerChoice(scanner=ACME, region=None, protocol=None, country="UK", year=2022)


def there_and_back(
    choice: ScannerChoice, view: str, events: pl.DataFrame
) -> tuple[ScannerChoice, str]:
    return read(written(choice, view, FIRST), FIRST, events, SETS)


@pytest.mark.parametrize("changes", [
    {}, {"scanner": OTHER}, {"region": "chest"}, {"region": "chest", "protocol": "Chest routine"},
    {"country": "FR", "year": 2011}, {"weeks": FollowUp(0, 4)}, {"weeks": FollowUp(5, None)},
    {"beside": OTHER}, {"beside": ACME, "weeks": FollowUp(0, 0), "beside_weeks": FollowUp(1, None)},
])  # fmt: skip
@pytest.mark.parametrize("view", ["charts", "exams"])
def test_a_choice_is_read_back_as_it_was(changes: dict[str, object], view: str) -> None:
    choice = replace(FIRST, **changes)  # type: ignore[arg-type]
    assert there_and_back(choice, view, harmless()) == (choice, view)


def test_what_is_shown_first_leaves_the_address_as_it_was() -> None:
    assert set(written(FIRST, "charts", FIRST).values()) == {""}
    assert tuple(written(FIRST, "charts", FIRST)) == KEYS


@given(st.dictionaries(st.sampled_from([*KEYS, "patient", "token"]), st.text(max_size=40)))
def test_whatever_an_address_says_only_what_is_offered_is_chosen(address: dict[str, str]) -> None:
    choice, view = read(address, FIRST, harmless(), SETS)
    assert choice.scanner in (ACME, OTHER)
    assert choice.region in (None, "chest", "head")
    assert choice.protocol in (None, "Chest routine", "Brain")
    assert choice.beside in (None, ACME, OTHER)
    assert view in choice_address.VIEWS


def test_no_text_of_a_header_but_the_scanners_name_stands_in_it() -> None:
    events = scans({"protocol": "Doe^John 1950"}, {"protocol": "other"})
    choice = replace(FIRST, protocol="Doe^John 1950")
    address = written(choice, "charts", FIRST)
    assert "Doe" not in json.dumps(address)
    assert there_and_back(choice, "charts", events)[0].protocol == "Doe^John 1950"


def test_a_page_opens_where_its_address_leads_and_writes_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(make_workspace(tmp_path / "w", harmless())))
    made = my_scanner.my_scanner()
    reply = made.answer(Ask("show", {}, address={"region": "head", "scanner": ACME, "weeks": "0-"}))
    assert made.choice.region == "head"
    assert reply.address["region"] == "head"
    assert reply.address["weeks"] == ""  # it leaves nothing out
    assert made.answer(Ask("look", {})).address is None
    point = made.html().split('data-value="')[1].split('"')[0].replace("&quot;", '"')
    assert made.answer(Ask("point", {"value": point})).address == reply.address
    assert made.trail.step


def test_of_a_hostile_workspace_each_scanner_can_be_bookmarked() -> None:
    for scanner in hostile()["manufacturer"]:
        address = {"scanner": scanner, "region": scanner, "protocol": scanner, "beside": scanner}
        choice, _ = read(address, FIRST, hostile(), SETS)
        assert choice.protocol is None  # no name of one stands in an address


def test_a_message_with_another_address_than_texts_is_read_without_it() -> None:
    told = {"ask": "show", "address": {"scanner": 5, "region": "x" * (MAX_IN_ADDRESS + 1)}}
    assert Ask.read(told, []).address == {}
    assert Ask.read({"ask": "show", "address": "scanner"}, []).address == {}
