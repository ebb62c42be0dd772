"""One study, one patient: however its objects name them; and two persons stay two."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRLittleEndian

from workbench.collect.expected import Expected, ExpectedStudy
from workbench.collect.find import FoundStudy
from workbench.collect.patient_list import ListedPatient
from workbench.collect.received import ReceivedObject
from workbench.deidentify.patient_evidence import KnownPatient
from workbench.executors import Serial
from workbench.settings import Settings, SurveySettings
from workbench.stages import study_identities
from workbench.stages.border import Border
from workbench.stages.identity_case import AskedPatient, Home
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.stages.study_identities import StudyIdentities
from workbench.survey import Survey, create_survey

BORN = {"PatientBirthDate": "19800101", "PatientSex": "F", "PatientName": "Meier^Anna"}
JOINED, IN_DOUBT = "several_identities", "identity_in_doubt"
Make = Callable[..., list[Dataset]]


def item(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


OID = [item(UniversalEntityID="1.2.3.4", UniversalEntityIDType="ISO")]
OTHERS = [item(PatientID="B-77", TypeOfPatientID="TEXT")]


@pytest.fixture
def make(cases: Any) -> Make:
    """Objects of one study: twenty slices and the dose report, each said to be somebody's."""

    def made(
        images: dict[str, Any], report: dict[str, Any], study: str = "1.2.3.1"
    ) -> list[Dataset]:
        hour = 9 + int(study[-1])  # a scanner does not scan twice in one minute
        event = cases.event(
            dlp=(100.0, "mGy.cm"), length=(105.0, "mm"), started=f"20200102{hour:02}1500"
        )
        slices = cases.slices("2", range(0, 100, 5))
        for one in slices:
            one.update(item(**BORN | images))
        told = cases.report("501", [event])
        told.update(item(**BORN | report))
        for one in (*slices, told):
            one.StudyInstanceUID = study
            if "AcquisitionTime" in one:
                one.AcquisitionTime = f"{hour:02}1500"
            one.SeriesInstanceUID = f"{study}.{one.SeriesNumber}"
        return [*slices, told]

    return made


