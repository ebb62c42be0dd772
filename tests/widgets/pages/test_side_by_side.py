"""Two sides, periods, points and exams of My scanner: what is said, and what is not."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.unmarked import unmarked, wrong_in_text
from tests.report.report_frames import drawn_apart, scans
from tests.server.server_workspace import harmless, make_workspace
from workbench.dose import reference_levels
from workbench.language import use_language
from workbench.report.follow_up import FollowUp
from workbench_widgets.pages.my_scanner import contents, scanner_frames
from workbench_widgets.pages.my_scanner import page as my_scanner
from workbench_widgets.pages.my_scanner.scanner_frames import ScannerChoice
from workbench_widgets.pages.my_scanner.side_by_side import compared_medians
from workbench_widgets.pages.my_scanner.strip_chart import chart_points, count_words
from workbench_widgets.parts.live.live import Ask

ONE, TWO = "ACME Ring 64, CT1", "ACME Ring 64, CT2"
LEVELS = reference_levels()
WHOLE = ScannerChoice(scanner=ONE, region=None, protocol=None, country="UK", year=2022)


def two_scanners(number: int, other: int, factor: float = 2.0) -> pl.DataFrame:
    """Scans of two scanners; the second gives ``factor`` times the dose."""
    return scans(
        *({"ctdi_vol_mgy": 10.0, "dlp_mgy_cm": 300.0},) * number,
        *({"ctdi_vol_mgy": 10.0 * factor, "dlp_mgy_cm": 300.0 * factor, "station": "CT2"},) * other,
    )


def page(events: pl.DataFrame, choice: ScannerChoice) -> str:
    return str(contents.page(events, LEVELS, choice))


def beside(**changes: object) -> ScannerChoice:
    return ScannerChoice(**{**vars(WHOLE), "beside": TWO, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("factor", "said"), [
    (2.0, "50 % lower on the first."), (0.5, "100 % higher on the first."),
    (1.0, "no difference."), (1.001, "no difference."),
])  # fmt: skip
def test_the_difference_is_said_in_a_sentence(factor: float, said: str) -> None:
    text = page(two_scanners(20, 20, factor), beside())
    assert f"<h2>{ONE} beside {TWO}</h2>" in text
    line = next(one for one in text.split("<li>") if "CTDIvol" in one and "median" in one)
    assert said in line
    assert "n = 20" in line
    assert "Few values" not in line


@pytest.mark.parametrize(("number", "few", "compared"), [
    (9, False, False), (10, True, True), (19, True, True), (20, False, True),
])  # fmt: skip
def test_few_values_are_said_and_fewer_not_compared(number: int, few: bool, compared: bool) -> None:
    text = page(two_scanners(30, number), beside())
    assert ("lower on the first" in text) == compared
    assert ("too few values to compare (n = 30 and" in text) == (not compared)
    assert ("◇ Few values." in text) == few


@given(st.lists(st.floats(0.1, 500), min_size=10, max_size=15),
       st.lists(st.floats(0.1, 500), min_size=10, max_size=15))  # fmt: skip
def test_the_ratio_turns_round_when_the_sides_do(one: list[float], other: list[float]) -> None:
    sides = [scans(*({"ctdi_vol_mgy": value, "dlp_mgy_cm": None} for value in values))
             for values in (one, other)]  # fmt: skip
    rows = [scanner_frames.chosen_events(side, WHOLE) for side in sides]
    (there,) = compared_medians(*rows).iter_rows(named=True)
    (back,) = compared_medians(*reversed(rows)).iter_rows(named=True)
    assert there["ratio"] * back["ratio"] == pytest.approx(1.0)
    assert there["median_one"] == back["median_other"]


def test_phantoms_and_age_groups_are_never_compared_with_each_other() -> None:
    large, small = scans(*({},) * 12), scans(*({"ctdi_phantom_cm": 16},) * 12)
    table = compared_medians(*(scanner_frames.chosen_events(one, WHOLE) for one in (large, small)))
    assert table["ratio"].null_count() == table.height == 4


def follow_ups(number: int = 12) -> pl.DataFrame:
    """Each patient once at first, and 10 weeks later with half the dose; dates far apart."""
    start = datetime(2015, 1, 1)
    return scans(*(
        {"patient": f"P{patient}", "started_at": start + timedelta(days=300 * patient + later),
         "ctdi_vol_mgy": 10.0 if not later else 5.0}
        for patient in range(number) for later in (0, 70)
    ))  # fmt: skip


def test_two_periods_of_one_scanner_stand_side_by_side() -> None:
    choice = beside(beside=ONE, weeks=FollowUp(0, 0), beside_weeks=FollowUp(10, None))
    text = page(follow_ups(), choice)
    assert f"{ONE}, week 0 beside {ONE}, from week 10 on" in text
    assert "100 % higher on the first" in text
    assert "<b>12</b><span>exams</span>" in text
    assert text.count("<figure") == 4


def test_events_without_a_date_are_told_where_a_period_leaves_them_out() -> None:
    events = pl.concat([follow_ups(), scans({"patient": "no date"})])
    assert "1 event without a date is in no period" in page(events, beside(weeks=FollowUp(0, 5)))
    assert "without a date" not in page(events, WHOLE)


def test_a_point_leads_to_the_events_it_counts() -> None:
    rows = scans(*({"ctdi_vol_mgy": 5 + n / 300} for n in range(1500)), {"ctdi_phantom_cm": None})
    chosen = scanner_frames.chosen_events(rows, WHOLE)
    _, dots = scanner_frames.strip(chosen, "ctdi_vol_mgy", LEVELS.clear(), with_region=True)
    counts = [scanner_frames.point_events(chosen, point).height for point in dots["point"]]
    assert counts == dots["count"].to_list()
    assert sum(counts) == 1501


@pytest.mark.parametrize("point", [
    "", "x", "null", "{}", "[]", '["patient","chest","adult",32,10,3]', "[" * 5000,
    '["ctdi_vol_mgy","chest","adult",32,"10",3]', '["ctdi_vol_mgy",1,2,3,4,5]',
    '["ctdi_vol_mgy","chest","adult",1e999,10.0,3]', '["ctdi_vol_mgy","chest","adult",32,10.0,99]',
    '[["ctdi_vol_mgy"],"chest","adult",32,10.0,3]', '["ctdi_vol_mgy","chest","adult",32,NaN,3]',
    f'["ctdi_vol_mgy","chest","adult",{10**30},10.0,3]',
    '["ctdi_vol_mgy","chest","adult",[32],10.0,3]',
])  # fmt: skip
def test_what_is_no_point_leads_nowhere(point: str) -> None:
    assert scanner_frames.point_events(
        scanner_frames.chosen_events(harmless(), WHOLE), point
    ).is_empty()


def test_every_point_is_a_button_with_a_name_and_one_is_reached_by_tab() -> None:
    text = page(harmless(), WHOLE)
    for figure in text.split("<figure")[1:]:
        points = re.findall(r"<path [^>]*data-ask=\"point\"[^>]*>", figure)
        assert points
        assert all('role="button"' in point and "aria-label=" in point for point in points)
        assert sum('tabindex="0"' in point for point in points) == 1
        assert 'role="group"' in figure
        assert "aria-roledescription" not in figure  # Vega's own words are English


def test_the_number_of_values_stands_beside_each_strip() -> None:
    text = page(harmless(), WHOLE)
    assert "n = 24" in text
    assert "◇ n = 1, too few" in text
    assert [count_words(count)[0] for count in (9, 10, 19, 20)] == ["◇", "◇", "◇", "n"]


def test_points_and_both_sides_say_nothing_in_english() -> None:
    with use_language("xx"):
        for choice in (beside(), beside(beside=ONE, beside_weeks=FollowUp(2, 4))):
            assert unmarked(drawn_apart(page(two_scanners(12, 3), choice))) == []
        chosen = scanner_frames.chosen_events(harmless(), WHOLE)
        _, dots = scanner_frames.strip(chosen, "dlp_mgy_cm", LEVELS.clear(), with_region=True)
        for point in chart_points(dots, "DLP", "mGy·cm"):
            assert wrong_in_text(point.words) == []


def test_exams_of_a_choice_open_to_their_events_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(make_workspace(tmp_path / "w", harmless())))
    made = my_scanner.my_scanner()
    made.answer(Ask("view", {"value": "exams"}))
    assert made.exams.layout.display is None
    assert made.exams.frame.height == 26
    made.answer(Ask("choice", {"scanner": ONE, "region": "head"}))
    assert made.exams.frame["body_regions"].to_list() == [["head"]]
    made._open_exam(made.exams.frame.row(0, named=True))
    assert made.trail.step == "event"
    assert made.exams.layout.display == "none"
    assert made.answer(Ask("look", {})).html == ""
    made.trail.answer(Ask("home", {}))
    assert made.exams.layout.display is None
    assert 'aria-selected="true"' in made.answer(Ask("look", {})).html
    made.answer(Ask("view", {"value": "another"}))
    assert made.view == "exams"


def test_an_empty_workspace_has_no_exams_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(make_workspace(tmp_path / "w")))
    made = my_scanner.my_scanner()
    assert "workbench map" in made.answer(Ask("view", {"value": "exams"})).html
    assert made.exams.layout.display == "none"
    assert made.answer(Ask("point", {"value": '["ctdi_vol_mgy","a","b",32,1.0,3]'})).html
