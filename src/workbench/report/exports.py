"""Tables as files: CSV, Parquet or XLSX, each with its codebook.

A spreadsheet runs a text that starts like a formula.  In XLSX texts are written as texts; in
CSV, which has no types, such a text gets an apostrophe in front (``workbench.plaintext``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from workbench import __version__
from workbench.deidentify.patient_clock import Times
from workbench.errors import MissingTool, SettingsError
from workbench.plaintext import no_formulas
from workbench.report.atomic_file import written_atomically
from workbench.report.leaving import (
    OBJECT,
    in_order_of,
    leaving_frame,
    leaving_table,
    times_of,
    with_objects,
)
from workbench.schema import SCHEMA_VERSION, TABLES, Table

if TYPE_CHECKING:
    from workbench.survey import Survey

# Limits of a worksheet: Excel specifications and limits, Microsoft.
SHEET_ROWS = 1_048_576 - 1
CELL_CHARACTERS = 32_767
TOO_LONG = "(too long for a worksheet: see .parquet or .csv)"
SEPARATOR = "; "
WRITTEN = datetime(2000, 1, 1, tzinfo=UTC)  # of every workbook: the same content, the same file
CODEBOOK_COLUMNS = ("column", "meaning", "unit", "kind", "copied_from_header")


def codebook(table: Table) -> pl.DataFrame:
    """Return one row a column: name, meaning, UCUM unit, kind, whether the header said it."""
    rows = [
        (column.name, column.meaning, column.unit, column.kind, column.copied)
        for column in table.columns
    ]
    return pl.DataFrame(rows, schema=CODEBOOK_COLUMNS, orient="row")


def export_table(survey: Survey, name: str, out: Path) -> int:
    """Write a table of a survey with its codebook and manifest; return the number of rows.

    Raises ``KeyError`` for no table, and what ``write_table`` raises.
    """
    table = TABLES[name]
    frame = with_objects(survey, table, survey.table(name))
    manifest = manifest_of(survey, table, frame.height)
    write_table(frame, table, out, manifest, times=times_of(survey))
    return frame.height


def write_table(
    frame: pl.DataFrame,
    table: Table,
    out: Path,
    manifest: Mapping[str, object] | None = None,
    *,
    times: Times = Times.HOUR,
    order: tuple[str, bool] | None = None,
) -> None:
    """Write a table by the suffix of ``out``: ``.csv``, ``.parquet`` or ``.xlsx``.

    What is written is what may leave a workspace (``leaving``): no running number and no time of
    arrival, times of day as ``times`` says, and rows sorted by what they hold, or by a column
    (``order``: its name, and whether descending).  The same content gives the same file.

    The codebook goes into ``<name>.codebook.csv`` beside it, or into a sheet of its own in
    XLSX; so does a manifest (``manifest_of``), into ``<name>.manifest.csv``.  Lists become one
    text in CSV and XLSX, where a text of more than 32,767 characters is replaced by a remark;
    Parquet keeps all types.  Each file is there whole or not at all.

    Raises
    ------
    SettingsError
        Another suffix, or more rows than a worksheet holds.
    MissingTool
        XLSX without the package xlsxwriter.
    """
    frame = leaving_frame(frame.select(*table.names, *_looked_up(frame, table)), table, times)
    if order is not None and order[0] in frame.columns:
        frame = in_order_of(frame, order[0], descending=order[1])
    table = leaving_table(table, times)
    beside = {"codebook": codebook(table)}
    if manifest is not None:
        beside["manifest"] = _listed(manifest)
    if out.suffix == ".xlsx":
        _write_xlsx(frame, table, out, beside)
        return
    if out.suffix not in (".csv", ".parquet"):
        raise SettingsError("a table is written as .csv, .parquet or .xlsx.")
    with written_atomically(out) as draft:
        if out.suffix == ".csv":
            _as_texts(frame, guard=True).write_csv(draft)
        else:
            frame.write_parquet(draft)
    for name, about in beside.items():
        with written_atomically(out.with_name(f"{out.stem}.{name}.csv")) as draft:
            _as_texts(about, guard=True).write_csv(draft)


def _looked_up(frame: pl.DataFrame, table: Table) -> tuple[str, ...]:
    """Return the columns that stand for numbers of ``table`` and were looked up beside it."""
    return tuple(name for name in (OBJECT,) if name in frame.columns and name not in table.names)


def manifest_of(survey: Survey, table: Table, rows: int) -> dict[str, object]:
    """Return what an export says of itself, the fingerprint of each site's key among it."""
    return {
        "survey": survey.settings.survey.name,
        "table": table.name,
        "rows": rows,
        "times_of_day": times_of(survey),
        "workbench_version": __version__,
        "schema_version": SCHEMA_VERSION,
        **{
            f"key_fingerprint of {site}": SEPARATOR.join(fingerprints)
            for site, fingerprints in survey.store.key_fingerprints().items()
        },
    }


def _listed(manifest: Mapping[str, object]) -> pl.DataFrame:
    rows = [(name, str(value)) for name, value in manifest.items()]
    return pl.DataFrame(rows, schema={"name": pl.String, "value": pl.String}, orient="row")


def _as_texts(frame: pl.DataFrame, *, guard: bool) -> pl.DataFrame:
    """Return lists as one text; with ``guard`` no text starts like a formula.

    Lists of numbers are left alone: they hold no other signs than their own.
    """
    of_texts = (pl.String, pl.List(pl.String))
    texts = [name for name, kind in frame.schema.items() if guard and kind in of_texts]
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    frame = frame.with_columns(
        pl.col(name).cast(pl.List(pl.String)).list.join(SEPARATOR, ignore_nulls=True)
        for name in lists
    )
    return frame.with_columns(no_formulas(pl.col(name)) for name in texts)


def _shortened(frame: pl.DataFrame) -> pl.DataFrame:
    """Put ``TOO_LONG`` where a text, such as a whole header, does not fit into a cell."""
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns(
        pl.when(pl.col(name).str.len_chars() > CELL_CHARACTERS)
        .then(pl.lit(TOO_LONG))
        .otherwise(name)
        .alias(name)
        for name in texts
    )


def _write_xlsx(
    frame: pl.DataFrame, table: Table, out: Path, beside: Mapping[str, pl.DataFrame]
) -> None:
    try:
        from xlsxwriter import Workbook
    except ImportError as error:
        raise MissingTool("XLSX needs the package xlsxwriter.", "Or write .csv.") from error
    frame = _shortened(_as_texts(frame, guard=False))
    if frame.height > SHEET_ROWS:
        raise SettingsError(
            "the table has more rows than a worksheet.", "Write .parquet or .csv instead."
        )
    # Texts stay texts: no formulas, no links, no numbers made of digits.
    options = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }  # fmt: skip
    with written_atomically(out) as draft, Workbook(str(draft), options) as book:
        book.set_properties({"created": WRITTEN})
        frame.write_excel(book, worksheet=table.name[:31], autofit=True, freeze_panes=(1, 0))
        for name, about in beside.items():
            about.write_excel(book, worksheet=name, autofit=True)
