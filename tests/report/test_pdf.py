"""Which program prints a PDF, and what is said where none can."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report import printed_pages as look
from workbench.errors import MissingTool
from workbench.report import pdf as printing
from workbench.report.pdf import check_pdf, pdf

PAGE = (
    "<!doctype html><html lang='en'><title>t</title><body><h1>Title</h1><p>\u2264 text</p></body>"
)


@pytest.fixture
def without_weasyprint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out its module, as where Pango is missing."""

    def missing(_: str) -> None:
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(printing, "import_module", missing)


@pytest.mark.pango
@pytest.mark.poppler
@pytest.mark.parametrize(("signed", "kind"), [(False, "pdf/ua-1"), (True, "pdf/a-2u")])
def test_weasyprint_prints_where_it_can(signed: bool, kind: str) -> None:
    made = pdf(PAGE, signed=signed)
    assert made.made_by.startswith("WeasyPrint ")
    assert made.made_by.endswith(kind)
    assert made.remark == ""
    assert "WeasyPrint" in look.facts(made.content)["Producer"]


@pytest.mark.pango
def test_letters_without_a_font_are_told() -> None:
    assert pdf(PAGE.replace("text", "\ue123")).remark.startswith("1 letters are shown as boxes")


@pytest.mark.chromium
@pytest.mark.poppler
@pytest.mark.usefixtures("without_weasyprint")
def test_chromium_prints_where_weasyprint_cannot_and_it_is_told() -> None:
    made = pdf(PAGE)
    assert made.made_by == "Chromium"
    assert "WeasyPrint is not here" in made.remark
    assert "Skia" in look.facts(made.content)["Producer"]
    assert look.facts(made.content)["Tagged"] == "yes"


@pytest.mark.usefixtures("without_weasyprint")
def test_a_signed_report_is_not_printed_as_less_than_pdf_a() -> None:
    with pytest.raises(MissingTool, match=r"PDF/A.*apt install libpango.*\.docx"):
        check_pdf(signed=True)


@pytest.mark.usefixtures("without_weasyprint")
def test_without_any_printer_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "browser", lambda: "")
    with pytest.raises(MissingTool, match=r"apt install libpango.*\.html"):
        pdf(PAGE)


def test_missing_libraries_are_found_out_in_a_real_process(tmp_path: Path) -> None:
    """The real loader, told that there is no Pango; WeasyPrint would print advice of its own."""
    (tmp_path / "sitecustomize.py").write_text(
        "import cffi\n"
        "real = cffi.FFI.dlopen\n"
        "def dlopen(self, name, *rest):\n"
        "    if name and 'pango' in str(name):\n"
        "        raise OSError('cannot load library')\n"
        "    return real(self, name, *rest)\n"
        "cffi.FFI.dlopen = dlopen\n"
    )
    code = "from workbench.report.pdf import check_pdf\ncheck_pdf(signed=True)"
    path = os.pathsep.join((str(tmp_path), *filter(None, sys.path)))
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert "MissingTool: a signed report is kept as PDF/A" in run.stderr
    assert run.stdout == ""


def test_no_printer_is_loaded_before_a_pdf_is_asked_for() -> None:
    code = (
        "import sys\nimport workbench.report.runner, workbench.cli\n"
        "print(sorted({'weasyprint', 'docx'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
