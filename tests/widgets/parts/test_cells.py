"""Texts of a table's cells, and what a person's filter keeps."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench_widgets.parts.table.cells import LONGEST, as_texts, decimals, matching


def kept(frame, **filters):
    return frame.filter(matching(frame.schema, filters))


def texts(frame):
    return as_texts(frame, decimals(frame)).to_dict(as_series=False)


def test_every_kind_of_value_is_text_and_an_unknown_one_is_null():
    frame = pl.DataFrame({
        "dose": [12.3456, None, float("nan")],
        "count": [3, None, 1000],
        "flag": [True, False, None],
        "when": [datetime(2020, 5, 1, 8, 30), None, None],
        "many": [["a", "b"], [], None],
    })  # fmt: skip
    assert texts(frame) == {
        "dose": ["12.35", None, None],
        "count": ["3", None, "1000"],
        "flag": ["yes", "no", None],
        "when": ["2020-05-01 08:30:00", None, None],
        "many": ["a; b", "", None],
    }


@pytest.mark.parametrize(
    ("values", "digits"),
    [
        ([120.0, 100.0], 0),  # kV are whole: no decimals
        ([1234.5, 987.6], 0),
        ([512.34, 87.1], 1),
        ([12.34, 9.87], 2),
        ([0.0123], 4),
        ([], 0),
        ([None], 0),
        ([float("inf"), 0.0], 0),
    ],
)
def test_a_column_shows_about_four_figures(values, digits):
    assert decimals(pl.DataFrame({"x": values}, schema={"x": pl.Float64})) == {"x": digits}


def test_a_long_text_is_cut_and_says_so():
    (shown,) = texts(pl.DataFrame({"header": ["x" * 10_000]}))["header"]
    assert len(shown) == LONGEST + 1
    assert shown.endswith("…")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("> 10", [20.0]), (">=10", [10.0, 20.0]), ("<10", [5.0]), ("<= 10", [5.0, 10.0]),
        ("= 5", [5.0]), ("5..10", [5.0, 10.0]), ("4,5 .. 5,5", [5.0]), ("1", [10.0]),
        ("", [5.0, 10.0, 20.0, None]), ("  ", [5.0, 10.0, 20.0, None]), ("nothing", []),
    ],
)  # fmt: skip
def test_a_column_of_numbers_understands_comparisons(text, left):
    frame = pl.DataFrame({"dose": [5.0, 10.0, 20.0, None]})
    assert kept(frame, dose=text)["dose"].to_list() == left


def test_a_text_is_found_in_upper_and_lower_case_and_is_no_pattern():
    frame = pl.DataFrame({"protocol": ["Thorax (nativ)", "THORAX", "Kopf", None]})
    assert kept(frame, protocol="thorax").height == 2
    assert kept(frame, protocol="x (").height == 1
    assert kept(frame, protocol=".*").height == 0


def test_filters_of_several_columns_all_hold():
    frame = pl.DataFrame({"region": ["head", "head", "chest"], "dose": [1.0, 9.0, 9.0]})
    assert kept(frame, region="head", dose="> 5").height == 1
    assert kept(frame, **{"no such column": "x"}).height == 3


@given(st.text(max_size=30))
def test_no_filter_a_page_may_send_is_an_error(text):
    frame = pl.DataFrame({
        "text": ["a"], "number": [1.5], "flag": [True], "many": [["a"]],
        "when": [datetime(2020, 1, 1)],
    })  # fmt: skip
    for name in frame.columns:
        assert kept(frame, **{name: text}).height in (0, 1)


@given(st.text(min_size=1, max_size=20).filter(str.strip))
def test_a_text_fits_the_filter_of_its_own_part(text):
    frame = pl.DataFrame({"protocol": [f"before {text} after"]})
    assert kept(frame, protocol=text.strip()).height == 1
