"""Dose report objects: as many as the study has, each valid by TID 10011, of its maker's kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from pydicom.dataset import Dataset

from tests.simulate.planned import first_images, planned, stored
from workbench.simulate.plan import Study
from workbench.simulate.report_objects import ct_reports, report_objects

MAKERS = ("ge", "siemens", "toshiba")
# PS3.16 TID 10011, rows that are mandatory: concept, value type, relationship to the root.
ROOT_ROWS = {
    ("121058", "CODE", "HAS CONCEPT MOD"), ("121005", "CODE", "HAS OBS CONTEXT"),
    ("113809", "DATETIME", "HAS OBS CONTEXT"), ("113810", "DATETIME", "HAS OBS CONTEXT"),
    ("113705", "CODE", "HAS OBS CONTEXT"), ("113811", "CONTAINER", "CONTAINS"),
    ("113854", "CODE", "CONTAINS"),
}  # fmt: skip
# TID 10013: concept and value type of what every CT Acquisition must hold.
EVENT_ROWS = {("123014", "CODE"), ("113820", "CODE"), ("113769", "UIDREF"), ("113822", "CONTAINER")}
TYPES = {"P5-08001": "SPIRAL", "113804": "SEQUENCED", "113806": "STATIONARY",
         "113805": "CONSTANT_ANGLE"}  # fmt: skip


def reports(study: Study) -> list[Dataset]:
    return [stored(report) for report in report_objects(study)]


def concept(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def walk(item: Dataset) -> Iterator[Dataset]:
    for child in item.get("ContentSequence", []):
        yield child
        yield from walk(child)


def events(report: Dataset) -> list[Dataset]:
    return [item for item in report.ContentSequence if concept(item) == "113819"]


@pytest.mark.parametrize("maker", MAKERS)
def test_a_study_has_none_or_one_or_one_after_each_event(maker: str) -> None:
    none, single, several = (
        planned(maker, exam="abdomen_pelvis", age=50.0, report=kind)
        for kind in ("none", "rdsr", "cumulative")
    )
    assert reports(none) == []
    assert [len(events(report)) for report in reports(single)] == [len(single.scans)]
    numbers = list(range(1, len(several.scans) + 1))
    assert [len(events(report)) for report in reports(several)] == numbers
    assert [len(report.scans) for report in ct_reports(several)] == numbers
    uids = [report.SOPInstanceUID for report in reports(several)]
    series = [report.SeriesInstanceUID for report in reports(several)]
    assert len(set(uids)) == len(set(series)) == len(numbers)


@pytest.mark.parametrize("maker", MAKERS)
def test_the_tree_is_that_of_the_template(maker: str) -> None:
    (report,) = reports(planned(maker, age=50.0, report="rdsr"))
    assert concept(report) == "113701"
    template = report.ContentTemplateSequence[0]
    assert (template.MappingResource, template.TemplateIdentifier) == ("DCMR", "10011")
    rows = Counter((concept(item), item.ValueType, item.RelationshipType)
                   for item in report.ContentSequence)  # fmt: skip
    for row in ROOT_ROWS:
        assert rows[row] == 1, row
    for event in events(report):
        held = Counter((concept(item), item.ValueType) for item in event.ContentSequence)
        for pair in EVENT_ROWS:
            assert held[pair] == 1, pair
        assert all(item.RelationshipType == "CONTAINS" for item in event.ContentSequence)
        assert held["113829", "CONTAINER"] <= 1
    for item in walk(report):
        if item.ValueType == "NUM":
            unit = item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0]
            assert unit.CodingSchemeDesignator == "UCUM"
            float(item.MeasuredValueSequence[0].NumericValue)
    assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "UNVERIFIED")


@pytest.mark.parametrize("maker", MAKERS)
def test_events_are_those_of_the_study_and_of_its_images(maker: str) -> None:
    study = planned(maker, exam="abdomen_pelvis", age=50.0, report="rdsr")
    (report,) = reports(study)
    told = {}
    for event in events(report):
        (uid,) = [str(item.UID) for item in event.ContentSequence if concept(item) == "113769"]
        (kind,) = [item for item in event.ContentSequence if concept(item) == "113820"]
        told[uid] = TYPES[kind.ConceptCodeSequence[0].CodeValue]
    assert told == {study.event_uid(scan): scan.technique.acquisition for scan in study.scans}
    if maker == "siemens":
        assert {image.IrradiationEventUID for _, image in first_images(study)} == set(told)


@pytest.mark.parametrize("maker", MAKERS)
def test_patient_study_and_device_are_those_of_the_images(maker: str) -> None:
    study = planned(maker, age=50.0, report="rdsr")
    (report,) = reports(study)
    _, image = next(first_images(study))
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "StudyInstanceUID", "StudyDate",
                    "AccessionNumber", "Manufacturer", "ManufacturerModelName",
                    "DeviceSerialNumber", "StationName"):  # fmt: skip
        assert report[keyword].value == image[keyword].value, keyword
    assert report.SeriesInstanceUID != image.SeriesInstanceUID
    assert report.Modality == "SR"
    observed = {
        concept(item): str(item.TextValue) for item in report.ContentSequence
        if item.ValueType == "TEXT"
    }  # fmt: skip
    if observed:
        assert observed["121014"] == report.Manufacturer
        assert observed["121015"] == report.ManufacturerModelName
        assert observed["121016"] == report.DeviceSerialNumber


@pytest.mark.parametrize("maker", MAKERS)
def test_a_report_is_written_after_the_last_event_it_tells(maker: str) -> None:
    study = planned(maker, exam="abdomen_pelvis", age=50.0, report="cumulative")
    written = []
    for report, made in zip(reports(study), ct_reports(study), strict=True):
        last = made.scans[-1]
        ended = study.moment(last, last.technique.exposure_time_s)
        moment = f"{report.ContentDate}{report.ContentTime}"
        assert moment > f"{ended:%Y%m%d%H%M%S}"
        (end,) = [item.DateTime for item in report.ContentSequence if concept(item) == "113810"]
        assert str(end) <= moment
        written.append(moment)
    assert written == sorted(written)


def test_ge_writes_enhanced_sr_and_the_others_the_dose_class() -> None:
    names = {maker: reports(planned(maker, report="rdsr"))[0].SOPClassUID.name for maker in MAKERS}
    assert names == {
        "ge": "Enhanced SR Storage", "siemens": "X-Ray Radiation Dose SR Storage",
        "toshiba": "X-Ray Radiation Dose SR Storage",
    }  # fmt: skip


@pytest.mark.parametrize("maker", MAKERS)
def test_the_phantom_is_named_unless_the_scanner_forgets_it(maker: str) -> None:
    whole = planned(maker, age=50.0, report="rdsr", blemishes=frozenset())
    vague = planned(maker, age=50.0, report="rdsr", blemishes=frozenset({"no_phantom_code"}))
    codes = {
        item.ConceptCodeSequence[0].CodeValue
        for item in walk(reports(whole)[0]) if concept(item) == "113835"
    }  # fmt: skip
    assert codes == {"113691"}, "body, 32 cm (PS3.16 CID 4052)"
    assert not [item for item in walk(reports(vague)[0]) if concept(item) == "113835"]
