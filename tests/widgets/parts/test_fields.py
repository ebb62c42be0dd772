"""Fields of forms: days are ISO 8601 in every browser, and lines take the room they need."""

from __future__ import annotations

import re

import pytest

from workbench.language import Words, use_language
from workbench.language.pseudo import BEGIN
from workbench_widgets.parts.panel.panel import LEAST_LINES, MOST_LINES, Field

LABEL = Words("From")


def test_a_day_is_typed_as_iso_8601() -> None:
    html = str(Field("from", LABEL, "2026-03-31", "date").__html__())
    assert 'type="text"' in html
    assert 'placeholder="YYYY-MM-DD"' in html
    assert 'value="2026-03-31"' in html
    (pattern,) = re.findall(r'pattern="([^"]+)"', html)
    assert re.fullmatch(pattern, "2026-03-31")
    assert not re.fullmatch(pattern, "31.03.2026")
    with use_language("xx"):
        assert f'placeholder="{BEGIN}' in str(Field("from", LABEL, "", "date").__html__())


@pytest.mark.parametrize(
    ("lines", "rows"), [(0, LEAST_LINES), (10, 12), (500, MOST_LINES)]
)  # fmt: skip
def test_a_file_takes_as_many_lines_as_it_has_within_bounds(lines: int, rows: int) -> None:
    html = str(Field("text", LABEL, "key = 1\n" * lines, "file").__html__())
    assert f'rows="{rows}"' in html


def test_of_a_list_of_people_nothing_stays_on_the_page() -> None:
    html = str(Field("patients", LABEL, "AB-12\n" * 50, "lines").__html__())
    assert "AB-12" not in html
    assert f'rows="{LEAST_LINES}"' in html
