"""Report notebooks: found by name, their parameters read and never run, and checked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from tests.report.conftest import PARAMETERS
from workbench.errors import SettingsError
from workbench.report import notebooks
from workbench.report.notebooks import (
    checked_parameters,
    default_parameters,
    folder,
    notebook_file,
    patient_rows,
    read_notebook,
    report_names,
)


@pytest.mark.parametrize(
    "given",
    [
        {"nobody": 1},
        {"who\nimport os": "x"},
        {"who": 1},
        {"n": "4"},
        {"n": True},
        {"n": 1.5},
        {"on": 1},
        {"words": ("a",)},
        {"anything": date(2020, 1, 1)},
        {"anything": Path("/x")},
        {"anything": {1, 2}},
        {"share": math.nan},
    ],
)
def test_unknown_names_and_wrong_types_are_refused(given: dict[str, object]) -> None:
    defaults = notebooks._assignments(PARAMETERS)
    with pytest.raises(SettingsError):
        checked_parameters(defaults, given)


def test_right_parameters_pass() -> None:
    defaults = notebooks._assignments(PARAMETERS)
    given = {"who": "x", "n": 1, "share": 1, "words": [], "anything": {"a": [1]}, "on": False}
    assert checked_parameters(defaults, given) == given


@pytest.mark.parametrize("cell", ["x = open('/etc/passwd')", "import os", "x = y = 1", "x[0] = 1"])
def test_a_parameters_cell_holds_plain_values_only(cell: str, report: Callable[..., str]) -> None:
    name = report(parameters=cell)
    with pytest.raises(SettingsError):
        default_parameters(read_notebook(name))


@pytest.mark.parametrize("name", ["../small", "small.ipynb", "", "/etc/passwd", "nothing"])
def test_only_reports_there_are_can_be_named(name: str) -> None:
    with pytest.raises(SettingsError, match="no report"):
        read_notebook(name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_what_passes_comes_back_from_json_as_it_was(value: object) -> None:
    """A schedule keeps parameters as JSON, and runs the report with what it reads."""
    try:
        checked = checked_parameters({"anything": None}, {"anything": value})
    except SettingsError:
        assert (
            json.loads(json.dumps(value)) != value
            or value in (math.inf, -math.inf)
            or ("inf" in repr(value).lower())
        )
        return
    assert json.loads(json.dumps(checked, allow_nan=False)) == {"anything": value}


@given(st.text(max_size=20))
def test_no_name_but_a_known_one_passes(name: str) -> None:
    """papermill writes names into the notebook as code."""
    if name in ("who", "n"):
        return
    with pytest.raises(SettingsError) as refusal:
        checked_parameters({"who": "", "n": 1}, {name: 1})
    assert "who" in refusal.value.remedy


def test_every_report_there_is_has_readable_parameters_and_a_heading() -> None:
    assert "dose_by_protocol" in report_names()
    for name in report_names():
        defaults = default_parameters(read_notebook(name))
        assert checked_parameters(defaults, {}) == {}
        assert "workspace" in defaults, "it works on a workspace"
        assert notebook_file(name).parent == folder()


@pytest.mark.parametrize(
    ("metadata", "rows"),
    [({}, None), ({"workbench": 1}, None), ({"workbench": {}}, None),
     ({"workbench": {"patient_rows": "false"}}, None), ({"workbench": {"patient_rows": 0}}, None),
     ({"workbench": {"patient_rows": False}}, False),
     ({"workbench": {"patient_rows": True}}, True)],
)  # fmt: skip
def test_only_a_notebook_that_says_so_has_no_row_a_patient(
    metadata: dict[str, object], rows: bool | None
) -> None:
    assert patient_rows(new_notebook(metadata=metadata)) is rows


def test_the_reports_of_ours_say_whether_they_have_a_row_a_patient() -> None:
    rows = {name: patient_rows(read_notebook(name)) for name in report_names()}
    assert None not in rows.values()
    assert [name for name, has in rows.items() if has] == ["completeness"]


def test_a_site_s_own_report_goes_before_ours_and_others_stay(
    report: Callable[..., str], tmp_path: Path
) -> None:
    name = report("1")
    own = tmp_path / "own"
    own.mkdir()
    for each in (name, "theirs"):
        nbformat.write(new_notebook(cells=[new_code_cell("2")]), own / f"{each}.ipynb")
    assert report_names(own) == ("small", "theirs")
    assert report_names() == ("small",)
    assert notebook_file(name, own) == own / "small.ipynb"
    assert notebook_file(name).parent == notebooks.PACKAGED
    with pytest.raises(SettingsError, match="small"):
        notebook_file("theirs")
    assert report_names(tmp_path / "nowhere") == ("small",)


@pytest.mark.parametrize("content", ["", "{", "[]", "no notebook"])
def test_a_damaged_notebook_is_told_with_the_remedy(
    report: Callable[..., str], content: str
) -> None:
    name = report("1")
    (notebooks.PACKAGED / f"{name}.ipynb").write_text(content)
    with pytest.raises(SettingsError, match="JupyterLab"):
        read_notebook(name)


def test_without_a_cell_of_parameters_there_is_none() -> None:
    tagged = new_code_cell("x = 1", metadata={"tags": ["other"]})
    with pytest.raises(SettingsError, match="tagged parameters"):
        default_parameters(new_notebook(cells=[tagged, new_code_cell("y = 2")]))


def test_a_parameters_cell_that_is_no_python_is_told(report: Callable[..., str]) -> None:
    name = report(parameters="x = = 1")
    with pytest.raises(SettingsError):
        default_parameters(read_notebook(name))


@pytest.mark.parametrize("cell", ["x = 1 / 0", "x: int", "x = __import__('os')", "x += 1", "x"])
def test_nothing_in_a_parameters_cell_is_run(cell: str, report: Callable[..., str]) -> None:
    name = report(parameters=cell)
    with pytest.raises(SettingsError):
        default_parameters(read_notebook(name))
