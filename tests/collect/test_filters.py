"""The survey's filter: the same on the query, on the answers and on what arrives."""

from __future__ import annotations

import tomllib
from calendar import isleap
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    XRayRadiationDoseSRStorage,
)

from tests.language.unmarked import wrong_in_text
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import FoundSeries, FoundStudy
from workbench.collect.patient_list import ListedPatient
from workbench.collect.tag_condition import TagCondition
from workbench.errors import SettingsError
from workbench.language import use_language

WRITTEN = {
    "modalities": ["CT", "SR"],
    "study_date": ["2020-01-01", "2024-12-31"],
    "age_years": [0, 18],
    "tag": [
        {"tag": "KVP", "range": [80, 140]},
        {"tag": "0029,1010", "creator": "MAKER", "values": ["yes"]},
    ],
}


def header(**values: object) -> Dataset:
    made = Dataset()
    made.Modality, made.StudyDate, made.PatientBirthDate = "CT", "20220601", "20100601"
    made.KVP = "120"
    made.private_block(0x0029, "MAKER", create=True).add_new(0x10, "LO", "YES ")
    for keyword, value in values.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, value)
    return made


def test_what_is_written_is_said_in_words() -> None:
    wanted = SurveyFilter.from_settings(WRITTEN)
    assert wanted.sentence() == (
        "CT and SR, studies 2020-01-01 to 2024-12-31, age 0 to 18 years, KVP 80 to 140,"
        " 0029,1010 yes"
    )
    assert SurveyFilter.from_settings({}).sentence() == "everything"


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({}, ""),
        ({"Modality": "MR"}, "modality"),
        ({"Modality": None}, "modality_absent"),
        ({"StudyDate": "20191231"}, "study_date"),
        ({"StudyDate": "20241231"}, ""),
        ({"StudyDate": None}, "study_date_absent"),
        # eighteen until the day before the nineteenth birthday
        ({"PatientBirthDate": "20030602"}, ""),
        ({"PatientBirthDate": "20030601"}, "age"),
        ({"PatientBirthDate": None}, "age_unknown"),
        ({"PatientBirthDate": None, "PatientAge": "017Y"}, ""),
        ({"PatientBirthDate": None, "PatientAge": "040Y"}, "age"),
        ({"KVP": "70"}, "tag KVP"),
        ({"KVP": None}, "tag KVP absent"),
    ],
)
def test_what_arrives_is_judged_by_its_own_header(values: dict[str, object], refusal: str) -> None:
    assert SurveyFilter.from_settings(WRITTEN).refusal(header(**values)) == refusal


def test_a_private_attribute_is_found_in_whatever_block_it_is() -> None:
    made = Dataset()
    made.private_block(0x0029, "OTHER", create=True).add_new(0x10, "LO", "NO")
    made.private_block(0x0029, "MAKER", create=True).add_new(0x10, "LO", "YES")
    condition = TagCondition("0029,1010", "MAKER", frozenset({"yes"}))
    assert condition.holds(made) is True
    assert condition.holds(Dataset()) is None
    assert TagCondition("0029,1010", "OTHER", frozenset({"yes"})).holds(made) is False


@pytest.mark.parametrize("written", ["120", "120.0", " 120 ", "1.2e2", "120,0"])
def test_a_number_is_the_same_however_it_is_written(written: str) -> None:
    made = Dataset()
    made.add_new("ImageComments", "LT", written)
    for values in ({"120"}, {"120.00"}):
        assert TagCondition("ImageComments", values=frozenset(values)).holds(made) is True
    assert TagCondition("ImageComments", low=119.9, high=120).holds(made) is True
    assert TagCondition("ImageComments", values=frozenset({"12"})).holds(made) is False


def test_days_are_read_as_toml_gives_them() -> None:
    table = tomllib.loads("study_date = [2020-01-01, 2024-12-31T10:00:00]")
    wanted = SurveyFilter.from_settings(table)
    assert (wanted.study_from, wanted.study_to) == (date(2020, 1, 1), date(2024, 12, 31))


