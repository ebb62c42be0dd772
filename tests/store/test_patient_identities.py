"""Rows that point to the patient of a study: written once, found again, erased with the patient."""

from __future__ import annotations

from tests.store.conftest import OpenStore
from tests.store.store_rows import taken, uid
from workbench.model import Finding
from workbench.store.patient_identities import IdentityRow

STUDY, OTHER = b"study 0123456789", b"other 0123456789"
TOLD = Finding("import", "several_identities", "why", study=uid("SITE-A", "study"))


def test_rows_come_back_as_they_were_written(open_store: OpenStore) -> None:
    rows = [IdentityRow(STUDY, "SITE-A"), IdentityRow(OTHER, "SITE-A", b"\x00sealed\xff")]
    assert open_store().settle(rows)
    again = open_store()
    assert again.identities([STUDY, OTHER, b"unknown"]) == {row.name: row for row in rows}


def test_who_comes_second_writes_nothing_and_knows_it(open_store: OpenStore) -> None:
    store = open_store()
    assert store.settle([IdentityRow(STUDY, "SITE-A")])
    late = [IdentityRow(OTHER, "SITE-B"), IdentityRow(STUDY, "SITE-B")]
    assert not store.settle(late, [("SITE-B", TOLD)])
    assert store.identities([STUDY, OTHER]) == {STUDY: IdentityRow(STUDY, "SITE-A")}
    assert store.table("finding").is_empty()


def test_a_finding_of_a_study_is_in_the_table_and_goes_with_its_patient(
    open_store: OpenStore,
) -> None:
    store = open_store()
    store.extend(taken("SITE-A", 1, 2) + taken("SITE-B", 3))
    kept = Finding("import", "several_identities", "why", study=uid("SITE-B", "study"))
    store.settle([IdentityRow(STUDY, "SITE-A")], [("SITE-A", TOLD)])
    store.settle([IdentityRow(OTHER, "SITE-B", b"x")], [("SITE-B", kept)])
    assert store.table("finding")["StudyInstanceUID"].sort().to_list() == sorted(
        [uid("SITE-A", "study"), uid("SITE-B", "study")]
    )
    traces = store.traces(["SITE-A"])
    assert store.remains(traces).rows["catalogue, identity"] == 1, "the search knows the table"
    store.erase(traces)
    store.reclaim(0)
    assert store.remains(traces).nothing
    assert set(store.identities([STUDY, OTHER])) == {OTHER}
    assert store.table("finding")["StudyInstanceUID"].to_list() == [uid("SITE-B", "study")]
