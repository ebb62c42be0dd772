"""The store keeps each object once, loses nothing it acknowledged and says what it refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.store.store_rows import HERE
from tests.store.store_rows import small_row as row
from workbench.errors import StoreError
from workbench.model import Finding, Verdict
from workbench.schema import INSTANCE, RUN, SERIES
from workbench.store import Store
from workbench.store.objects import Origin


def test_what_was_added_is_read_back_before_and_after_compaction(store: Store) -> None:
    assert store.add(row(), HERE) is Verdict.STORED
    before = store.table("instance")
    assert store.compact() == 1
    assert store.compact() == 0
    after = store.table("instance")
    assert before.equals(after)
    (got,) = after.to_dicts()
    assert {name: got[name] for name in row()} == row()
    assert got["source"] == "folder"
    assert after.schema == pl.Schema(INSTANCE.polars())


def test_findings_carry_the_number_of_their_object(store: Store) -> None:
    store.add(row(), HERE, [Finding("import", "bad_value", "…", column="KVP")])
    found = store.table("finding").to_dicts()[0]
    assert found["object_number"] == store.table("instance")["object_number"][0]
    assert found["column"] == "KVP"


def test_a_batch_is_kept_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(RuntimeError), store.batch():
        store.add(row("1.1"), HERE)
        raise RuntimeError
    assert store.table("instance").height == 0
    with store.batch():
        store.add(row("1.1"), HERE)
        store.add(row("1.2"), Origin("folder", "b"))
    assert store.table("instance").height == 2


def test_an_object_without_study_is_kept(store: Store) -> None:
    assert store.add(row(study=None), HERE) is Verdict.STORED
    assert store.table("instance")["StudyInstanceUID"].to_list() == [None]


def test_a_part_deleted_under_us_is_an_error_with_a_remedy(store: Store, tmp_path: Path) -> None:
    store.publish({"series": SERIES.frame([{"SeriesInstanceUID": "1"}])})
    next((tmp_path / "parts").iterdir()).unlink()
    with pytest.raises(StoreError, match="backup"):
        store.table("series")


def test_runs_and_fingerprints_are_kept(store: Store) -> None:
    number = store.begin_run("map", "0.1")
    store.end_run(number, "done", {"studies": 2})
    (run,) = store.table("run").to_dicts()
    assert run["outcome"] == "done"
    assert json.loads(run["counts"]) == {"studies": 2}
    assert store.table("run").schema == pl.Schema(RUN.polars())
    store.remember("map", {"1.2": "a"})
    store.remember("map", {"1.2": "b", "1.3": "c"})
    assert store.fingerprints("map") == {"1.2": "b", "1.3": "c"}


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.store.store_rows import small_row as row
from workbench.store import Store
from workbench.store.objects import Origin
store = Store.open(Path(sys.argv[1]))
for number in range(100_000):
    store.add(row(f"1.{number}"), Origin("network"))
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    here = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", WRITER, str(tmp_path), here]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline() for _ in range(25)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += writer.stdout.readlines()
    said = {f"1.{line.strip()}" for line in acknowledged if line.strip()}
    kept = Store.open(tmp_path).table("instance")["SOPInstanceUID"].to_list()
    assert said <= set(kept)
    assert len(kept) == len(set(kept))
    assert len(kept) - len(said) <= 1
