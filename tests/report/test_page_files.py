"""What a page is made into, by the suffix of the file."""

from __future__ import annotations

import io
import zipfile

import pytest

from workbench.errors import MissingTool
from workbench.report import pdf as printing
from workbench.report.page_files import WAYS, check_printer

PAGE = "<!doctype html><html lang='en'><title>t</title><body><h1>Title</h1></body></html>"


@pytest.mark.pango
@pytest.mark.parametrize(("suffix", "start"), [
    (".html", b"<!doctype html>"), (".pdf", b"%PDF-"), (".docx", b"PK\x03\x04"),
    (".rtf", b"{\\rtf1"),
])  # fmt: skip
def test_each_suffix_gives_its_kind(suffix: str, start: bytes) -> None:
    file = WAYS[suffix](PAGE, False)
    assert file.content.startswith(start)
    assert bool(file.made_by) == (suffix == ".pdf")


def test_a_docx_is_one_for_word() -> None:
    with zipfile.ZipFile(io.BytesIO(WAYS[".docx"](PAGE, True).content)) as archive:
        assert b"wordprocessingml.document.main" in archive.read("[Content_Types].xml")


def test_only_a_pdf_needs_a_printer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "_weasyprint", lambda: None)
    monkeypatch.setattr(printing, "browser", lambda: "")
    for suffix in WAYS:
        if suffix == ".pdf":
            with pytest.raises(MissingTool):
                check_printer(suffix, signed=False)
        else:
            check_printer(suffix, signed=True)
