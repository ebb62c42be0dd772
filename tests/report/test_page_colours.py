"""The colours of a drawing on paper: named, as the page's own style has them in print."""

from __future__ import annotations

import re

import pytest

from workbench.report import charts
from workbench.report.html_page import STYLE
from workbench.report.page_colours import paper_colours, resolved
from workbench.report.page_files import WAYS

STYLED = """<html><head><style>
:root { --mark: #111111; --limit: #222222; --ink: #333333 }
@media (prefers-color-scheme: dark) { :root { --mark: #eeeeee; --ink: #eeeeee; } }
@media screen { :root { --limit: #dddddd; } }
@media print { :root { --limit: #444444; } @page { margin: 1mm; @top-left { content: "}" } } }
/* :root { --mark: #999999 } */
.other { --mark: #777777; }
</style></head><body>%s</body></html>"""
DRAWN = (
    '<svg xmlns="http://www.w3.org/2000/svg"><g stroke="currentColor" style="fill: var(--limit)">'
    '<path fill="var(--mark)" aria-label="var(--mark)"/><path fill=\'var( --nowhere , red)\'/>'
    "<text>var(--mark) currentColor</text></g></svg>"
)


def test_colours_are_those_of_print() -> None:
    colours = paper_colours(STYLED % "")
    assert (colours["mark"], colours["limit"], colours["ink"]) == ("#111111", "#444444", "#333333")


def test_what_a_page_does_not_set_is_as_in_ours() -> None:
    printed = re.findall(r"--limit: (#[0-9a-f]{6})", STYLE.read_text())[-1]
    assert paper_colours("<p>no style</p>")["limit"] == printed
    assert paper_colours(STYLED % "")["soft"] == paper_colours("")["soft"]


def test_paint_is_resolved_and_words_are_left() -> None:
    made = resolved(STYLED % DRAWN)
    drawing = made[made.index("<svg") :]
    assert 'stroke="#333333" style="fill: #444444"' in drawing
    assert 'fill="#111111" aria-label="var(--mark)"' in drawing
    assert "fill='#333333'" in drawing, "what nobody set is drawn in ink, not left out"
    assert "<text>var(--mark) currentColor</text>" in drawing


def test_nothing_outside_of_drawings_is_touched() -> None:
    text = '<p style="color: var(--mark)">currentColor</p><p fill="var(--mark)">x</p>'
    assert resolved(STYLED % text) == STYLED % text


def test_drawings_one_after_another_are_each_resolved() -> None:
    made = resolved(STYLED % (DRAWN + "<p>var(--ink)</p>" + DRAWN.replace("--mark", "--ink")))
    assert made.count('fill="#111111"') == 1
    assert made.count('fill="#333333"') == 1
    assert "<p>var(--ink)</p>" in made


@pytest.mark.parametrize("colour", [charts.MARK, charts.RANGE, charts.LIMIT, charts.TEXT])
def test_each_colour_of_charts_is_known_on_paper(colour: str) -> None:
    """A new colour of charts must be set for print: else it would be as black as text."""
    drawn = resolved(f'<svg><path fill="{colour}"/></svg>')
    found = re.search(r'fill="(#[0-9a-f]{6})"', drawn)
    assert found, drawn
    assert (found[1] == paper_colours("")["ink"]) == (colour == charts.TEXT)


def test_every_other_form_than_html_goes_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.report import page_blocks, weasyprint_pdf

    seen = []
    for module in (page_blocks, weasyprint_pdf):
        monkeypatch.setattr(module, "resolved", lambda page: seen.append(1) or page)
    monkeypatch.setattr(weasyprint_pdf, "drawn_in_time", weasyprint_pdf.drawn)  # in this process
    for suffix in (".pdf", ".docx", ".rtf"):
        WAYS[suffix]("<html lang='en'><title>t</title><body><p>x</p></body></html>", False)
    assert len(seen) == 3
