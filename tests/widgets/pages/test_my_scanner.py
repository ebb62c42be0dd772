"""The dashboard of a scanner: what it counts, compares, leaves out and says."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from tests.report.report_frames import scans
from tests.server.server_workspace import HOSTILE, harmless, hostile, make_workspace
from workbench.dose import reference_levels
from workbench.schema import IRRADIATION_EVENT
from workbench.survey import open_survey
from workbench_widgets.pages.my_scanner import page as my_scanner
from workbench_widgets.pages.my_scanner import scanner_frames
from workbench_widgets.pages.my_scanner.scanner_frames import Scanner, ScannerChoice

ACME = Scanner("ACME", "Ring 64", "CT1")
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
    text = page(harmless(), country="FR", year=2011)
    assert "15 mGy" in text
    assert "8.5 mGy" not in text


def test_another_scanner_and_another_region_do_not_count() -> None:
    other = page(harmless(), scanner=Scanner("ACME", "Other", "CT1"))
    assert "<b>1</b><span>exams</span>" in other
    head = page(harmless(), region="head")
    assert "<b>1</b><span>exams</span>" in head
    assert "<td>chest</td>" not in head


def test_a_scanner_without_names_can_be_chosen() -> None:
    rows = scans(dict.fromkeys(("manufacturer", "model", "station")))
    ((found, exams),) = scanner_frames.scanners(rows)
    assert (str(found), exams) == ("scanner not stated", 1)
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
    assert len(made.scanner.options) == len(HOSTILE)
    for _, scanner in made.scanner.options:
        made.scanner.value = scanner
        for _, region in made.region.options:
            made.region.value = region
            lowered = made.page.value.lower()
            tags = ("<script", "<img", "<iframe", "<object", "<link", "<meta", "<style", "<body")
            assert not any(tag in lowered for tag in tags)


def test_a_choice_leads_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = shown(make_workspace(tmp_path / "w", harmless()), monkeypatch)
    assert made.scanner.label == "ACME Ring 64, CT1 (26 exams)"
    made.region.value = "head"
    assert [label for label, _ in made.protocol.options] == ["all protocols", "Brain"]
    before = made.page.value
    made.region.value = "chest"
    assert made.page.value != before
    made.scanner.index = 1
    assert made.region.value == my_scanner.ALL
    assert "<b>1</b><span>exams</span>" in made.page.value


def test_reading_again_keeps_the_choice_and_sees_new_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_workspace(tmp_path / "w", harmless())
    made = shown(folder, monkeypatch)
    made.region.value = "chest"
    survey = open_survey(folder)
    survey.store.publish({"irradiation_event": harmless(30)})
    survey.close()
    made.again.click()
    assert made.region.value == "chest"
    assert "<b>31</b><span>exams</span>" in made.page.value


def test_an_empty_workspace_says_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown(make_workspace(tmp_path / "w"), monkeypatch)
    assert "workbench map" in made.page.value
    assert "workbench map" in page(IRRADIATION_EVENT.empty(), scanner=None)


def test_errors_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_WORKSPACE", raising=False)
    assert "workbench serve" in my_scanner.my_scanner().children[1].value
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path))
    assert "workbench init" in my_scanner.my_scanner().children[1].value
    made = shown(make_workspace(tmp_path / "w", harmless()), monkeypatch)
    (tmp_path / "w" / "workbench.toml").unlink()
    made.again.click()
    assert "not a workspace" in made.page.value


def test_without_preheating_nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(my_scanner.PREHEATED, raising=False)
    my_scanner.visitor()
    assert my_scanner.PREHEATED not in os.environ
