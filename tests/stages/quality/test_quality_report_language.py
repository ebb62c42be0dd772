"""Reports and alarm mails on image quality in another language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from tests.language.unmarked import unmarked, wrong_in_text
from tests.stages.quality.phantom_workspace import SMALL, arrive, quality_desk, week
from workbench.language import use_language
from workbench.report.quality_page import signature
from workbench.stages.quality import report_parts as part
from workbench.stages.quality.alarms import ALARM, letter
from workbench.stages.quality.arrivals import Arrivals
from workbench.stages.quality.charting import series_of, set_baseline
from workbench.stages.quality.desk import QualityDesk

PERIOD = ("", "")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QualityDesk]:
    with quality_desk(tmp_path_factory.mktemp("quality") / "w") as desk:
        for number in range(9):
            made = replace(week(number), series_uid=f"1.2.3.{number}")
            arrive(desk, replace(SMALL, seed=number, offset=7 * (number == 8)), made)
        Arrivals(desk).look(now=1e12)
        desk.quality.decide(1, "accepted", "N. N.", "well")
        desk.quality.decide(2, "rejected", "N. N.", "cold")
        desk.quality.note_event("CT1 water", "event", week(5).moment, "N. N.", {"words": "tube"})
        series = series_of(desk, "CT1 water", "noise")
        set_baseline(desk, series, (week(0).moment, week(8).moment), "N. N.", "first")
        yield desk


def page(desk: QualityDesk) -> str:
    """Return everything that reports show of a workspace."""
    results = part.chosen(desk, "CT1 water", *PERIOD)
    return "".join((
        part.opening("Image quality over time", results, "CT1 water"), part.opening("", []),
        part.results(desk, [1, 2, 9]), part.listed(results),
        part.over_time(desk, "CT1 water", "uniformity", PERIOD),
        part.due(desk, datetime(2026, 6, 1)), part.due_sentence(desk, "Due"),
        part.events(desk, "CT1 water"), signature(""), signature("A. Physicist"),
    ))  # fmt: skip


def without_axes(shown: str) -> str:
    """Return a page without its charts, which test_quality_language.py looks at."""
    while "<svg" in shown:
        begin, end = shown.index("<svg"), shown.index("</svg>") + len("</svg>")
        shown = shown[:begin] + shown[end:]
    return shown


def test_reports_are_said_in_the_language(desk: QualityDesk) -> None:
    with use_language("xx"):
        shown = without_axes(page(desk))
    assert "⟦" in shown
    assert unmarked(shown) == []


def test_reports_in_english_have_no_mark(desk: QualityDesk) -> None:
    assert not set("⟦⟧«»") & set(page(desk))


def test_an_alarm_stands_in_a_report_once_however_often_it_was_tried(desk: QualityDesk) -> None:
    before = part.events(desk, "CT1 water")
    assert str(before).count("<td>alarm") == 1
    content = {"result": 9, "asked": "", "problem": "nobody answers."}
    desk.quality.note_event("CT1 water", ALARM, week(8).moment, "Workbench", content)
    assert part.events(desk, "CT1 water") == before


def test_a_letter_is_written_in_the_language(desk: QualityDesk) -> None:
    result = desk.quality.result(9)
    with use_language("xx"):
        written = letter(result)
    assert [
        wrong for line in (written.subject, *written.lines) for wrong in wrong_in_text(line)
    ] == []
    english = letter(result)
    assert english.subject == "Image quality: CT1 water: alarm"
    assert any(line.startswith("Mean CT number: ") for line in english.lines)


def test_results_of_earlier_versions_have_no_texts_and_are_said_all_the_same(
    desk: QualityDesk,
) -> None:
    result = desk.quality.result(9)
    content = {
        **result.content,
        "values": [{name: value for name, value in row.items() if name != "texts"}
                   for row in result.content["values"]],
    }  # fmt: skip
    with use_language("xx"):
        assert letter(replace(result, content=content)).lines == letter(result).lines
