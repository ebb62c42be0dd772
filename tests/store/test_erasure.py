"""Patients are erased everywhere, nobody else is touched, and what remains is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import OpenStore
from tests.store.store_rows import PROBLEM, row, taken, uid
from workbench.errors import StoreError
from workbench.model import Verdict
from workbench.schema import IRRADIATION_EVENT, SERIES
from workbench.store import Store, erasure
from workbench.store.objects import Origin, Taken
from workbench.store.tables import PartTables


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


PATIENTS = ("SITE-A", "SITE-AB", "SITE-B")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    waiting=st.sets(st.sampled_from(PATIENTS)), stored=st.sets(st.sampled_from(PATIENTS)),
    erased=st.sets(st.sampled_from(PATIENTS), min_size=1),
)  # fmt: skip
def test_exactly_those_asked_for_go(
    tmp_path_factory: pytest.TempPathFactory, waiting: set[str], stored: set[str], erased: set[str]
) -> None:
    """Wherever their objects lie, and though one pseudonym may begin another."""
    store = Store.open(tmp_path_factory.mktemp("w"))
    store.extend([each for name in sorted(stored) for each in taken(name, 0, 1)])
    for name in sorted(waiting):
        store.take(taken(name, 5, findings=(PROBLEM,))[0])
    before = store.table("instance")
    theirs = before["patient"].is_in(erased)
    assert store.erase(store.traces(erased)) == theirs.sum()
    assert store.table("instance").equals(before.filter(~theirs))
    assert store.table("finding").height == len(waiting - erased)
    assert store.patients_among(PATIENTS) == (waiting | stored) - erased
    assert not list(store.problems())
    store.close()


def test_nobody_asked_for_is_nobody_erased_and_nothing_remains(store: Store) -> None:
    store.extend(taken("SITE-A", 0, 1))
    for nobody in ([], ["SITE-NONE"]):
        traces = store.traces(nobody)
        assert store.erase(traces) == 0
        store.reclaim(0.0)
        assert store.remains(traces).nothing
    assert store.table("instance").height == 2


def test_what_is_known_of_a_patient_is_all_by_which_he_could_be_found(store: Store) -> None:
    store.extend([*taken("SITE-A", 0, 4), *taken("SITE-B", 0)])
    traces = store.traces(["SITE-A", "SITE-A"])
    assert traces.patients == ("SITE-A",)
    assert traces.studies == {uid("SITE-A", "study")}
    assert traces.series == {uid("SITE-A", "series", 0), uid("SITE-A", "series", 1)}
    assert len(traces.objects) == len(traces.sops) == 2
    assert set(traces.texts) == {"SITE-A", *traces.studies, *traces.series}
    nameless = Taken(Origin("folder", "x"), {**row("SITE-C", 0), "StudyInstanceUID": None})
    store.take(nameless)
    assert "" not in store.traces(["SITE-C"]).texts, "it would be found in everything"


def test_an_erasure_that_was_cut_off_has_erased_nothing_and_is_done_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.extend([*taken("SITE-A", 0, 1), *taken("SITE-B", 0)])
    before = store.table("instance")

    class CutError(Exception):
        pass

    def cut(*_: object) -> None:
        raise CutError

    with monkeypatch.context() as patch:
        patch.setattr(erasure.Erasure, "_forget", cut)
        with pytest.raises(CutError):
            store.erase(store.traces(["SITE-A"]))
    assert store.table("instance").equals(before)
    assert store.remains(store.traces(["SITE-A"])).strangers == 1, "what was written in vain"
    assert not list(store.problems())
    traces = store.traces(["SITE-A"])
    assert store.erase(traces) == 2
    store.reclaim(0.0)
    assert store.remains(traces).nothing


def test_what_others_do_meanwhile_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = Store.open(tmp_path), Store.open(tmp_path)
    store.extend([*taken("SITE-A", 0), *taken("SITE-B", 0)])
    store.take(taken("SITE-B", 3)[0])
    replace, tries = PartTables.replace, 0

    def overtaken(tables: PartTables, *words: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:  # parts are joined between reading and replacing
            monkeypatch.setattr(PartTables, "replace", replace)
            store._catalogue._connection.execute("ROLLBACK")  # let the other in  # type: ignore[attr-defined]
            other.compact()
            store._catalogue._connection.execute("BEGIN IMMEDIATE")  # type: ignore[attr-defined]
        replace(tables, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(PartTables, "replace", overtaken)
    traces = store.traces(["SITE-A"])
    assert store.erase(traces) == 1
    assert sorted(store.table("instance")["InstanceNumber"]) == [0, 3]
    assert set(store.table("instance")["patient"]) == {"SITE-B"}
    store.reclaim(0.0)
    assert store.remains(traces).nothing, "also the part that was written in vain"
    assert not list(store.problems())


def test_one_who_is_overtaken_for_ever_gives_up_with_the_remedy(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.extend(taken("SITE-A", 0))

    def overtaken(*_: object) -> None:
        raise erasure.OvertakenError

    monkeypatch.setattr(PartTables, "replace", overtaken)
    with pytest.raises(StoreError, match="Stop the collector"):
        store.erase(store.traces(["SITE-A"]))
    assert store.table("instance").height == 1
    assert len(store._tables.place.names()) == 1, "no part written in vain stays"


def test_every_kind_of_remains_is_told(store: Store, tmp_path: Path) -> None:
    store.extend(taken("SITE-A", 0, 1))
    traces = store.traces(["SITE-A"])
    (part,) = (tmp_path / "parts").iterdir()
    held = part.read_bytes()
    store.erase(traces)
    after = store.remains(traces)
    assert (after.retired, after.nothing) == (1, False)
    assert after.rows == {"parts of instance": 2}
    store.reclaim(0.0)
    assert store.remains(traces).nothing
    (tmp_path / "parts" / "series-0.parquet").write_bytes(held)
    assert store.remains(traces).strangers == 1
    assert store.remains(traces).rows == {"parts of series": 2}
    (tmp_path / "parts" / "series-0.parquet").unlink()
    (tmp_path / "copy.txt").write_text("about SITE-A, in 2024")
    assert store.remains(traces).searched.where == ("copy.txt",)
    (tmp_path / "copy.txt").unlink()
    store._catalogue.write("INSERT INTO inbox (content) VALUES (?)", '{"patient": "SITE-A"}')
    left = store.remains(traces)
    assert left.rows == {"catalogue, inbox": 1}
    assert not left.nothing


def test_rows_of_a_list_of_texts_are_searched_too(store: Store) -> None:
    store.publish({"irradiation_event": IRRADIATION_EVENT.frame([
        {"SeriesInstanceUIDs": ["1.2", uid("SITE-A", "series", 0)]}, {"SeriesInstanceUIDs": []},
    ])})  # fmt: skip
    store.extend(taken("SITE-A", 0))
    traces = store.traces(["SITE-A"])
    store.erase(traces)
    store.reclaim(0.0)
    assert store.remains(traces).rows == {"parts of irradiation_event": 1}


# --- others at work meanwhile --------------------------------------------------------------------


def before_swapping(monkeypatch: pytest.MonkeyPatch, *acts: Callable[[], object]) -> None:
    """Let others act, one act each time, after an erasure has looked and before it swaps."""
    look, waiting = erasure.Erasure._look, [*acts]

    def slow(self: erasure.Erasure, *words: Any) -> None:
        look(self, *words)
        if waiting:
            waiting.pop(0)()

    monkeypatch.setattr(erasure.Erasure, "_look", slow)


def series_of(patient: str) -> pl.DataFrame:
    return SERIES.frame([{
        "patient": patient, "StudyInstanceUID": uid(patient, "study"),
        "SeriesInstanceUID": uid(patient, "series", 0),
    }])  # fmt: skip


@pytest.mark.parametrize("act", ["unload", "come", "wait", "publish", "another erasure", "join"])
def test_what_others_write_while_a_patient_is_erased_holds_nothing_of_him(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    store, other = open_store(), open_store()
    store.extend([*taken("SITE-A", 0), *taken("SITE-B", 0)])
    store.extend(taken("SITE-B", 1))
    store.take(taken("SITE-A", 1)[0])
    acts = {
        "unload": other.compact,  # what waited in the catalogue moves into a new part
        "come": lambda: other.extend(taken("SITE-A", 2, 3)),  # more of him is imported
        "wait": lambda: other.take(taken("SITE-A", 4)[0]),  # more of him is received
        "publish": lambda: other.publish({"series": series_of("SITE-A")}),  # he is mapped
        "another erasure": lambda: (other.erase(other.traces(["SITE-B"])), other.reclaim(0.0)),
        "join": lambda: (other.compact(), other.sweep()),
    }
    before_swapping(monkeypatch, acts[act])
    traces = store.traces(["SITE-A"])
    store.erase(traces)
    monkeypatch.undo()
    store.reclaim(0.0)
    left = store.remains(traces)
    assert (left.rows, left.strangers) == ({}, 0)
    assert list(store.problems()) == []
    stay = set(store.table("instance")["patient"])
    assert stay == (set() if act == "another erasure" else {"SITE-B"})


def test_who_imports_while_series_are_erased_gives_its_next_objects_new_ones(
    open_store: OpenStore,
) -> None:
    """Else they would belong to a series that is gone, and no erasure would find them."""
    importing, other = open_store(), open_store()
    importing.extend([*taken("SITE-A", 0), *taken("SITE-B", 0)])
    other.erase(other.traces(["SITE-A"]))
    importing.extend(taken("SITE-A", 1))
    importing.take(taken("SITE-A", 2)[0])
    assert list(other.problems()) == []
    assert other.stored_in(uid("SITE-A", "study")) == 2
    traces = other.traces(["SITE-A"])
    assert other.erase(traces) == 2
    other.reclaim(0.0)
    assert not other.remains(traces).rows
