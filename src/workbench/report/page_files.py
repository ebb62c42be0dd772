"""The kinds of files a page is made into, by suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workbench.report.made_file import MadeFile
from workbench.report.page_contents import for_paper


def check_printer(suffix: str, *, signed: bool) -> None:
    """Raise ``MissingTool`` where nothing here makes such a file: before a report is run."""
    if suffix == ".pdf":
        from workbench.report.pdf import check_pdf

        check_pdf(signed=signed)


def _html(page: str, signed: bool) -> MadeFile:  # noqa: ARG001  one form for all
    return MadeFile(page.encode())


def _pdf(page: str, signed: bool) -> MadeFile:
    from workbench.report.pdf import pdf

    return pdf(for_paper(page), signed=signed)


def _docx(page: str, signed: bool) -> MadeFile:  # noqa: ARG001  one form for all
    from workbench.report.word_document import docx

    return MadeFile(docx(for_paper(page)))


def _rtf(page: str, signed: bool) -> MadeFile:  # noqa: ARG001  one form for all
    from workbench.report.rtf import rtf

    return MadeFile(rtf(for_paper(page)).encode("ascii"))


# The page, and whether somebody signed it.
WAYS: Mapping[str, Callable[[str, bool], MadeFile]] = {
    ".html": _html, ".pdf": _pdf, ".docx": _docx, ".rtf": _rtf,
}  # fmt: skip
