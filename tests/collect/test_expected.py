"""What a patient's studies ought to bring is known, or known to be unknown, whatever PACS do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from workbench.collect import find
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.expected import Expected, doubts, expect
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import (
    FIND_CLASSES,
    Answers,
    FoundStudy,
)
from workbench.collect.patient_ids import is_alike, is_same
from workbench.collect.patient_list import ListedPatient
from workbench.collect.retrieval import Timeouts
from workbench.errors import NetworkError
from workbench.model import ApplicationEntity
from workbench.simulate.misbehaving import MisbehavingPacs
from workbench.simulate.quirks import FindFaults, Quirks

PACS = ApplicationEntity("PACS", port=0)
KNOWN = {"WORKBENCH": ApplicationEntity("WORKBENCH", port=9)}
CT = SurveyFilter(frozenset({"CT"}))
BORN = date(1970, 5, 17)
LEVELS = frozenset({"STUDY", "SERIES", "IMAGE"})
COUNTS = frozenset({"NumberOfStudyRelatedInstances", "NumberOfSeriesRelatedInstances"})


def instance(patient: str, study: int, series: int, image: int, **more: Any) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CTImageStorage
    dataset.PatientID = patient
    dataset.PatientBirthDate = BORN.strftime("%Y%m%d")
    dataset.StudyDate = f"202{study % 10}0115"
    dataset.AccessionNumber = f"A{study}"
    dataset.Modality = "CT"
    dataset.StudyInstanceUID = f"1.2.826.{study}"
    dataset.SeriesInstanceUID = f"1.2.826.{study}.{series}"
    dataset.SOPInstanceUID = f"1.2.826.{study}.{series}.{image}"
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


# Patient 0042: a CT with two series and a dose report, an MR, a CT; and somebody else.
ARCHIVE = [
    *(instance("0042", 1, series, image) for series in (1, 2) for image in (1, 2, 3)),
    instance("0042", 1, 9, 1, Modality="SR"),
    instance("0042", 2, 1, 1, Modality="MR"),
    instance("0042", 3, 1, 1),
    instance("7777", 4, 1, 1),
    *(instance("Müller-Ł", 5, 1, image) for image in (1, 2)),
    *(instance("Mühe", 6, 1, image) for image in (1, 2)),
]
CT_OF_0042 = {f"1.2.826.1.{series}.{image}" for series in (1, 2) for image in (1, 2, 3)} | {
    "1.2.826.3.1.1"
}


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MisbehavingPacs]:
    with MisbehavingPacs(PACS, tmp_path_factory.mktemp("pacs"), KNOWN) as one:
        one.load(ARCHIVE)
        yield one


Ask = Callable[..., Expected]


@pytest.fixture
def ask(pacs: MisbehavingPacs) -> Ask:
    def asked(
        patient: str | ListedPatient = "0042", wanted: SurveyFilter = CT, /, **faults: Any
    ) -> Expected:
        pacs.misbehave(Quirks(find=FindFaults(**faults)))
        listed = ListedPatient(patient) if isinstance(patient, str) else patient
        return expected(pacs, listed, wanted)

    return asked


def expected(
    pacs: MisbehavingPacs, listed: ListedPatient, wanted: SurveyFilter = CT, answer: float = 2.0
) -> Expected:
    peer = Peer("WORKBENCH", pacs.entity, Timeouts(2.0, answer))
    with associate(peer, FIND_CLASSES, answer) as association:
        return expect(association, listed, wanted)


def test_all_that_is_wanted_is_expected_and_all_that_is_offered_is_told(ask: Ask) -> None:
    found = ask()
    assert found.instances == CT_OF_0042
    assert found.listed
    assert (found.notes, found.doubts) == ({}, ())
    offered = {study.found.study_uid[8:]: study for study in found.offered}
    assert {uid: study.unwanted for uid, study in offered.items()} == {
        "1": "", "2": "modality", "3": "",
    }  # fmt: skip
    assert [study.found.instances for study in offered.values()] == [7, 1, 1]
    assert [(one.modality, one.told, one.unwanted) for one in offered["1"].series] == [
        ("CT", 3, ""), ("CT", 3, ""), ("SR", 1, "modality"),
    ]  # fmt: skip
    assert [len(found.answers[level]) for level in ("STUDY", "SERIES", "IMAGE")] == [3, 4, 7]
    assert found.answers["STUDY"][0]["00100020"]["Value"] == ["0042"]


@pytest.mark.parametrize(
    "faults",
    [
        {"without": frozenset({"ModalitiesInStudy"})},
        {"without": frozenset({"QueryRetrieveLevel", "SpecificCharacterSet"})},
        {"without": frozenset({"PatientBirthDate", "StudyDate", "AccessionNumber"})},
        {"without": COUNTS},
        {"ignored": frozenset({"PatientID"})},
        {"ignored": frozenset({"SeriesInstanceUID"})},
        {"ignored": frozenset({"StudyInstanceUID"})},
        {"twice": LEVELS},
        {"pads": True},
        {"joined_modalities": "/"},
        {"joined_modalities": ", "},
        {"miscounted": 2},
        {"miscounted": -9},
        {"pending": 0xFF01},
        {"required_only": True},
        {"strict": True},
        {"strict": True, "required_only": True, "pads": True, "twice": LEVELS, "pending": 0xFF01},
        {"character_set": ""},
        {"loose_ids": True},
        {"literal_wildcards": True},
    ],
)
def test_oddities_that_change_nothing(faults: dict[str, Any], ask: Ask) -> None:
    found = ask(**faults)
    assert found.instances == CT_OF_0042
    assert found.listed
    assert found.doubts == ()


@pytest.mark.parametrize("root", ["study", "patient"])
@pytest.mark.parametrize("faults", [{}, {"strict": True}, {"required_only": True}])
def test_one_information_model_is_enough(root: Any, faults: dict[str, Any], tmp_path: Path) -> None:
    quirks = Quirks(find=FindFaults(**faults), roots=frozenset({root}))
    with MisbehavingPacs(PACS, tmp_path, KNOWN, quirks) as pacs:
        pacs.load(ARCHIVE)
        assert expected(pacs, ListedPatient("0042")).instances == CT_OF_0042


@pytest.mark.parametrize("status", [0xA900, 0x0122, 0xC000, 0xA700, 0x0000])
def test_without_series_a_study_is_expected_whole(status: int, ask: Ask) -> None:
    found = ask(refused={"SERIES": status}) if status else ask(empty=frozenset({"SERIES"}))
    assert not found.listed
    assert [study.unlisted for study in found.studies] == [{"1.2.826.1": 7}, {"1.2.826.3": 1}]
    assert [study.selected for study in found.studies] == [False, False]
    assert found.notes["not_listed"] == 2


@pytest.mark.parametrize("status", [0xA900, 0x0122, 0xC000, 0xA700, 0x0000])
def test_without_objects_each_wanted_series_is_expected_with_its_number(
    status: int, ask: Ask
) -> None:
    found = ask(refused={"IMAGE": status}) if status else ask(empty=frozenset({"IMAGE"}))
    assert not found.listed
    assert [study.unlisted for study in found.studies] == [
        {"1.2.826.1.1": 3, "1.2.826.1.2": 3}, {"1.2.826.3.1": 1},
    ]  # fmt: skip


def test_a_level_that_is_refused_is_not_asked_for_for_ever(
    pacs: MisbehavingPacs, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels: list[str] = []
    real = find._ask

    def counted(association: Any, wanted: Dataset, root: str) -> Any:
        levels.append(wanted.QueryRetrieveLevel)
        return real(association, wanted, root)

    monkeypatch.setattr(find, "_ask", counted)
    found = ask("0042", SurveyFilter(), refused={"IMAGE": 0xA900})
    assert len(found.offered) == 3
    assert levels.count("IMAGE") == 2 * 2, "two tries, in two models: it has no optional key"


@pytest.mark.parametrize("without", [frozenset(), COUNTS])
def test_a_refused_study_query_is_not_taken_for_no_studies(without: Any, ask: Ask) -> None:
    found = ask(refused={"STUDY": 0xC000}, without=without)
    assert (found.found, found.status) == (False, 0xC000)


def test_wrong_counts_are_a_finding(ask: Ask) -> None:
    assert ask(miscounted=1).notes["count_differs"] == 3
    assert ask(twice=LEVELS).notes["duplicate_answer"] == 3 + 4 + 7


def test_a_series_key_that_is_ignored_lists_nothing_twice(ask: Ask) -> None:
    """Without the series in the answers nobody knows which object belongs to which."""
    found = ask(ignored=frozenset({"SeriesInstanceUID"}), without=frozenset({"SeriesInstanceUID"}))
    assert found.instances <= CT_OF_0042 | {"1.2.826.1.9.1"}
    assert not found.listed


# --- filters on what the PACS ignores -------------------------------------------------------------


@pytest.mark.parametrize("ignored", [frozenset(), frozenset({"StudyDate", "AccessionNumber"})])
def test_dates_and_examination_hold_where_the_pacs_ignores_them(ignored: Any, ask: Ask) -> None:
    late = SurveyFilter(study_from=date(2022, 6, 1))
    assert ask("0042", late, ignored=ignored).instances == {"1.2.826.3.1.1"}
    one = ListedPatient("0042", accession="A2")
    assert ask(one, SurveyFilter(), ignored=ignored).instances == {"1.2.826.2.1.1"}
    days = ListedPatient("0042", study_to=date(2021, 12, 31))
    assert ask(days, CT, ignored=ignored).instances == CT_OF_0042 - {"1.2.826.3.1.1"}


# --- whose studies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "faults", "codes"),
    [
        (ListedPatient("0042", birth_date=BORN), {}, ()),
        (ListedPatient("0042", birth_date=date(1971, 5, 17)), {}, ("birth_date_differs",)),
        (
            ListedPatient("0042", birth_date=date(1971, 5, 17)),
            {"without": frozenset({"PatientBirthDate"})},
            (),
        ),
        (ListedPatient("0042"), {"second_patient": "7777"}, ("found_twice",)),
        (ListedPatient("0042"), {"drops_zeros": True}, ("id_differs",)),
        (ListedPatient("42"), {"loose_ids": True}, ("id_differs",)),
        (ListedPatient("42"), {}, ()),
        (ListedPatient("0042"), {"without": frozenset({"PatientID"})}, ("id_differs",)),
        (ListedPatient("8888"), {"ignored": frozenset({"PatientID"})}, ()),
    ],
)
def test_what_a_person_must_look_at(
    listed: ListedPatient, faults: dict[str, Any], codes: tuple[str, ...], ask: Ask
) -> None:
    assert ask(listed, CT, **faults).doubts == codes


def found(uid: str = "1", patient: str = "0042", **more: Any) -> FoundStudy:
    return FoundStudy(uid, patient, **more)


@pytest.mark.parametrize(
    ("answers", "codes"),
    [
        (Answers((found(issuer="A"), found("2", issuer="B"))), ("several_patients",)),
        (Answers((found(issuer="A"), found("2", issuer="A"))), ()),
        (
            Answers((found(birth_date=BORN), found("2", birth_date=BORN + timedelta(1)))),
            ("several_births",),
        ),
        (Answers((found(),), strays=(found("2", "42"),)), ("similar_ids",)),
        (Answers((found(),), strays=(found("2", "0043"),)), ()),
        (Answers((found(),), strays=(found("1", "0043"),)), ("found_twice",)),
        (
            Answers((found(issuer="A"),), repeats=(found(issuer="B"),)),
            ("several_patients", "found_twice"),
        ),
        (Answers((), strays=(found("2", "0042", issuer="B"),)), ()),
    ],
)
def test_answers_about_more_than_one_patient(
    answers: Answers[FoundStudy], codes: tuple[str, ...]
) -> None:
    assert doubts(ListedPatient("0042"), answers) == codes


@pytest.mark.parametrize(
    ("one", "two", "same", "alike"),
    [
        ("0042", "0042 ", True, True),
        ("0042", "42", False, True),
        ("ab 1", "AB1", False, True),
        ("0042", "0420", False, False),
        ("Müller", "Mu\u0308ller", True, True),
        ("Müller", "MÃ¼ller", False, False),
        ("MÃ¼ller", "Müller", True, False),
    ],
)
def test_when_two_ids_are_one(one: str, two: str, same: bool, alike: bool) -> None:
    assert (is_same(one, two), is_alike(one, two)) == (same, alike)


# --- character sets -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patient", "faults"),
    [
        ("Mühe", {}),
        ("Mühe", {"character_set": "ISO_IR 100"}),
        ("Mühe", {"character_set": ""}),
        ("Mühe", {"reads_latin1": True}),
        ("Mühe", {"reads_latin1": True, "character_set": "ISO_IR 100"}),
        ("Müller-Ł", {}),
        ("Müller-Ł", {"character_set": "ISO_IR 101"}),
        ("Mu\u0308he", {"reads_latin1": True}),
    ],
)
def test_an_id_is_found_in_whatever_characters_it_is_answered(
    patient: str, faults: dict[str, Any], ask: Ask
) -> None:
    assert len(ask(patient, **faults).instances) == 2


# --- silence and endless talk ---------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 2])
def test_a_pacs_that_falls_silent_is_an_error_in_time(after: int, pacs: MisbehavingPacs) -> None:
    pacs.misbehave(Quirks(find=FindFaults(answer_seconds=1.5, hang_after=after)))
    begun = time.monotonic()
    with pytest.raises(NetworkError, match="PACS stopped answering"):
        expected(pacs, ListedPatient("0042"), answer=0.3)
    assert time.monotonic() - begun < 10.0


@pytest.mark.parametrize("ignores", [False, True])
def test_a_pacs_that_answers_for_everyone_is_stopped(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, *, ignores: bool
) -> None:
    monkeypatch.setattr(find, "MAX_ANSWERS", 3)
    monkeypatch.setattr(find, "AFTER_CANCEL", 2)
    faults: dict[str, Any] = {
        "ignored": frozenset({"PatientID"}), "twice": LEVELS, "ignores_cancel": ignores,
        "hang_after": 4, "answer_seconds": 0.3,
    }  # fmt: skip
    if ignores:
        with pytest.raises(NetworkError, match="without end"):
            ask(**faults)
    else:
        assert ask(**faults).status == 0xFE00
