"""From which attribute each value of a CT scan is read, by machine, software and source.

The files of a folder (by default ``dose`` of WORKBENCH_TEST_DATA, which are real ones) go the whole
way: imported, de-identified, mapped.  What was read where becomes a page::

    python -m benchmarks.coverage --out docs/coverage.md

Without ``--out`` the page is printed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from workbench.mapping.coverage import COMPUTED, MACHINE
from workbench.stages.importing import import_files
from workbench.stages.line import map_survey
from workbench.survey import create_survey

Row = dict[str, Any]
HEAD = """# Coverage: what is read from whose scans

*Made by `python -m benchmarks.coverage --out docs/coverage.md` from real CT objects: not written
by hand.  Your own scanners: `workbench table coverage -w W --out coverage.csv`.*

Each machine, software and source has a list of columns of `irradiation_event` and where they were
read: a DICOM keyword, a code of the dose report (DCM), a private element with its creator, or
arithmetic.  *computed* comes of several slices, or of the attribute of the column's own name.  In
brackets: in how many scans, where not in all.  What was not read stands last.  A private element
that is missing here is a line of a TOML file: [mapping](mapping.md#private-elements).
"""


def machines(rows: list[Row]) -> Iterator[tuple[tuple[str, ...], list[Row]]]:
    """Yield each machine, software and source with its rows, in the order of their names."""

    def name(row: Row) -> tuple[str, ...]:
        return tuple(str(row[column] or "") for column in MACHINE)

    for machine, own in groupby(sorted(rows, key=name), key=name):
        yield machine, list(own)


def section(machine: tuple[str, ...], rows: list[Row]) -> str:
    """Return the part of the page about one machine and source."""
    maker, model, software, source = machine
    read = [row for row in rows if row["read_from"] is not None]
    lines = [
        f"## {maker or 'no maker told'}, {model or 'no model told'}: {source}", "",
        f"Software {software or 'not told'}; scans: {rows[0]['of_scans']}.", "",
        "| read from | columns |", "|---|---|",
    ]  # fmt: skip
    by_source = sorted(read, key=lambda row: (row["read_from"] == COMPUTED, row["read_from"]))
    for told, same in groupby(by_source, key=itemgetter("read_from")):
        lines.append(f"| {told} | {', '.join(map(_column, same))} |")
    unread = [_column(row) for row in rows if row["read_from"] is None]
    return "\n".join([*lines, "", f"Not read: {', '.join(unread) or 'nothing'}."])


def _column(row: Row) -> str:
    part = f" (in {row['scans']})" if row["scans"] < row["of_scans"] else ""
    return f"`{row['column']}`{part}"


def page(rows: list[Row]) -> str:
    """Return the page as Markdown."""
    return "\n\n".join([HEAD.rstrip(), *(section(*each) for each in machines(rows))]) + "\n"


def rows_of(folder: Path) -> list[Row]:
    """Return the coverage table of the files in a folder."""
    with tempfile.TemporaryDirectory() as temporary:
        survey = create_survey(Path(temporary) / "workspace")
        import_files(survey, [folder])
        map_survey(survey)
        rows = survey.coverage().to_dicts()
        survey.close()
    return rows


def main() -> int:
    """Print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    data = Path(os.environ.get("WORKBENCH_TEST_DATA", "."))
    parser.add_argument("folder", type=Path, nargs="?", default=data / "dose")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    text = page(rows_of(options.folder))
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
