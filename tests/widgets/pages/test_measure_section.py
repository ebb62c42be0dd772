"""Measurement by hand: a page that answers while the pictures of many series are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stages.quality.phantom_workspace import SMALL, WATER, quality_desk, week
from workbench.simulate.phantom_images import phantom_file
from workbench.stages.quality.selection import Offered
from workbench_widgets.pages.quality import measure_section
from workbench_widgets.pages.quality.measure_section import PREVIEWS_S, MeasurePanel
from workbench_widgets.pages.quality.state import OnDesk
from workbench_widgets.parts.live.live import Ask

SERIES = 4


class Clock:
    """A clock that looking at an image moves on."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[MeasurePanel]:
    images = tmp_path / "images"
    images.mkdir()
    for number in range(SERIES):
        header = replace(week(number), series_uid=f"1.2.3.{number}")
        (images / f"{number}.dcm").write_bytes(phantom_file(WATER, SMALL, header))
    with quality_desk(tmp_path / "w") as desk:
        panel = MeasurePanel(OnDesk(desk))
        panel.html()
        panel.act(Ask("find", {"path": str(images)}))
        yield panel


def pictures(panel: MeasurePanel) -> tuple[int, int]:
    """Return how many series have a picture, and how many wait for theirs."""
    html = panel.html()
    return html.count("<img"), html.count("picture follows")


def test_pictures_that_take_long_come_one_after_the_other(
    panel: MeasurePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, made = Clock(), measure_section._preview

    def slowly(offered: Offered) -> object:
        clock.now += PREVIEWS_S - 1
        return made(offered)

    monkeypatch.setattr(measure_section, "time", clock)
    monkeypatch.setattr(measure_section, "_preview", slowly)
    # Two fit into the time of one writing; what is made stays.
    assert [pictures(panel) for _ in range(3)] == [(2, 2), (4, 0), (4, 0)]


def test_pictures_that_are_quick_come_at_once(panel: MeasurePanel) -> None:
    assert pictures(panel) == (SERIES, 0)


def test_one_that_takes_longer_than_all_may_does_not_stop_the_next(
    panel: MeasurePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, made = Clock(), measure_section._preview

    def hanging(offered: Offered) -> object:
        clock.now += 10 * PREVIEWS_S
        return made(offered)

    monkeypatch.setattr(measure_section, "time", clock)
    monkeypatch.setattr(measure_section, "_preview", hanging)
    assert [pictures(panel)[0] for _ in range(SERIES)] == [1, 2, 3, 4]
