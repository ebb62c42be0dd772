"""Contents and folds are for a screen; paper has neither, and loses no word by it."""

from __future__ import annotations

import re

import polars as pl
import pytest

from tests.report.report_frames import scans
from workbench.language import Words
from workbench.report.dose_page import protocol_table
from workbench.report.html_page import STYLE
from workbench.report.missing import ReportTables
from workbench.report.page_contents import folded, for_paper, with_contents, with_way_back

LEAD = '<h1>A</h1><p class="lead">Sum.</p>'
READER = "\n<section><p>Three sentences.</p></section>"
PARTS = "\n<section><h2>One &amp; <b>two</b></h2></section>\n<section><h2>Three</h2></section>"
HIDDEN = re.compile(r"@media print \{\s*\.back, \.contents \{ display: none; \}")


def tables(*protocols: tuple[str, int]) -> ReportTables:
    rows = [
        {"protocol": name, "StudyInstanceUID": f"1.2.{place}.{number}"}
        for place, (name, count) in enumerate(protocols)
        for number in range(count)
    ]
    nothing = pl.DataFrame()
    from workbench.schema import DOSE_ESTIMATE

    return ReportTables(
        events=scans(*rows), doses=DOSE_ESTIMATE.frame([]), series=nothing, findings=nothing,
        rejected=nothing,
    )  # fmt: skip


def test_every_heading_is_listed_and_reached_below_what_the_reader_is_told() -> None:
    page = with_contents(f"{LEAD}{READER}{PARTS}")
    links = re.findall(r'<a href="#([\w-]+)">(.*?)</a>', page)
    assert links == [("part-1", "One &amp; two"), ("part-2", "Three")]
    for target, _ in links:
        assert page.count(f'id="{target}"') == 1
    assert page.index("Three sentences.") < page.index("<nav") < page.index("<h2")


@pytest.mark.parametrize("page", [
    f"{LEAD}{READER}<h2>One</h2>", f"<h1>A</h1>{PARTS}", "", LEAD,
])  # fmt: skip
def test_a_page_without_summary_or_with_one_part_has_no_contents(page: str) -> None:
    assert with_contents(page) == page


def test_paper_has_all_words_unfolded_and_no_links() -> None:
    page = f"{LEAD}{READER}{PARTS}"
    fold = folded(Words("2 rows & more"), "<table><tr><td>x</td></tr></table>")
    paper = for_paper(with_contents(page) + fold)
    assert "<nav" not in paper
    assert "<details" not in paper
    assert re.sub(r' id="part-\d"|\n', "", paper).startswith(page.replace("\n", ""))
    assert "2 rows &amp; more" in paper
    assert "<td>x</td>" in paper
    assert HIDDEN.search(STYLE.read_text())


def test_rows_of_few_examinations_are_folded_and_still_there() -> None:
    made = protocol_table(tables(("Chest", 12), ("Rare", 9), ("Once", 1)))
    shown, _, hidden = made.partition("<details")
    assert "Chest" in shown
    assert "2 rows with fewer than 10 examinations" in hidden
    assert "Rare" in hidden
    assert "Once" in hidden
    assert made.count("<tr>") == for_paper(made).count("<tr>")


@pytest.mark.parametrize("counts", [(12, 10), (3, 1)])
def test_nothing_is_folded_where_all_rows_are_alike(counts: tuple[int, int]) -> None:
    made = protocol_table(tables(("Chest", counts[0]), ("Head", counts[1])))
    assert "<details" not in made


def test_the_way_back_is_put_into_what_is_shown_and_escaped() -> None:
    page = b"<html><body>\n<main>body</main></body></html>"
    shown = with_way_back(page, Words("All <pages>"))
    assert b'<a href="/">All &lt;pages&gt;</a>' in shown
    assert with_way_back(b"<p>no body</p>", Words("x")) == b"<p>no body</p>"
