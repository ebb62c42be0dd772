"""One small object of a recent study is found by itself, in few questions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.stages.stubborn_peers import PATIENT, STUDY, dataset
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.find import FIND_CLASSES
from workbench.collect.patient_list import ListedPatient
from workbench.collect.retrieval import Timeouts
from workbench.errors import NetworkError
from workbench.model import ApplicationEntity
from workbench.simulate.misbehaving import MisbehavingPacs
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.quirks import FindFaults, Quirks
from workbench.stages.trial_object import MAX_STUDIES, TrialObject, trial_objects

TODAY = date(2024, 6, 1)


def of(study: int, series: int, image: int, day: str, modality: str = "CT") -> Dataset:
    made = dataset(series, image, modality, day)
    made.StudyInstanceUID = f"{STUDY}.{study}"
    made.SeriesInstanceUID = f"{STUDY}.{study}.{series}"
    made.SOPInstanceUID = f"{STUDY}.{study}.{series}.{image}"
    return made


class Counting(MisbehavingPacs):
    """Counts the answers it gives, by level."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.given: list[str] = []

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        for answer in super().answers(level, keys):
            self.given.append(level)
            yield answer


@contextmanager
def asked(folder: Path, objects: list[Dataset], quirks: Quirks | None = None) -> Iterator[Any]:
    us = ApplicationEntity("WORKBENCH", port=1)
    with Counting(ApplicationEntity("PACS", port=0), folder, {us.title: us}, quirks) as pacs:
        pacs.load(objects)
        peer = Peer(us.title, pacs.entity, Timeouts(2.0, 2.0, 2.0))
        with associate(peer, FIND_CLASSES, 2.0) as association:
            yield association, pacs


def found(folder: Path, objects: list[Dataset], quirks: Quirks | None = None) -> TrialObject | None:
    """The first of those found, which is the smallest."""
    with asked(folder, objects, quirks) as (association, _):
        return next(iter(trial_objects(association, TODAY)), None)


def test_the_smallest_series_of_the_smallest_recent_study(tmp_path: Path) -> None:
    chosen = found(tmp_path, [
        *(of(1, 1, image, "20240531") for image in range(1, 30)),
        *(of(2, 1, image, "20240531") for image in range(1, 9)),
        *(of(2, 2, image, "20240531") for image in range(1, 3)),
        of(3, 1, 1, "20200101"),
    ])  # fmt: skip
    assert chosen is not None
    assert chosen.series.series_uid == f"{STUDY}.2.2"
    assert chosen.instances == {f"{STUDY}.2.2.1", f"{STUDY}.2.2.2"}
    assert chosen.missing == {f"{STUDY}.2.2.1"}, "one object is enough"
    single, series = chosen.orders
    assert (single.level, series.level) == ("IMAGE", "SERIES"), "the narrowest order first"
    assert single.wanted.instances == chosen.missing
    assert series.wanted.instances == chosen.instances


def test_among_equals_a_report_is_smaller_than_an_image(tmp_path: Path) -> None:
    chosen = found(tmp_path, [of(1, 1, 1, "20240531", "MG"), of(1, 2, 1, "20240531", "SR")])
    assert chosen is not None
    assert chosen.series.modality == "SR"


@pytest.mark.parametrize("day", ["20240601", "20240526", "20240410", "20230601", "19990101"])
def test_older_studies_are_asked_for_where_there_are_no_newer_ones(
    tmp_path: Path, day: str
) -> None:
    chosen = found(tmp_path, [of(1, 1, 1, day)])
    assert chosen is not None
    assert chosen.missing == {f"{STUDY}.1.1.1"}


def test_what_is_recent_is_taken_first(tmp_path: Path) -> None:
    older = [of(9, 1, 1, "20240101")]
    chosen = found(tmp_path, [*older, *(of(1, 1, image, "20240530") for image in range(1, 40))])
    assert chosen is not None
    assert chosen.study.study_uid == f"{STUDY}.1", "an old one may lie on a tape"


def test_a_second_one_is_found_for_where_the_first_is_lost(tmp_path: Path) -> None:
    objects = [of(1, 1, 1, "20240531"), of(2, 1, 1, "20240531"), of(3, 1, 1, "20200101")]
    with asked(tmp_path, objects) as (association, _):
        first, second = trial_objects(association, TODAY)
    assert first.study.study_uid != second.study.study_uid
    assert "3" not in {first.study.study_uid[-1], second.study.study_uid[-1]}, "as recent as it"


