"""Tables as files: CSV, Parquet or XLSX, each with its codebook.

A spreadsheet runs a text that starts like a formula.  In XLSX texts are written as texts; in
CSV, which has no types, such a text gets an apostrophe in front (``workbench.plaintext``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from workbench import __version__
from workbench.errors import MissingTool, SettingsError
from workbench.plaintext import no_formulas
from workbench.report.atomic_file import written_atomically
from workbench.schema import SCHEMA_VERSION, Table

if TYPE_CHECKING:
    from workbench.survey import Survey

# Limits of a worksheet: Excel specifications and limits, Microsoft.
SHEET_ROWS = 1_048_576 - 1
CELL_CHARACTERS = 32_767
TOO_LONG = "(too long for a worksheet: see .parquet or .csv)"
SEPARATOR = "; "
CODEBOOK_COLUMNS = ("column", "meaning", "unit", "kind", "copied_from_header")


def codebook(table: Table) -> pl.DataFrame:
    """Return one row a column: name, meaning, UCUM unit, kind, whether the header said it."""
    rows = [
        (column.name, column.meaning, column.unit, column.kind, column.copied)
        for column in table.columns
    ]
    return pl.DataFrame(rows, schema=CODEBOOK_COLUMNS, orient="row")


def write_table(
    frame: pl.DataFrame, table: Table, out: Path, manifest: Mapping[str, object] | None = None
) -> None:
    """Write a table by the suffix of ``out``: ``.csv``, ``.parquet`` or ``.xlsx``.

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
    frame = frame.select(table.names)
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


def manifest_of(survey: Survey, table: Table, rows: int) -> dict[str, object]:
    """Return what an export says of itself, the fingerprint of each site's key among it."""
    return {
        "survey": survey.settings.survey.name,
        "table": table.name,
        "rows": rows,
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
        frame.write_excel(book, worksheet=table.name[:31], autofit=True, freeze_panes=(1, 0))
        for name, about in beside.items():
            about.write_excel(book, worksheet=name, autofit=True)
