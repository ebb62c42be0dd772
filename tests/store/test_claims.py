"""A site's objects are stored under one key, whoever begins, on every engine."""

from __future__ import annotations

import pytest

from tests.store.conftest import OpenStore
from tests.store.store_rows import taken
from workbench.errors import StoreError
from workbench.model import Verdict
from workbench.store import Store
from workbench.store.objects import Taken

OLD, NEW = "1" * 16, "2" * 16


def under(fingerprint: str, patient: str, *numbers: int) -> list[Taken]:
    return [
        Taken(one.origin, {**(one.row or {}), "key_fingerprint": fingerprint})
        for one in taken(patient, *numbers)
    ]


def forget_notes(store: Store) -> None:
    """Leave a catalogue as it was before fingerprints were noted."""
    store._catalogue.write("DELETE FROM meta WHERE name LIKE 'key_fingerprint%'")


def test_a_second_key_is_refused_once_something_is_stored(open_store: OpenStore) -> None:
    store, other = open_store(), open_store()
    store.claim("SITE", OLD)
    store.claim("SITE", OLD)
    store.extend(under(OLD, "SITE-A", 0, 1))
    with pytest.raises(StoreError, match="another key"):
        other.claim("SITE", NEW)
    other.claim("ELSE", NEW)  # another hospital is another matter
    other.extend(under(NEW, "ELSE-A", 0))
    assert store.key_fingerprints() == {"SITE": [OLD], "ELSE": [NEW]}


def test_of_two_who_begin_at_once_only_the_last_to_claim_stores(open_store: OpenStore) -> None:
    """Two collectors share a catalogue, and each workspace has a key of its own."""
    first, second = open_store(), open_store()
    first.claim("SITE", OLD)
    second.claim("SITE", NEW)  # nothing is stored yet
    (one,) = under(OLD, "SITE-A", 0)
    for store in (lambda: first.take(one), lambda: first.extend([one])):
        with pytest.raises(StoreError, match="another key"):
            store()
    assert first.table("instance").is_empty()
    assert second.extend(under(NEW, "SITE-B", 0)) == [Verdict.STORED]
    assert set(first.table("instance")["key_fingerprint"]) == {NEW}


@pytest.mark.parametrize("waiting", [True, False])
def test_a_catalogue_without_a_note_is_held_to_its_rows(
    open_store: OpenStore, waiting: bool
) -> None:
    store = open_store()
    (one,) = under(OLD, "SITE-A", 0)
    store.take(one) if waiting else store.extend([one])
    forget_notes(store)
    assert store.key_fingerprints() == {"SITE": [OLD]}
    with pytest.raises(StoreError):
        open_store().claim("SITE", NEW)
    open_store().claim("SITE", OLD)
    open_store().claim("SITEX", NEW)


def test_rows_of_two_keys_are_refused_under_either_and_both_are_told(
    open_store: OpenStore,
) -> None:
    store = open_store()
    store.extend(under(OLD, "SITE-A", 0) + under(NEW, "SITE-B", 0))
    forget_notes(store)
    assert store.key_fingerprints() == {"SITE": [OLD, NEW]}
    for fingerprint in (OLD, NEW):
        with pytest.raises(StoreError):
            store.claim("SITE", fingerprint)


def test_patients_among_are_those_of_whom_something_is_kept(open_store: OpenStore) -> None:
    store = open_store()
    store.extend(under(OLD, "SITE-A", 0, 1))
    many = [f"SITE-{number}" for number in range(3000)]
    assert store.patients_among([*many, "SITE-A"]) == {"SITE-A"}
    store.erase(store.traces(["SITE-A"]))
    assert store.patients_among(["SITE-A"]) == set()
