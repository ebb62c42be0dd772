"""Tables of image quality: what identifies a row, and what an older export relied on."""

from __future__ import annotations

import re

import polars as pl
import pytest

from workbench.schema import PHANTOM_IMAGE, TABLES, TEST_RESULT
from workbench.schema.table import Table

BOTH = (TEST_RESULT, PHANTOM_IMAGE)


@pytest.mark.parametrize("table", BOTH, ids=lambda table: table.name)
def test_they_are_tables_of_a_workspace(table: Table) -> None:
    assert TABLES[table.name] is table
    assert set(table.key) <= set(table.names)
    assert all(table.names)
    assert table.meaning.startswith("One row ")


def test_a_row_is_a_value_of_a_result_and_an_image() -> None:
    """A result has many values, an image one fate."""
    assert TEST_RESULT.key == ("result_number", "position")
    assert PHANTOM_IMAGE.key == ("image",)


def test_a_value_has_its_unit_beside_it_because_each_row_has_another() -> None:
    names = list(TEST_RESULT.names)
    assert names.index("unit") == names.index("value") + 1
    kinds = TEST_RESULT.polars()
    for limit in ("value", "reference", "warning_low", "warning_high", "alarm_low", "alarm_high"):
        assert kinds[limit] == pl.Float64
    assert kinds["reason"] == pl.String, "no value without its reason"


@pytest.mark.parametrize("table", BOTH, ids=lambda table: table.name)
def test_no_column_can_hold_a_patient(table: Table) -> None:
    """An image at the phantom title may be a patient's by mistake."""
    for name in table.names:
        assert not re.search("patient|birth|accession|institution|physician|uid$", name, re.I)


@pytest.mark.parametrize("table", BOTH, ids=lambda table: table.name)
def test_moments_say_in_their_meaning_whose_clock_they_are(table: Table) -> None:
    for column in table.columns:
        if column.kind == "moment":
            assert re.search(r"\bUTC\b|local time", column.meaning), column.name


def test_states_are_named_where_a_reader_looks_for_them() -> None:
    for word in ("ok", "warning", "alarm", "not measured", "not judged"):
        assert word in TEST_RESULT.column("state").meaning
    for word in ("waiting", "accepted", "rejected"):
        assert word in TEST_RESULT.column("decision").meaning
    for word in ("measured", "unrecognised", "refused", "quarantined", "erased"):
        assert word in PHANTOM_IMAGE.column("state").meaning
