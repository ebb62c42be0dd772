"""Parts of any age are read with the columns their table has today, wherever they lie."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.store.conftest import OpenStore
from tests.store.store_rows import PROBLEM, taken, uid
from workbench.errors import StoreError
from workbench.schema import INSTANCE, SERIES
from workbench.store import Store
from workbench.store.part_bucket import BucketPlace
from workbench.store.part_folder import FolderPlace
from workbench.store.parts import Place


def series(*patients: str) -> pl.DataFrame:
    return SERIES.frame([
        {"patient": patient, "SeriesInstanceUID": uid(patient), "SeriesNumber": 3,
         "patient_age_years": 41.5}
        for patient in patients
    ])  # fmt: skip


def put(store: Store, *frames: pl.DataFrame) -> None:
    """Let parts with whatever columns be those of the table of series."""
    for frame in frames:
        store._tables.note(SERIES, store._tables.place.write(SERIES, frame))


def test_a_column_that_a_part_lacks_is_null_and_keeps_its_kind(open_store: OpenStore) -> None:
    store = open_store()
    put(store, series("A").drop("patient_age_years", "ImageType"), series("B"), series("C"))
    rows = store.table("series").sort("patient")
    assert rows.schema == pl.Schema(SERIES.polars())
    assert rows["patient_age_years"].to_list() == [None, 41.5, 41.5]
    assert store.scan("series").select(pl.len()).collect().item() == 3
    older = store.scan("series").filter(pl.col("patient_age_years").is_null())
    assert older.select("patient").collect()["patient"].to_list() == ["A"]


def damage(place: Place, name: str) -> None:
    if isinstance(place, FolderPlace):
        (place.folder / name).write_bytes(b"no Parquet at all")
    else:
        assert isinstance(place, BucketPlace)
        place._obstore.put(place._store, name, b"no Parquet at all")


def test_the_order_of_columns_in_a_part_does_not_matter(open_store: OpenStore) -> None:
    store = open_store()
    put(store, series("A").select(reversed(SERIES.names)), series("B"))
    assert store.table("series").columns == list(SERIES.names)


def test_what_a_newer_program_added_is_left_out_and_is_not_lost_when_a_patient_is_erased(
    open_store: OpenStore,
) -> None:
    store = open_store()
    store.extend(taken("A", 1))
    put(store, series("A", "B").with_columns(of_tomorrow=pl.Series(["a", "b"])))
    assert store.table("series").columns == list(SERIES.names)
    store.erase(store.traces(["A"]))
    assert store.table("series")["patient"].to_list() == ["B"]
    (part,) = store._tables.parts(SERIES)
    assert store._tables.place.raw(part.file).collect()["of_tomorrow"].to_list() == ["b"]


def test_erased_patients_are_looked_for_in_columns_only_a_newer_program_knows(
    open_store: OpenStore,
) -> None:
    store = open_store()
    store.extend(taken("SITE-A", 1))
    put(store, series("B").with_columns(of_tomorrow=pl.lit("SITE-A")))
    traces = store.traces(["SITE-A"])
    store.erase(traces)
    store.reclaim(0.0)
    assert store.remains(traces).rows == {"parts of series": 1}


def test_what_waits_in_the_catalogue_is_read_whatever_columns_it_was_written_with(
    open_store: OpenStore,
) -> None:
    store = open_store()
    store.take(taken("SITE-A", 1, findings=(PROBLEM,))[0])
    for name in ("inbox", "finding"):
        (row,) = store._catalogue.all(f"SELECT number, content FROM {name}")
        content = json.dumps({**json.loads(row["content"]), "of_tomorrow": 1})
        store._catalogue.write(f"UPDATE {name} SET content = ?", content)
    assert store.table("instance").columns == list(INSTANCE.names)
    assert store.table("finding")["code"].to_list() == ["bad_value"]
    assert store.compact() == 1


def test_whole_numbers_are_read_where_real_ones_are_now(open_store: OpenStore) -> None:
    store = open_store()
    put(store, series("A").with_columns(pl.col("patient_age_years").cast(pl.Int64)), series("B"))
    assert store.table("series").sort("patient")["patient_age_years"].to_list() == [41.0, 41.5]


def test_any_other_kind_is_refused_with_the_remedy(open_store: OpenStore) -> None:
    store = open_store()
    put(store, series("A").with_columns(SeriesNumber=pl.lit("three")), series("B"))
    with pytest.raises(StoreError, match=r"series holds SeriesNumber .* workbench map"):
        store.scan("series")


def test_a_part_that_is_no_table_any_more_is_named_by_store_check(open_store: OpenStore) -> None:
    store = open_store()
    file = store._tables.place.write(INSTANCE, INSTANCE.frame([{"patient": "A"}]))
    put(store, series("A"))
    store._tables.note(INSTANCE, file)
    damage(store._tables.place, file.name)
    with pytest.raises(StoreError, match="store check"):
        store.scan("instance")


def test_a_table_that_only_a_newer_program_knows_is_not_erased_by_halves(
    open_store: OpenStore,
) -> None:
    store = open_store()
    put(store, series("A"))
    store._catalogue.write("UPDATE part SET table_name = 'of_tomorrow'")
    assert store.table("series").height == 0
    with pytest.raises(StoreError, match="newer"):
        store.erase(store.traces(["A"]))
