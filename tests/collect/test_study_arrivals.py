"""What came is counted and judged, also where the PACS names its series badly or not at all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer
from workbench.collect.dimse.move import MoveSource
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.expected import ExpectedStudy
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import FoundStudy
from workbench.collect.patient_list import ListedPatient
from workbench.collect.patient_result import PatientResult
from workbench.collect.patients import Patience, collect_patient
from workbench.collect.retrieval import Timeouts
from workbench.collect.study_arrivals import lacks_unlisted, number_of
from workbench.model import ApplicationEntity
from workbench.simulate.pacs import EmbeddedPacs

US = ApplicationEntity("WORKBENCH", port=0)
Collect = Callable[..., PatientResult]


@contextmanager
def stand(
    kind: type[EmbeddedPacs], folder: Path, keeper: Any, objects: list[Dataset], **traits: Any
) -> Iterator[Collect]:
    """A receiver, a PACS that knows it, and what collects patient 0042 from it."""
    with (
        Receiver(Reception(US, (AllowedPeer("PACS"),)), keeper.take) as receiver,
        kind(ApplicationEntity("PACS", port=0), folder, {"WORKBENCH": receiver.entity}) as pacs,
    ):
        vars(pacs).update(traits)
        pacs.load(objects)

        def collect(wanted: SurveyFilter | None = None) -> PatientResult:
            peer = Peer("WORKBENCH", pacs.entity, Timeouts(2.0, 5.0, 5.0))
            source = MoveSource(peer, wanted or SurveyFilter(), "WORKBENCH")
            return collect_patient(ListedPatient("0042"), source, keeper, Patience(0.5))

        yield collect


@pytest.fixture
def objects(make: Any) -> list[Dataset]:
    """Two series of three objects each."""
    return [make("0042", 1, series, image) for series in (1, 2) for image in (1, 2, 3)]


# --- a series under a UID that is none -----------------------------------------------------------


class Localizer(EmbeddedPacs):
    """Calls a series by a name of its own, which none of its objects bears."""

    lists = "nothing"
    counts = True

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        named = str(keys.get("SeriesInstanceUID", "")).startswith("LOCALIZER")
        if level == "IMAGE" and named:
            if self.lists == "nothing":
                return
            keys.SeriesInstanceUID = keys.SeriesInstanceUID.removeprefix("LOCALIZER")
        for found in super().answers(level, keys):
            if level == "SERIES" and found.SeriesInstanceUID == "1.2.826.1.1":
                found.SeriesInstanceUID = "LOCALIZER1.2.826.1.1"
            if level == "IMAGE" and named:
                found.SeriesInstanceUID = "LOCALIZER1.2.826.1.1"
            if not self.counts:
                for keyword in ("NumberOfStudyRelatedInstances", "NumberOfSeriesRelatedInstances"):
                    if keyword in found:
                        delattr(found, keyword)
            yield found

    def _move(self, event: Any) -> Iterator[Any]:
        if "LOCALIZER" in str(event.identifier.get("SeriesInstanceUID", "")):
            yield "127.0.0.1", self.destinations["WORKBENCH"].port
            yield 1
            yield 0xA900, None
            return
        yield from super()._move(event)


@pytest.mark.parametrize("lists", ["nothing", "its objects"])
def test_a_malformed_series_uid_loses_nothing_and_is_said(
    lists: str, objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(Localizer, tmp_path, keeper, objects, lists=lists) as collect:
        first, again = collect(), collect()
    assert len(keeper.objects) == 6
    assert (first.state, first.counts.expected, first.counts.received) == ("complete", 6, 6)
    assert "malformed UID" in first.reason
    assert (again.state, again.moves, again.counts.received) == ("complete", 0, 0)


def test_without_a_count_what_came_is_counted_and_the_reason_names_the_uid(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(Localizer, tmp_path, keeper, objects, counts=False) as collect:
        result = collect()
    assert (result.state, result.hopeless) == ("incomplete", True)
    assert result.counts.received == 6
    assert "6 objects have come, 6 of them now" in result.reason
    assert "malformed UID" in result.reason


def test_a_malformed_uid_of_a_series_of_which_an_object_is_lost_is_not_complete(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    class Losing(Localizer):
        def send(self, association: Any, file: Path, **originator: Any) -> Dataset:
            if file == self.archive.path("1.2.826.1.1.2"):
                lost = Dataset()
                lost.Status = 0x0000
                return lost
            return super().send(association, file, **originator)

    with stand(Losing, tmp_path, keeper, objects) as collect:
        result = collect()
    assert (result.state, result.hopeless) == ("incomplete", False)
    assert (result.counts.expected, result.counts.received) == (6, 5)
    assert "the PACS counts 6" in result.reason


def test_no_uid_is_quoted_in_a_warning(objects: list[Dataset], keeper: Any, tmp_path: Path) -> None:
    with (
        warnings.catch_warnings(record=True) as caught,
        stand(Localizer, tmp_path, keeper, objects, lists="its objects") as collect,
    ):
        warnings.simplefilter("always")
        collect(SurveyFilter(frozenset({"CT"})))
    assert not [one for one in caught if "LOCALIZER" in str(one.message)]


# --- an empty series, a series without number and objects ----------------------------------------


class Hollow(EmbeddedPacs):
    """Names one more series, of which it has nothing, and counts it as it likes."""

    number: str | None = "0"
    study_counts = True

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        for found in super().answers(level, keys):
            if level == "STUDY" and not self.study_counts:
                del found.NumberOfStudyRelatedInstances
            yield found
        if level == "SERIES":
            hollow = Dataset()
            hollow.StudyInstanceUID, hollow.SeriesInstanceUID = "1.2.826.1", "1.2.826.1.77"
            hollow.Modality = "CT"
            if self.number is not None:
                hollow.NumberOfSeriesRelatedInstances = self.number
            yield hollow


@pytest.mark.parametrize("number", ["0", None])
def test_an_empty_series_is_judged_by_the_count_of_its_study(
    number: str | None, objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(Hollow, tmp_path, keeper, objects, number=number) as collect:
        first, again = collect(), collect()
        del keeper.objects["1.2.826.1.2.3"]
        third = collect()
    assert (first.state, first.reason) == ("complete", "")
    assert (first.counts.expected, first.counts.received) == (6, 6)
    assert (again.state, again.moves) == ("complete", 0)
    assert (third.state, third.counts.received) == ("complete", 1)


def test_a_series_of_which_nothing_is_told_leaves_a_doubt_without_the_study_s_count(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(Hollow, tmp_path, keeper, objects, number=None, study_counts=False) as collect:
        result = collect()
    assert (result.state, result.hopeless) == ("incomplete", True)
    assert result.counts.received == 6
    assert "cannot be judged" in result.reason


def test_a_series_that_ought_to_have_objects_is_missed(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(Hollow, tmp_path, keeper, objects, number="2") as collect:
        result = collect()
    assert result.state == "incomplete"
    assert "the PACS counts" in result.reason


# --- elsewhere, and three times ------------------------------------------------------------------


class Misdirected(EmbeddedPacs):
    """Sends to another machine than the one that asked, and counts it as done."""

    def send(self, association: Any, file: Path, **originator: Any) -> Dataset:
        elsewhere = Dataset()
        elsewhere.Status = 0x0000
        return elsewhere


def test_objects_that_go_elsewhere_are_told_with_a_hint_at_our_address(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(Misdirected, tmp_path, keeper, objects) as collect:
        result = collect()
    assert result.state == "incomplete"
    assert "6 objects did not arrive; the PACS said 0x0000." in result.reason
    assert "which address and port are registered for WORKBENCH" in result.reason


def test_no_hint_where_some_came_or_none_was_sent(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    class Lossy(EmbeddedPacs):
        lost = frozenset({"1.2.826.1.2.2"})
        status = 0x0000

        def send(self, association: Any, file: Path, **originator: Any) -> Dataset:
            if not self.lost or file in map(self.archive.path, self.lost):
                answer = Dataset()
                answer.Status = self.status
                return answer
            return super().send(association, file, **originator)

    with stand(Lossy, tmp_path / "1", keeper, objects) as collect:
        assert "registered" not in collect().reason
    keeper.objects.clear()
    with stand(Lossy, tmp_path / "2", keeper, objects, lost=(), status=0xA700) as collect:
        assert "registered" not in collect().reason


class Threefold(EmbeddedPacs):
    """Answers one study three times, each time with a little less."""

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        for found in super().answers(level, keys):
            yield found
            if level == "STUDY":
                for without in ("ModalitiesInStudy", "NumberOfStudyRelatedInstances"):
                    part = Dataset()
                    part.update(found)
                    delattr(part, without)
                    yield part


def test_a_study_in_three_answers_is_one(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(Threefold, tmp_path, keeper, objects) as collect:
        result = collect(SurveyFilter(frozenset({"CT"})))
    assert (result.state, result.counts.studies, result.counts.received) == ("complete", 1, 6)


# --- the rule itself -----------------------------------------------------------------------------


class Shelf:
    """Holds so many objects by UID; some of them put aside."""

    def __init__(self, stored: dict[str, int], fates: dict[str, str] | None = None) -> None:
        self.stored, self.known = stored, fates or {}

    def fates(self, uids: Any) -> dict[str, str]:
        return {uid: self.known[uid] for uid in uids if uid in self.known}

    def stored_in(self, uid: str) -> int:
        return self.stored.get(uid, 0)

    def aside(self) -> int:
        return 0

    def partial(self, uids: Any) -> int:
        return 0


def study(told: int | None, **unlisted: int | None) -> ExpectedStudy:
    series = {"1.1": frozenset({"1.1.1", "1.1.2"})}
    by_uid = {name.replace("_", "."): count for name, count in unlisted.items()}
    return ExpectedStudy(FoundStudy("1", "7"), series, False, False, by_uid, told)


def test_a_number_that_is_told_of_a_series_must_be_reached() -> None:
    some = study(5, **{"1_2": 3})
    assert lacks_unlisted(some, Shelf({"1": 5, "1.2": 2}))
    assert not lacks_unlisted(some, Shelf({"1": 5, "1.2": 3}))


def test_what_was_put_aside_counts_as_here() -> None:
    some = study(2, **{"1_2": None})
    assert lacks_unlisted(some, Shelf({"1": 1}))
    assert not lacks_unlisted(some, Shelf({"1": 1}, {"1.1.1": "not_wanted", "1.1.2": "stored"}))


@pytest.mark.parametrize(("told", "number"), [(None, 3), (9, 9), (1, 2)])
def test_as_many_are_expected_as_the_pacs_told(told: int | None, number: int) -> None:
    assert number_of(study(told, **{"1_2": 3})) == number
