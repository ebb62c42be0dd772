"""What stands behind the "?" of a card: whose text, in which language, and never as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.help import MAX_BYTES, help_names, help_text, of_site, rendered
from workbench.help import reading as module
from workbench.language import use_language

PLAIN = {
    "p", "h4", "h5", "h6", "ul", "ol", "li", "em", "strong", "code", "pre", "blockquote", "hr",
    "br", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


def tags(page: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    """Return the tags of a page as a browser reads them."""
    found: list[tuple[str, list[tuple[str, str | None]]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, attrs))

    Reader().feed(page)
    return found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "help").mkdir()
    of_site(tmp_path)
    yield tmp_path / "help"
    of_site(None)


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "a_card.en.md").write_text("English", "utf-8")
    (folder / "a_card.de.md").write_text("Deutsch", "utf-8")
    monkeypatch.setattr(module, "TEXTS", folder)
    module._ours.cache_clear()
    yield folder
    module._ours.cache_clear()


def said(name: str = "a_card", language: str = "en") -> str:
    with use_language(language):
        found = help_text(name)
    return found.markdown if found else ""


def test_it_speaks_the_readers_language_and_english_where_there_is_no_other(ours: Path) -> None:
    assert (said(language="de"), said(language="en"), said(language="fr")) == (
        "Deutsch", "English", "English",
    )  # fmt: skip


def test_a_card_without_a_text_has_none(ours: Path) -> None:
    assert help_text("another") is None
    assert help_names() == ("a_card",)


def test_the_sites_own_text_goes_first_and_its_language_before_its_one_for_all(
    ours: Path, site: Path
) -> None:
    (site / "a_card.md").write_text("for all", "utf-8")
    assert said() == said(language="de") == "for all"
    (site / "a_card.de.md").write_text("für die Deutschen", "utf-8")
    assert (said(), said(language="de")) == ("for all", "für die Deutschen")
    found = help_text("a_card")
    assert found is not None
    assert found.by_site


def test_a_site_may_change_its_text_while_a_page_is_open(ours: Path, site: Path) -> None:
    (site / "a_card.md").write_text("before", "utf-8")
    assert said() == "before"
    (site / "a_card.md").write_text("after", "utf-8")
    assert said() == "after"
    (site / "a_card.md").unlink()
    assert said() == "English"


@pytest.mark.parametrize(
    "content", [b"\xff\xfe broken", b"x" * (MAX_BYTES + 1)], ids=["no UTF-8", "too long"]
)
def test_a_text_that_cannot_be_read_is_told_of_and_ours_stands_there(
    ours: Path, site: Path, content: bytes
) -> None:
    (site / "a_card.md").write_bytes(content)
    found = help_text("a_card")
    assert found is not None
    assert (found.markdown, found.by_site, found.problem) == ("English", False, True)


def test_an_empty_file_is_no_text_and_no_problem(ours: Path, site: Path) -> None:
    (site / "a_card.md").write_text(" \n", "utf-8")
    found = help_text("a_card")
    assert found is not None
    assert (found.markdown, found.problem) == ("English", False)


def test_a_folder_in_its_place_is_told_of(ours: Path, site: Path) -> None:
    (site / "a_card.md").mkdir()
    found = help_text("a_card")
    assert found is not None
    assert found.problem


@pytest.mark.parametrize("name", ["../secret", "a/b", "", "A", "a.md", "a" * 80, "a\n"])
def test_a_name_leads_out_of_no_folder(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        help_text(name)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[here](javascript:alert(1))",
        "[here](JaVaScRiPt:alert(1))",
        "[here](data:text/html,x)",
        "![spy](https://elsewhere.example/who.png)",
        "<a href='https://elsewhere.example'>x</a>",
        "| <b>a</b> |\n|---|\n| <i>b</i> |",
        "# <u>head</u>",
        "```\n</code><script>\n```",
    ],
)
def test_what_a_site_wrote_is_never_html(text: str) -> None:
    assert {tag for tag, _ in tags(str(rendered(text)))} <= PLAIN


@given(st.text(alphabet="<>&\"'()[]!#`*|-\n ahrefscipt:/=", max_size=60))
def test_no_text_makes_a_tag_of_its_own(text: str) -> None:
    assert {tag for tag, _ in tags(str(rendered(text)))} <= PLAIN


def test_links_open_beside_the_page_whose_kernel_would_end() -> None:
    page = str(rendered("[IEC](https://webstore.iec.ch/x?a=1&b=2)"))
    assert 'target="_blank"' in page
    assert 'rel="noopener noreferrer"' in page
    assert 'href="https://webstore.iec.ch/x?a=1&amp;b=2"' in page


def test_headings_stand_below_that_of_the_card() -> None:
    assert str(rendered("# What it shows")) == "<h4>What it shows</h4>\n"
    assert str(rendered("###### deep")) == "<h6>deep</h6>\n"
