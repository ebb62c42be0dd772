"""The digest of what a report read: the same rows give the same, any other value another."""

from __future__ import annotations

import nbformat
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from workbench.report.provenance import MIME, Fingerprint, fingerprint, take_fingerprint

FRAME = pl.DataFrame({"a": [1, 2, 2], "b": ["x", "y", None]})


@given(st.permutations([0, 1, 2]))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    assert fingerprint({"t": FRAME[order]}) == fingerprint({"t": FRAME})


def test_values_names_columns_and_copies_of_rows_do() -> None:
    others = [
        {"u": FRAME}, {"t": FRAME.rename({"a": "c"})}, {"t": FRAME.head(2)},
        {"t": FRAME.with_columns(b=pl.lit("x"))}, {"t": FRAME, "u": FRAME}, {},
        {"t": pl.concat([FRAME, FRAME.head(1)])},
    ]  # fmt: skip
    digests = [fingerprint(one) for one in ({"t": FRAME}, *others)]
    assert len(set(digests)) == len(digests)
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in digests)


def test_tables_run_together_are_not_taken_for_one_another() -> None:
    one, other = FRAME.head(1), FRAME.tail(2)
    assert fingerprint({"a": one, "b": other}) != fingerprint({"a": other, "b": one})


def test_the_digest_is_taken_out_of_the_notebook_that_showed_it() -> None:
    shown = Fingerprint({"t": FRAME})
    notebook = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_markdown_cell("text"),
        nbformat.v4.new_code_cell(outputs=[
            nbformat.v4.new_output("display_data", data={"text/html": "<p>kept</p>"}),
            nbformat.v4.new_output("execute_result", data=shown._repr_mimebundle_()),
        ]),
    ])  # fmt: skip
    assert take_fingerprint(notebook) == fingerprint({"t": FRAME}) == shown.digest
    (left,) = notebook.cells[1].outputs
    assert "text/html" in left.data
    assert MIME not in str(notebook)
    assert take_fingerprint(notebook) == ""
