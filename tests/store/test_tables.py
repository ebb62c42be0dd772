"""Tables as immutable parts: replaced all at once, and removed when nobody can hold them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.store.conftest import OpenStore
from tests.store.store_rows import taken
from workbench.errors import StoreError
from workbench.schema import INSTANCE, IRRADIATION_EVENT, SERIES, TABLES, Table
from workbench.store import Store, tables
from workbench.store.fingerprints import Fingerprints, StudyNotes
from workbench.store.part_folder import FolderPlace
from workbench.store.parts import PartFile
from workbench.store.tables import OvertakenError, table_named


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


def test_a_file_no_row_names_is_removed_once_nobody_writes(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    place = FolderPlace(tmp_path)
    left = place.write(SERIES, SERIES.empty())
    with place.writing():
        store.sweep()
        assert place.names() == {left.name}
    store.sweep()
    assert place.names() == set()


def series(*uids: str) -> pl.DataFrame:
    return SERIES.frame([{"SeriesInstanceUID": each} for each in uids])


def test_several_tables_are_replaced_together_or_not_at_all(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store()
    events = IRRADIATION_EVENT.frame([{"patient": "SITE-A"}])
    store.publish({"series": series("1"), "irradiation_event": events})
    place = store._tables.place
    write = place.write

    def full(table: Table, frame: pl.DataFrame) -> PartFile:
        if table is IRRADIATION_EVENT:
            raise StoreError("a part could not be written.", "Check disk space.")
        return write(table, frame)

    with monkeypatch.context() as patch:
        patch.setattr(place, "write", full)
        with pytest.raises(StoreError):
            store.publish({"series": series("2"), "irradiation_event": events})
    assert store.table("series")["SeriesInstanceUID"].to_list() == ["1"]
    assert store.table("irradiation_event").height == 1
    assert not list(store.problems())


def test_a_table_that_becomes_empty_has_no_part(open_store: OpenStore) -> None:
    store = open_store()
    store.publish({"series": series("1")})
    store.publish({"series": SERIES.empty()})
    assert store.table("series").is_empty()
    assert store._tables.parts(SERIES) == []
    assert store._tables.retired() == 1
    store._tables.sweep(0.0)
    assert store._tables.place.names() == set()


def test_one_table_has_its_own_parts_oldest_first(store: Store) -> None:
    store.publish({"series": series("1"), "irradiation_event": IRRADIATION_EVENT.empty()})
    with store._catalogue.transaction():
        store._tables.note(SERIES, store._tables.place.write(SERIES, series("2", "3")))
    assert [part.rows for part in store._tables.parts(SERIES)] == [1, 2]
    assert store._tables.parts(INSTANCE) == []
    assert [part.file for part in store._tables.parts()] == [
        part.file for part in store._tables.parts(SERIES)
    ]
    (first, second) = store._tables.parts(SERIES)
    assert first.sha256 == store._tables.place.digest(first.file)
    assert second.table is SERIES
    assert second.size > 0


def test_a_part_is_replaced_once_and_who_comes_second_is_told(store: Store) -> None:
    store.publish({"series": series("1")})
    (old,) = store._tables.parts(SERIES)
    place = store._tables.place
    with store._catalogue.transaction():
        store._tables.replace(SERIES, [old], [place.write(SERIES, series("2"))])
    late = place.write(SERIES, series("3"))
    with pytest.raises(OvertakenError), store._catalogue.transaction():
        store._tables.replace(SERIES, [old], [late])
    assert store.table("series")["SeriesInstanceUID"].to_list() == ["2"]
    assert store._tables.retire([old.file, "none.parquet"]) == 0


def test_a_replaced_part_stays_for_readers_and_goes_after_its_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(tables.time, "time", lambda: now)
    store.publish({"series": series("1")})
    (old,) = store._tables.parts(SERIES)
    reader = store.scan("series")
    store.publish({"series": series("2")})
    now += tables.GRACE_PERIOD_S - 1
    store.sweep()
    assert old.file in store._tables.named()
    assert reader.collect()["SeriesInstanceUID"].to_list() == ["1"]
    now += 1
    store.sweep()
    assert old.file not in store._tables.named() | store._tables.place.names()
    assert store._tables.retired() == 0
    assert store.table("series")["SeriesInstanceUID"].to_list() == ["2"]


def test_a_run_cut_off_between_a_part_and_its_row_leaves_the_old_table(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.publish({"series": series("1")})

    class CutError(Exception):
        pass

    def cut(*_: object) -> None:
        raise CutError

    with monkeypatch.context() as patch:
        patch.setattr(store._tables, "note", cut)
        with pytest.raises(CutError):
            store.publish({"series": series("2")})
    assert store.table("series")["SeriesInstanceUID"].to_list() == ["1"]
    assert len(store._tables.place.names()) == 2
    store.sweep()
    assert len(store._tables.place.names()) == 1, "the part no row names is gone"
    assert store.table("series").height == 1


def test_every_table_is_found_by_its_name_and_a_newer_one_is_refused(store: Store) -> None:
    assert all(table_named(name) is table for name, table in TABLES.items())
    store._catalogue.write(
        "INSERT INTO part (file, table_name, rows, size, sha256) VALUES ('x', 'shoesize', 1, 1, '')"
    )
    with pytest.raises(StoreError, match=r"does not know.*newer") as refusal:
        store._tables.parts()
    assert "shoesize" not in str(refusal.value)


# --- two who publish -----------------------------------------------------------------------------


def test_who_began_with_an_older_version_keeps_nothing_and_leaves_nothing(
    open_store: OpenStore,
) -> None:
    first, second = open_store(), open_store()
    first.publish({"series": series("1")})
    since = second.version(["series", "irradiation_event"])
    first.publish({"series": series("1", "2")})
    with pytest.raises(OvertakenError):
        second.publish({"series": series("3")}, since, StudyNotes("map", {"3": "x"}))
    assert first.table("series")["SeriesInstanceUID"].to_list() == ["1", "2"]
    assert first.fingerprints("map") == {}
    first._tables.sweep(0.0)
    assert len(first._tables.place.names()) == 1
    since = second.version(["series", "irradiation_event"])
    second.publish({"series": series("3")}, since, StudyNotes("map", {"3": "x"}))
    assert first.table("series")["SeriesInstanceUID"].to_list() == ["3"]
    assert first.fingerprints("map") == {"3": "x"}


def test_each_table_counts_also_one_that_was_empty_or_becomes_so(open_store: OpenStore) -> None:
    first, second = open_store(), open_store()
    for before, after in ((series(), series("1")), (series("1"), series())):
        first.publish({"series": before, "irradiation_event": IRRADIATION_EVENT.empty()})
        since = second.version(["series", "irradiation_event"])
        first.publish({"series": after})
        with pytest.raises(OvertakenError):
            second.publish({"irradiation_event": IRRADIATION_EVENT.empty()}, since)
    since = second.version(["irradiation_event"])
    first.publish({"series": series("7")})
    second.publish({"irradiation_event": IRRADIATION_EVENT.empty()}, since)


def test_what_was_read_before_patients_were_erased_is_not_published(open_store: OpenStore) -> None:
    """They would be back: also where no part of that table had named them."""
    first, second = open_store(), open_store()
    first.extend(taken("SITE-A", 0))
    since = second.version(["series"])
    first.erase(first.traces(["SITE-A"]))
    with pytest.raises(OvertakenError):
        second.publish({"series": series("1")}, since)
    second.publish({"series": series("1")}, second.version(["series"]))


def test_objects_that_come_and_parts_that_are_joined_overtake_nobody(
    open_store: OpenStore,
) -> None:
    first, second = open_store(), open_store()
    since = second.version(["series"])
    first.extend(taken("SITE-A", 0))
    first.take(taken("SITE-A", 1)[0])
    first.compact()
    second.publish({"series": series("1")}, since)
    assert first.table("series").height == 1


def test_a_table_and_its_notes_are_kept_together_or_not_at_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class CutError(Exception):
        pass

    def cut(*_: object) -> None:
        raise CutError

    store.publish({"series": series("1")}, notes=StudyNotes("map", {"1": "a"}))
    with monkeypatch.context() as patch:
        patch.setattr(Fingerprints, "note", cut)
        with pytest.raises(CutError):
            store.publish({"series": series("2")}, notes=StudyNotes("map", {"2": "b"}))
    assert store.table("series")["SeriesInstanceUID"].to_list() == ["1"]
    assert store.fingerprints("map") == {"1": "a"}


def test_a_table_whose_parts_are_erased_under_its_reader_is_read_anew(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, other = open_store(), open_store()
    other.publish({"series": series("1")})
    tries = []

    def collected(rows: pl.LazyFrame) -> list[str]:
        tries.append(1)
        if len(tries) == 1:
            other.publish({"series": series("2")})
            other._tables.sweep(0.0)
        return list(rows.collect()["SeriesInstanceUID"])

    assert reader.read("series", collected) == ["2"]
    assert len(tries) == 2


def test_a_table_that_cannot_be_read_and_is_still_the_same_is_an_error(store: Store) -> None:
    store.publish({"series": series("1")})
    (part,) = store._tables.parts(SERIES)
    store._tables.place.remove(part.file)
    with pytest.raises(StoreError, match="gone"):
        store.table("series")
