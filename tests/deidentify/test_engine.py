"""The engine: hiding places, UIDs, dates, ages, bad values, and what a dose study needs."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset

from workbench.deidentify.engine import Deidentified, Deidentifier
from workbench.schema import INSTANCE

Apply = Callable[[Dataset], Deidentified]
Leaked = Callable[[Dataset, str], bool]
SECRET = "Grottenolm"
DOSE = {
    "KVP": "120", "XRayTubeCurrent": 112, "ExposureTime": 730, "Exposure": 151, "CTDIvol": 12.25,
    "SpiralPitchFactor": 0.984, "RevolutionTime": 0.4, "SingleCollimationWidth": 0.6,
    "TotalCollimationWidth": 38.4, "TableSpeed": 94.5, "TableFeedPerRotation": 37.8,
    "SliceThickness": "5.000000", "DataCollectionDiameter": "500", "ScanLength": 164,
    "EstimatedDoseSaving": 12.5, "AcquisitionType": "SPIRAL", "ExposureModulationType": "XYZ_EC",
    "ImageAndFluoroscopyAreaDoseProduct": "135.18", "EntranceDose": 4, "EntranceDoseInmGy": "8.5",
    "OrganDose": "0.01521", "HalfValueLayer": "0.351", "BodyPartThickness": "39",
    "CompressionForce": "100", "RelativeXRayExposure": 100, "ExposureIndex": "108.843060",
    "DistanceSourceToEntrance": "640", "DistanceSourceToDetector": "946.746000",
    "CommentsOnRadiationDose": "Series #1 PRE Average CTDIvol=0.085 DLP=248.585973",
    "RadionuclideTotalDose": "422895936", "PatientSize": "1.86", "PatientWeight": "80",
    "Manufacturer": "GE MEDICAL SYSTEMS", "DeviceSerialNumber": "000011122", "StationName": "CT99",
    "SoftwareVersions": "VC14J 150507", "ImagePositionPatient": ["-1.5", "2", "3e-3"],
    "FilterType": "BODY", "FocalSpots": "1.2", "GantryDetectorTilt": "0", "TableHeight": "140.5",
    "RotationDirection": "CW", "GeneratorPower": "36", "ReconstructionDiameter": "350",
    "SliceLocation": "-120.5", "SpacingBetweenSlices": "3", "PixelSpacing": ["0.7", "0.7"],
    "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"], "Rows": 512, "Columns": 512,
    "ConvolutionKernel": "H31s", "ScanOptions": "HELICAL MODE", "ProtocolName": "6.9 Colonoscopy",
}  # fmt: skip


def private_block(
    data: Dataset, creator: str, group: int, element: int, vr: str, value: object
) -> Dataset:
    """Add one private attribute to a data set."""
    data.private_block(group, creator, create=True).add_new(element, vr, value)
    return data


BYTES = SECRET.encode().ljust(16)
ELEMENTS = {
    "private without creator": (0x00091010, "LO", SECRET),
    "overlay": (0x60003000, "OW", BYTES),
    "overlay 2 comments": (0x60024000, "LT", SECRET),
    "overlay label": (0x60001500, "LO", SECRET),
    "curve": (0x50003000, "OW", BYTES),
    "padding": (0xFFFCFFFC, "OB", BYTES),
    "unknown public": (0x00189FFE, "UN", BYTES),
    "pixels": (0x7FE00010, "OW", BYTES),
    "known as UN": (0x00101000, "UN", BYTES),
    "number as text": (0x00180050, "LO", SECRET),
    "date as text": (0x00080020, "LO", SECRET),
    "time as text": (0x00080030, "LO", SECRET),
    "uid": (0x00200052, "UI", f"1.2.{SECRET}"),
    "class uid": (0x00080016, "UI", f"1.2.840.10008.{SECRET}"),
    "name in a description's place": (0x00081030, "PN", SECRET),
    "bytes in a description's place": (0x00081030, "OB", BYTES),
}
PRIVATE = {
    "private": ("ACME 1.1", 0x0009, 0x10, "LO", SECRET),
    "allowed creator, other element": ("GEMS_ACQU_01", 0x0019, 0x99, "LO", SECRET),
    "text in an allowed private number": ("GEMS_ACQU_01", 0x0019, 0x23, "LO", SECRET),
    "private creator": (SECRET, 0x0019, 0x23, "DS", "1.5"),
}


def hide(data: Dataset, place: str) -> None:
    """Put the secret word where software forgets to look."""
    item = Dataset()
    if place in ELEMENTS:
        data.add_new(*ELEMENTS[place])
    elif place in PRIVATE:
        private_block(data, *PRIVATE[place])
    elif place == "private sequence":
        item.PatientName = SECRET
        private_block(data, "ELSCINT1", 0x00E1, 0x21, "SQ", [item])
    elif place == "private in public sequence":
        data.ExposureDoseSequence = [private_block(item, "ACME 1.1", 0x0009, 0x10, "UT", SECRET)]
    elif place == "icon":
        item.add_new(0x7FE00010, "OW", BYTES)
        data.IconImageSequence = [item]
    elif place == "file meta":
        data.file_meta = FileMetaDataset()
        data.file_meta.SourceApplicationEntityTitle = SECRET
        data.file_meta.PrivateInformationCreatorUID = "1.2.3"
        data.file_meta.PrivateInformation = BYTES
    else:
        assert place == "preamble"
        data.preamble = BYTES.ljust(128)


PLACES = (
    "private", "private without creator", "allowed creator, other element", "private creator",
    "text in an allowed private number", "private sequence", "private in public sequence",
    "overlay", "overlay 2 comments", "overlay label", "curve", "padding", "unknown public",
    "pixels", "icon", "known as UN", "number as text", "date as text", "time as text", "uid",
    "name in a description's place", "bytes in a description's place", "class uid", "file meta",
    "preamble",
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_hiding_places(place: str, patient: Dataset, leaked: Leaked) -> None:
    hide(patient, place)
    assert not leaked(patient, SECRET)


def test_the_dose_stays_as_it_was(patient: Dataset, apply: Apply) -> None:
    for keyword, value in DOSE.items():
        setattr(patient, keyword, value)
    made = apply(patient).dataset
    for keyword in DOSE:
        assert made[keyword].value == patient[keyword].value, keyword


@pytest.mark.parametrize("implicit", [True, False])
def test_numbers_read_from_a_file_keep_their_letters(
    implicit: bool,
    patient: Dataset,
    apply: Apply,
    reread: Callable[[Dataset, bool], Dataset],
    written: Callable[[Dataset], bytes],
) -> None:
    odd = {"KVP": "120,5", "SliceThickness": "5.0000E0", "Exposure": "200.7", "CTDIvol": 3.25}
    for keyword, value in odd.items():
        patient.add_new(keyword, "FD" if keyword == "CTDIvol" else "LO", value)
    made = apply(reread(patient, implicit)).dataset
    for text in (b"120,5", b"5.0000E0", b"200.7"):
        assert text in written(made)
    assert made.CTDIvol == 3.25


def test_sequences_of_dose_stay(patient: Dataset, apply: Apply) -> None:
    phantom, event, drug = Dataset(), Dataset(), Dataset()
    phantom.CodeValue, phantom.CodingSchemeDesignator = "113691", "DCM"
    phantom.CodeMeaning = "IEC Body Dosimetry Phantom"
    event.KVP, event.ExposureTime = "120", "1000"
    private_block(event, "ELSCINT1", 0x00E1, 0x21, "DS", "657.85012")
    drug.RadionuclideTotalDose, drug.RadiopharmaceuticalStartDateTime = "4e8", "20210811093000.00"
    patient.CTDIPhantomTypeCodeSequence, patient.ExposureDoseSequence = [phantom], [event]
    patient.RadiopharmaceuticalInformationSequence = [drug]
    made = apply(patient).dataset
    assert made.CTDIPhantomTypeCodeSequence[0] == phantom
    assert made.ExposureDoseSequence[0].KVP == 120
    assert made.ExposureDoseSequence[0].private_block(0x00E1, "ELSCINT1")[0x21].value == 657.85012
    moved = made.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime
    assert moved == made.StudyDate + "093000.00"


@pytest.mark.parametrize(
    ("creator", "group", "element", "vr", "value"),
    [
        ("SIEMENS CT VA0  COAD", 0x0019, 0xB0, "DS", "24"),
        ("GEMS_PARM_01", 0x0043, 0x27, "SH", "0.984:1"), ("GEMS_HELIOS_01", 0x0045, 1, "SS", 64),
        ("GEMS_SENO_02", 0x0045, 0x49, "DS", "39"), ("ELSCINT1", 0x01F1, 0x26, "DS", "0.6"),
        ("TOSHIBA_MEC_CT3", 0x7005, 0x63, "FD", 12.5),
        ("TOSHIBA_MEC_CT3", 0x7005, 0x09, "LO", "1111"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("implicit", [True, False])
def test_private_dose_attributes_stay(
    creator: str, group: int, element: int, vr: str, value: object, implicit: bool,
    patient: Dataset, apply: Apply, reread: Callable[[Dataset, bool], Dataset],
) -> None:  # fmt: skip
    patient.private_block(group, "OTHER", create=True).add_new(0x01, "LO", "x")  # second block
    private_block(patient, creator, group, element, vr, value)
    made = apply(reread(patient, implicit)).dataset
    assert made.private_block(group, creator)[element].value == value
    assert sum(tag.is_private for tag in made.keys()) == 2  # noqa: SIM118


def test_an_unknown_private_number_is_read_by_the_allow_list(
    patient: Dataset, apply: Apply
) -> None:
    import struct

    private_block(patient, "TOSHIBA_MEC_CT3", 0x7005, 0x40, "UN", struct.pack("<d", 431.5))
    buffer_ = apply(_through_file(patient)).dataset
    assert buffer_.private_block(0x7005, "TOSHIBA_MEC_CT3")[0x40].value == 431.5


def _through_file(data: Dataset) -> Dataset:
    from io import BytesIO

    from pydicom import dcmread

    buffer = BytesIO()
    data.save_as(buffer, implicit_vr=False, little_endian=True)
    return dcmread(BytesIO(buffer.getvalue()), force=True)


def test_the_input_is_not_changed(patient: Dataset, apply: Apply) -> None:
    before = deepcopy(patient)
    apply(patient)
    assert patient == before


def test_the_same_input_gives_the_same_output(
    patient: Dataset, apply: Apply, written: Callable[[Dataset], bytes]
) -> None:
    assert written(apply(patient).dataset) == written(apply(deepcopy(patient)).dataset)


def test_it_signs_what_it_did(patient: Dataset, deidentifier: Deidentifier) -> None:
    done = deidentifier.apply(patient)
    made = done.dataset
    assert made.PatientID == str(made.PatientName) == done.patient
    assert made.PatientIdentityRemoved == "YES"
    assert made.LongitudinalTemporalInformationModified == "MODIFIED"
    assert deidentifier.profile.sha256 in made.DeidentificationMethod
    assert any(deidentifier.pseudonyms.fingerprint in text for text in made.DeidentificationMethod)
    codes = {item.CodeValue for item in made.DeidentificationMethodCodeSequence}
    assert codes == {"113100", "113104", "113105", "113107", "113108", "113109", "113111"}


def test_an_event_is_one_in_header_reference_and_report(patient: Dataset, apply: Apply) -> None:
    uid, item, reference = "1.3.12.2.1107.5.1.4.65515", Dataset(), Dataset()
    item.ValueType, item.UID = "UIDREF", uid
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.1.1", uid
    patient.IrradiationEventUID, patient.ContentSequence = uid, [item]
    patient.ReferencedImageSequence = [reference]
    made = apply(patient).dataset
    same = {
        made.IrradiationEventUID,
        made.ContentSequence[0].UID,
        made.ReferencedImageSequence[0].ReferencedSOPInstanceUID,
    }
    assert len(same) == 1
    assert same.pop().startswith("2.25.")
    assert made.ReferencedImageSequence[0].ReferencedSOPClassUID == "1.2.840.10008.1.1"
    assert made.SOPClassUID == patient.SOPClassUID


def test_two_objects_of_a_study_share_its_uid(patient: Dataset, apply: Apply) -> None:
    other = deepcopy(patient)
    other.SOPInstanceUID = "1.2.826.0.1.55.9"
    one, two = apply(patient).dataset, apply(other).dataset
    assert one.StudyInstanceUID == two.StudyInstanceUID != patient.StudyInstanceUID
    assert one.SOPInstanceUID != two.SOPInstanceUID


def test_dates_move_by_one_shift_a_patient_and_times_stay(patient: Dataset, apply: Apply) -> None:
    from workbench.dicom.values import parse_date

    patient.SeriesDate, patient.AcquisitionDateTime = "20210815", "20210816101112.5+0200"
    made, shift = apply(patient).dataset, apply(patient)
    moved = parse_date(patient.StudyDate) - parse_date(made.StudyDate)
    assert 1 <= moved.days <= 3650
    assert parse_date(patient.SeriesDate) - parse_date(made.SeriesDate) == moved
    assert parse_date("20210816") - parse_date(made.AcquisitionDateTime[:8]) == moved
    assert made.AcquisitionDateTime[8:] == "101112.5+0200"
    assert made.StudyTime == "101112"
    patient.PatientID = "P7301-45"
    assert apply(patient).dataset.StudyDate != made.StudyDate
    assert apply(patient).patient != shift.patient


@pytest.mark.parametrize(
    ("birth", "told", "age", "days"),
    [
        ("19800312", None, "041Y", 15127), ("19800312", "041Y", "041Y", 15127),
        ("20210801", "000Y", "010D", 10), ("20200811", "001Y", "012M", 365),
        ("20200811", "012M", "012M", 365), ("", "041Y", "041Y", None), ("", "005D", "005D", 5),
        ("19300101", None, "090Y", 32872), ("", "095Y", "090Y", 32872),
        ("19320101", "089Y", "089Y", 32730), ("99990101", "063Y", "063Y", None),
        ("19000101", "029Y", None, None),
        ("19800312", "060Y", None, None), ("19800312", "010D", None, None),
        ("19300101", "041Y", None, None), ("", "", None, None), ("", "162Y", None, None),
        ("garbage", None, None, None),
    ],
)  # fmt: skip
def test_age(
    birth: str, told: str | None, age: str | None, days: int | None, patient: Dataset, apply: Apply
) -> None:
    patient.PatientBirthDate = birth
    if told is not None:
        patient.PatientAge = told
    done = apply(patient)
    assert (done.dataset.get("PatientAge") or None) == age
    assert done.age.days == days


@pytest.mark.parametrize("born", ["19990228", "20000229", "20000301", "20011231"])
@pytest.mark.parametrize("years", [1, 2, 10, 17, 18])
def test_an_age_is_counted_by_birthdays(
    born: str, years: int, patient: Dataset, apply: Apply
) -> None:
    birth = date.fromisoformat(f"{born[:4]}-{born[4:6]}-{born[6:]}")
    leap = born.endswith("0229") and years % 4 != 0
    day = date(birth.year + years, 3, 1) if leap else birth.replace(year=birth.year + years)
    patient.PatientBirthDate = born
    patient.PatientAge = f"{years:03d}Y"
    for study, completed in ((day - timedelta(1), years - 1), (day, years)):
        patient.StudyDate = study.strftime("%Y%m%d")
        done = apply(patient)
        assert done.age.years is not None
        assert int(done.age.years) == completed
        assert done.age.days == (study - birth).days
    assert done.age.years == years
    assert done.dataset.PatientAge == ("012M" if years == 1 else f"{years:03d}Y")


@pytest.mark.parametrize(
    ("told", "years"), [("018Y", 18.0), ("216M", 18.0), ("000Y", 0.0), ("010D", 10 / 365.25)]
)
def test_a_told_age_is_what_it_says(
    told: str, years: float, patient: Dataset, apply: Apply
) -> None:
    patient.PatientBirthDate, patient.PatientAge = "", told
    assert apply(patient).age.years == years


@pytest.mark.parametrize(
    ("offset", "kept"), [("+0100", "+0100"), ("-0030", "-0030"), ("+2500", None), ("Berlin", None)]
)
def test_the_zone_leaves_and_nothing_else_under_its_name(
    offset: str, kept: str | None, patient: Dataset, apply: Apply
) -> None:
    patient.TimezoneOffsetFromUTC = offset
    done = apply(patient)
    assert done.dataset.get("TimezoneOffsetFromUTC") == kept
    assert [finding.column for finding in done.findings] == (
        [] if kept else ["TimezoneOffsetFromUTC"]
    )


def test_more_digits_of_a_second_than_dicom_has_are_cut_off(patient: Dataset, apply: Apply) -> None:
    patient.AcquisitionDateTime = "20210816120000.4425991+0000"
    assert apply(patient).dataset.AcquisitionDateTime[8:] == "120000.442599+0000"


def test_without_an_id_the_study_is_the_patient(patient: Dataset, apply: Apply) -> None:
    patient.PatientID = ""
    done = apply(patient)
    assert [finding.code for finding in done.findings] == ["no_patient_id"]
    patient.SOPInstanceUID = "1.2.826.0.1.55.10"
    assert apply(patient).patient == done.patient
    patient.StudyInstanceUID = "1.2.826.0.1.55.20"
    assert apply(patient).patient != done.patient


@pytest.mark.parametrize(
    ("keyword", "vr", "raw"),
    [
        ("CTDIvol", "FD", b"1234567"), ("SliceThickness", "DS", b"abc "), ("KVP", "DS", b"NaN "),
        ("StudyDate", "DA", b"20211399"), ("StudyDate", "DA", b"00010101"),
        ("AcquisitionDateTime", "DT", b"2021"), ("StudyTime", "TM", b"noon"),
        ("PatientAge", "AS", b"old "), ("StudyDescription", "LO", b"\xff\xfe\x80 "),
    ],
)  # fmt: skip
def test_a_bad_value_never_raises_and_is_a_finding_without_it(
    keyword: str, vr: str, raw: bytes, patient: Dataset, apply: Apply
) -> None:
    from pydicom.datadict import tag_for_keyword
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    tag = Tag(tag_for_keyword(keyword))
    del patient.PatientBirthDate
    patient[tag] = RawDataElement(tag, vr, len(raw), raw, 0, False, True)
    done = apply(patient)
    if keyword == "StudyDescription":
        return
    assert keyword not in done.dataset
    dropped = next(found for found in done.findings if found.column == keyword)
    assert dropped.code == "value_dropped"
    assert raw.decode("latin-1").strip() not in dropped.detail


def test_sequences_end_at_64_levels(patient: Dataset, leaked: Leaked, apply: Apply) -> None:
    inner = Dataset()
    inner.ProtocolName = SECRET
    for _ in range(64):
        outer = Dataset()
        outer.ContentSequence = [inner]
        inner = outer
    patient.ContentSequence = [inner]
    assert not leaked(patient, SECRET)
    assert "too_deep" in {finding.code for finding in apply(patient).findings}


def test_latin_and_japanese_text_is_read_in_its_character_set(
    patient: Dataset, apply: Apply, reread: Callable[[Dataset, bool], Dataset]
) -> None:
    patient.SpecificCharacterSet, patient.ProtocolName = "ISO_IR 100", "Schädel früh"
    made = apply(reread(patient, False)).dataset
    assert made.ProtocolName == "Schädel früh"
    assert made.SpecificCharacterSet == "ISO_IR 192"


KEYWORDS = st.sampled_from(
    [column.name for column in INSTANCE.columns if column.copied]
    + ["PatientComments", "OtherPatientNames", "CodeMeaning", "CodeValue",
       "TextValue", "Radiopharmaceutical"]
)  # fmt: skip
SEQUENCES = st.sampled_from(
    ["ContentSequence", "RequestAttributesSequence", "ExposureDoseSequence", "SourceImageSequence",
     "ConceptNameCodeSequence", "OtherPatientIDsSequence", "AcquisitionContextSequence"]
)  # fmt: skip
PLANTED = st.sampled_from(
    ["Quixoteberg", "QUIXOTEBERG^ZELDA", "for zelda quixoteberg, thorax", "P7301-44",
     "Xquixotebergx_1", "Brontosau", "CT Xanadu", "12.03.1980"]
)  # fmt: skip
TREES = st.recursive(
    st.dictionaries(KEYWORDS, PLANTED, max_size=4),
    lambda inner: st.tuples(
        st.dictionaries(KEYWORDS, PLANTED, max_size=3),
        st.dictionaries(SEQUENCES, st.lists(inner, max_size=2), max_size=2),
    ),
    max_leaves=6,
)


def _built(tree: object) -> Dataset:
    data = Dataset()
    texts, sequences = tree if isinstance(tree, tuple) else (tree, {})
    for keyword, text in texts.items():
        data.add_new(keyword, "LO", text)
    for keyword, items in sequences.items():
        setattr(data, keyword, [_built(item) for item in items])
    return data


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tree=TREES)
def test_nothing_planted_leaves(tree: object, patient: Dataset, deidentifier: Deidentifier,
                                written: Callable[[Dataset], bytes]) -> None:  # fmt: skip
    data = _built(tree)
    for element in patient:
        if element.keyword in ("PatientName", "PatientID", "PatientBirthDate",
                               "InstitutionName", "ReferringPhysicianName"):  # fmt: skip
            data[element.tag] = element
    output = written(deidentifier.apply(data).dataset).lower()
    for word in (b"quixoteberg", b"zelda", b"p7301", b"brontosau", b"xanadu", b"12.03.1980"):
        assert word not in output


@pytest.mark.parametrize("text", ["a1 " * 10_000, ["A"] * 10_001])
def test_text_beyond_measure_is_dropped_with_a_finding(
    text: object, patient: Dataset, apply: Apply
) -> None:
    patient.SeriesDescription = text
    made = apply(patient)
    assert "SeriesDescription" not in made.dataset
    assert [found.column for found in made.findings] == ["SeriesDescription"]
