"""The slow import that is skipped: nothing else changes, and nothing loaded is taken away."""

from __future__ import annotations

import subprocess
import sys

import pytest

from workbench.report.fastimport import skip_iri_grammar

NAME = "rfc3987_syntax"
PROGRAM = """
import sys
from workbench.report.fastimport import skip_iri_grammar
skip_iri_grammar()
import altair, nbformat, jsonschema
from nbformat.v4 import new_notebook
nbformat.validate(new_notebook())
altair.Chart(altair.InlineData(values=[])).mark_bar().to_dict()
checker = jsonschema.FormatChecker()
assert checker.conforms("2024-01-01", "date") and not checker.conforms("x", "date")
print(sys.modules.get("rfc3987_syntax"), "lark" in sys.modules)
"""


def test_the_grammar_is_not_built_and_notebooks_and_charts_are_checked_as_before() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["None", "False"]


def test_what_is_loaded_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = object()
    monkeypatch.setitem(sys.modules, NAME, loaded)  # type: ignore[arg-type]
    skip_iri_grammar()
    assert sys.modules[NAME] is loaded


def test_an_import_of_it_fails_at_once_in_the_way_its_users_expect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    skip_iri_grammar()
    try:
        with pytest.raises(ImportError):
            __import__(NAME)
    finally:
        sys.modules.pop(NAME, None)
