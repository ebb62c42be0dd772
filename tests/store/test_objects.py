"""One object, one verdict, one row: whatever comes, from wherever, again and at once."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import Connect, OpenStore
from tests.store.store_rows import HERE, PROBLEM, taken, uid
from tests.store.store_rows import row as object_row
from tests.store.store_rows import small_row as row
from workbench.errors import DamagedObject, NotDicom
from workbench.model import Verdict
from workbench.store import Store, objects
from workbench.store.catalogue import OBJECTS
from workbench.store.objects import Objects, Origin, Taken
from workbench.store.opening import define


def test_many_at_once_get_the_verdicts_that_one_by_one_get(open_store: OpenStore) -> None:
    def offered() -> list[Taken]:
        elsewhere = Taken(Origin("folder", "elsewhere"), object_row("SITE-A", 0))
        other = Taken(Origin("folder", "third"), object_row("SITE-A", 0, "{}"))
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
    store.extend([Taken(touched, object_row("SITE-A", 2))])
    assert store.unchanged([touched]) == {"SITE-A 2"}


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


def test_a_file_damaged_in_place_has_a_row_with_the_reason_and_its_object_stays(
    store: Store,
) -> None:
    store.add(row(), HERE)
    assert store.refuse(DamagedObject("truncated", "cut"), HERE) is Verdict.QUARANTINED
    assert store.table("rejected")["code"].to_list() == ["truncated"]
    assert store.refuse(NotDicom("not_dicom", "no"), HERE) is Verdict.REJECTED
    assert store.table("rejected")["code"].to_list() == ["not_dicom"], "the latest reason counts"
    assert store.table("instance").height == 1


OFFERS = st.lists(
    st.tuples(
        st.integers(0, 2),  # object
        st.integers(0, 1),  # content
        st.one_of(st.none(), st.integers(0, 3)),  # place; the network has none
        st.integers(0, 1),  # confidentiality profile
        st.booleans(),  # damaged
    ),
    max_size=8,
    unique_by=lambda offer: offer if offer[2] is None else offer[2],  # a place holds one file
)


def offered(number: int, content: int, place: int | None, profile: int, damaged: bool) -> Taken:
    origin = Origin("folder", None if place is None else f"place {place}")
    if damaged:
        return Taken(origin, error=DamagedObject("truncated", "cut"))
    return Taken(origin, {
        **object_row("SITE-A", number, f"content {content}"),
        "profile_sha256": hashlib.sha256(bytes([profile])).hexdigest(),
    })  # fmt: skip


def expected(offers: list[tuple[int, int, int | None, int, bool]]) -> list[Verdict]:
    """Say what the rules of the module's docstring make of offers: the first stays."""
    first: dict[int, tuple[int, int]] = {}
    verdicts = []
    for number, content, _, profile, damaged in offers:
        if damaged:
            verdicts.append(Verdict.QUARANTINED)
        elif number not in first:
            first[number] = (content, profile)
            verdicts.append(Verdict.STORED)
        elif first[number][0] == content or first[number][1] != profile:
            verdicts.append(Verdict.DUPLICATE)
        else:
            verdicts.append(Verdict.QUARANTINED)
    return verdicts


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offers=OFFERS)
def test_the_first_stays_however_many_come_at_once(
    tmp_path_factory: pytest.TempPathFactory,
    offers: list[tuple[int, int, int | None, int, bool]],
) -> None:
    singly, together = (Store.open(tmp_path_factory.mktemp("w")) for _ in range(2))
    items = [offered(*offer) for offer in offers]
    assert [singly.take(item) for item in items] == expected(offers)
    assert together.extend(items) == expected(offers)
    for table in ("instance", "rejected"):
        alike, other = (each.table(table).drop("received_at") for each in (singly, together))
        assert alike.equals(other), table
    for store in (singly, together):
        assert not list(store.problems())
        store.close()


def test_every_refusal_over_the_network_is_a_row_of_its_own(store: Store) -> None:
    """It has no place in which another one could be known again."""
    for _ in range(2):
        store.refuse(NotDicom("not_dicom", "no"), Origin("network"))
    assert store.table("rejected").height == 2


def test_the_same_object_from_the_network_again_is_no_news(store: Store) -> None:
    store.add(row(), Origin("network"))
    assert store.add(row(), Origin("network")) is Verdict.DUPLICATE
    assert store.table("rejected").is_empty()


def test_a_duplicate_brings_no_finding_twice(store: Store) -> None:
    store.take(taken("SITE-A", 0, findings=(PROBLEM,))[0])
    store.extend(taken("SITE-A", 0, findings=(PROBLEM,)))
    assert store.table("finding").height == 1


def test_what_became_of_an_object_is_told_by_its_uid(store: Store) -> None:
    store.take(taken("SITE-A", 0)[0])
    store.refuse(NotDicom("not_dicom", "no"), Origin("network", uid="1.2.7"))
    store.refuse(DamagedObject("truncated", "cut"), Origin("network", uid="1.2.8"))
    mended = {**object_row("SITE-A", 1), "SOPInstanceUID": "1.2.8"}
    store.take(Taken(Origin("network", uid="1.2.8"), mended))
    assert store.fates([uid("SITE-A", 0), "1.2.7", "1.2.8", "1.2.9"]) == {
        uid("SITE-A", 0): "stored", "1.2.7": "not_dicom", "1.2.8": "stored",
    }  # fmt: skip
    assert store.fates([]) == {}


