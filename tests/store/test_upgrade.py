"""A workspace of an older schema is brought to today's without losing a row."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.store.old_workspace import HEADER, write_old
from workbench.errors import StoreError
from workbench.schema import SCHEMA_VERSION
from workbench.store import Store
from workbench.store.objects import Origin
from workbench.store.upgrade import upgrade


@pytest.fixture(params=["1", "2"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    write_old(tmp_path, request.param)
    return tmp_path


def test_an_older_workspace_is_refused_with_the_remedy_and_left_alone(old: Path) -> None:
    with pytest.raises(StoreError, match="store upgrade"):
        Store.open(old)
    with pytest.raises(StoreError, match="store upgrade"):
        Store.open(old)


def test_nothing_is_lost(old: Path) -> None:
    assert upgrade(old) in (1, 2)
    store = Store.open(old)
    rows = store.table("instance").sort("object_number")
    assert rows["object_number"].to_list() == [1, 2, 3]
    assert [json.loads(text)["00180060"] for text in rows["header"]] == [HEADER["00180060"]] * 3
    assert rows["header"].str.contains('\n"00180060"').all()
    assert store.table("rejected")["code"].to_list() == ["not_dicom"]
    assert store.table("finding")["object_number"].to_list() == [2]
    assert store.table("series").height == store.table("run").height == 1
    assert list(store.problems()) == []
    same = rows.row(0, named=True)
    assert str(store.add(same, Origin("folder", "place 1"))) == "duplicate"
    new = {**same, "SOPInstanceUID": "2.25.9"}
    store.add(new, Origin("folder", "new"))
    newest = store.scan("instance").filter(pl.col("SOPInstanceUID") == "2.25.9").collect()
    assert newest["object_number"].item() > 4, "numbers are never given twice"
    assert upgrade(old) == SCHEMA_VERSION


def test_an_upgrade_that_is_cut_off_leaves_the_workspace_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {file.name: file.read_bytes() for file in (old / "parts").iterdir()}

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upgrade(old, stop)
    with pytest.raises(StoreError, match="store upgrade"):
        Store.open(old)
    assert before.items() <= {f.name: f.read_bytes() for f in (old / "parts").iterdir()}.items()
    upgrade(old)
    assert Store.open(old).table("instance").height == 3
