"""The page of image quality in another language: every text goes through the door for texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.language.unmarked import unmarked
from tests.stages.quality.phantom_workspace import SMALL, arrive, quality_desk, week, write
from workbench.language import t, use_language
from workbench.stages.quality.arrivals import Arrivals
from workbench_widgets.pages.quality.page import QualityPage
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.viewer import Viewer

WEEKS = 10
FILE = re.compile(r"<textarea.*?</textarea>", re.DOTALL)  # a profile to be edited: TOML
TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")
DAY = re.compile(r"[A-Z][a-z]+( \d\d)?|\d+|−?[\d.,]+")  # of an axis: D3 speaks no pseudo-locale


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quality") / "w"
    with quality_desk(folder) as desk:
        for number in range(WEEKS):
            made = replace(week(number), series_uid=f"1.2.3.{number}")
            arrive(desk, replace(SMALL, seed=number, offset=7 * (number == WEEKS - 1)), made)
        arrive(desk, SMALL, replace(week(20), station="CT9", series_uid="1.2.3.77"))
        arrive(desk, replace(SMALL, field_mm=150), replace(week(21), series_uid="1.2.3.78"))
        desk.phantoms.path("0" * 64).write_bytes(b"no image")
        Arrivals(desk).look(now=1e12)
        for result in desk.quality.results()[:-2]:
            desk.quality.decide(result.number, "accepted", "N. N.", "well")
        desk.quality.decide(WEEKS - 1, "rejected", "N. N.", "cold")
        desk.quality.note_event("CT1 water", "event", week(5).moment, "N. N.", {"words": "tube"})
    return folder


@contextmanager
def opened(workspace: Path, language: str = "xx") -> Iterator[QualityPage]:
    with use_language(language):
        yield QualityPage(str(workspace))


def html(page: QualityPage, ask: str, **values: str) -> str:
    """Return all that a page shows once it was asked."""
    shown = f"{page.answer(Ask(ask, values)).html}{page._below()}"
    return FILE.sub("", shown)


@pytest.mark.parametrize("section", ["today", "measure", "charts", "results", "profiles"])
def test_each_section_is_said_in_the_language(workspace: Path, section: str) -> None:
    with opened(workspace) as page:
        shown = html(page, "section", value=section)
        assert "⟦" in shown
        assert unmarked(shown) == []


def test_a_result_is_shown_whole_in_the_language(workspace: Path) -> None:
    with opened(workspace) as page:
        shown = html(page, "open", value=str(WEEKS))
        assert unmarked(shown) == []


def test_what_was_kept_in_english_is_said_in_the_language_too(workspace: Path) -> None:
    with opened(workspace) as page:
        shown = f"{html(page, 'section', value='today')}{html(page, 'open', value='1')}"
        for text in (
            "it holds no image", "refused", "erased",
            "The image does not hold the whole phantom.",
        ):  # fmt: skip
            assert str(t(text)) in shown


def test_what_came_of_a_question_is_said_in_the_language(workspace: Path) -> None:
    with opened(workspace) as page:
        assert unmarked(html(page, "look-now")) == []
        html(page, "section", value="results")
        assert unmarked(html(page, "export", format=".csv")) == []
        html(page, "section", value="profiles")
        assert unmarked(html(page, "new", test="ct-water", phantom="ct_water_200")) == []
        assert unmarked(html(page, "keep-profile", text="name = 1")) == []
        html(page, "section", value="charts")
        assert (
            unmarked(html(page, "baseline", by="N. N.", first="2026-03-01", last="2026-03-02"))
            == []
        )
        assert unmarked(html(page, "note", words="", by="N. N.")) == []


def test_measuring_by_hand_is_said_in_the_language(workspace: Path, tmp_path: Path) -> None:
    write(tmp_path, SMALL, SMALL)
    with opened(workspace) as page:
        html(page, "section", value="measure")
        assert unmarked(html(page, "find", path=str(tmp_path))) == []
        assert unmarked(html(page, "measure", value="0 CT1 water")) == []
        assert unmarked(html(page, "keep")) == []
        assert unmarked(html(page, "rejected", by="N. N.")) == []


@pytest.mark.parametrize(
    "kind",
    ["individuals", "moving ranges", "ewma", "average", "cusum", "histogram", "pair"],
)
def test_a_chart_is_drawn_in_the_language(workspace: Path, kind: str) -> None:
    with opened(workspace) as page:
        html(page, "section", value="charts")
        shown = html(page, "chart", kind=kind, measurement="noise", other="mean_ct_number")
        assert page.chart is not None
        assert unmarked(f"{shown}<p>{page.chart.description}</p>") == []
        written = TEXT.findall(page.chart.still())
        assert [text for text in written if not DAY.fullmatch(text)] != []
        assert (
            unmarked("".join(f"<p>{text}</p>" for text in written if not DAY.fullmatch(text))) == []
        )


def test_the_page_in_english_has_no_mark(workspace: Path) -> None:
    with opened(workspace, "en") as page:
        for section in ("today", "measure", "charts", "results", "profiles"):
            assert not set("⟦⟧«»") & set(html(page, "section", value=section))


def test_a_viewer_changes_its_words_with_the_language() -> None:
    viewer = Viewer()
    assert viewer.words["buttons"]["window"] == ["Window", "Window (W)"]
    with use_language("xx"):
        viewer.speak()
    words = viewer.words
    texts = [
        *(text for pair in words["buttons"].values() for text in pair),
        *(text for pair in words["help"] for text in pair),
        *(words[name] for name in ("viewer", "image", "empty", "pixels", "mean", "sd")),
    ]
    assert [text for text in texts if "⟦" not in text and len(text) > len("W P D A C R")] == []
    assert "{value}" in words["pointed"]