def test_an_object_is_known_by_its_finding_until_it_is_erased(store: Store) -> None:
    lacks = replace(PROBLEM, code="bulk_left_out", column=None)
    store.take(taken("SITE-A", 0, findings=(lacks, PROBLEM))[0])
    store.extend(taken("SITE-A", 1, 2, findings=(PROBLEM,)))
    asked = [uid("SITE-A", number) for number in range(4)]
    assert store.with_finding(asked, "bulk_left_out") == {asked[0]}
    assert store.with_finding(asked, "bad_value") == set(asked[:3])
    assert store.with_finding([], "bad_value") == set()
    told = store.table("finding").sort("code", "object_number").to_dicts()
    assert [finding["code"] for finding in told] == ["bad_value"] * 3 + ["bulk_left_out"]
    assert told[3]["column"] is None
    assert told[3]["detail"] == PROBLEM.detail
    store.erase(store.traces(["SITE-A"]))
    assert store.with_finding(asked, "bulk_left_out") == set()


def test_objects_and_patients_are_counted_by_series_and_study(store: Store) -> None:
    store.extend([*taken("SITE-A", 0, 1, 4), *taken("SITE-B", 0)])
    study, series = uid("SITE-A", "study"), uid("SITE-A", "series", 0)
    assert [store.stored_in(each) for each in (study, series, "1.2.9")] == [3, 2, 0]
    assert store.patients_of([study, uid("SITE-B", "study"), "1.2.9"]) == {
        study: "SITE-A", uid("SITE-B", "study"): "SITE-B",
    }  # fmt: skip


def test_a_place_without_a_stamp_is_never_taken_for_unchanged(store: Store) -> None:
    unstamped = Origin("folder", "a")
    store.add(row(), unstamped)
    assert store.unchanged([unstamped, Origin("folder", "a", stamp=1), Origin("network")]) == set()


def test_another_file_in_the_place_of_a_stored_one_is_looked_at_again(store: Store) -> None:
    """The first stays, and the place is the second one's."""
    store.add(row("1.1"), Origin("folder", "a", stamp=1))
    assert store.add(row("1.2"), Origin("folder", "a", stamp=2)) is Verdict.STORED
    assert store.unchanged([Origin("folder", "a", stamp=1)]) == set()
    assert store.unchanged([Origin("folder", "a", stamp=2)]) == {"a"}
    assert store.refuse(NotDicom("not_dicom", "no"), Origin("folder", "a")) is Verdict.REJECTED
    assert store.unchanged([Origin("folder", "a", stamp=2)]) == set()
    assert store.table("instance").height == 2


def test_the_place_of_a_file_is_not_to_be_read_in_the_catalogue(
    store: Store, tmp_path: Path
) -> None:
    store.add(row(), Origin("folder", "/home/Grottenolm/a.dcm", stamp=7))
    store.refuse(NotDicom("not_dicom", "no"), Origin("folder", "/home/Grottenolm/b.dcm"))
    content = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"Grottenolm" not in content


def test_a_series_of_a_batch_that_was_taken_back_is_known_anew(store: Store) -> None:
    """Its number went with the batch; a number that is remembered would name nothing."""
    with pytest.raises(RuntimeError), store.batch():
        store.take(taken("SITE-A", 0)[0])
        raise RuntimeError
    store.take(taken("SITE-B", 0)[0])  # may now have the number of the series that is gone
    store.take(taken("SITE-A", 0)[0])
    assert store.stored_in(uid("SITE-A", "study")) == 1
    assert store.stored_in(uid("SITE-B", "study")) == 1
    assert store.patients_among(["SITE-A", "SITE-B"]) == {"SITE-A", "SITE-B"}
    assert not list(store.compact() and store.problems())


def test_more_series_than_are_remembered_keep_their_objects(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "SERIES_REMEMBERED", 2)
    store.extend(taken("SITE-A", *range(0, 30, 3), *range(1, 31, 3)))
    assert [store.stored_in(uid("SITE-A", "series", number)) for number in range(10)] == [2] * 10


def test_one_uid_under_two_patients_are_two_series_and_one_study_has_one_patient_told(
    store: Store,
) -> None:
    """As when a PACS corrected the patient between two deliveries."""
    moved = {**object_row("SITE-A", 1), "patient": "SITE-B"}
    store.extend([*taken("SITE-A", 0), Taken(Origin("network"), moved)])
    assert store.stored_in(uid("SITE-A", "series", 0)) == 2
    assert store.patients_of([uid("SITE-A", "study")]) == {uid("SITE-A", "study"): "SITE-A"}
    assert len(store.traces(["SITE-A"]).objects) == len(store.traces(["SITE-B"]).objects) == 1


def test_no_number_is_given_twice_whoever_asks_at_once(connect: Connect) -> None:
    define(connect())
    numbers: list[int] = []

    def reserve(mine: Objects) -> None:
        for _ in range(10):
            first = mine.reserve(3)
            numbers.extend(range(first, first + 3))

    threads = [threading.Thread(target=reserve, args=(Objects(connect()),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 91))
    counter = connect().one("SELECT value FROM counter WHERE name = ?", OBJECTS)
    assert counter is not None
    assert counter["value"] == 90


def test_a_profile_that_says_nothing_is_the_same_as_none(store: Store) -> None:
    """Objects of versions that noted no profile stay comparable among themselves."""
    for wrong in ("", "no digest", None):
        odd = {**object_row("SITE-A", 0, f"content {wrong}"), "profile_sha256": wrong}
        verdict = store.take(Taken(Origin("network"), odd))
        assert verdict is (Verdict.STORED if wrong == "" else Verdict.QUARANTINED)