def test_a_refusal_says_no_value() -> None:
    wanted = SurveyFilter.from_settings({"tag": [{"tag": "PatientName", "values": ["x"]}]})
    assert "Canary" not in wanted.refusal(header(PatientName="Canary^Yellow"))


def test_the_query_is_narrowed_by_dates_and_by_the_examination_of_the_list() -> None:
    wanted = SurveyFilter(study_from=date(2020, 1, 1), study_to=date(2024, 12, 31))
    listed = ListedPatient("1", accession="A7", study_from=date(2021, 5, 1))
    assert wanted.study_keys(listed) == {
        "StudyDate": "20210501-20241231", "AccessionNumber": "A7",
    }  # fmt: skip
    assert SurveyFilter().study_keys(ListedPatient("1")) == {}
    assert SurveyFilter(study_from=date(2020, 1, 1)).study_keys(ListedPatient("1")) == {
        "StudyDate": "20200101-"
    }


def test_what_the_pacs_does_not_tell_is_wanted_until_it_is_seen() -> None:
    wanted = SurveyFilter.from_settings(WRITTEN)
    assert wanted.wants_study(FoundStudy("1.2", "p"))
    assert wanted.wants_series(FoundSeries("1.2", "1.2.3"))
    assert not wanted.wants_series(FoundSeries("1.2", "1.2.3", "MR"))
    assert wanted.wants_study(FoundStudy("1.2", "p", modalities=frozenset({"MR", "CT"})))
    assert not wanted.wants_study(FoundStudy("1.2", "p", modalities=frozenset({"MR"})))
    assert not wanted.wants_study(FoundStudy("1.2", "p", study_date=date(2019, 1, 1)))
    old = FoundStudy("1.2", "p", study_date=date(2022, 1, 1), birth_date=date(1950, 1, 1))
    assert wanted.unwanted_study(old) == "age"


