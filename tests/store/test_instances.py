"""Rows of objects: durable at once, moved into parts, never lost, doubled or changed."""

from __future__ import annotations

import itertools
import json
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import OpenStore
from tests.store.store_rows import HERE, taken
from tests.store.store_rows import row as object_row
from tests.store.store_rows import small_row as row
from workbench.errors import StoreError
from workbench.model import Verdict
from workbench.schema import INSTANCE, RUN, SERIES, Table
from workbench.store import Store, instances
from workbench.store.instances import instance_frame, known, plain, with_moments
from workbench.store.objects import Origin, Taken
from workbench.store.part_folder import FOLDER, FolderPlace
from workbench.store.parts import PartFile


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


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("one"), st.integers(0, 9)),
        st.tuples(st.just("many"), st.integers(0, 9)),
        st.tuples(st.just("compact"), st.booleans()),
    ),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, rows=st.integers(2, 6))
def test_whatever_comes_in_whichever_way_every_object_has_one_row(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], rows: int
) -> None:
    store = Store.open(tmp_path_factory.mktemp("w"))
    there: set[int] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instances, "PART_ROWS", rows)
        for step, number in steps:
            if step == "one":
                store.take(taken("SITE-A", number)[0])
                there.add(number)
            elif step == "many":
                store.extend(taken("SITE-A", number, (number + 1) % 10))
                there |= {number, (number + 1) % 10}
            else:
                before, waiting = store.table("instance"), store.waiting()
                moved = store.compact(only_when_full=bool(number))
                assert moved == (0 if number and waiting < rows else waiting)
                assert store.waiting() == waiting - moved
                assert store.table("instance").equals(before)
            assert sorted(store.table("instance")["InstanceNumber"]) == sorted(there)
    assert not list(store.problems())
    store.close()


def test_a_part_holds_no_more_rows_than_one_may_and_whole_series_side_by_side(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instances, "PART_ROWS", 6)
    for number in (0, 3, 1, 4, 2, 5):  # two series, mixed
        store.take(taken("SITE-B", number)[0])
        store.take(taken("SITE-A", number)[0])
    assert store.compact() == 12
    parts = store._tables.parts(INSTANCE)
    assert all(part.rows <= 6 for part in parts)
    for part in parts:
        series = store._tables.place.raw(part.file).collect()["SeriesInstanceUID"].to_list()
        changes = sum(a != b for a, b in itertools.pairwise(series))
        assert changes == len(set(series)) - 1, "neighbours are of one series"


def test_while_objects_come_the_catalogue_of_one_file_stays_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file never gives pages back by itself: what waits at a time is what it keeps for good."""
    monkeypatch.setattr(instances, "WAITING_ROWS", 20)
    monkeypatch.setattr(instances, "PART_ROWS", 100)
    store = Store.open(tmp_path)
    large = "x" * 10_000
    for number in range(250):
        store.take(Taken(Origin("network"), object_row("SITE-A", number, f"{number}{large}")))
        store.compact(only_when_full=True)
    parts = [part.rows for part in store._tables.parts(INSTANCE)]
    assert store.waiting() < 20
    assert sum(parts) + store.waiting() == 250
    assert len(parts) < 10, "small parts are joined once they make a whole one"
    assert not list(store.problems())
    store.close()
    size = (tmp_path / "catalogue.sqlite").stat().st_size
    assert size < 60 * len(large), "250 came, 20 at most waited: pages are used again"


def test_full_parts_are_left_as_they_are(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a night's collecting would write the whole table anew."""
    monkeypatch.setattr(instances, "PART_ROWS", 4)
    store.extend(taken("SITE-A", 0, 1, 2))
    store.extend(taken("SITE-B", 0, 1, 2, 3))
    before = {part.file for part in store._tables.parts()}
    store.extend(taken("SITE-C", 0))
    store.extend(taken("SITE-D", 0))
    store.compact()
    after = {part.file for part in store._tables.parts()}
    assert before < after
    assert len(after) == 3, "the small ones were joined"


def test_an_object_is_on_disk_before_its_verdict_is_said(store: Store, tmp_path: Path) -> None:
    store.take(taken("SITE-A", 0)[0])
    other = Store.open(tmp_path)
    assert other.table("instance").height == 1
    assert store.extend([]) == []
    assert store.extend(taken("SITE-A", 1, 2)) == [Verdict.STORED] * 2
    assert other.table("instance").height == 3
    other.close()


def test_only_the_store_says_number_source_and_time(store: Store) -> None:
    lied = {**object_row("SITE-A", 0), "object_number": 99, "source": "x", "received_at": None}
    store.take(Taken(Origin("network"), lied))
    (stored,) = store.table("instance").to_dicts()
    assert (stored["object_number"], stored["source"]) == (1, "network")
    assert isinstance(stored["received_at"], datetime)


def test_a_waiting_row_of_another_version_is_read_with_todays_columns(store: Store) -> None:
    store.take(taken("SITE-A", 0)[0])
    waiting = store._catalogue.one("SELECT content FROM inbox")
    assert waiting is not None
    content = json.loads(waiting["content"])
    del content["KVP"]
    content["Shoesize"] = 43
    store._catalogue.write("UPDATE inbox SET content = ?", json.dumps(content))
    (stored,) = store.table("instance").to_dicts()
    assert stored["KVP"] is None
    assert list(stored) == list(INSTANCE.names)
    assert store.compact() == 1


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"StudyDate": "yesterday"}',
                                     '{"KVP": "Grottenolm"}'])  # fmt: skip
def test_a_waiting_row_that_is_damaged_is_an_error_with_a_remedy_and_is_kept(
    store: Store, content: str
) -> None:
    store.take(taken("SITE-A", 0)[0])
    store._catalogue.write("UPDATE inbox SET content = ?", content)
    for act in (lambda: store.table("instance"), store.compact):
        with pytest.raises(StoreError, match="store check") as refusal:
            act()
        assert "Grottenolm" not in str(refusal.value)
    assert store.waiting() == 1
    assert store._tables.place.names() == set(), "no part was made of it"


@given(
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
)
def test_dates_and_moments_survive_their_time_as_text(day: date, moment: datetime) -> None:
    original = {"StudyDate": day, "started_at": moment, "PatientSex": "F", "KVP": None}
    waiting = json.loads(json.dumps(original, default=plain))
    assert with_moments(waiting, INSTANCE) == original


def test_what_json_cannot_hold_is_refused_not_made_up() -> None:
    with pytest.raises(TypeError, match="bytes"):
        plain(b"1")
    with pytest.raises(TypeError):
        json.dumps({"x": {1, 2}}, default=plain)


def test_a_frame_is_sorted_as_parts_are_whatever_is_missing() -> None:
    rows = [
        {"patient": "B", "object_number": 1}, {"patient": "A", "object_number": 3},
        {"object_number": 2}, {"patient": "A", "object_number": 0},
    ]  # fmt: skip
    frame = instance_frame(rows)
    assert frame["object_number"].to_list() == [2, 0, 3, 1]
    assert frame.schema == pl.Schema(INSTANCE.polars())
    assert instance_frame([]).is_empty()
    assert known({"stage": "map", "more": 1}, RUN) == {"stage": "map"}
