"""The patient's own words leave in no kept text, and dose data do not fall with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from workbench.deidentify.confidentiality_profile import BUILT_IN, load_profile
from workbench.deidentify.descriptors import clean, clean_label
from workbench.deidentify.engine import Deidentified, Deidentifier
from workbench.deidentify.identity_sources import Sources
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.deidentify.standard_tables import data_bytes
from workbench.deidentify.word_search import FEW, WordSearch

Apply = Callable[[Dataset], Deidentified]
Leaked = Callable[[Dataset, str], bool]
PLACES = {
    "code strings": ("BodyPartExamined", "ImageType", "ScanOptions", "ViewPosition"),
    "labels": ("ConvolutionKernel", "SoftwareVersions", "DeviceSerialNumber", "StationName"),
    "descriptions": ("SeriesDescription", "ProtocolName", "StudyDescription"),
}
KEYWORDS = [keyword for group in PLACES.values() for keyword in group]
IDENTIFYING = [
    "Quixoteberg", "QUIXOTEBERG_Z", "xxquixotebergxx", "Zelda", "P7301-44", "P730144",
    "12.03.1980", "1980-03-12", "19800312", "Brontosau", "Xanadu",
]  # fmt: skip
ALIEN = [
    "Dr. Grottenolm", "Mrs Grottenolm", "Operator: Grottenolm", "grottenolm@spital.lu",
    "Grottenolm 4.5.1971", "Grottenolm +352 26 12 34 56", "Grottenolm (555) 123-4567",
]  # fmt: skip
# What identifies by its form alone, and is nowhere else in the object.
FORMS = [
    "SSN 123-45-6789", "call 123.456.7890", "(123) 456 7890", "fax 26 12 34", "MRN#4711",
    "accession 88123", "born 12 03 1980", "1980 03 12", "95 years", "92yo", "101 y",
    "14 Oak Street", "Hauptstrasse 12a", "7 rue des Fleurs", "dr smith", "seen by prof Schmidt",
]  # fmt: skip
HARMLESS = [
    "Abdomen 5mm B30f 120kV", "CTDI 12.5 mGy DLP 345.6", "Thorax^1_Routine (Adult)", "L5 S1",
    "C-Spine 2.0 B60s", "Kopf 0-12 years", "Head 90 deg", "H 95 mGy", "DR Chest", "syngo MR E11",
    "10 Jahre", "Plate 100 mm", "Liver 3 phases 5.0 I31f 3", "Ped 15-45 kg",
]  # fmt: skip


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def text_of(data: Dataset) -> str:
    for keyword in ("PatientID", "PatientName", "DeidentificationMethod"):
        del data[keyword]
    return data.to_json().lower()


@pytest.mark.parametrize("text", FORMS)
def test_what_identifies_by_its_form_is_taken_out(text: str) -> None:
    cleaned = clean(f"Abdomen {text} routine", Sources().identity())
    left = set(cleaned.lower().split()) & set(text.lower().replace("#", " ").split())
    assert "Abdomen" in cleaned
    assert not any(char.isdigit() for char in cleaned)
    assert not left & {"smith", "schmidt", "oak", "fleurs", "hauptstrasse"}


@pytest.mark.parametrize("text", HARMLESS)
def test_technique_stays(text: str) -> None:
    assert clean(text, Sources().identity()) == text


def test_leading_zeros_of_an_identifier_do_not_hide_it() -> None:
    who = Sources(patient=["0012345"]).identity()
    for text in ("no 12345", "no 0012345", "P12345"):
        assert "12345" not in clean(text, who)
        assert "12345" not in clean_label(text, who)


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("text", IDENTIFYING)
def test_the_object_s_own_people_are_in_no_text(
    keyword: str, text: str, patient: Dataset, leaked: Leaked
) -> None:
    patient.add_new(keyword, "LO", text)
    assert not leaked(patient, text)


@pytest.mark.parametrize("scheme", ["DCM", "SCT", "SRT", "UCUM", "99LOCAL"])
@pytest.mark.parametrize("place", ["value", "scheme", "meaning"])
@pytest.mark.parametrize("text", IDENTIFYING)
def test_nor_in_codes(scheme: str, place: str, text: str, patient: Dataset, leaked: Leaked) -> None:
    parts = {"value": "113691", "scheme": scheme, "meaning": "Phantom"} | {place: text}
    patient.ProcedureCodeSequence = [code(parts["value"], parts["scheme"], parts["meaning"])]
    assert not leaked(patient, text)


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("text", ALIEN)
def test_patterns_are_applied_to_every_text(
    keyword: str, text: str, patient: Dataset, apply: Apply
) -> None:
    secret = text.lower().replace("grottenolm ", "") if text[-1].isdigit() else "grottenolm"
    patient.add_new(keyword, "LO", text)
    assert secret not in text_of(apply(patient).dataset)


@pytest.mark.parametrize("scheme", ["DCM", "SRT", "UCUM", "99LOCAL"])
@pytest.mark.parametrize("text", ALIEN)
def test_patterns_are_applied_to_codes(
    scheme: str, text: str, patient: Dataset, apply: Apply
) -> None:
    secret = text.lower().replace("grottenolm ", "") if text[-1].isdigit() else "grottenolm"
    patient.ProcedureCodeSequence = [code(text, scheme, "A"), code("113691", scheme, text)]
    assert secret not in text_of(apply(patient).dataset)


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("own", ["A1B", "77", "x9", "Li"])
def test_a_short_identifier_leaves_no_text_and_is_told(
    keyword: str, own: str, patient: Dataset, apply: Apply
) -> None:
    patient.PatientID = own
    patient.add_new(keyword, "LO", f"THORAX {own}, NATIVE")
    done = apply(patient)
    found = str(done.dataset.get(keyword, ""))
    assert own not in found.replace(",", " ").split()
    assert {finding.column for finding in done.findings} == {keyword}


@pytest.mark.parametrize(
    "kept",
    ["CTDIvol=120 DLP=120", "120 kV", "DLP 120 mGy", "CTDI 120", "2.120 mm", "120.5", "0.120:1"],
)
def test_a_measurement_is_not_a_short_identifier(kept: str) -> None:
    names = Sources(patient=["120"]).identity()
    assert clean(kept, names) == clean_label(kept, names) == kept


def test_ids_and_names_like_technique_cost_no_dose_data(patient: Dataset, apply: Apply) -> None:
    technique = {
        "Modality": "CT", "PatientSex": "M", "KVP": "120", "BodyPartExamined": "HEAD",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "PatientPosition": "HFS",
        "AcquisitionType": "CONSTANT_ANGLE", "ScanOptions": "HELICAL MODE",
    }  # fmt: skip
    for keyword, value in technique.items():
        setattr(patient, keyword, value)
    unit = code("mA.s", "UCUM", "mA.s")
    patient.ProcedureCodeSequence = [unit, code("113691", "DCM", "IEC Body Dosimetry Phantom")]
    for name, own in [("CT^Head", "CT"), ("Ma^Gy", "M"), ("Body^Constant", "120"), ("M", "HFS")]:
        patient.PatientName, patient.PatientID = name, own
        made = apply(patient).dataset
        assert {keyword: made.get(keyword) for keyword in technique} == technique | {"KVP": 120.0}
        assert made.ProcedureCodeSequence == patient.ProcedureCodeSequence


def test_what_looks_like_a_number_in_a_published_meaning_stays(
    patient: Dataset, apply: Apply
) -> None:
    published = code("126755", "DCM", "RO5323441 ^89^Zr")
    patient.ProcedureCodeSequence = [published, code("126756", "DCM", "RO5323441 ^89^Zr")]
    made = apply(patient).dataset.ProcedureCodeSequence
    assert made[0] == published
    assert "5323441" not in made[1].CodeMeaning


@pytest.mark.parametrize("text", ["20210811", "2021.08.11", "1980.03.12", "Grottenolm"])
def test_dates_kept_in_full_are_dates(text: str, patient: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    path.write_bytes(data_bytes(BUILT_IN).replace(b"rtn_long_modif", b"rtn_long_full"))
    engine = Deidentifier(load_profile(path), Pseudonyms(bytes(32), "EPI-CT", "LU01"))
    patient.add_new("SeriesDate", "LO", text)
    made = engine.apply(patient).dataset
    assert made.get("SeriesDate") == (text if text[0].isdigit() else None)


def test_an_age_against_the_birth_date_is_unknown(patient: Dataset, apply: Apply) -> None:
    patient.PatientAge = "060Y"
    done = apply(patient)
    assert "PatientAge" not in done.dataset
    assert done.age.days is None
    assert [(found.code, found.column) for found in done.findings] == [
        ("age_mismatch", "PatientAge")
    ]


@given(
    words=st.lists(st.text("ab1é-", min_size=1, max_size=6), max_size=2 * FEW),
    text=st.text("ab1é-", max_size=40),
)
def test_needles_are_found_where_they_stand(words: list[str], text: str) -> None:
    expected = {
        (start, start + len(word))
        for word in words
        for start in range(len(text) - len(word) + 1)
        if text[start : start + len(word)] == word
    }
    needles = WordSearch(words)
    assert set(needles.spans(text)) == expected
    assert needles.are_in(text) is bool(expected)


def test_thousands_of_names_are_sought_in_time() -> None:
    names = Sources(
        [f"Familie{number:05d}^Vor{number:05d}" for number in range(5_000)],
        [f"ID-{number:05d}/A" for number in range(5_000)],
    ).identity()
    words = [f"wort{number % 997}" for number in range(59_998)]
    start = process_time()
    cleaned = clean(" ".join([*words, "xfamilie00007x", "id-00009/a"]), names)
    assert process_time() - start < 5
    assert cleaned == " ".join(words)