@pytest.mark.parametrize(
    "table",
    [
        {"modality": ["CT"]},
        {"modalities": "CT"},
        {"study_date": ["2020-01-01"]},
        {"study_date": ["soon", ""]},
        {"age_years": ["0", "18"]},
        {"tag": [{"tag": "NoSuchKeyword", "values": ["x"]}]},
        {"tag": [{"tag": "KVP"}]},
        {"tag": [{"tag": "KVP", "rnage": [1, 2]}]},
        {"tag": ["KVP"]},
        {"tag": {"tag": "KVP", "range": [1, 2]}},
        {"tag": [{"tag": "KVP", "range": [140, 80]}]},
        {"tag": [{"tag": "KVP", "range": [float("nan"), 80]}]},
        {"tag": [{"tag": "KVP", "creator": "MAKER", "range": [80, 140]}]},
        {"tag": [{"tag": "0029,1010", "values": ["x"]}]},
        {"study_date": ["2024-01-01", "2020-01-01"]},
        {"age_years": [18, 0]},
    ],
)
def test_a_wrong_filter_is_explained(table: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        SurveyFilter.from_settings(table)


@settings(max_examples=200)
@given(st.dates(date(1930, 1, 1), date(2005, 12, 31)), st.integers(0, 95))
def test_an_age_is_whole_on_the_birthday_and_not_the_day_before(birth: date, age: int) -> None:
    leap = (birth.month, birth.day) == (2, 29) and not isleap(birth.year + age)
    day = date(birth.year + age, 3, 1) if leap else birth.replace(year=birth.year + age)
    only = SurveyFilter(age_from_years=age, age_to_years=age)
    days = [day + timedelta(more) for more in (-1, 0, 364, 366)]
    wanted = [only.wants_study(FoundStudy("1", "p", study_date=one, birth_date=birth))
              for one in days]  # fmt: skip
    assert wanted[1:] == [True, True, False]
    assert not wanted[0] or age == 0


@pytest.mark.parametrize(
    ("ends", "age", "wanted"),
    [((0, 0.5), "006M", True), ((0, 0.5), "007M", False), ((0, 0), "011M", True),
     ((0, 17), "017Y", True), ((18, ""), "017Y", False), ((18, ""), "018Y", True),
     ((18, ""), "18 Y", True), ((18, ""), "X", False)],
)  # fmt: skip
def test_an_age_that_is_told_is_taken_without_a_birth_date(
    ends: tuple[object, object], age: str, *, wanted: bool
) -> None:
    made = Dataset()
    made.StudyDate, made.PatientAge = "20200101", age
    refusal = SurveyFilter.from_settings({"age_years": list(ends)}).refusal(made)
    assert (refusal == "") is wanted


def test_imported_files_meet_the_same_filter(tmp_path: Path) -> None:
    from pydicom.data import get_testdata_file

    from workbench.settings import Settings
    from workbench.stages.importing import import_files
    from workbench.survey import create_survey

    survey = create_survey(tmp_path / "w", Settings(filter={"modalities": ["MR"]}))
    files = [
        str(get_testdata_file(name, download=False)) for name in ("CT_small.dcm", "MR_small.dcm")
    ]
    intake = import_files(survey, files)
    assert (intake.verdicts["stored"], intake.verdicts["rejected"]) == (1, 1)
    (refused,) = survey.rejected().to_dicts()
    assert (refused["code"], refused["reason"][-8:]) == ("not_wanted", "modality")


KVP = {"tag": [{"tag": "KVP", "range": [80, 140]}]}
PRIVATE = {"tag": [{"tag": "0029,1010", "creator": "MAKER", "values": ["yes"]}]}


@pytest.mark.parametrize(
    ("sop_class", "values", "table", "refusal"),
    [
        (XRayRadiationDoseSRStorage, {"Modality": "SR", "KVP": None}, KVP, ""),
        (SecondaryCaptureImageStorage, {"KVP": None}, KVP, ""),
        (MRImageStorage, {"Modality": "MR", "KVP": None}, KVP, ""),
        (CTImageStorage, {"KVP": None}, KVP, "tag KVP absent"),
        (CTImageStorage, {"KVP": "70"}, KVP, "tag KVP"),
        ("1.2.3.4", {"KVP": None}, KVP, "tag KVP absent"),
        # what an object says counts, whether or not the standard lets it say so
        (SecondaryCaptureImageStorage, {"KVP": "70"}, KVP, "tag KVP"),
        (XRayRadiationDoseSRStorage, {"Modality": "SR"}, PRIVATE, ""),
        (CTImageStorage, {}, {"tag": [{"tag": "0029,1011", "creator": "MAKER", "values": ["y"]}]},
         "tag 0029,1011 absent"),
    ],
)  # fmt: skip
def test_a_tag_is_asked_of_the_objects_that_can_have_it(
    sop_class: str, values: dict[str, object], table: dict[str, object], refusal: str
) -> None:
    made = header(SOPClassUID=sop_class, **values)
    assert SurveyFilter.from_settings(table).refusal(made) == refusal


@pytest.mark.parametrize(("kvp", "refusal"), [("100", ""), ("70", "tag KVP")])
def test_an_enhanced_object_says_it_in_its_functional_groups(kvp: str, refusal: str) -> None:
    details, groups = Dataset(), Dataset()
    details.KVP = kvp
    groups.CTXRayDetailsSequence = [details]
    made = header(SOPClassUID=EnhancedCTImageStorage, KVP=None)
    made.SharedFunctionalGroupsSequence = [groups]
    assert SurveyFilter.from_settings(KVP).refusal(made) == refusal


@pytest.mark.parametrize("table", [
    {}, {"modalities": ["CT", "SR"]}, {"study_date": ["2020-01-01", ""]},
    {"study_date": ["", "2020-01-01"]}, {"study_date": ["2020-01-01", "2020-02-01"]},
    {"age_years": [0, 18]}, {"age_years": ["", 18.5]}, {"age_years": [1, ""]},
    {"tag": [{"tag": "KVP", "range": [80, 140.5]}]}, {"tag": [{"tag": "KVP", "range": ["", 1]}]},
    {"tag": [{"tag": "KVP", "range": [1, ""]}]},
    {"tag": [{"tag": "BodyPartExamined", "values": ["HEAD", "NECK"]}]},
])  # fmt: skip
def test_any_filter_can_be_said_in_another_language(table: dict[str, object]) -> None:
    with use_language("xx"):
        assert wrong_in_text(SurveyFilter.from_settings(table).sentence()) == []
