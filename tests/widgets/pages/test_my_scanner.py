"""The dashboard of a scanner: what it counts, compares, leaves out and says."""

from __future__ import annotations

import os
import re
from pathlib import Path

import polars as pl
import pytest

from tests.language.unmarked import unmarked
from tests.report.report_frames import drawn_apart, scans
from tests.server.server_workspace import HOSTILE, harmless, hostile, make_workspace
from workbench.dose import reference_levels
from workbench.language import use_language
from workbench.schema import IRRADIATION_EVENT
from workbench.stages.scanner_register import merge_scanners
from workbench.survey import open_survey
from workbench_widgets.pages.my_scanner import page as my_scanner
from workbench_widgets.pages.my_scanner import scanner_frames
from workbench_widgets.pages.my_scanner.scanner_frames import ScannerChoice
from workbench_widgets.parts.live.live import Ask

ACME, OTHER = "ACME Ring 64, CT1", "ACME Other, CT1"
LEVELS = reference_levels()


def choice(**changes: object) -> ScannerChoice:
    whole = {"scanner": ACME, "region": None, "protocol": None, "country": "UK", "year": 2022}
    return ScannerChoice(**{**whole, **changes})  # type: ignore[arg-type]


def page(events: pl.DataFrame, **changes: object) -> str:
    return str(my_scanner.page(events, LEVELS, choice(**changes)))


def shown(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> my_scanner.MyScanner:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(workspace))
    made = my_scanner.my_scanner()
    assert isinstance(made, my_scanner.MyScanner)
    return made


def ask(made: my_scanner.MyScanner, **values: str) -> str:
    """Choose as a browser does: it sends every field of the form."""
    shown = made.choice
    fields = {
        "scanner": shown.scanner or "",
        "region": shown.region or "",
        "protocol": shown.protocol or "",
        "levels": f"{shown.country} {shown.year}",
    }
    return made.answer(Ask("choice", {**fields, **values})).html


def options(html: str, name: str) -> list[str]:
    """Return the words of a choice, that which is chosen first."""
    select = html.split(f'<select name="{name}"')[1].split("</select>", maxsplit=1)[0]
    words = re.findall(r"<option[^>]*>(.*?)</option>", select, re.DOTALL)
    chosen = re.findall(r"<option[^>]* selected>(.*?)</option>", select, re.DOTALL)
    assert len(chosen) == 1
    return chosen + [word for word in words if word not in chosen]


def test_exams_patients_and_events_are_counted_without_topograms_and_phantoms() -> None:
    text = page(harmless())
    assert "<b>26</b><span>exams</span>" in text
    assert "<b>26</b><span>irradiation events</span>" in text
    assert "<td>topograms</td>" in text
    assert "<td>scans of phantoms</td>" in text
    assert "QA water" not in text


def test_the_quartiles_are_those_of_the_events() -> None:
    rows = scans(*({"ctdi_vol_mgy": float(v)} for v in (1, 2, 3, 4)))
    found = scanner_frames.numbers(scanner_frames.chosen_events(rows, choice()))
    assert found["ctdi_vol_mgy_text"].to_list() == ["2.5 (1.8 to 3.2)"]


def test_children_and_phantoms_are_kept_apart() -> None:
    rows = scans(
        {}, {"patient_age_years": 3.0}, {"ctdi_phantom_cm": 16}, {"patient_age_years": None}
    )
    found = scanner_frames.numbers(scanner_frames.chosen_events(rows, choice()))
    assert found.select("age_group", "ctdi_phantom_cm", "events").rows() == [
        ("adult", 16, 1), ("adult", 32, 1), ("child", 32, 1), ("unknown", 32, 1),
    ]  # fmt: skip
    assert "1 without age" in page(rows)


@pytest.mark.parametrize(
    ("patients", "ctdi", "said"),
    [
        (29, 20.0, "◇ fewer than 30 patients"),
        (30, 20.0, "▲ above the level"),
        (30, 4.0, "● not above the level"),
        (30, 8.5, "● not above the level"),
    ],
)
def test_a_comparison_has_a_shape_and_a_word(patients: int, ctdi: float, said: str) -> None:
    text = page(scans(*({"ctdi_vol_mgy": ctdi, "dlp_mgy_cm": None},) * patients))
    assert text.count(said) == 1  # UK 2022: 8.5 mGy for a chest
    assert ("not meaningful" in text) == (patients < 30)


def test_of_two_levels_only_the_chosen_country_is_shown() -> None:
    text = drawn_apart(page(harmless(), country="FR", year=2011))
    assert "15 mGy" in text
    assert "8.5 mGy" not in text


def test_another_scanner_and_another_region_do_not_count() -> None:
    other = page(harmless(), scanner=OTHER)
    assert "<b>1</b><span>exams</span>" in other
    head = page(harmless(), region="head")
    assert "<b>1</b><span>exams</span>" in head
    assert "<td>chest</td>" not in head


def test_a_scanner_without_names_can_be_chosen() -> None:
    rows = scans(dict.fromkeys(("manufacturer", "model", "station")))
    ((found, exams),) = scanner_frames.scanners(rows)
    assert (found, exams) == ("scanner not stated", 1)
    assert "<b>1</b><span>exams</span>" in page(rows, scanner=found)


def test_a_chart_holds_no_more_than_sums() -> None:
    rows = scans(*({"ctdi_vol_mgy": 5 + n / 997} for n in range(2000)))
    chosen = scanner_frames.chosen_events(rows, choice())
    lanes, dots = scanner_frames.strip(chosen, "ctdi_vol_mgy", LEVELS.clear(), with_region=True)
    assert lanes.height == 1
    assert dots["count"].sum() == 2000
    assert dots.height <= scanner_frames.MAX_DOTS