def test_an_archive_with_nothing_has_no_object(tmp_path: Path) -> None:
    assert found(tmp_path, []) is None


def test_a_busy_day_is_not_read_to_its_end(tmp_path: Path) -> None:
    many = [of(study, 1, 1, "20240531") for study in range(1, 2 * MAX_STUDIES)]
    with asked(tmp_path, many) as (association, pacs):
        assert len(trial_objects(association, TODAY)) == 2
        assert pacs.given.count("SERIES") == 2
        assert pacs.given.count("IMAGE") == 2
        assert association.is_established, "it goes on answering after the query was called off"


@pytest.mark.parametrize(
    "faults",
    [
        FindFaults(required_only=True),
        FindFaults(strict=True),
        FindFaults(without=frozenset({"NumberOfStudyRelatedInstances", "ModalitiesInStudy"})),
        FindFaults(without=frozenset({"NumberOfSeriesRelatedInstances"})),
        FindFaults(twice=frozenset({"STUDY", "SERIES", "IMAGE"})),
        FindFaults(pads=True),
        FindFaults(limit=1, limit_status=0xA700),
        FindFaults(ignored=frozenset({"StudyDate"})),
    ],
)
def test_archives_that_answer_oddly_have_one_too(tmp_path: Path, faults: FindFaults) -> None:
    objects = [of(1, series, 1, "20240531") for series in (1, 2)]
    chosen = found(tmp_path, objects, Quirks(find=faults))
    assert chosen is not None
    assert chosen.missing


def test_where_objects_are_not_listed_the_series_is_waited_for(tmp_path: Path) -> None:
    chosen = found(
        tmp_path, [of(1, 1, 1, "20240531")], Quirks(find=FindFaults(refused={"IMAGE": 0xA900}))
    )
    assert chosen is not None
    assert (chosen.instances, chosen.missing) == (frozenset(), frozenset())
    assert chosen.wanted.series == {f"{STUDY}.1.1"}
    assert [order.level for order in chosen.orders] == ["SERIES"]
    assert chosen.expected.unlisted == {f"{STUDY}.1.1": 1}


def test_patients_of_the_queue_are_asked_for_where_days_are_not(tmp_path: Path) -> None:
    class SinglePatients(EmbeddedPacs):
        def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
            if level == "STUDY" and not keys.PatientID:
                return iter(())
            return super().answers(level, keys)

    us = ApplicationEntity("WORKBENCH", port=1)
    with SinglePatients(ApplicationEntity("PACS", port=0), tmp_path, {us.title: us}) as pacs:
        pacs.load([of(1, 1, 1, "20240531")])
        peer = Peer(us.title, pacs.entity, Timeouts(2.0, 2.0, 2.0))
        with associate(peer, FIND_CLASSES, 2.0) as association:
            assert trial_objects(association, TODAY) == []
            queued = [ListedPatient("NOBODY"), ListedPatient(PATIENT)]
            (chosen,) = trial_objects(association, TODAY, lambda: queued)
            assert chosen.study.patient_id == PATIENT


def test_an_archive_that_falls_silent_or_never_ends_is_told(tmp_path: Path) -> None:
    quiet = Quirks(find=FindFaults(answer_seconds=30.0))
    objects = [of(study, 1, 1, "20240531") for study in range(1, 9)]
    with asked(tmp_path / "quiet", objects, quiet) as (association, pacs):
        with pytest.raises(NetworkError, match="fell silent") as caught:
            trial_objects(association, TODAY)
        assert "let WORKBENCH query" in str(caught.value)
        pacs._closing.set()
    with (
        asked(tmp_path / "endless", objects) as (association, _),
        pytest.raises(NetworkError, match="too long"),
    ):
        trial_objects(association, TODAY, seconds=0.0)


def test_nobody_is_named_by_what_is_printed(tmp_path: Path) -> None:
    chosen = found(tmp_path, [of(1, 1, 1, "20240531")])
    for secret in (PATIENT, STUDY):
        assert secret not in repr(chosen)
