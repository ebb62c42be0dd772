"""What a text of an output may say depends on whether people typed it or a device is named in it."""

from __future__ import annotations

import pytest
from pydicom.datadict import tag_for_keyword

from workbench.verify.elements import FlatElement
from workbench.verify.identifying_words import IdentifyingWords
from workbench.verify.name_forms import name_forms
from workbench.verify.text_checks import (
    ANOTHER,
    is_comment,
    is_label,
    published_texts,
    wrong_texts,
)

WORDS = IdentifyingWords(frozenset({name_forms("Grottenolm^Egon")}))


def text(
    keyword: str, value: str, concept: str = "", raw: bytes = b"", vr: str = "LO"
) -> FlatElement:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return FlatElement(tag, vr, (), (value,), "", concept, raw)


def wrong(element: FlatElement) -> str:
    (said,) = wrong_texts(WORDS, frozenset({"1.2.840.99.1.2.3"}), [element], [element])
    return said


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("SeriesDescription", "CT GROTTENOLM"), ("StationName", "CTGROTTENOLM"), ("CodeMeaning", "Protokoll Grottenolm"),
     ("SeriesDescription", "Thorax 48213"), ("TextValue", "Frau Zwirnhuber"), ("ProtocolName", "1.2.840.99.1.2.3")],
)  # fmt: skip
def test_what_identifies_is_wrong(keyword: str, value: str) -> None:
    assert wrong(text(keyword, value))


@pytest.mark.parametrize(
    ("keyword", "value", "concept"),
    [("DeviceSerialNumber", "48213", ""), ("SoftwareVersions", "3.2.2011", ""), ("TextValue", "48213", "113880 DCM"),
     ("SeriesDescription", "Thorax 5.0 B30f", ""), ("CodeMeaning", "Head", "")],
)  # fmt: skip
def test_what_names_a_device_is_not(keyword: str, value: str, concept: str) -> None:
    assert wrong(text(keyword, value, concept)) == ""


def test_the_same_number_in_another_item_is() -> None:
    assert wrong(text("TextValue", "48213", "121106 DCM"))
    assert not is_label(text("TextValue", "48213", "121106 DCM"))


@pytest.mark.parametrize(
    ("keyword", "vr", "value"),
    [("StudyTime", "TM", "um 10 Grottenolm"), ("StudyDate", "DA", "Grottenolm"), ("PatientAge", "AS", "Grottenolm 41"),
     ("AcquisitionDateTime", "DT", "20150607 Frau Zwirnhuber")],
)  # fmt: skip
def test_what_has_not_the_form_of_a_time_is_a_text(keyword: str, vr: str, value: str) -> None:
    assert wrong(text(keyword, value, vr=vr))


@pytest.mark.parametrize(
    ("keyword", "vr", "value"),
    [("StudyTime", "TM", "101112.5"), ("StudyDate", "DA", "20150607"), ("PatientAge", "AS", "041Y"), ("KVP", "DS", "48213")],
)  # fmt: skip
def test_what_has_it_is_judged_as_a_time_alone(keyword: str, vr: str, value: str) -> None:
    element = text(keyword, value, vr=vr)
    assert list(wrong_texts(WORDS, frozenset({value}), [element], [element])) == []


def test_another_patient_is_named_where_the_search_says_so() -> None:
    asked = []

    def names_another(value: str, device: bool) -> bool:
        asked.append((value, device))
        return "Zwirn" in value

    station, title = text("StationName", "CT48213"), text("SeriesDescription", "CT Zwirnhuber")
    assert list(wrong_texts(WORDS, frozenset(), [title], [title], names_another)) == [ANOTHER]
    assert list(wrong_texts(WORDS, frozenset(), [station], [station], names_another)) == [""]
    assert list(wrong_texts(WORDS, frozenset(), [station], [], names_another)) == [""]
    # The numbers of a device's label are its own where the original has that label.
    assert asked == [("CT Zwirnhuber", False), ("CT48213", True), ("CT48213", False)]


def test_a_doctor_in_a_label_but_not_in_the_name_of_a_product() -> None:
    assert wrong(text("StationName", "DR KOWALSKI")) == "it holds a title with a name"
    assert wrong(text("ManufacturerModelName", "DR KOWALSKI")) == ""


def test_bytes_of_another_character_set_are_read_too() -> None:
    raw = "CT Grottenölm".encode()
    assert wrong(text("SeriesDescription", raw.decode("latin-1"), raw=raw))


@pytest.mark.parametrize(
    "keyword", ["ImageComments", "PatientComments", "StudyComments", "AcquisitionComments"]
)
def test_comments_of_people_are_comments(keyword: str) -> None:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    assert is_comment(tag)


def test_what_a_scanner_says_of_its_dose_is_none() -> None:
    assert not is_comment(tag_for_keyword("CommentsOnRadiationDose") or 0)
    assert not is_comment(tag_for_keyword("SeriesDescription") or 0)


def test_a_published_meaning_names_nobody_but_another_text_may() -> None:
    found = (
        text("CodeMeaning", "Head"),
        text("CodeMeaning", "Grottenolm"),
        text("TextValue", "Head"),
    )
    assert published_texts(found) == {b"Head"}
