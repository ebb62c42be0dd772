"""Hostile texts in every text column, through every output, in Chromium: nothing of them runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.hostile_outputs import OUTPUTS, Scene, scene, stock

pytestmark = pytest.mark.chromium

# It lists the survey and the reports, by hostile names of their own.
INDEX = "index of workbench serve"
CUT = "a chart as an SVG file"  # the lanes of a chart are limited, and long labels cut


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
        if output.output == CUT:
            assert len(output.shown) >= len(hostile.texts) // 2
        elif output.output != INDEX:
            assert output.shown == set(hostile.texts), output.output
