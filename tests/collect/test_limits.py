"""Answers cut at a limit, openly or silently, are asked for in parts or told to be cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from workbench.collect.dimse.association import Peer, associate
from workbench.collect.expected import Expected, expect
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import (
    FIND_CLASSES,
    Answers,
    FoundSeries,
    FoundStudy,
    find_studies,
)
from workbench.collect.limits import (
    adds_up,
    find_every_series,
    find_every_study,
    may_be_cut,
)
from workbench.collect.patient_list import ListedPatient
from workbench.collect.retrieval import Timeouts
from workbench.model import ApplicationEntity
from workbench.simulate.misbehaving import MisbehavingPacs
from workbench.simulate.quirks import FindFaults, Quirks

PACS = ApplicationEntity("PACS", port=0)
KNOWN = {"WORKBENCH": ApplicationEntity("WORKBENCH", port=9)}
CT = SurveyFilter(frozenset({"CT"}))
NUMBER, LIMIT = 120, 100  # of what one patient has, and of answers
FIRST = date(2003, 1, 1)


def instance(patient: str, study: int, series: int, image: int, **more: Any) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.PatientID, dataset.Modality = patient, "CT"
    dataset.StudyInstanceUID = f"1.2.826.{study}"
    dataset.SeriesInstanceUID = f"1.2.826.{study}.{series}"
    dataset.SOPInstanceUID = f"1.2.826.{study}.{series}.{image}"
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def expected(pacs: MisbehavingPacs, listed: ListedPatient, wanted: SurveyFilter = CT) -> Expected:
    peer = Peer("WORKBENCH", pacs.entity, Timeouts(2.0, 2.0))
    with associate(peer, FIND_CLASSES, 2.0) as association:
        return expect(association, listed, wanted)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MisbehavingPacs]:
    """One patient with many studies, one with many series of two modalities, one with images."""
    kinds = ("CT", "MR")
    with MisbehavingPacs(PACS, tmp_path_factory.mktemp("large"), KNOWN) as one:
        one.load(
            instance("S", 1000 + n, 1, 1, StudyDate=f"{FIRST + timedelta(50 * n):%Y%m%d}")
            for n in range(NUMBER)
        )
        one.load(instance("E", 1, n, 1, Modality=kinds[n % 2]) for n in range(NUMBER))
        one.load(instance("I", 2, 1, n) for n in range(NUMBER))
        yield one


def limited(pacs: MisbehavingPacs, limit: int | None, status: int, **faults: Any) -> None:
    pacs.misbehave(Quirks(find=FindFaults(limit=limit, limit_status=status, **faults)))


def studies(pacs: MisbehavingPacs, keys: Mapping[str, str]) -> Answers[FoundStudy]:
    peer = Peer("WORKBENCH", pacs.entity, Timeouts(2.0, 2.0))
    with associate(peer, FIND_CLASSES, 2.0) as association:
        return find_every_study(association, "S", "", keys)


def series(pacs: MisbehavingPacs, *wanted: str) -> Answers[FoundSeries]:
    peer = Peer("WORKBENCH", pacs.entity, Timeouts(2.0, 2.0))
    with associate(peer, FIND_CLASSES, 2.0) as association:
        (study,) = find_studies(association, "E").found
        return find_every_series(association, study, frozenset(wanted))


@pytest.mark.parametrize(("limit", "status"), [(LIMIT, 0xA700), (LIMIT, 0x0000), (20, 0xA700)])
def test_studies_beyond_a_limit_are_asked_for_by_date(
    limit: int, status: int, large: MisbehavingPacs
) -> None:
    limited(large, limit, status)
    found = studies(large, {})
    assert len(found.found) == NUMBER
    assert found.whole
    assert found.duplicates == 0
    some = studies(large, {"StudyDate": "20040101-20061231"})
    assert len(some.found) == 22, "days 400, 450 ... 1450 after the first"


@pytest.mark.parametrize("status", [0xA700, 0x0000])
def test_a_limit_that_cannot_be_got_round_is_told(status: int, large: MisbehavingPacs) -> None:
    limited(large, LIMIT, status, ignored=frozenset({"StudyDate"}))
    found = studies(large, {})
    assert len(found.found) == LIMIT
    assert found.status == 0xA700
    everything = expected(large, ListedPatient("S"), SurveyFilter(frozenset({"NM"})))
    assert everything.notes["cut_answer"] == 1
    assert not everything.listed


def test_all_of_a_round_number_of_studies_is_known_to_be_all(large: MisbehavingPacs) -> None:
    large.misbehave(Quirks())
    last = FIRST + timedelta(50 * (LIMIT - 1))
    found = studies(large, {"StudyDate": f"-{last:%Y%m%d}"})
    assert len(found.found) == LIMIT
    assert found.whole


@pytest.mark.parametrize("status", [0xA700, 0x0000])
def test_series_beyond_a_limit_are_asked_for_by_modality(
    status: int, large: MisbehavingPacs
) -> None:
    limited(large, LIMIT, status)
    one, both = series(large, "CT"), series(large)
    assert sum(found.modality == "CT" for found in one.found) == NUMBER // 2
    assert len(both.found) == NUMBER
    assert (one.whole, both.whole) == (True, True)


@pytest.mark.parametrize(
    ("counts", "whole"), [([1] * 100, True), ([1] * 99 + [2], False), ([1] * 99 + [None], False)]
)
def test_a_round_number_of_series_is_all_when_their_objects_add_up(
    counts: list[int | None], *, whole: bool
) -> None:
    told = Answers(tuple(FoundSeries("1", str(n), "CT", one) for n, one in enumerate(counts)))
    assert adds_up(told, FoundStudy("1", "E", instances=100)) is whole


def test_a_study_whose_series_are_cut_all_the_same_is_fetched_whole(
    large: MisbehavingPacs,
) -> None:
    limited(large, 20, 0xA700)
    (study,) = expected(large, ListedPatient("E"), SurveyFilter()).studies
    assert not study.listed
    assert not study.selected
    assert study.unlisted[study.study.study_uid] == NUMBER
    assert study.unlisted.keys() >= study.series.keys()


@pytest.mark.parametrize("status", [0xA700, 0x0000])
def test_objects_beyond_a_limit_are_counted(status: int, large: MisbehavingPacs) -> None:
    limited(large, LIMIT, status)
    found = expected(large, ListedPatient("I"))
    assert [study.unlisted for study in found.studies] == [{"1.2.826.2.1": NUMBER}]
    assert found.notes["cut_answer"] == 1


@pytest.mark.parametrize(
    ("number", "cut"),
    [(0, False), (1, False), (50, False), (64, False), (100, True), (128, True), (101, False)],
)
def test_which_numbers_look_like_a_limit(number: int, *, cut: bool) -> None:
    assert may_be_cut(0x0000, number) is cut
    assert may_be_cut(0xA700, number)
    assert not may_be_cut(0xC000, number)
