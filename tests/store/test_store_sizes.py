"""How much room a store takes: in all and an object, said for a person and for a program."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.store_rows import taken
from workbench.store import Store
from workbench.store.store_sizes import StoreSizes, shown

SIZES = StoreSizes(objects=1000, parts=500_000, instance_parts=354_000, catalogue=660_000, free=0)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (354_000, "354.0 kB"), (2_500_000, "2.5 MB"),
     (7e9, "7.0 GB"), (3e15, "3,000.0 TB")],
)  # fmt: skip
def test_bytes_are_said_with_the_prefixes_of_the_si(size: float, words: str) -> None:
    assert shown(size) == words


def test_a_person_reads_bytes_an_object() -> None:
    assert SIZES.sentence() == (
        "1,000 objects: headers 354.0 kB (354 B an object), all tables 500.0 kB, "
        "catalogue 660.0 kB (660 B an object)."
    )


@pytest.mark.parametrize(
    ("free", "told"), [(None, ""), (0, ""), (50_000, ""), (640_000, "97 % of it free")]
)
def test_free_space_worth_telling_is_told_with_what_gives_it_back(
    free: int | None, told: str
) -> None:
    said = replace(SIZES, free=free).sentence()
    assert told in said
    assert ("workbench store compact" in said) == bool(told)


def test_what_was_given_back_is_the_difference_and_growing_is_not_hidden() -> None:
    after = replace(SIZES, catalogue=60_000)
    assert after.change_since(SIZES).startswith("600.0 kB of the catalogue given back: it was 660")
    assert "another program is reading" in SIZES.change_since(after)
    assert SIZES.change_since(SIZES).startswith("0 B of the catalogue given back")


def test_a_program_reads_numbers_and_none_where_there_are_no_objects() -> None:
    assert SIZES.as_json() == {
        "objects": 1000, "parts_bytes": 500_000, "instance_parts_bytes": 354_000,
        "catalogue_bytes": 660_000, "free_bytes": 0,
        "instance_parts_bytes_an_object": 354.0, "catalogue_bytes_an_object": 660.0,
    }  # fmt: skip
    empty = replace(SIZES, objects=0)
    assert empty.as_json()["catalogue_bytes_an_object"] is None
    assert "an object" not in empty.sentence()


def test_a_store_is_measured_as_it_lies_there(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    before = store.sizes()
    assert (before.objects, before.parts, before.instance_parts) == (0, 0, 0)
    assert before.catalogue >= (tmp_path / "catalogue.sqlite").stat().st_size
    store.take(taken("SITE-A", 1)[0])
    assert store.sizes().objects == 1, "also one that waits"
    assert store.sizes().parts == 0
    store.compact()
    after = store.sizes()
    files = list((tmp_path / "parts").glob("*.parquet"))
    assert after.instance_parts == after.parts == sum(file.stat().st_size for file in files) > 0
    store.close()
