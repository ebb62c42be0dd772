"""A digest of the tables a report read, so that two reports can be told to agree."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import nbformat
import polars as pl

MIME = "application/vnd.workbench.fingerprint+json"
DIGITS = 16


class Fingerprint:
    """Digest of some tables; shown in a notebook, it gets into the report's footer."""

    def __init__(self, tables: Mapping[str, pl.DataFrame]) -> None:
        self.digest = fingerprint(tables)

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return {MIME: {"sha256": self.digest}}

    def __repr__(self) -> str:
        return f"Fingerprint({self.digest})"


def fingerprint(tables: Mapping[str, pl.DataFrame]) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the tables' rows.

    The order of rows does not matter; names, columns and values do.
    """
    digest = hashlib.sha256()
    for name in sorted(tables):
        rows = sorted(tables[name].write_ndjson().splitlines())
        digest.update("\0".join([name, str(len(rows)), *rows]).encode())
    return digest.hexdigest()[:DIGITS]


def take_fingerprint(notebook: nbformat.NotebookNode) -> str:
    """Take the digest a run notebook has shown out of its outputs; empty when there is none."""
    digest = ""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        shown = [output for output in cell.outputs if MIME in output.get("data", {})]
        for output in shown:
            digest = str(output.data[MIME]["sha256"])
        cell.outputs = [output for output in cell.outputs if output not in shown]
    return digest
