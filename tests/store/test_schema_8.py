"""What came with schema 8 is read from the headers that older workspaces hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.mapping.conftest import Cases
from workbench.dicom.record import dicom_json, instance_row
from workbench.errors import StoreError
from workbench.schema import INSTANCE, SCHEMA_VERSION
from workbench.store import Store
from workbench.store.objects import Origin, Taken
from workbench.store.steps import SINCE_8
from workbench.store.upgrade import upgrade

TOLD: dict[str, Any] = {
    "ImagesInAcquisition": 60, "PatientPosition": "FFS", "PatientState": "sedated",
    "RotationDirection": "CW", "ExposureInuAs": 71_500, "DataCollectionDiameter": 500,
    "TableHeight": 148, "FocalSpots": [0.7, 1.2], "PixelSpacing": [0.5, 0.5],
    "NominalPercentageOfCardiacPhase": 75.0, "TriggerTime": 640, "GeneratorPower": 48,
    "ContrastBolusVolume": 100, "TemporalPositionIdentifier": 2, "NumberOfTemporalPositions": 4,
}  # fmt: skip


def stored_before(folder: Path, *rows: dict[str, Any]) -> None:
    """Write a workspace of schema 7: one row in a part, others in the inbox."""
    store = Store.open(folder)
    store.extend([Taken(Origin("folder", "place 0"), rows[0])])
    for number, row in enumerate(rows[1:], 1):
        store.add(row, Origin("folder", f"place {number}"))
    for part in store._tables.parts(INSTANCE):
        frame = store._tables.place.raw(part.file).collect().drop(SINCE_8)
        store._tables.replace(INSTANCE, [part], [store._tables.place.write(INSTANCE, frame)])
    for waiting in store._catalogue.all("SELECT number, content FROM inbox"):
        store._catalogue.write(
            "UPDATE inbox SET content = ? WHERE number = ?",
            without(waiting["content"]), waiting["number"],
        )  # fmt: skip
    store._catalogue.write("UPDATE meta SET value = '7' WHERE name = 'schema_version'")
    store.close()


def without(content: str) -> str:
    row = {name: value for name, value in json.loads(content).items() if name not in SINCE_8}
    return json.dumps(row)


def row(**attributes: Any) -> dict[str, Any]:
    header, _ = dicom_json(Cases().data_set("2", **attributes))
    made, _ = instance_row(header)
    return made | {"patient": "P", "content_sha256": "0", "received_at": None}


def test_new_columns_are_read_from_stored_headers(tmp_path: Path) -> None:
    full, poor = row(**TOLD), row(SOPInstanceUID="1.2.3.9.99")
    odd = row(SOPInstanceUID="1.2.3.9.98", TableHeight=148)
    odd["header"] = odd["header"].replace("148.0", '"low"')
    stored_before(tmp_path, full, poor, odd)
    with pytest.raises(StoreError, match="workbench store upgrade"):
        Store.open(tmp_path)
    assert upgrade(tmp_path) == 7
    store = Store.open(tmp_path)
    rows = {told["SOPInstanceUID"]: told for told in store.table("instance").to_dicts()}
    found = rows[full["SOPInstanceUID"]]
    assert {name: found[name] for name in TOLD} == TOLD
    assert all(rows["1.2.3.9.99"][name] is None for name in SINCE_8)
    assert rows["1.2.3.9.98"]["TableHeight"] is None, "what is no number is not known"
    assert upgrade(tmp_path) == SCHEMA_VERSION


def test_the_step_names_all_columns_that_came_and_only_columns_there_are() -> None:
    assert set(SINCE_8) <= set(INSTANCE.names)
    assert set(TOLD) <= set(SINCE_8)
