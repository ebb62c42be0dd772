"""A page as PDF: by WeasyPrint, or by Chromium where WeasyPrint's system libraries are missing."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from importlib import import_module
from types import ModuleType

from workbench.errors import MissingTool
from workbench.report.chromium_pdf import browser, printed_by_chromium
from workbench.report.made_file import MadeFile

LIBRARIES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"  # of Debian


def pdf(page: str, *, signed: bool = False) -> MadeFile:
    """Return a page of ours as PDF with page numbers, tagged for those who have it read aloud.

    A ``signed`` one is PDF/A, which is made to be kept: ISO 19005-2, level U.

    Raises ``MissingTool`` as ``check_pdf``, ``WorkbenchError`` when the page is not printed.
    """
    program = check_pdf(signed=signed)
    if isinstance(program, str):
        content = printed_by_chromium(page, program)
        return MadeFile(content, "Chromium", "WeasyPrint is not here: Chromium printed the page.")
    content, lacking = program.printed_by_weasyprint(page, archived=signed)
    made_by = f"WeasyPrint {program.VERSION}, {(program.ARCHIVED if signed else program.TAGGED)}"
    remark = f"{lacking} letters are shown as boxes: no font of this machine has them."
    return MadeFile(content, made_by, remark if lacking else "")


def check_pdf(*, signed: bool = False) -> ModuleType | str:
    """Return what prints: our module for WeasyPrint, or the path of Chromium.

    Raises ``MissingTool`` where there is neither, or only Chromium for a page that is signed.
    """
    if (weasyprint := _weasyprint()) is not None:
        return weasyprint
    if signed:
        raise MissingTool(
            "a signed report is kept as PDF/A, which WeasyPrint makes, and its libraries are"
            " missing.",
            "Install them (apt install {libraries}), or make the report as .docx or .html.",
            libraries=LIBRARIES,
        )
    if program := browser():
        return program
    raise MissingTool(
        "a PDF is printed by WeasyPrint or by Chromium, and neither works here.",
        "Install either (apt install {libraries}), or make the report as .html and print that.",
        libraries=LIBRARIES,
    )


def _weasyprint() -> ModuleType | None:
    """Return our module for it, or None where it cannot be loaded; it says so to no one."""
    try:
        with redirect_stdout(io.StringIO()):
            return import_module("workbench.report.weasyprint_pdf")
    except (ImportError, OSError):
        return None
