"""From points and exams to events, one event with all its sources, and the header behind it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.language.unmarked import unmarked
from tests.report.report_frames import drawn_apart, scans
from tests.server.server_workspace import HOSTILE, hostile
from workbench.errors import StoreError
from workbench.language import Words, use_language
from workbench.report.dose_by_protocol import counted_events
from workbench.schema import DOSE_ESTIMATE, FINDING, INSTANCE
from workbench.survey import Survey, create_survey
from workbench_widgets.parts.event_trail import EventTrail, event_trail
from workbench_widgets.parts.event_trail.header_elements import header_elements
from workbench_widgets.parts.live.live import Ask

STUDY, EVENT = "1.0", "1.0.1"
HEADER = {
    "00080005": {"vr": "CS", "Value": ["ISO_IR 100"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "P0", "Ideographic": "x"}]},
    "00180060": {"vr": "DS", "Value": [120.0]},
    "00189321": {"vr": "SQ", "Value": [{"00189345": {"vr": "FD", "Value": [7.5, 8]}}, {}]},
    "00190010": {"vr": "LO", "Value": ["ACME 1"]},
    "00191002": {"vr": "UN", "InlineBinary": "AAEC"},
    "00200011": {"vr": "IS"},
}


def image(number: int, **changes: object) -> dict[str, object]:
    header = {**HEADER, "00200013": {"vr": "IS", "Value": [number]}}
    return {
        "patient": "P0", "StudyInstanceUID": STUDY, "SeriesInstanceUID": "1.0.5", "Modality": "CT",
        "SOPInstanceUID": f"1.0.5.{number}", "SeriesNumber": 5, "InstanceNumber": number,
        "header": json.dumps(header), **changes,
    }  # fmt: skip


def sources() -> pl.DataFrame:
    """Twelve events; the first is told by a dose report and by headers."""
    values = ({"ctdi_vol_mgy": 10.0 + n, "flags": ["kvp_not_considered"]} for n in range(12))
    rows = scans(*values)
    of_headers = rows[:1].with_columns(
        source=pl.lit("header"), preferred=pl.lit(value=False), ctdi_vol_mgy=pl.lit(11.25),
        SeriesInstanceUIDs=pl.lit(["1.0.5"]),
    )  # fmt: skip
    return pl.concat([rows, of_headers])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    survey = create_survey(tmp_path / "w")
    report = image(1, SeriesInstanceUID="1.0.9", SOPInstanceUID="1.0.9.1", Modality="SR",
                   SeriesNumber=9)  # fmt: skip
    stranger = image(7, SeriesInstanceUID="1.0.6", SOPInstanceUID="1.0.6.7")
    survey.store.publish({
        "irradiation_event": sources(),
        "dose_estimate": DOSE_ESTIMATE.frame([{
            "StudyInstanceUID": STUDY, "irradiation_event_uid": EVENT, "quantity": "effective_dose",
            "reason": "no DLP", "method": "kfactor", "flags": ["kvp_interpolated"],
        }]),
        "finding": FINDING.frame([
            {"stage": "mapping", "code": "of_it", "StudyInstanceUID": STUDY,
             "irradiation_event_uid": EVENT},
            {"stage": "mapping", "code": "of_another", "StudyInstanceUID": STUDY,
             "irradiation_event_uid": "1.0.2"},
            {"stage": "mapping", "code": "of_a_series_elsewhere", "StudyInstanceUID": STUDY,
             "SeriesInstanceUID": "1.0.6"},
            {"stage": "mapping", "code": "of_another_study", "StudyInstanceUID": "1.1"},
        ]),
    })  # fmt: skip
    survey.close()
    stored = INSTANCE.frame([image(2), image(1), report, stranger]).lazy()
    lazy = Survey.lazy
    monkeypatch.setattr(
        Survey, "lazy", lambda self, name: stored if name == "instance" else lazy(self, name)
    )
    return tmp_path / "w"


def trail(folder: Path, left: list[str] | None = None) -> EventTrail:
    counted = counted_events(sources())
    return EventTrail(folder, ("My scanner", lambda: (left or []).append("left")), counted)


def opened(made: EventTrail, number: int = 12) -> EventTrail:
    made.open_events(made.counted.head(number), Words("Some events"))
    return made


def shown(made: EventTrail) -> str:
    return made.answer(Ask("look", {})).html


def row(made: EventTrail, place: int = 0) -> dict[str, Any]:
    return made.events.frame.row(place, named=True)


def test_events_then_one_then_its_header_and_back_again(folder: Path) -> None:
    left: list[str] = ["here"]
    made = opened(trail(folder, left))
    assert made.step == "events"
    assert made.events.frame.height == 12
    made._open(row(made))
    assert made.step == "event"
    made.answer(Ask("object", {"value": "0"}))
    assert made.step == "header"
    assert made.elements.frame["keyword"].to_list()[0] == "SpecificCharacterSet"
    for step in ("event", "events"):
        assert f'data-ask="{step}"' in shown(made)
        made.answer(Ask(step, {}))
        assert made.step == step
    assert made.answer(Ask("home", {})).html == ""
    assert (made.step, left) == ("", ["here", "left"])


def test_one_event_needs_no_list(folder: Path) -> None:
    made = opened(trail(folder), 1)
    assert made.step == "event"
    assert 'data-ask="events"' not in shown(made)


def test_every_source_stands_beside_the_others_and_differences_are_marked(folder: Path) -> None:
    html = shown(opened(trail(folder), 1))
    assert re.findall(r'<th scope="col">(\w+)', html)[:3] == ["Value", "rdsr", "header"]
    line = next(one for one in html.split("<tr>") if "Mean CTDIvol" in one)
    assert "≠ sources differ" in line
    assert re.findall(r"<td>([\d.]+)</td>", line) == ["10.00", "11.25"]
    same = next(one for one in html.split("<tr>") if "Tube voltage" in one)
    assert "≠" not in same


def test_an_event_is_placed_among_its_peers(folder: Path) -> None:
    made = opened(trail(folder))
    made._open(row(made, 11))
    assert "Higher than 11 of 12 events" in shown(made)
    assert "median 15.5" in shown(made)
    made.counted = made.counted.head(9)
    assert "too few to compare" in shown(made)


def test_flags_doses_and_findings_of_it_are_told_and_no_others(folder: Path) -> None:
    html = shown(opened(trail(folder), 1))
    assert "kvp not considered" in html
    assert "no DLP" in html
    assert "of_it" in html
    assert "of_another" not in html
    assert "elsewhere" not in html


def test_the_objects_behind_it_are_those_of_its_series_and_the_dose_report(folder: Path) -> None:
    made = opened(trail(folder), 1)
    assert "Header behind it (3 objects)" in shown(made)
    made.answer(Ask("object", {"value": "0"}))
    assert "Object 1 of 2" in shown(made)
    made.answer(Ask("object", {"value": "1"}))
    made.answer(Ask("object", {"value": "1"}))  # there is no third
    assert "Object 2 of 2" in shown(made)
    number = made.elements.frame.filter(pl.col("keyword") == "InstanceNumber")["value"]
    assert number.to_list() == ["2"]
    made.answer(Ask("series", {"series": "1"}))
    assert "Object 1 of 1" in shown(made)


@pytest.mark.parametrize("asked", [
    Ask("series", {"series": "99"}), Ask("series", {"series": "\u00b2"}), Ask("object", {}),
    Ask("object", {"value": "-9999999999999999999"}), Ask("event", {}), Ask("nothing", {}),
])  # fmt: skip
def test_whatever_a_page_asks_the_trail_stands(folder: Path, asked: Ask) -> None:
    made = trail(folder)
    assert made.answer(asked).html == ""
    opened(made, 1)
    for _ in range(3):
        assert "wbc-problem" not in made.answer(asked).html


def test_an_event_that_is_gone_and_a_store_that_is_away_are_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = opened(trail(folder))
    made._open({**row(made), "irradiation_event_uid": "strange"})
    assert made.step == "events"  # a page cannot open what it was not shown

    def away(*_: object) -> None:
        raise StoreError("the catalogue is away.", "Wait.")

    monkeypatch.setattr(event_trail, "event_rows", away)
    made._open(row(made))
    assert "The catalogue is away" in shown(made)
    monkeypatch.undo()


def test_nothing_of_an_event_is_in_the_saved_state(folder: Path) -> None:
    made = opened(trail(folder), 1)
    made.answer(Ask("object", {"value": "0"}))
    for widget in (made, made.live, made.events, made.elements):
        state = {k: v for k, v in widget.get_state().items() if k not in ("_esm", "_css")}
        text = json.dumps(state, default=str)
        assert EVENT not in text
        assert "Chest routine" not in text


def test_a_header_is_looked_at_and_not_taken_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = opened(trail(folder), 1)
    made.answer(Ask("object", {"value": "0"}))
    told: list[object] = []
    monkeypatch.setattr(made.elements, "send", lambda *sent: told.append(sent))
    made.elements._answer(made.elements, {"ask": "csv", "number": "1"}, [])
    assert told == []


def test_hostile_names_are_text_on_every_step(folder: Path) -> None:
    made = trail(folder)
    made.counted = counted_events(hostile())
    made.open_events(made.counted, Words("x"))
    for place in range(len(HOSTILE)):
        made._event = made.counted.row(place, named=True)
        made._rows = event_trail.EventRows(
            hostile()[place : place + 1], DOSE_ESTIMATE.empty(), FINDING.empty(),
            INSTANCE.frame([image(1, Modality=HOSTILE[place])]),
        )  # fmt: skip
        for step in ("event", "header"):
            made._go(step)
            lowered = shown(made).lower()
            tags = ("<script", "<img", "<iframe", "<object", "<link", "<meta", "<style", "<body")
            assert not any(tag in lowered for tag in tags)


def test_nothing_is_left_in_english(folder: Path) -> None:
    with use_language("xx"):
        made = trail(folder)
        made.open_events(made.counted, Words(""))
        pages = [shown(made)]
        made._open(row(made))
        pages.append(shown(made))
        made.answer(Ask("object", {"value": "0"}))
        pages.append(shown(made))
        for page in pages:
            assert unmarked(drawn_apart(page)) == []


def test_a_header_becomes_one_row_an_element_with_those_in_sequences() -> None:
    rows = header_elements(json.dumps(HEADER)).rows()
    assert rows == [
        ("(0008,0005)", "SpecificCharacterSet", "CS", "ISO_IR 100", None),
        ("(0010,0010)", "PatientName", "PN", "P0=x", None),
        ("(0018,0060)", "KVP", "DS", "120.0", None),
        ("(0018,9321)", "CTExposureSequence", "SQ", "[2]", None),
        ("(0018,9345)", "CTDIvol", "FD", "7.5\\8", "CTExposureSequence[1]/"),
        ("(0019,0010)", None, "LO", "ACME 1", None),
        ("(0019,1002)", "ACME 1", "UN", "3 B", None),
        ("(0020,0011)", "SeriesNumber", "IS", None, None),
    ]
