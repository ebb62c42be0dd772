"""Outsiders come through the same door as built-ins, and a broken one is named, not hidden."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.dose.method import BUILTIN
from workbench.plugins import DOSE_METHODS, find

MODULE = """
from workbench.dose.method import DoseMethod
from workbench.schema import DOSE_ESTIMATE
GOOD = DoseMethod(
    name="nothing", version="7", needs=(), estimate=lambda events: DOSE_ESTIMATE.empty()
)
SAME = DoseMethod(name="k_factor", version="9", needs=(), estimate=lambda events: events)
"""
POINTS = """[workbench.dose_methods]
good = outsider_methods:GOOD
same = outsider_methods:SAME
broken = outsider_methods:ABSENT
"""


@pytest.fixture
def outsider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outsider_methods.py").write_text(MODULE)
    info = tmp_path / "outsider-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outsider\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "outsider_methods", raising=False)


def test_built_ins_are_found_by_their_own_names() -> None:
    names = [plugin.name for plugin in find(DOSE_METHODS, BUILTIN)]
    assert names == [method.name for method in BUILTIN]


@pytest.mark.usefixtures("outsider")
def test_an_outsider_is_loaded_and_what_is_wrong_with_others_is_said() -> None:
    found = {(plugin.name, plugin.origin): plugin for plugin in find(DOSE_METHODS, BUILTIN)}
    good = found["nothing", "outsider"]
    assert (good.version, good.problem) == ("7", "")
    assert good.value.estimate is not None
    assert found["broken", "outsider"].problem == "AttributeError on loading"
    assert found["k_factor", "outsider"].problem == "the name is taken"
    assert found["k_factor", "built-in"].value is BUILTIN[0]


@pytest.mark.usefixtures("outsider")
def test_the_verb_lists_them_and_names_problems(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--json"]) == 1
    listed = json.loads(capsys.readouterr().out.strip().splitlines()[-1])["plugins"]
    assert {"k_factor", "nothing", "broken"} <= {plugin["name"] for plugin in listed}
