"""Results as a QuAAC file: what has a value and a date, with unit, machine and who measured."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench.errors import MissingTool, SettingsError
from workbench.report.quaac_file import write_quaac
from workbench.schema import TEST_RESULT

ROW: dict[str, Any] = {
    "result_number": 1, "position": 0, "profile": "weekly", "station": "CT1", "test": "ct-water",
    "test_version": "1", "phantom": "ct_water_200", "acquired_at": datetime(2026, 3, 1, 7, 30),
    "Modality": "CT", "Manufacturer": "Maker", "ManufacturerModelName": "Ring",
    "DeviceSerialNumber": "7", "measurement": "noise", "label": "Noise", "value": 6.5,
    "unit": "[hnsf'U]", "reference": 5.0, "state": "alarm", "decision": "accepted",
    "comment": "known", "workbench_version": "0.1",
}  # fmt: skip


def results(*changes: dict[str, Any]) -> pl.DataFrame:
    return TEST_RESULT.frame([{**ROW, **change} for change in changes])


def written(tmp_path: Path, frame: pl.DataFrame) -> list[dict[str, Any]]:
    pytest.importorskip("quaac")
    out = tmp_path / "r.json"
    write_quaac(frame, out, " N. N. ", "nn@hospital.org")
    return list(json.loads(out.read_text())["datapoints"])


def text(part: object) -> str:
    return json.dumps(part)


def test_a_value_leaves_with_unit_reference_machine_and_judgement(tmp_path: Path) -> None:
    (point,) = written(tmp_path, results({}))
    assert point["measurement value"] == 6.5
    assert point["measurement unit"] == "[hnsf'U]"
    assert point["reference value"] == 5.0
    assert point["name"] == "weekly: Noise"
    assert point["perform datetime"].startswith("2026-03-01T07:30")
    assert point["parameters"]["state"] == "alarm"
    assert point["parameters"]["decision"] == "accepted"
    assert point["parameters"]["test"] == "ct-water 1"


def test_what_has_no_value_or_no_date_is_no_measurement(tmp_path: Path) -> None:
    frame = results({}, {"value": None, "reason": "no air"}, {"acquired_at": None}, {"value": 0.0})
    assert [point["measurement value"] for point in written(tmp_path, frame)] == [6.5, 0.0]


def test_what_a_header_did_not_say_is_unknown_and_a_number_without_unit_is_one(
    tmp_path: Path,
) -> None:
    nameless = {"Modality": None, "Manufacturer": None, "ManufacturerModelName": None,
                "DeviceSerialNumber": None, "unit": None, "comment": None}  # fmt: skip
    (point,) = written(tmp_path, results(nameless))
    assert point["measurement unit"] == "1"
    content = json.loads((tmp_path / "r.json").read_text())
    assert text(content).count('"unknown"') >= 4
    assert "null" not in text(point.get("performer comment"))


@pytest.mark.parametrize(
    ("name", "mail"),
    [("N. N.", "nobody"), ("N. N.", ""), ("", "nn@hospital.org")],
)
def test_who_measured_has_a_name_and_an_address_and_else_nothing_is_written(
    tmp_path: Path, name: str, mail: str
) -> None:
    pytest.importorskip("quaac")
    out = tmp_path / "r.json"
    with pytest.raises(SettingsError) as refusal:
        write_quaac(results({}), out, name, mail)
    assert refusal.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_the_remedy_is_its_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "quaac", None)
    with pytest.raises(MissingTool, match=r"workbench\[quaac\]"):
        write_quaac(results({}), tmp_path / "r.json", "N. N.", "nn@hospital.org")
