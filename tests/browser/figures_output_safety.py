"""The figure of docs/output-safety.md, by ``python -m tests.browser.figures_output_safety``."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.browser.hostile_dicom import text_attributes
from tests.browser.hostile_files import formulas_in_csv, formulas_in_xlsx
from tests.browser.hostile_outputs import OUTPUTS, Found, Scene, scene, stock
from tests.browser.hostile_workspace import attributes_tried, hostile_rows
from workbench.report import write_table
from workbench.schema import TABLES


def searched() -> tuple[list[Found], list[Found], int]:
    """Return what our outputs showed and ran, what libraries ran, and the number of payloads."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as made:
        comparison = list(stock(made))
        found = [one for output in OUTPUTS.values() for one in output(made)]
        found += files(made)
        return found, comparison, len(made.texts)


def main() -> int:
    """Print every output with what it showed and what ran; return 1 when anything ran."""
    found, comparison, texts = searched()
    for one in (*comparison, *found):
        ran = ", ".join(sorted(set(one.ran))) or "nothing"
        shown = f"{len(one.shown):>3} of {texts} payloads shown"
        sys.stdout.write(f"{one.output:<32}{shown}, ran: {ran}\n")
    ran_somewhere = sum(bool(one.ran) for one in found)
    sys.stdout.write(
        f"{len(found)} outputs x {texts} payloads x {attributes_tried()} text columns "
        f"(and {len(text_attributes())} attributes of files): {ran_somewhere} ran; "
        f"libraries as they come: {sum(bool(one.ran) for one in comparison)} of "
        f"{len(comparison)} ran\n"
    )
    return int(bool(ran_somewhere) or not all(one.ran for one in comparison))


def files(made: Scene) -> Iterator[Found]:
    """Every table as CSV and as XLSX, read as a spreadsheet would."""
    everything = frozenset(made.texts)
    for suffix, formulas in ((".csv", formulas_in_csv), (".xlsx", formulas_in_xlsx)):
        ran: list[str] = []
        for name, table in TABLES.items():
            out = made.folder / f"{name}{suffix}"
            write_table(hostile_rows(table, list(made.texts.values())), table, out)
            ran += formulas(out)
        yield Found(f"{len(TABLES)} tables as {suffix}", everything, tuple(ran))


if __name__ == "__main__":
    sys.exit(main())