def write(objects: Iterable[Dataset], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(objects):
        _save(one, folder / f"{number:03}.dcm")
    return folder


def _save(one: Dataset, file: Path) -> None:
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    one.save_as(file, enforce_file_format=True)


@pytest.fixture
def survey(tmp_path: Path) -> Iterable[Survey]:
    made = create_survey(tmp_path / "w", Settings(SurveySettings("test", "LU01", "hour")))
    yield made
    made.close()


def mapped(survey: Survey, *folders: Path) -> Survey:
    for folder in folders:
        assert import_files(survey, [folder], using=Serial()).verdicts["rejected"] == 0
    map_survey(survey)
    return survey


def codes(survey: Survey) -> list[str]:
    ours = survey.findings().filter(stage="import")["code"].to_list()
    return [code for code in ours if code in (JOINED, IN_DOUBT)]


def counted(survey: Survey) -> list[float]:
    return survey.events(preferred=True)["dlp_mgy_cm"].to_list()


WAYS = {
    "issuer in the images only": ({"IssuerOfPatientID": "CHL"}, {}),
    "issuer in the report only": ({}, {"IssuerOfPatientID": "CHL"}),
    "issuer in another case": ({"IssuerOfPatientID": "CHL"}, {"IssuerOfPatientID": "chl"}),
    "issuer as HL7 has it": (
        {"IssuerOfPatientID": "CHL"},
        {"IssuerOfPatientID": "CHL&1.2.3.4&ISO"},
    ),
    "issuer in the qualifiers": (
        {"IssuerOfPatientID": "CHL"},
        {"IssuerOfPatientIDQualifiersSequence": OID},
    ),
    "zeros lost in the report": ({"PatientID": "00123"}, {"PatientID": "123"}),
    "zeros lost in the images": ({"PatientID": "123"}, {"PatientID": "00123"}),
    "letter case": ({"PatientID": "Ab12"}, {"PatientID": "AB12"}),
    "blanks within": ({"PatientID": "12 34 5"}, {"PatientID": "12345"}),
    "no ID in the report": ({"PatientID": "123"}, {"PatientID": ""}),
    "no ID in the images": ({"PatientID": ""}, {"PatientID": "123"}),
    "the other ID in a sequence": (
        {"PatientID": "A-1", "OtherPatientIDsSequence": OTHERS},
        {"PatientID": "B-77"},
    ),
    "the other ID in a text": (
        {"PatientID": "A-1", "OtherPatientIDs": "B-77"},
        {"PatientID": "B-77"},
    ),
    "an ID that was merged away": ({"PatientID": "OLD-9"}, {"PatientID": "A-1"}),
    "no birth date in the report": (
        {"PatientID": "00123"},
        {"PatientID": "123", "PatientBirthDate": ""},
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("report_first", [False, True])
def test_a_study_that_names_its_patient_in_two_ways_is_one_patients_and_counts_once(
    way: str, report_first: bool, survey: Survey, make: Make, tmp_path: Path
) -> None:
    images, report = ({"PatientID": "123"} | said for said in WAYS[way])
    objects = make(images, report)
    folder = write(reversed(objects) if report_first else objects, tmp_path / "files")
    mapped(survey, folder)
    assert survey.patients()["instances"].to_list() == [21]
    assert counted(survey) == [pytest.approx(100.0)]
    assert codes(survey) == [JOINED]
    dates = survey.instances().select("StudyDate").collect()["StudyDate"]
    assert dates.n_unique() == 1, "one patient, one shift of dates"
    clocks = survey.events()["started_at"].to_list()
    assert len(set(clocks)) == 1, "and one clock"


def test_blanks_around_are_nothing_to_tell(survey: Survey, make: Make, tmp_path: Path) -> None:
    objects = make({"PatientID": "123 "}, {"PatientID": " 123", "IssuerOfPatientID": " "})
    mapped(survey, write(objects, tmp_path / "files"))
    assert survey.patients().height == 1
    assert codes(survey) == []


def test_one_patient_of_one_way_has_no_finding(survey: Survey, make: Make, tmp_path: Path) -> None:
    said = {"PatientID": "123", "IssuerOfPatientID": "CHL"}
    mapped(survey, write(make(said, said), tmp_path / "files"))
    assert codes(survey) == []
    assert survey.findings().filter(code="study_of_several_patients").is_empty()


@pytest.mark.parametrize(
    "report",
    [
        {"PatientID": "123", "PatientBirthDate": "19501224"},
        {"PatientID": "123", "PatientBirthDate": "", "PatientSex": "M"},
        {"PatientID": "X-9", "PatientBirthDate": "", "PatientName": "Schulz^Rosa"},
        {"PatientID": "", "PatientBirthDate": "19501224"},
    ],
)
def test_what_contradicts_is_a_row_for_a_person_and_still_counts_once(
    report: dict[str, str], survey: Survey, make: Make, tmp_path: Path
) -> None:
    mapped(survey, write(make({"PatientID": "00123"}, report), tmp_path / "files"))
    assert codes(survey) == [IN_DOUBT]
    (row,) = survey.findings().filter(code=IN_DOUBT).to_dicts()
    assert row["severity"] == "error"
    assert "a person must decide" in row["detail"]
    assert row["StudyInstanceUID"] in survey.events()["StudyInstanceUID"].to_list()
    assert survey.patients().height == 2
    assert counted(survey) == [pytest.approx(100.0)], "the event is recognised in both"
    assert "event_under_two_patients" in survey.findings()["code"].to_list()


def test_two_persons_who_share_an_id_of_different_issuers_stay_two(
    survey: Survey, make: Make, tmp_path: Path
) -> None:
    for number, (issuer, birth) in enumerate([("CHL", "19800101"), ("HRS", "19500101")]):
        said = {"PatientID": "123", "IssuerOfPatientID": issuer, "PatientBirthDate": birth}
        bare = {"PatientID": "123", "PatientBirthDate": birth}
        objects = make(said, bare, study=f"1.2.3.{number}")
        mapped(survey, write(objects, tmp_path / str(number)))
    assert survey.patients().height == 2
    assert len(counted(survey)) == 2
    assert sorted(codes(survey)) == [JOINED, JOINED]


@pytest.mark.parametrize("told", [{"PatientBirthDate": ""}, {}])
def test_issuers_that_both_tell_are_never_joined_across_studies(
    told: dict[str, str], survey: Survey, make: Make, tmp_path: Path
) -> None:
    for number, issuer in enumerate(["CHL", "HRS"]):
        said = {"PatientID": "123", "IssuerOfPatientID": issuer, **told}
        mapped(survey, write(make(said, said, study=f"1.2.3.{number}"), tmp_path / str(number)))
    assert survey.patients().height == 2


FULL = {"PatientID": "1", "IssuerOfPatientID": "CHL"}
ACROSS = {
    "zeros lost in all of a study": ({"PatientID": "00123"}, {"PatientID": "123"}),
    "no issuer in all of a study": (FULL, {"PatientID": "1"}),
    "an issuer in all of a study": ({"PatientID": "1"}, FULL),
    "the other ID of the first study": (
        {"PatientID": "A-1", "OtherPatientIDsSequence": OTHERS},
        {"PatientID": "B-77"},
    ),
    "the other ID of the second study": (
        {"PatientID": "B-77"},
        {"PatientID": "A-1", "OtherPatientIDsSequence": OTHERS},
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", ACROSS)
def test_two_studies_of_one_person_are_joined_where_the_birth_date_says_so(
    way: str, survey: Survey, make: Make, tmp_path: Path
) -> None:
    first, second = ACROSS[way]
    mapped(
        survey,
        write(make(first, first, study="1.2.3.1"), tmp_path / "1"),
        write(make(second, second, study="1.2.3.2"), tmp_path / "2"),
    )
    assert survey.patients()["studies"].to_list() == [2]
    assert codes(survey) == [JOINED]
    assert len(counted(survey)) == 2


@pytest.mark.parametrize(
    ("told", "why"),
    [({"PatientBirthDate": "19501224"}, "birth dates differ"),
     ({"PatientBirthDate": "", "PatientName": ""}, "is not told")],
)  # fmt: skip
def test_two_studies_whose_ids_are_alike_are_told_where_it_is_not_sure(
    told: dict[str, str], why: str, survey: Survey, make: Make, tmp_path: Path
) -> None:
    one, two = {"PatientID": "00123"}, {"PatientID": "123", **told}
    mapped(
        survey,
        write(make(one, one, study="1.2.3.1"), tmp_path / "1"),
        write(make(two, two, study="1.2.3.2"), tmp_path / "2"),
    )
    assert survey.patients().height == 2
    (row,) = survey.findings().filter(code=IN_DOUBT).to_dicts()
    assert why in row["detail"]


def test_an_object_without_id_finds_its_study_in_a_later_import(
    survey: Survey, make: Make, tmp_path: Path
) -> None:
    images, nobody = {"PatientID": "123"}, {"PatientID": ""}
    *slices, report = make(images, nobody)
    mapped(survey, write([report], tmp_path / "1"))
    mapped(survey, write(slices, tmp_path / "2"))
    again = {"PatientID": "123"}
    mapped(survey, write(make(again, again, study="1.2.3.2"), tmp_path / "3"))
    assert survey.patients()["studies"].to_list() == [2], "all of the patient's follow"
    assert len(counted(survey)) == 2


def test_reading_again_changes_nothing(survey: Survey, make: Make, tmp_path: Path) -> None:
    objects = make({"PatientID": "00123"}, {"PatientID": "123"})
    mapped(survey, write(objects, tmp_path / "1"))
    again = import_files(survey, [write(objects, tmp_path / "2")], using=Serial())
    assert again.verdicts["duplicate"] == 21
    assert codes(survey) == [JOINED]


def test_one_id_of_two_birth_dates_is_told_though_it_is_one_pseudonym(
    survey: Survey, make: Make, tmp_path: Path
) -> None:
    one, two = {"PatientID": "123"}, {"PatientID": "123", "PatientBirthDate": "19501224"}
    mapped(
        survey,
        write(make(one, one, study="1.2.3.1"), tmp_path / "1"),
        write(make(two, two, study="1.2.3.2"), tmp_path / "2"),
    )
    assert survey.patients().height == 1
    (row,) = survey.findings().filter(code=IN_DOUBT).to_dicts()
    assert "kept as one patient" in row["detail"]


# --- the issuer of the site -----------------------------------------------------------------------


def with_issuer(survey: Survey, issuer: str) -> Survey:
    Settings(SurveySettings("test", "LU01", "hour", issuer)).write(survey.folder)
    return Survey(survey.folder)


def test_with_the_sites_issuer_an_id_without_one_is_the_same_and_nothing_is_told(
    survey: Survey, make: Make, tmp_path: Path
) -> None:
    ours = with_issuer(survey, "CHL")
    objects = make({"PatientID": "123", "IssuerOfPatientID": "CHL"}, {"PatientID": "123"})
    mapped(ours, write(objects, tmp_path / "1"))
    other = {"PatientID": "123", "IssuerOfPatientID": "HRS"}
    mapped(ours, write(make(other, other, study="1.2.3.9"), tmp_path / "2"))
    assert ours.patients()["instances"].to_list() == [21, 21]
    assert codes(ours) == []
    ours.close()


def test_an_issuer_that_is_set_later_gives_nobody_a_second_pseudonym(
    survey: Survey, make: Make, tmp_path: Path
) -> None:
    bare = {"PatientID": "123"}
    mapped(survey, write(make(bare, bare), tmp_path / "1"))
    survey.store._catalogue.write("DELETE FROM identity")  # as an older version left it
    ours = with_issuer(survey, "CHL")
    full = {"PatientID": "123", "IssuerOfPatientID": "CHL"}
    mapped(ours, write(make(full, bare, study="1.2.3.2"), tmp_path / "2"))
    assert ours.patients()["studies"].to_list() == [2]
    ours.close()


def test_the_rest_of_a_study_that_an_older_version_kept_without_issuer_follows_it(
    survey: Survey, make: Make, tmp_path: Path
) -> None:
    *slices, report = make({"PatientID": "123"}, {"PatientID": "123", "IssuerOfPatientID": "CHL"})
    mapped(survey, write(slices, tmp_path / "1"))
    survey.store._catalogue.write("DELETE FROM identity")
    mapped(survey, write([report], tmp_path / "2"))
    assert survey.patients()["instances"].to_list() == [21]
    assert codes(survey) == [JOINED]
    assert counted(survey) == [pytest.approx(100.0)]


# --- what came for a patient who was asked for ---------------------------------------------------


def send(border: Border, objects: Iterable[Dataset]) -> None:
    for one in objects:
        buffer = DicomBytesIO()
        buffer.is_implicit_VR, buffer.is_little_endian = False, True
        write_dataset(buffer, one)
        encoded = buffer.getvalue()
        answer = border.receive(
            ReceivedObject(
                1, encoded, str(ExplicitVRLittleEndian), one.SOPClassUID, one.SOPInstanceUID, "PACS"
            )
        )
        assert answer == 0


def told(patient: str, *studies: str) -> Expected:
    expected = tuple(ExpectedStudy(FoundStudy(study, patient)) for study in studies)
    return Expected(True, 0, expected, {})


def test_what_the_archive_merged_is_kept_under_the_patient_it_tells(
    survey: Survey, make: Make
) -> None:
    asked = ListedPatient("A-1")
    own, old = {"PatientID": "A-1", "IssuerOfPatientID": "CHL"}, {"PatientID": "B-77"}
    border, expected = Border(survey), told("A-1", "1.2.3.2", "1.2.3.1")
    border.asked(asked, expected)
    assert not border.caution(asked, expected)
    send(border, make(old, old, study="1.2.3.2"))
    send(border, make(own, own, study="1.2.3.1"))
    survey.store.compact()
    map_survey(survey)
    assert survey.patients()["studies"].to_list() == [2]
    assert JOINED in codes(survey)
    assert "In 1 of its studies" in str(border.caution(asked, told("A-1", "1.2.3.2")))
    assert "PatientID" in " ".join(survey.findings().filter(code=JOINED)["detail"])


def test_what_the_archive_merged_and_a_birth_date_contradicts_is_for_a_person(
    survey: Survey, make: Make
) -> None:
    asked, old = ListedPatient("A-1"), {"PatientID": "B-77", "PatientBirthDate": "19501224"}
    own = {"PatientID": "A-1"}
    border, expected = Border(survey), told("A-1", "1.2.3.1")
    border.asked(asked, expected)
    send(border, make(own, old))
    assert codes(survey) == [IN_DOUBT]
    assert border.caution(asked, expected)


def test_the_birth_date_that_the_archive_tells_counts_before_any_object_came(
    survey: Survey, make: Make
) -> None:
    asked, old = ListedPatient("A-1"), {"PatientID": "B-77"}
    found = FoundStudy("1.2.3.1", "A-1", birth_date=date(1950, 12, 24))
    expected = Expected(True, 0, (ExpectedStudy(found),), {})
    border = Border(survey)
    border.asked(asked, expected)
    send(border, make(old, old))
    assert codes(survey) == [IN_DOUBT]
    survey.store.compact()
    assert survey.patients()["patient"].to_list() == [survey.pseudonyms().patient("", "B-77")]


def test_a_study_that_came_before_under_another_id_is_told_as_well(
    survey: Survey, make: Make, tmp_path: Path
) -> None:
    old = {"PatientID": "B-77"}
    mapped(survey, write(make(old, old), tmp_path / "1"))
    border, asked, expected = Border(survey), ListedPatient("A-1"), told("A-1", "1.2.3.1")
    border.asked(asked, expected)
    assert "In 1 of its studies" in str(border.caution(asked, expected))
    assert not border.caution(ListedPatient("B-77"), told("B-77", "1.2.3.1"))
    assert not border.caution(ListedPatient("B-77", issuer="CHL"), expected), "none contradicts it"


def test_an_object_without_id_is_the_patients_who_was_asked_for(survey: Survey, make: Make) -> None:
    border, nobody, own = Border(survey), {"PatientID": ""}, {"PatientID": "A-1"}
    border.asked(ListedPatient("A-1"), told("A-1", "1.2.3.1"))
    send(border, make(nobody, nobody))
    send(border, make(own, own, study="1.2.3.2"))
    survey.store.compact()
    assert survey.patients()["studies"].to_list() == [2]


def test_the_issuer_of_the_list_tells_two_persons_of_one_id_apart(
    survey: Survey, make: Make
) -> None:
    border, bare = Border(survey), {"PatientID": "123", "PatientBirthDate": ""}
    for number, issuer in enumerate(["CHL", "HRS"]):
        study = f"1.2.3.{number}"
        border.asked(ListedPatient("123", issuer), told("123", study))
        send(border, make(bare, bare, study=study))
        assert not border.caution(ListedPatient("123", issuer), told("123", study))
    survey.store.compact()
    pseudonyms = survey.pseudonyms()
    assert set(survey.patients()["patient"]) == {
        pseudonyms.patient("CHL", "123"), pseudonyms.patient("HRS", "123"),
    }  # fmt: skip


# --- several hands, and what is kept --------------------------------------------------------------


def test_of_two_borders_the_second_follows_the_first(survey: Survey, make: Make) -> None:
    first, second = Border(survey), Border(Survey(survey.folder))
    *slices, report = make({"PatientID": "00123"}, {"PatientID": "123"})
    for border, one in zip(itertools.cycle((first, second)), (report, *slices), strict=False):
        send(border, [one])
    survey.store.compact()
    assert survey.patients().height == 1
    second.close()


def test_neither_tables_nor_the_catalogue_hold_an_identity(
    survey: Survey, make: Make, tmp_path: Path
) -> None:
    ours = {
        "PatientID": "QZSECRET12",
        "IssuerOfPatientID": "CHLSECRET",
        "PatientName": "Grottenolm",
    }
    other = ours | {"PatientID": "0QZSECRET12", "IssuerOfPatientID": ""}
    mapped(survey, write(make(ours, other), tmp_path / "files"))
    written = survey.findings().write_csv() + survey.patients().write_csv()
    for file in survey.folder.glob("catalogue.sqlite*"):
        written += file.read_bytes().decode("latin-1")
    for value in ("QZSECRET12", "CHLSECRET", "Grottenolm", "grottenolm", "19800101"):
        assert value not in written


def test_who_was_erased_is_not_known_any_more(survey: Survey, make: Make, tmp_path: Path) -> None:
    objects = make({"PatientID": "00123"}, {"PatientID": "123"})
    mapped(survey, write(objects, tmp_path / "1"))
    traces = survey.store.traces(survey.patients()["patient"].to_list())
    survey.store.erase(traces)
    survey.store.reclaim(0)
    assert survey.store.remains(traces).nothing
    assert survey.store._catalogue.all("SELECT * FROM identity") == []
    assert codes(survey) == []


def test_a_border_that_stays_open_forgets_who_was_erased(
    survey: Survey, make: Make, tmp_path: Path
) -> None:
    border = Border(survey)
    first, second = (
        make({"PatientID": patient}, {"PatientID": patient})[:3] for patient in ("00123", "123")
    )
    send(border, [*first, *second])
    other = Survey(survey.folder)  # the erasure of another process
    other.store.erase(other.store.traces(other.patients()["patient"].to_list()))
    other.close()
    third = make({"PatientID": "0123"}, {"PatientID": "0123"})[:3]
    send(border, [*first, *second, *third])
    survey.store.compact()
    assert survey.patients().height == 1
    assert codes(survey) == [JOINED, JOINED]


def test_of_what_an_archive_told_only_the_oldest_is_dropped(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_identities, "MAX_REMEMBERED", 3)
    known = StudyIdentities(survey.store, survey.pseudonyms())
    patient = AskedPatient("4711")
    for studies in (("1.1",), ("1.2", "1.3"), ("1.1", "1.4")):
        known.asked(studies, patient)
    assert list(known._asked) == ["1.3", "1.1", "1.4"]


def test_whoever_is_known_is_never_printed() -> None:
    patient = KnownPatient(
        name="SITE-1", shift_days=-4711, clock_secret="c10c5ec", patient_id="d19e57", alike="a11ce"
    )
    printed = f"{patient} {Home(patient, 'a reason')} {AskedPatient('QZSECRET7')}"
    for value in ("SITE-1", "4711", "c10c5ec", "d19e57", "a11ce", "QZSECRET7"):
        assert value not in printed


@pytest.mark.parametrize("case", ["a01_issuer", "a03_leading_zero"])
def test_cases_that_users_told_of(case: str, survey: Survey, test_data: Path) -> None:
    mapped(survey, test_data / "cases" / "dose" / case)
    assert survey.patients().height == 1
    assert counted(survey) == [pytest.approx(100.0)]
    assert codes(survey) == [JOINED]
