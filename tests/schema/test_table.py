"""Tables: columns in their order and type, unknown ones refused, missing ones null."""

from __future__ import annotations

import polars as pl
import pytest
from pydicom.datadict import tag_for_keyword

from workbench.schema import TABLES
from workbench.schema.table import Column, Table, copied

ONE = Table("one", "A table.", ("a",), (
    Column("a", "text", "A."), Column("b_mm", "real", "B.", "mm"), Column("KVP", "real", "As is."),
    Column("c", "texts", "C."),
))  # fmt: skip


def test_a_frame_has_all_columns_in_order_whatever_the_rows_have() -> None:
    frame = ONE.frame([{"c": ["x"], "a": "1"}, {}])
    assert frame.columns == ["a", "b_mm", "KVP", "c"] == list(ONE.names)
    assert frame.rows() == [("1", None, None, ["x"]), (None, None, None, None)]
    assert frame.schema == ONE.empty().schema == pl.Schema(ONE.polars())
    assert ONE.frame([]).height == 0


def test_an_unknown_column_is_an_error_that_names_it() -> None:
    with pytest.raises(KeyError, match="b_cm"):
        ONE.frame([{"b_cm": 1.0}])
    with pytest.raises(KeyError):
        ONE.column("z")


def test_a_keyword_is_copied_and_snake_case_is_computed() -> None:
    assert [one.copied for one in ONE.columns] == [False, False, True, False]
    made = copied("KVP XRayTubeCurrent", "real", KVP="kV")
    assert [(one.name, one.unit, one.copied) for one in made] == [
        ("KVP", "kV", True), ("XRayTubeCurrent", "", True),
    ]  # fmt: skip


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda one: one.name)
def test_every_table_keeps_the_rules_of_names(table: Table) -> None:
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)
    for column in table.columns:
        assert column.meaning, column.name
        if column.copied and column.name.rstrip("s") not in ("SeriesInstanceUID",
                                                              "AcquisitionNumber"):  # fmt: skip
            assert tag_for_keyword(column.name), f"{column.name} is no keyword of DICOM"
