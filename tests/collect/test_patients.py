"""A patient is complete when everything the PACS lists has arrived, whatever the PACS counts."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom.association import Association

from workbench.collect.network import Timeouts
from workbench.collect.patients import (
    CollectPlan,
    ListedPatient,
    PatientProgress,
    PatientState,
    collect_patients,
)
from workbench.collect.receiver import Receiver
from workbench.model import ApplicationEntity
from workbench.simulate.pacs import EmbeddedPacs

PACS = ApplicationEntity("PACS", port=0)
US = ApplicationEntity("WORKBENCH", port=0)
ONE = (ListedPatient("0042"),)


def collect(
    pacs: EmbeddedPacs, keeper: Any, patients: Any = ONE, **plan: Any
) -> list[PatientProgress]:
    settings = {"quiet_seconds": 0.5, "timeouts": Timeouts(2.0, 5.0, 5.0), **plan}
    return list(
        collect_patients(patients, CollectPlan("WORKBENCH", pacs.entity, **settings), keeper.stored)
    )


def stand(kind: type[EmbeddedPacs], folder: Path, keeper: Any, objects: list[Dataset]) -> Any:
    """Start a receiver and a PACS that knows it; yields as a context manager would."""
    from contextlib import contextmanager

    @contextmanager
    def both() -> Iterator[EmbeddedPacs]:
        with (
            Receiver(US, keeper.take, frozenset({"PACS"})) as receiver,
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
        (first,) = collect(pacs, keeper)
        (second,) = collect(pacs, keeper)
    assert first == PatientProgress(
        1, 1, PatientState.COMPLETE, studies=2, expected=6, already=0, received=6, moves=2
    )
    assert second == PatientProgress(
        1, 1, PatientState.COMPLETE, studies=2, expected=6, already=6, received=0, moves=0
    )
    assert "1.2.826.3.1.1" not in keeper.objects, "nobody asked for patient 7"


def test_only_the_series_that_lacks_something_is_asked_for(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        collect(pacs, keeper)
        del keeper.objects["1.2.826.1.2.1"]
        (again,) = collect(pacs, keeper)
    assert (again.state, again.already, again.received, again.moves) == ("complete", 5, 1, 1)


def test_only_the_wanted_modalities_are_moved(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        (progress,) = collect(pacs, keeper, modalities=frozenset({"CT"}))
    assert progress.state == "complete"
    assert sorted(keeper.objects) == [f"1.2.826.1.{s}.{i}" for s in (1, 2) for i in (1, 2)]


def test_places_in_the_list_and_unknown_patients(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    patients = [ListedPatient("42"), ListedPatient("0042"), ListedPatient("7")]
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        found = collect(pacs, keeper, patients)
    assert [(one.position, one.total, one.state) for one in found] == [
        (1, 3, "not found"),
        (2, 3, "complete"),
        (3, 3, "complete"),
    ]


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
        (progress,) = collect(pacs, keeper)
    assert progress.state == "incomplete"
    assert (progress.expected, progress.received) == (6, 5)
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
        (progress,) = collect(pacs, keeper, quiet_seconds=3.0)
    assert (progress.state, progress.received) == ("complete", 6)


class Unlisting(EmbeddedPacs):
    """Refuses queries at image level."""

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        if event.identifier.QueryRetrieveLevel == "IMAGE":
            yield 0xA900, None
        else:
            yield from super()._find(event)


def test_without_a_list_of_objects_nothing_is_called_complete(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(Unlisting, tmp_path, keeper, objects) as pacs:
        (progress,) = collect(pacs, keeper)
    assert len(keeper.objects) == 6, "it is fetched all the same"
    assert progress.state == "incomplete"
    assert "cannot be judged" in progress.reason
    assert "not_listed" in {finding.code for finding in progress.findings}


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
    with stand(Miscounting, tmp_path, keeper, objects) as pacs:
        (progress,) = collect(pacs, keeper)
    assert progress.state == "complete"
    (finding,) = progress.findings
    assert finding.code == "count_differs"
    assert finding.object_number == 1


def test_a_destination_the_pacs_does_not_know_is_said_with_a_remedy(
    objects: list[Dataset], keeper: Any, tmp_path: Path
) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, objects) as pacs:
        del pacs.destinations["WORKBENCH"]
        (progress,) = collect(pacs, keeper)
    assert progress.state == "failed"
    assert "register this AE title" in progress.reason
    assert progress.moves == 1, "the other study would fare no better"


def test_a_pacs_that_is_gone_fails_each_patient_and_ends(keeper: Any, tmp_path: Path) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, []) as pacs:
        entity = pacs.entity
    pacs.entity = entity
    found = collect(pacs, keeper, [ListedPatient("1"), ListedPatient("2")])
    assert [one.state for one in found] == ["failed", "failed"]
    assert "could not be reached" in found[0].reason


def test_the_pacs_has_its_rest_between_patients(keeper: Any, tmp_path: Path) -> None:
    with stand(EmbeddedPacs, tmp_path, keeper, []) as pacs:
        start = time.monotonic()
        collect(pacs, keeper, [ListedPatient("1"), ListedPatient("2")], pause_seconds=1.0)
    assert time.monotonic() - start > 1.0


def test_nothing_of_a_patient_is_in_progress_or_log(
    make: Any, keeper: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = make("CANARY77", 1, 1, 1)
    with (
        caplog.at_level(logging.DEBUG),
        stand(Boaster, tmp_path, keeper, [dataset, make("CANARY77", 1, 2, 2)]) as pacs,
    ):
        shown = repr(collect(pacs, keeper, [ListedPatient("CANARY77")]))
    assert "CANARY" not in shown
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert "CANARY" not in text
    assert "Canary" not in text
    assert str(tmp_path) not in text
