"""What the store promises holds on every engine: what is erased is gone, damage is told."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

import polars as pl
import pytest

from tests.store.conftest import OpenStore
from tests.store.postgres_server import Server
from workbench.errors import DamagedObject, SettingsError, StoreError
from workbench.model import Finding, Verdict
from workbench.schema import IRRADIATION_EVENT, SERIES
from workbench.settings import StoreSettings
from workbench.store import Store
from workbench.store.database import Database, Sqlite
from workbench.store.objects import Origin, Taken
from workbench.store.postgres import Postgres

PROBLEM = Finding("import", "bad_value", "…", column="KVP")


def uid(*parts: object) -> str:
    return "2.25." + str(uuid.uuid5(uuid.NAMESPACE_OID, repr(parts)).int)


def header(patient: str, number: int) -> str:
    return "{\n" + json.dumps({"00080018": {"vr": "UI", "Value": [uid(patient, number)]}})[1:]


def row(patient: str, number: int, content: str | None = None) -> dict[str, object]:
    import hashlib

    text = content or header(patient, number)
    return {
        "SOPInstanceUID": uid(patient, number), "StudyInstanceUID": uid(patient, "study"),
        "SeriesInstanceUID": uid(patient, "series", number // 3), "patient": patient,
        "InstanceNumber": number, "KVP": 120.0, "header": text,
        "content_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }  # fmt: skip


def taken(patient: str, *numbers: int, findings: tuple[Finding, ...] = ()) -> list[Taken]:
    return [
        Taken(Origin("folder", f"{patient} {number}", stamp=number), row(patient, number),
              findings=findings)
        for number in numbers
    ]  # fmt: skip


def test_objects_come_in_one_by_one_and_many_at_once_and_compaction_changes_no_row(
    open_store: OpenStore,
) -> None:
    store, reader = open_store(), open_store()
    assert store.extend(taken("SITE-A", 0, 1, 2)) == [Verdict.STORED] * 3
    assert store.take(taken("SITE-B", 0)[0]) is Verdict.STORED
    before = reader.table("instance")
    assert before.height == 4
    assert before["object_number"].n_unique() == 4
    assert store.compact() == 1
    assert reader.table("instance").equals(before)
    assert len(store._tables.parts()) == 1, "small parts are joined"


def test_many_at_once_get_the_verdicts_that_one_by_one_get(open_store: OpenStore) -> None:
    def offered() -> list[Taken]:
        elsewhere = Taken(Origin("folder", "elsewhere"), row("SITE-A", 0))
        other = Taken(Origin("folder", "third"), row("SITE-A", 0, "{}"))
        broken = Taken(Origin("folder", "fourth"), error=DamagedObject("truncated", "cut"))
        return [*taken("SITE-A", 0, 1), *taken("SITE-A", 0), elsewhere, other, broken]

    store = open_store()
    verdicts = store.extend(offered())
    assert [str(one) for one in verdicts] == [
        "stored", "stored", "duplicate", "duplicate", "quarantined", "quarantined",
    ]  # fmt: skip
    assert sorted(store.table("rejected")["code"]) == [
        "same_object", "same_uid_other_content", "truncated",
    ]  # fmt: skip
    again = store.extend(offered())
    assert [str(one) for one in again][2:] == [str(one) for one in verdicts][2:]
    assert store.table("instance").height == 2
    assert store.table("rejected").height == 3, "one row a place"


def test_a_place_is_known_by_its_stamp(open_store: OpenStore) -> None:
    store = open_store()
    store.extend(taken("SITE-A", 1, 2))
    same, touched = Origin("folder", "SITE-A 1", stamp=1), Origin("folder", "SITE-A 2", stamp=9)
    assert store.unchanged([same, touched, Origin("folder", "new", stamp=1)]) == {"SITE-A 1"}
    store.extend([Taken(touched, row("SITE-A", 2))])
    assert store.unchanged([touched]) == {"SITE-A 2"}


def test_a_run_that_was_cut_off_before_its_row_leaves_nothing_and_is_done_again(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store()

    class CutError(Exception):
        pass

    def cut(*_: object) -> None:
        raise CutError

    with monkeypatch.context() as patched:
        patched.setattr(store._tables, "note", cut)
        with pytest.raises(CutError):
            store.extend(taken("SITE-A", 0, 1))
    assert store.table("instance").height == 0
    assert store.extend(taken("SITE-A", 0, 1)) == [Verdict.STORED] * 2
    assert store.table("instance").height == 2


def test_two_writers_of_the_same_objects_store_each_once(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = open_store(), open_store()
    write = first._tables.place.write

    def written_while_the_other_is_quicker(*words: object) -> object:
        monkeypatch.setattr(first._tables.place, "write", write)
        assert second.extend(taken("SITE-A", 1, 2)) == [Verdict.STORED] * 2
        return write(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(first._tables.place, "write", written_while_the_other_is_quicker)
    verdicts = first.extend(taken("SITE-A", 0, 1, 2))
    assert [str(one) for one in verdicts] == ["stored", "duplicate", "duplicate"]
    assert sorted(first.table("instance")["InstanceNumber"]) == [0, 1, 2]
    assert not list(first.problems())


def test_an_erased_patient_is_gone_everywhere_and_nobody_else_is(open_store: OpenStore) -> None:
    store, reader = open_store(), open_store()
    store.extend(taken("SITE-A", *range(5), findings=(PROBLEM,)))
    store.extend([*taken("SITE-B", *range(4), findings=(PROBLEM,)), *taken("SITE-A", 7)])
    for patient in ("SITE-A", "SITE-B"):
        store.take(taken(patient, 9, findings=(PROBLEM,))[0])
        store.take(Taken(Origin("network", f"{patient} x", uid(patient, 9)), row(patient, 9, "{}")))
    store.publish({
        "series": SERIES.frame([{"patient": p, "SeriesInstanceUID": uid(p, "s")}
                                for p in ("SITE-A", "SITE-B")]),
        "irradiation_event": IRRADIATION_EVENT.frame([{"patient": "SITE-A", "source": "rdsr"}]),
        "finding": pl.DataFrame({"StudyInstanceUID": [uid("SITE-A", "study"), "x"]}).pipe(
            lambda f: store.derived("finding").join(f, on="StudyInstanceUID", how="full",
                                                    coalesce=True)
        ),
    })  # fmt: skip
    store.remember("map", {uid("SITE-A", "study"): "1", uid("SITE-B", "study"): "2"})
    held = reader.scan("instance")
    others = reader.table("instance").filter(pl.col("patient") == "SITE-B")

    traces = store.traces(["SITE-A"])
    assert store.remains(traces).rows, "the proof can fail"
    assert store.erase(traces) == 7
    assert held.collect().height == 12, "a reader keeps what it holds"
    store.reclaim(0.0)
    left = store.remains(traces)
    assert left.nothing, left
    assert reader.table("instance").equals(others)
    assert reader.table("series")["patient"].to_list() == ["SITE-B"]
    assert reader.table("irradiation_event").height == 0
    assert reader.table("finding")["StudyInstanceUID"].drop_nulls().to_list() == ["x"]
    assert store.fingerprints("map") == {uid("SITE-B", "study"): "2"}
    assert store.table("rejected").height == 1
    assert not list(store.problems())
    assert store.extend(taken("SITE-A", 0)) == [Verdict.STORED], "it may be collected again"


def test_a_sound_store_has_no_problems_and_a_flipped_byte_is_one(open_store: OpenStore) -> None:
    store = open_store()
    store.extend(taken("SITE-A", 0, 1))
    store.take(taken("SITE-A", 2)[0])
    assert list(store.problems()) == []
    database: Database = store._catalogue
    database.write("UPDATE part SET sha256 = 'other'")
    (told,) = store.problems()
    assert "damaged" in told
    waiting = database.one("SELECT content FROM inbox")
    assert waiting is not None
    damaged = json.dumps({**json.loads(waiting["content"]), "header": "{}"})
    database.write("UPDATE inbox SET content = ?", damaged)
    assert len(list(store.problems())) == 2


def test_every_byte_of_a_part_counts(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.extend(taken("SITE-A", *range(20)))
    (part,) = (tmp_path / "parts").iterdir()
    sound = part.read_bytes()
    for place in (0, 10, len(sound) // 3, len(sound) // 2, len(sound) - 1):
        part.write_bytes(sound[:place] + bytes([sound[place] ^ 4]) + sound[place + 1 :])
        assert len(list(store.problems())) == 1, place
    part.write_bytes(sound)
    assert list(store.problems()) == []
    part.unlink()
    assert "gone" in " ".join(store.problems())


def test_a_catalogue_and_parts_of_different_times_are_told(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.extend(taken("SITE-A", 0, 1, 2))
    database: Database = store._catalogue
    database.write("DELETE FROM object WHERE number = 2")
    assert any("backup" in told for told in store.problems())
    database.write("UPDATE object SET content = ? WHERE number = 1", b"0" * 16)
    assert any("2 rows" in told for told in store.problems())


@pytest.fixture
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    server: Server = request.getfixturevalue("postgres")
    return Postgres(server.url, f"s{uuid.uuid4().hex[:12]}")


@pytest.mark.postgres
def test_a_server_that_was_restarted_is_asked_again(postgres: Server, tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreSettings(postgres.url, f"s{uuid.uuid4().hex[:12]}"))
    store.extend(taken("SITE-A", 0))
    postgres.stop()
    with pytest.raises(StoreError, match="does not answer"):
        store.take(taken("SITE-A", 1)[0])
    postgres.start()
    assert store.take(taken("SITE-A", 1)[0]) is Verdict.STORED
    with pytest.raises(StoreError, match="does not answer"), store.batch():
        store.take(taken("SITE-A", 2)[0])
        postgres.stop()
        postgres.start()
        store.take(taken("SITE-A", 3)[0])
    assert sorted(store.table("instance")["InstanceNumber"]) == [0, 1]


@pytest.mark.postgres
def test_errors_of_the_server_quote_no_value(both: Database) -> None:
    both.define("CREATE TABLE t (x TEXT PRIMARY KEY)")
    both.write("INSERT INTO t VALUES (?)", "Grottenolm")
    with pytest.raises(StoreError) as told:
        both.write("INSERT INTO t VALUES (?)", "Grottenolm")
    assert "Grottenolm" not in str(told.value)
    assert both.all("SELECT x FROM t WHERE x LIKE ?", "Grotten%")[0]["x"] == "Grottenolm"
    with pytest.raises(RuntimeError), both.transaction():
        both.write("DELETE FROM t")
        raise RuntimeError
    assert len(both.all("SELECT x FROM t")) == 1


@pytest.mark.postgres
def test_one_writer_at_a_time_and_a_reader_sees_one_state(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.store.postgres.LOCK_TIMEOUT_S", 0.2)
    schema = f"s{uuid.uuid4().hex[:12]}"
    first, second = Postgres(postgres.url, schema), Postgres(postgres.url, schema)
    first.define("CREATE TABLE t (x BIGINT)")
    with second.snapshot():
        assert second.all("SELECT x FROM t") == []
        with first.transaction():
            first.write("INSERT INTO t VALUES (?)", 1)
        assert second.all("SELECT x FROM t") == []
    assert len(second.all("SELECT x FROM t")) == 1
    refused = pytest.raises(StoreError, match="another Workbench")
    with first.transaction(), refused, second.transaction():
        pass
    with second.transaction():
        second.write("INSERT INTO t VALUES (?)", 2)


@pytest.mark.parametrize(
    "settings",
    [
        StoreSettings("postgresql://user:secret@host/db"),
        StoreSettings("postgresql://host/db?password=secret"),
        StoreSettings("postgresql://host/db", "x; DROP"),
        StoreSettings("mysql://host/db"),
        StoreSettings(parts="s3://key:secret@bucket/x"),
    ],
)
def test_secrets_and_nonsense_in_settings_are_refused_without_quoting_them(
    settings: StoreSettings, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as told:
        Store.open(tmp_path, settings)
    assert "secret" not in str(told.value)


def test_a_bucket_that_is_not_there_is_an_error_with_a_remedy(bucket: str, tmp_path: Path) -> None:
    missing = bucket.replace("/parts", "-none/parts")
    with pytest.raises(StoreError, match="keys"):
        Store.open(tmp_path, StoreSettings(parts=missing)).extend(taken("SITE-A", 0))


def test_free_pages_of_the_embedded_catalogue_hold_nothing_deleted(tmp_path: Path) -> None:
    database = Sqlite(tmp_path / "x.sqlite", "CREATE TABLE t (x TEXT)")
    database.many("INSERT INTO t VALUES (?)", [(f"Grottenolm {n}",) for n in range(1_000)])
    database.write("DELETE FROM t")
    database.reclaim()
    found = [os.fspath(file) for file in tmp_path.iterdir() if b"Grottenolm" in file.read_bytes()]
    assert found == []
