"""Answers of a PACS are sorted out: each object once, only what was asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from workbench.collect.dimse.association import Peer, associate
from workbench.collect.find import FIND_CLASSES, FoundStudy, find_images, find_series, find_studies
from workbench.collect.retrieval import Timeouts
from workbench.errors import NetworkError
from workbench.model import ApplicationEntity
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import free_port

PACS = ApplicationEntity("PACS", port=0)
KNOWN = {"WORKBENCH": ApplicationEntity("WORKBENCH", port=9)}
QUICK = Timeouts(connect=2.0, answer=1.0)


def asking(pacs: EmbeddedPacs, *classes: str) -> Any:
    return associate(Peer("WORKBENCH", pacs.entity, QUICK), classes or FIND_CLASSES, 5.0)


@pytest.fixture(params=FIND_CLASSES)
def root(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_three_levels_in_both_roots(root: str, make: Any, tmp_path: Path) -> None:
    objects = [make("0042", 1, series, image) for series in (1, 2) for image in (1, 2, 3)]
    with EmbeddedPacs(PACS, tmp_path, KNOWN) as pacs:
        pacs.load([*objects, make("42", 2, 1, 1), make("0042", 3, 1, 1, "SR")])
        with asking(pacs, root) as association:
            studies = find_studies(association, "0042")
            one = studies.found[0]
            series = find_series(association, one)
            images = find_images(association, one, "1.2.826.1.2")
    assert [study.study_uid for study in studies.found] == ["1.2.826.1", "1.2.826.3"]
    assert [study.modalities for study in studies.found] == [{"CT"}, {"SR"}]
    assert [study.instances for study in studies.found] == [6, 1]
    assert [(found.series_uid, found.modality, found.instances) for found in series.found] == [
        ("1.2.826.1.1", "CT", 3),
        ("1.2.826.1.2", "CT", 3),
    ]
    assert set(images.found) == {f"1.2.826.1.2.{image}" for image in (1, 2, 3)}
    assert studies.whole
    assert series.whole
    assert images.whole


def test_a_patient_the_pacs_does_not_know_has_no_studies(make: Any, tmp_path: Path) -> None:
    with EmbeddedPacs(PACS, tmp_path, KNOWN) as pacs:
        pacs.load([make("0042", 1, 1, 1)])
        with asking(pacs) as association:
            answers = find_studies(association, "42")
    assert answers.found == ()
    assert answers.whole


def test_an_id_in_another_alphabet_is_found(make: Any, tmp_path: Path) -> None:
    dataset = make("Ł漢-7", 1, 1, 1)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    with EmbeddedPacs(PACS, tmp_path, KNOWN) as pacs:
        pacs.load([dataset])
        with asking(pacs) as association:
            assert len(find_studies(association, "Ł漢-7").found) == 1


class Muddled(EmbeddedPacs):
    """Answers twice, for other patients, without a UID, and forgets ModalitiesInStudy."""

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        for found in super().answers(level, keys):
            for keyword in ("ModalitiesInStudy", "NumberOfStudyRelatedInstances"):
                if keyword in found:
                    delattr(found, keyword)
            yield found
            yield found
            if level == "STUDY":
                for patient in ("43", "0042X", None):
                    other = Dataset()
                    other.update(found)
                    other.PatientID = patient
                    other.StudyInstanceUID = "1.2.826.9"
                    yield other
            nameless = Dataset()
            nameless.PatientID = "0042"
            yield nameless


def test_muddled_answers_are_sorted_out_and_counted(make: Any, tmp_path: Path) -> None:
    with Muddled(PACS, tmp_path, KNOWN) as pacs:
        pacs.load([make("0042", 1, 1, 1)])
        with asking(pacs) as association:
            answers = find_studies(association, "0042")
            series = find_series(association, answers.found[0])
    (study,) = answers.found
    assert study.study_uid == "1.2.826.1"
    assert study.modalities == frozenset()
    assert study.instances is None
    assert (answers.duplicates, answers.foreign, answers.unusable) == (1, 3, 1)
    assert (series.duplicates, series.unusable) == (1, 1)


class Scattered(EmbeddedPacs):
    """Answers a study once for each place where it keeps a part of it."""

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        kept = {"STUDY": ("ModalitiesInStudy", "SR", "CT"), "SERIES": ("Modality", "CT", "CT")}
        for found in super().answers(level, keys):
            keyword, *values = kept.get(level, ("InstanceNumber", 1))
            for number, value in enumerate(values, 1):
                part = Dataset()
                part.update(found)
                setattr(part, keyword, value)
                part.NumberOfStudyRelatedInstances = number
                yield part


def test_two_answers_about_one_study_are_put_together(make: Any, tmp_path: Path) -> None:
    with Scattered(PACS, tmp_path, KNOWN) as pacs:
        pacs.load([make("0042", 1, 1, 1)])
        with asking(pacs) as association:
            answers = find_studies(association, "0042")
            series = find_series(association, answers.found[0])
    (study,) = answers.found
    assert (study.modalities, study.instances) == (frozenset({"SR", "CT"}), 2)
    assert (answers.duplicates, len(answers.repeats)) == (1, 1)
    assert [one.modality for one in series.found] == ["CT"]
    assert (series.duplicates, series.repeats) == (1, ())


def test_an_issuer_tells_two_patients_apart(make: Any, tmp_path: Path) -> None:
    one, two = make("0042", 1, 1, 1), make("0042", 2, 1, 1)
    one.IssuerOfPatientID, two.IssuerOfPatientID = "CHL", "LNS"
    with EmbeddedPacs(PACS, tmp_path, KNOWN) as pacs:
        pacs.load([one, two])
        with asking(pacs) as association:
            (found,) = find_studies(association, "0042", "LNS").found
            both = find_studies(association, "0042").found
    assert found.study_uid == "1.2.826.2"
    assert len(both) == 2


class Limited(EmbeddedPacs):
    """Gives two answers and then says that it has no resources (PS3.4 table C.4-1)."""

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        for number, answer in enumerate(super()._find(event)):
            if number == 2:
                yield 0xA700, None
                return
            yield answer


def test_a_cut_answer_is_not_taken_for_the_whole(make: Any, tmp_path: Path) -> None:
    with Limited(PACS, tmp_path, KNOWN) as pacs:
        pacs.load([make("0042", study, 1, 1) for study in range(1, 6)])
        with asking(pacs) as association:
            answers = find_studies(association, "0042")
    assert len(answers.found) == 2
    assert answers.status == 0xA700
    assert not answers.whole


@pytest.mark.parametrize("patient_id", ["", "  ", "*", "00?2", "1\\2"])
def test_a_question_for_everyone_is_not_asked(patient_id: str, make: Any, tmp_path: Path) -> None:
    with (
        EmbeddedPacs(PACS, tmp_path, KNOWN) as pacs,
        asking(pacs) as association,
        pytest.raises(ValueError, match="wildcards"),
    ):
        find_studies(association, patient_id)


def test_a_pacs_that_is_not_there_is_named_by_its_title() -> None:
    port = free_port()
    peer = Peer("WORKBENCH", ApplicationEntity("FARAWAY", port=port), QUICK)
    with pytest.raises(NetworkError, match="FARAWAY could not be reached") as caught:
        associate(peer, FIND_CLASSES, 1.0).__enter__()
    assert caught.value.remedy
    assert "127.0.0.1" not in str(caught.value)


def test_a_pacs_that_does_not_know_us_is_said(tmp_path: Path) -> None:
    with EmbeddedPacs(PACS, tmp_path, {}) as pacs:
        peer = Peer("STRANGER", pacs.entity, QUICK)
        with pytest.raises(NetworkError, match="register the AE title STRANGER"):
            associate(peer, FIND_CLASSES, 1.0).__enter__()


class Asleep(EmbeddedPacs):
    """Takes the question and says nothing for too long."""

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        time.sleep(2.0)
        yield from super().answers(level, keys)


def test_a_pacs_that_stops_answering_is_an_error_in_time(make: Any, tmp_path: Path) -> None:
    with Asleep(PACS, tmp_path, KNOWN) as pacs:
        pacs.load([make("0042", 1, 1, 1)])
        peer = Peer("WORKBENCH", pacs.entity, QUICK)
        with (
            associate(peer, FIND_CLASSES, 0.5) as association,
            pytest.raises(NetworkError, match="PACS stopped answering"),
        ):
            find_studies(association, "0042")


def test_a_study_shows_no_identity() -> None:
    assert "0042" not in repr(FoundStudy("1.2.0042", "0042", "CHL"))


def test_no_answer_is_taken_for_a_request(make: Any, tmp_path: Path) -> None:
    """pynetdicom's reactor asks the same queue for requests, and would throw an answer away."""
    with EmbeddedPacs(PACS, tmp_path, KNOWN) as pacs:
        pacs.load([make("0042", 1, 1, 1)])
        with asking(pacs) as association:
            association.dimse.msg_queue.put((1, "an answer"))
            time.sleep(0.05)  # the reactor turns every millisecond
            for _ in range(50):
                assert association.dimse.get_msg(block=False) == (None, None)
            assert association.dimse.get_msg(block=True) == (1, "an answer")
            for _ in range(20):
                assert len(find_studies(association, "0042").found) == 1
