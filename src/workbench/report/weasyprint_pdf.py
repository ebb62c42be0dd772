"""A page printed by WeasyPrint: without a browser, within a limit, and as PDF/A where asked.

Importing this module needs the system libraries of Pango and fonts: ``OSError`` where they are
missing.  ``report.pdf`` imports it and says the remedy.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

with warnings.catch_warnings(record=True) as _said:
    warnings.simplefilter("always")
    import weasyprint
    from weasyprint.urls import URLFetcher

from workbench.errors import MissingTool, WorkbenchError
from workbench.report.page_colours import resolved
from workbench.report.weasyprint_process import NotDrawnError, drawn_in_time

VERSION = str(weasyprint.VERSION)
TAGGED = "pdf/ua-1"  # ISO 14289-1: read aloud in order, with the language and texts of pictures
# ISO 19005-2, level U: kept for decades without anything else, and each letter is known as Unicode.
# Part 3 adds files of any kind inside, which archives refuse and a report has none of.
ARCHIVED = "pdf/a-2u"
# It says so when it is loaded, and goes on.
HAS_FONTS = not any("font" in str(warning.message).lower() for warning in _said)
NO_GLYPH = ".notdef glyph"


def printed_by_weasyprint(page: str, *, archived: bool = False) -> tuple[bytes, int]:
    """Return a page of ours as PDF, and how many letters no font of this machine has.

    Nothing is fetched: not a file, not an address.  Only pictures that stand in the page are read.

    Raises
    ------
    MissingTool
        No font is installed at all.
    WorkbenchError
        The page cannot be laid out, or not in time; or ``archived``, and a letter has no font,
        which PDF/A forbids (ISO 19005-2, 6.2.11.8).
    """
    if not HAS_FONTS:  # Pango ends the process where there is none
        raise MissingTool(
            "a PDF needs a font, and none is installed.", "Install one (apt install fonts-dejavu)."
        )
    try:
        content, lacking = drawn_in_time(page, archived=archived)
    except NotDrawnError as error:
        raise WorkbenchError(
            "the page could not be printed ({kind}).",
            "Make the report as .html and print that.",
            kind=error.kind,
        ) from None
    if archived and lacking:
        raise WorkbenchError(
            "the report has characters that no font here can show ({number}), so it cannot be "
            "kept as PDF/A.",
            "Install fonts that have them (apt install fonts-noto).", number=lacking,
        )  # fmt: skip
    return content, lacking


def drawn(page: str, *, archived: bool) -> tuple[bytes, int]:
    """Draw a page in this process, however long it takes; as ``drawn_in_time``.

    Raises whatever WeasyPrint does, which may quote the page.
    """
    fetcher = URLFetcher(allowed_protocols=("data",), allow_redirects=False)
    kind: dict[str, Any] = {"pdf_variant": ARCHIVED if archived else TAGGED, "pdf_tags": True}
    with _heard() as heard:
        laid_out = weasyprint.HTML(string=resolved(page), url_fetcher=fetcher).render(**kind)
        content = laid_out.write_pdf(**kind)
    return bytes(content), sum(NO_GLYPH in warning for warning in heard)


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Yield what WeasyPrint warns of; nothing of it is logged, as it may quote the page."""
    heard: list[str] = []
    log, fonts = logging.getLogger("weasyprint"), logging.getLogger("fontTools")
    before = log.propagate, log.level, fonts.level
    hearing = _Hearing(heard)
    log.addHandler(hearing)
    log.propagate = False
    log.setLevel(logging.WARNING)
    fonts.setLevel(logging.CRITICAL)
    try:
        yield heard
    finally:
        log.removeHandler(hearing)
        log.propagate = before[0]
        log.setLevel(before[1])
        fonts.setLevel(before[2])


class _Hearing(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__()
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(record.getMessage())
