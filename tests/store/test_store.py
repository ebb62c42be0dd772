"""The store keeps each object once, loses nothing it acknowledged and says what it refused."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from workbench.errors import DamagedObject, NotDicom, StoreError
from workbench.model import Finding, Verdict
from workbench.schema import INSTANCE, RUN, SERIES, Table
from workbench.store import Store
from workbench.store.catalogue import FILE
from workbench.store.objects import Origin
from workbench.store.part_folder import FOLDER, FolderPlace
from workbench.store.parts import PartFile

HERE = Origin("folder", "a place")


def row(uid: str = "1.2.3", content: str = "x", study: str | None = "1.2") -> dict[str, object]:
    return {
        "SOPInstanceUID": uid, "StudyInstanceUID": study, "SeriesInstanceUID": "1.2.9",
        "content_sha256": content, "patient": "SITE-A", "StudyDate": date(2024, 2, 3),
        "started_at": datetime(2024, 2, 3, 4, 5, 6, 700), "KVP": 120.0, "header": "{}",
        "ImageType": ["ORIGINAL", "PRIMARY"], "ImagePositionPatient": [0.0, 1.0, -2.5],
    }  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


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


def test_the_same_object_is_a_duplicate_and_other_content_is_quarantined(store: Store) -> None:
    store.add(row(), HERE)
    assert store.add(row(), HERE) is Verdict.DUPLICATE
    assert store.table("rejected").height == 0, "the same file again is no news"
    assert store.add(row(), Origin("folder", "elsewhere")) is Verdict.DUPLICATE
    assert store.add(row(content="y"), Origin("folder", "third")) is Verdict.QUARANTINED
    refused = store.table("rejected")
    assert refused["code"].to_list() == ["same_object", "same_uid_other_content"]
    assert store.table("instance").height == 1


def test_the_same_object_by_other_rules_of_deidentification_is_no_other_content(
    store: Store,
) -> None:
    """Every header is another one after the profile was changed: that is no reason to put aside."""
    first, second = ({"profile_sha256": digit * 64} for digit in "ab")
    assert store.add(row(content="x") | first, HERE) is Verdict.STORED
    again = row(content="y") | second
    assert store.add(again, Origin("folder", "elsewhere")) is Verdict.DUPLICATE
    assert store.table("rejected")["code"].to_list() == ["same_uid_other_rules"]
    changed = row(content="z") | first
    assert store.add(changed, Origin("folder", "third")) is Verdict.QUARANTINED


def test_refusals_are_rows_once(store: Store) -> None:
    for _ in range(2):
        assert store.refuse(NotDicom("not_dicom", "no"), HERE) is Verdict.REJECTED
    assert store.refuse(DamagedObject("truncated", "cut"), Origin("network")) is Verdict.QUARANTINED
    assert store.table("rejected")["verdict"].to_list() == ["rejected", "quarantined"]


def test_a_file_mended_in_place_is_stored_in_place_of_its_refusal(store: Store) -> None:
    store.refuse(NotDicom("not_dicom", "no"), HERE)
    assert store.add(row(), HERE) is Verdict.STORED
    assert store.table("rejected").height == 0


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


def test_publishing_replaces_a_table_at_once(store: Store) -> None:
    one = SERIES.frame([{"SeriesInstanceUID": "1", "role": "SCAN"}])
    two = SERIES.frame([{"SeriesInstanceUID": "2", "role": "TOPOGRAM"}])
    lazy_before = None
    store.publish({"series": one})
    lazy_before = store.scan("series")
    store.publish({"series": two})
    assert store.table("series")["SeriesInstanceUID"].to_list() == ["2"]
    assert lazy_before.collect()["SeriesInstanceUID"].to_list() == ["1"], "readers keep their parts"


def test_a_file_of_a_cut_off_run_is_removed_and_no_other(store: Store, tmp_path: Path) -> None:
    store.publish({"series": SERIES.frame([{"SeriesInstanceUID": "1"}])})
    (tmp_path / "parts" / "series-stray.parquet").write_bytes(b"")
    (tmp_path / "parts" / "series-stray.parquet.partial").write_bytes(b"")
    store.sweep()
    assert len(list((tmp_path / "parts").iterdir())) == 1
    assert store.table("series").height == 1


def test_a_part_deleted_under_us_is_an_error_with_a_remedy(store: Store, tmp_path: Path) -> None:
    store.publish({"series": SERIES.frame([{"SeriesInstanceUID": "1"}])})
    next((tmp_path / "parts").iterdir()).unlink()
    with pytest.raises(StoreError, match="backup"):
        store.table("series")


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("UPDATE meta SET value = '999' WHERE name = 'schema_version'")
    with pytest.raises(StoreError, match="newer"):
        Store.open(tmp_path)


def test_a_locked_catalogue_is_an_error_with_a_remedy(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.store.database.LOCK_TIMEOUT_S", 0.05)
    second = Store.open(tmp_path)
    with store.batch():
        store.add(row(), HERE)
        with pytest.raises(StoreError, match="another Workbench"):
            second.add(row("1.9"), HERE)


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
from test_store import row
from workbench.store import Store
from workbench.store.objects import Origin
store = Store.open(Path(sys.argv[1]))
for number in range(100_000):
    store.add(row(f"1.{number}"), Origin("network"))
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
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


def test_a_part_being_written_survives_another_process_that_sweeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, mapper = Store.open(tmp_path), Store.open(tmp_path)
    receiver.add(row(), HERE)
    write = FolderPlace.write

    def written_then_published(place: FolderPlace, table: Table, frame: pl.DataFrame) -> PartFile:
        name = write(place, table, frame)
        if table is INSTANCE:
            mapper.publish({SERIES.name: SERIES.empty()})
        return name

    monkeypatch.setattr(FolderPlace, "write", written_then_published)
    assert receiver.compact() == 1
    assert receiver.table("instance").height == 1


def test_a_file_no_row_names_is_removed_once_nobody_writes(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    place = FolderPlace(tmp_path)
    left = place.write(SERIES, SERIES.empty())
    with place.writing():
        store.sweep()
        assert place.names() == {left.name}
    store.sweep()
    assert place.names() == set()


def test_two_processes_compacting_move_each_row_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Store.open(tmp_path), Store.open(tmp_path)
    for number in range(3):
        first.add(row(f"1.2.{number}"), Origin("folder", str(number)))
    write = FolderPlace.write

    def written_while_the_other_compacts(
        place: FolderPlace, table: Table, frame: pl.DataFrame
    ) -> PartFile:
        monkeypatch.setattr(FolderPlace, "write", write)
        second.add(row("1.2.9"), Origin("folder", "9"))
        assert second.compact() == 4
        return write(place, table, frame)

    monkeypatch.setattr(FolderPlace, "write", written_while_the_other_compacts)
    first.compact()
    assert sorted(first.table("instance")["SOPInstanceUID"]) == ["1.2.0", "1.2.1", "1.2.2", "1.2.9"]
    assert len(list((tmp_path / FOLDER).glob("*.parquet"))) == 1


def test_an_object_added_during_compaction_stays_and_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Store.open(tmp_path), Store.open(tmp_path)
    first.add(row("1.2.1"), Origin("folder", "1"))
    write = FolderPlace.write

    def written_while_another_comes(
        place: FolderPlace, table: Table, frame: pl.DataFrame
    ) -> PartFile:
        monkeypatch.setattr(FolderPlace, "write", write)
        second.add(row("1.2.2"), Origin("folder", "2"))
        return write(place, table, frame)

    monkeypatch.setattr(FolderPlace, "write", written_while_another_comes)
    first.compact()
    assert sorted(first.table("instance")["SOPInstanceUID"]) == ["1.2.1", "1.2.2"]


def test_a_file_damaged_in_place_has_a_row_with_the_reason_and_its_object_stays(
    store: Store,
) -> None:
    store.add(row(), HERE)
    assert store.refuse(DamagedObject("truncated", "cut"), HERE) is Verdict.QUARANTINED
    assert store.table("rejected")["code"].to_list() == ["truncated"]
    assert store.refuse(NotDicom("not_dicom", "no"), HERE) is Verdict.REJECTED
    assert store.table("rejected")["code"].to_list() == ["not_dicom"], "the latest reason counts"
    assert store.table("instance").height == 1