def test_hostile_names_are_text_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = shown(make_workspace(tmp_path / "w", hostile()), monkeypatch)
    scanners = [name for name, _ in scanner_frames.scanners(made._events)]
    assert len(scanners) == len(HOSTILE)
    for scanner in scanners:
        lowered = ask(made, scanner=scanner).lower()
        assert made.choice.scanner == scanner
        for region in scanner_frames.regions(made._events, scanner):
            lowered += ask(made, region=region).lower()
            assert made.choice.region == region
        tags = ("<script", "<img", "<iframe", "<object", "<link", "<meta", "<style", "<body")
        assert not any(tag in lowered for tag in tags)


def test_a_protocol_with_two_lines_can_be_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = scans({"protocol": "one\r\ntwo"}, {"protocol": "other"})
    made = shown(make_workspace(tmp_path / "w", events), monkeypatch)
    assert "<b>1</b><span>exams</span>" in ask(made, protocol="one\ntwo")  # as browsers send it
    assert made.choice.protocol == "one\r\ntwo"


def test_a_choice_leads_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = shown(make_workspace(tmp_path / "w", harmless()), monkeypatch)
    before = str(made.html())
    assert options(before, "scanner") == [f"{ACME} (26 exams)", f"{OTHER} (1 exam)"]
    head = ask(made, region="head")
    assert options(head, "protocol") == ["all protocols", "Brain"]
    assert head != before
    ask(made, region="chest")
    other = ask(made, scanner=OTHER)
    assert options(other, "region")[0] == "all regions"
    assert "<b>1</b><span>exams</span>" in other


def test_name_number_and_choice_are_always_of_the_same_scanner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown(make_workspace(tmp_path / "w", harmless()), monkeypatch)
    exams = {ACME: "26", OTHER: "1"}
    for scanner in (OTHER, ACME, "one that is gone", OTHER):
        html = ask(made, scanner=scanner)
        name = re.findall(r'<h2 class="wb-shown">(.*?)<span>', html)[0]
        assert name == made.choice.scanner
        assert options(html, "scanner")[0].startswith(f"{name} (")
        assert f"<b>{exams[name]}</b><span>exams</span>" in html


def test_what_cannot_be_shown_takes_the_place_of_the_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown(make_workspace(tmp_path / "w", harmless()), monkeypatch)
    monkeypatch.setattr(my_scanner, "page", lambda *_: (_ for _ in ()).throw(OSError()))
    html = ask(made, scanner=OTHER)
    assert "could not be read" in html
    assert "<b>26</b>" not in html
    assert "<b>1</b>" not in html
    monkeypatch.undo()
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w"))
    assert "<span>exams</span>" in made.answer(Ask("look", {})).html  # it recovers by itself


def test_reading_again_keeps_the_choice_and_sees_new_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_workspace(tmp_path / "w", harmless())
    made = shown(folder, monkeypatch)
    ask(made, region="chest")
    survey = open_survey(folder)
    survey.store.publish({"irradiation_event": harmless(30)})
    survey.close()
    assert "<b>31</b>" not in made.answer(Ask("look", {})).html
    again = made.answer(Ask("read", {})).html
    assert made.choice.region == "chest"
    assert "<b>31</b><span>exams</span>" in again


def test_a_scanner_named_on_another_page_is_shown_under_that_name_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_workspace(tmp_path / "w", harmless())
    made = shown(folder, monkeypatch)
    survey = open_survey(folder)
    merge_scanners(survey, [ACME, OTHER], "CT 1")
    survey.close()
    html = made.answer(Ask("look", {})).html
    assert options(html, "scanner") == ["CT 1 (27 exams)"]
    assert "<b>27</b><span>exams</span>" in html


def test_a_look_that_finds_nothing_new_draws_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown(make_workspace(tmp_path / "w", harmless()), monkeypatch)
    monkeypatch.setattr(my_scanner, "page", lambda *_: pytest.fail("it was drawn"))
    assert made.answer(Ask("look", {})) == made.answer(Ask("look", {}))


def test_an_empty_workspace_says_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown(make_workspace(tmp_path / "w"), monkeypatch)
    assert "workbench map" in str(made.html())
    assert "workbench map" in page(IRRADIATION_EVENT.empty(), scanner=None)


def test_errors_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_WORKSPACE", raising=False)
    assert "workbench serve" in my_scanner.my_scanner().children[1].value
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path))
    assert "workbench init" in my_scanner.my_scanner().children[1].value
    made = shown(make_workspace(tmp_path / "w", harmless()), monkeypatch)
    (tmp_path / "w" / "workbench.toml").unlink()
    assert "not a workspace" in made.answer(Ask("read", {})).html


def test_without_preheating_nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(my_scanner.PREHEATED, raising=False)
    my_scanner.visitor()
    assert my_scanner.PREHEATED not in os.environ


@pytest.mark.parametrize("changes", [
    {}, {"region": "chest"}, {"region": "chest", "protocol": "Chest routine"},
    {"region": "phantom_qa"}, {"scanner": None}, {"country": "FR", "year": 2011},
])  # fmt: skip
def test_nothing_is_left_in_english(changes: dict[str, object]) -> None:
    with use_language("xx"):
        assert unmarked(drawn_apart(page(harmless(), **changes))) == []


def test_choices_are_written_anew_where_the_visitor_reads_another_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown(make_workspace(tmp_path / "w", harmless()), monkeypatch)
    assert "all regions" in made.answer(Ask("look", {})).html
    with use_language("xx"):
        answered = made.answer(Ask("look", {})).html
    assert unmarked(drawn_apart(answered)) == []


def test_why_there_is_no_page_is_said_in_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_WORKSPACE", raising=False)
    with use_language("xx"):
        (_, said) = my_scanner.my_scanner().children
    assert unmarked(said.value) == []
