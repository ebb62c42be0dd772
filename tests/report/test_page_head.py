"""The title and the summary of a page, whatever else is in it."""

from __future__ import annotations

import pytest

from workbench.report.page_head import HEAD_CHARACTERS, SUMMARY, PageHead, page_head


@pytest.mark.parametrize(
    ("page", "head"),
    [("", ("", "")), ("<<<title", ("", "")), ("<title>A &lt;b&gt;</title>", ("A <b>", "")),
     ('<title>A</title><p>no</p><p class="lead">12\n <b>events</b></p>no', ("A", "12 events")),
     ('<p class="lead">first</p><p class="lead">second</p>', ("", "first")),
     ('<p class="empty">nothing</p>', ("", "")), ('<p class="leader">x</p>', ("", ""))],
)  # fmt: skip
def test_title_and_summary_are_read(page: str, head: tuple[str, str]) -> None:
    assert page_head(page) == PageHead(*head)


def test_what_a_page_lacks_is_its_summary_too_where_that_is_asked_for() -> None:
    page = '<p class="empty">Not complete.</p><p class="lead">later</p>'
    assert page_head(page, SUMMARY).lead == "Not complete."
    assert page_head(page).lead == "later"


def test_a_page_is_not_read_to_its_end() -> None:
    page = "x" * HEAD_CHARACTERS + "<title>late</title>"
    assert page_head(page).title == ""
