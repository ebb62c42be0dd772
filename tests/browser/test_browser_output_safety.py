"""Hostile texts in every text column, through every output, in Chromium: nothing of them runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.hostile_outputs import OUTPUTS, Scene, scene, stock

pytestmark = pytest.mark.chromium

# These hold no cell of a table but what they are made for: a title, or sums by age.
WITHOUT_TEXTS = ("index of workbench serve", "chart 2 as an SVG file")
CUT = ("chart 1 as an SVG file",)  # the lanes of a chart are limited, and long labels cut


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(tmp_path_factory.mktemp("hostile")) as made:
        yield made


def test_the_same_texts_do_run_where_libraries_are_used_as_they_come(hostile: Scene) -> None:
    altair, styler = stock(hostile)
    assert {"element", "title"} <= set(altair.ran)
    assert any(one.startswith("script") for one in altair.ran)
    assert {"element", "title"} <= set(styler.ran)
    assert any(one.startswith("request /") for one in styler.ran)


@pytest.mark.parametrize("name", OUTPUTS)
def test_no_text_of_a_header_runs(hostile: Scene, name: str) -> None:
    found = list(OUTPUTS[name](hostile))
    assert found
    for output in found:
        assert output.ran == (), output.output
        if output.output not in (*WITHOUT_TEXTS, *CUT):
            assert output.shown == set(hostile.texts), output.output
        if output.output in CUT:
            assert len(output.shown) >= len(hostile.texts) // 2
