"""A patient is complete when everything the PACS lists has arrived, whatever the PACS counts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom.association import Association

from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer
from workbench.collect.dimse.move import MoveSource
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.expected import Expected
from workbench.collect.filters import SurveyFilter
from workbench.collect.patient_list import ListedPatient
from workbench.collect.patient_result import PatientResult
from workbench.collect.patients import (
    Patience,
    Stopped,
    Watch,
    collect_patient,
)
from workbench.collect.queue.patient_queue import Counts, PatientState
from workbench.collect.retrieval import Timeouts
from workbench.errors import NetworkError
from workbench.model import ApplicationEntity
from workbench.simulate.pacs import EmbeddedPacs

PACS = ApplicationEntity("PACS", port=0)
US = ApplicationEntity("WORKBENCH", port=0)


def collect(
    pacs: EmbeddedPacs, keeper: Any, patient: str = "0042", *, quiet: float = 0.5,
    wanted: SurveyFilter | None = None, watch: Watch | None = None, associations: int = 1,
    **listed: Any,
) -> PatientResult:  # fmt: skip
    peer = Peer("WORKBENCH", pacs.entity, Timeouts(2.0, 5.0, 5.0))
    source = MoveSource(peer, wanted or SurveyFilter(), "WORKBENCH")
    return collect_patient(
        ListedPatient(patient, **listed), source, keeper, Patience(quiet, associations), watch
    )


def stand(kind: type[EmbeddedPacs], folder: Path, keeper: Any, objects: list[Dataset]) -> Any:
    """Start a receiver and a PACS that knows it; yields as a context manager would."""
    from contextlib import contextmanager

    @contextmanager
    def both() -> Iterator[EmbeddedPacs]:
        with (
            Receiver(Reception(US, (AllowedPeer("PACS"),)), keeper.take) as receiver,
            kind(PACS, folder, {"WORKBENCH": receiver.entity}) as pacs,
        ):
            pacs.load(objects)
            yield pacs

    return both()


@pytest.fixture
def objects(make: Any) -> list[Dataset]:
    """Two studies of patient 0042: CT in two series with a dose report, and an MR."""
    ct = [make("0042", 1, series, image) for series in (1, 2) for image in (1, 2)]
    return [*ct, make("0042", 1, 3, 1, "SR"), make("0042", 2, 1, 1, "MR"), make("7", 3, 1, 1)]


def test_everything_of_a_patient_comes_and_nothing_twice(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        first = collect(pacs, keeper)
        second = collect(pacs, keeper)
    assert first == PatientResult(PatientState.COMPLETE, Counts(2, 6, 0, 6, 0), moves=2)
    assert second == PatientResult(PatientState.COMPLETE, Counts(2, 6, 6, 0, 0), moves=0)
    assert "1.2.826.3.1.1" not in keeper.objects, "nobody asked for patient 7"


def test_only_the_series_that_lacks_something_is_asked_for(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        collect(pacs, keeper)
        del keeper.objects["1.2.826.1.2.1"]
        again = collect(pacs, keeper)
    assert (again.state, again.counts, again.moves) == ("complete", Counts(2, 6, 5, 1, 0), 1)


def test_only_the_wanted_modalities_are_moved(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        progress = collect(pacs, keeper, wanted=SurveyFilter(frozenset({"CT"})))
    assert progress.state == "complete"
    assert sorted(keeper.objects) == [f"1.2.826.1.{s}.{i}" for s in (1, 2) for i in (1, 2)]


def test_a_patient_the_pacs_does_not_know_is_not_found(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        unknown = collect(pacs, keeper, "42")
    assert (unknown.state, unknown.hopeless) == ("not found", True), "0042 is another patient"
    assert keeper.objects == {}


def test_several_studies_at_once_bring_the_same(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        result = collect(pacs, keeper, associations=3)
    assert result == PatientResult(PatientState.COMPLETE, Counts(2, 6, 0, 6, 0), moves=2)


def test_another_birth_date_is_a_case_for_a_person_and_nothing_is_fetched(
    make: Any, keeper: Any, tmp_path: Path
) -> None:
    dataset = make("0042", 1, 1, 1)
    dataset.PatientBirthDate = "19600102"
    with stand(EmbeddedPacs, tmp_path, keeper, [dataset]) as pacs:
        other = collect(pacs, keeper, birth_date=date(1960, 2, 1))
        assert keeper.objects == {}
        same = collect(pacs, keeper, birth_date=date(1960, 1, 2))
    assert (other.state, other.hopeless) == ("failed", True)
    assert "birth date" in other.reason
    assert "1960" not in other.reason
    assert same.state == "complete"


def test_the_examination_of_the_list_alone_is_fetched(
    make: Any, keeper: Any, tmp_path: Path
) -> None:
    objects = []
    for study in (1, 2, 3):
        objects.append(make("0042", study, 1, 1))
        objects[-1].AccessionNumber = f"A{study}"
        objects[-1].StudyDate = f"2024010{study}"
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        collect(pacs, keeper, accession="A2")
        assert sorted(keeper.objects) == ["1.2.826.2.1.1"]
        collect(pacs, keeper, study_from=date(2024, 1, 2), study_to=date(2024, 1, 3))
    assert sorted(keeper.objects) == ["1.2.826.2.1.1", "1.2.826.3.1.1"]


def test_a_patient_may_be_stopped_in_the_middle_and_goes_on_where_it_was(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        with pytest.raises(Stopped):
            collect(pacs, keeper, watch=Watch(stopped=lambda: len(keeper.objects) > 0))
        before = len(keeper.objects)
        assert 0 < before < 6
        rest = collect(pacs, keeper)
    assert rest.counts == Counts(2, 6, before, 6 - before, 0)


def test_who_watches_is_told_each_step(objects: list[Dataset], keeper: Any, tmp_path: Path) -> None:
    states: list[str] = []
    found: list[Expected] = []
    said: list[str] = []
    watch = Watch(
        lambda one, _: found.append(one),
        lambda state, _: states.append(str(state)),
        lambda outcome, _: said.append(outcome.said),
    )
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        collect(pacs, keeper, watch=watch)
    assert list(dict.fromkeys(states)) == ["asked", "found", "moving"]
    assert [len(one.offered) for one in found] == [2]
    assert said == ["0x0000", "0x0000"]


class Boaster(EmbeddedPacs):
    """Says that it sent everything, and keeps one object of each study back."""

    def send(self, association: Association, file: Path, **originator: Any) -> Dataset:
        if file == self.archive.path("1.2.826.1.2.2"):
            success = Dataset()
            success.Status = 0x0000
            return success
        return super().send(association, file, **originator)


def test_counters_of_the_pacs_are_not_believed(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(Boaster, tmp_path, keeper, objects) as pacs:
        progress = collect(pacs, keeper)
    assert progress.state == "incomplete"
    assert (progress.counts.expected, progress.counts.received) == (6, 5)
    assert progress.reason.startswith("1 objects did not arrive; the PACS said 0x0000")


class Tape(EmbeddedPacs):
    """Says success at once; the objects come later, over an association of their own."""

    def send(self, association: Association, file: Path, **originator: Any) -> Dataset:
        threading.Timer(0.3, self.later, (file,)).start()
        success = Dataset()
        success.Status = 0x0000
        return success

    def later(self, file: Path) -> None:
        contexts = [("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1")]
        from pynetdicom import build_context

        us = self.destinations["WORKBENCH"]
        options = {"contexts": [build_context(*pair) for pair in contexts], "ae_title": us.title}
        association = self._node.connect(us.host, us.port, options)
        association.send_c_store(file)
        association.release()


def test_objects_that_come_after_the_last_answer_are_waited_for(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(Tape, tmp_path, keeper, objects) as pacs:
        progress = collect(pacs, keeper, quiet=3.0)
    assert (progress.state, progress.counts.received) == ("complete", 6)


class Unlisting(EmbeddedPacs):
    """Refuses queries at image level."""

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        if event.identifier.QueryRetrieveLevel == "IMAGE":
            yield 0xA900, None
        else:
            yield from super()._find(event)


class Silent(Unlisting):
    """Neither lists nor counts its objects."""

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        for found in super().answers(level, keys):
            for keyword in ("NumberOfSeriesRelatedInstances", "NumberOfStudyRelatedInstances"):
                if keyword in found:
                    delattr(found, keyword)
            yield found


class StudiesOnly(EmbeddedPacs):
    """Refuses queries below the study level."""

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        if event.identifier.QueryRetrieveLevel == "STUDY":
            yield from super()._find(event)
        else:
            yield 0xA900, None


def test_without_a_list_and_without_a_count_nothing_is_called_complete(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(Silent, tmp_path, keeper, objects) as pacs:
        progress = collect(pacs, keeper)
    assert len(keeper.objects) == 6, "it is fetched all the same"
    assert (progress.state, progress.hopeless) == ("incomplete", True)
    assert "cannot be judged" in progress.reason


@pytest.mark.parametrize("kind", [Unlisting, StudiesOnly])
def test_without_a_list_the_number_told_must_arrive(
    kind: type[EmbeddedPacs], objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(kind, tmp_path, keeper, objects) as pacs:
        assert collect(pacs, keeper).state == "complete"
        assert len(keeper.objects) == 6
        moved = collect(pacs, keeper)
        assert (moved.state, moved.moves) == ("complete", 0)
        del keeper.objects["1.2.826.1.2.2"]
        assert collect(pacs, keeper).state == "complete"
    assert len(keeper.objects) == 6


class Miscounting(EmbeddedPacs):
    """Counts one object too many in each series."""

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        for found in super().answers(level, keys):
            if level == "SERIES":
                found.NumberOfSeriesRelatedInstances += 1
            yield found


def test_a_wrong_count_is_a_finding_and_no_obstacle(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    found: list[Expected] = []
    with stand(Miscounting, tmp_path, keeper, objects) as pacs:
        progress = collect(pacs, keeper, watch=Watch(lambda one, _: found.append(one)))
    assert progress.state == "complete"
    assert [one.notes["count_differs"] for one in found] == [4]


def test_a_destination_the_pacs_does_not_know_is_said_with_a_remedy(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        del pacs.destinations["WORKBENCH"]
        progress = collect(pacs, keeper)
    assert progress.state == "failed"
    assert "register our AE title" in progress.reason
    assert progress.moves == 1, "the other study would fare no better"


def test_a_pacs_that_is_gone_is_an_error_with_a_remedy(keeper: Any, tmp_path: Path) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, []) as pacs:
        pass
    with pytest.raises(NetworkError, match="could not be reached"):
        collect(pacs, keeper)


def test_nothing_of_a_patient_is_in_progress_or_log(
    make: Any, keeper: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = make("CANARY77", 1, 1, 1)
    with (
        caplog.at_level(logging.DEBUG),
        stand(Boaster, tmp_path, keeper, [dataset, make("CANARY77", 1, 2, 2)]) as pacs,
    ):
        found: list[Expected] = []
        shown = repr(
            collect(pacs, keeper, "CANARY77", watch=Watch(lambda one, _: found.append(one)))
        ) + repr(found)
    assert "CANARY" not in shown
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert "CANARY" not in text
    assert "Canary" not in text
    assert str(tmp_path) not in text
