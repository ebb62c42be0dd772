"""Numbers that identify go from descriptions, in any script; technique stays."""

from __future__ import annotations

import pytest

from workbench.deidentify.descriptors import clean, clean_label
from workbench.deidentify.identity_sources import Sources

NOBODY = Sources().identity()


@pytest.mark.parametrize(
    "text",
    [
        "48213", "170964", "17/9/1964", "09/1964", "9.1964", "3.2.2011", "17. 9. 1964",
        "17.09.64", "1964-9-17",
        "Jg. 1964", "Jg 64", "geb. 64", "*1964", "né en 1964", "17 septembre 1964",
        "17 сентября 1964",
        "Sept 1964", "17 de mayo de 1964", "1964年9月17日", "昭和39年9月17日",
        "一九六四年九月十七日", "1964년 9월 17일",
        "١٧/٩/١٩٦٤", "１９６４", "621 123 456", "621-123-456", "1964091712345",
        "2 64 09 75 116 001 23",
        "26 12 34 56", "+352 621 123 456", "P48213", "1343/06/26",
        "20907.0.15996990", "03/58", "13.3.", "13. 3.", "A471B13", "KH47B113",
    ],
)  # fmt: skip
def test_dates_and_numbers_of_persons_go(text: str) -> None:
    cleaned = clean(f"Thorax {text} nativ", NOBODY)
    assert not any(letter.isdecimal() for letter in cleaned)
    assert "Thorax" in cleaned


@pytest.mark.parametrize(
    "text",
    ["93-jährige", "93J", "93 J.", "93yo", "93 ans", "93 лет", "93歳", "93세", "٩٣ سنة", "age 93",
     "093Y",
     "93 år", "103 Jahre", "Alter: 94", "93 χρονών", "९३ साल", "95 let", "91jr", "93 años"],
)  # fmt: skip
def test_ages_over_89_go(text: str) -> None:
    cleaned = clean(f"Thorax {text}", NOBODY)
    assert not any(letter.isdecimal() for letter in cleaned)


@pytest.mark.parametrize(
    "text",
    ["DLP 1200", "DLP=1102.44609", "2000 ms", "1024x1024", "512*512", "120kV 350 mAs",
     "JPEG 2000", "2097:1",
     "89 Jahre", "10yo", "0-12 years", "ICRP 103", "IEC 61223", "1242 mm 340 mm", "pitch 0.984:1",
     "CTDIvol=16.3 DLP=657.850129", "5.0 B30f", "L4/5", "2.5/1.25", "90 deg", "100 kV",
     "3/58", "1.3 mm", "B012DSE50", "L4S1", "B30f", "12/25 %"],
)  # fmt: skip
def test_technique_stays(text: str) -> None:
    assert clean(f"Thorax {text}", NOBODY) == f"Thorax {text}"


@pytest.mark.parametrize(
    "text",
    ["CT *1957", "CT Jg. 57", "CT 1957年8月", "CT 昭和32年", "CT 91 ans", "CT 92歳", "CT age 96",
     "CT 06.12.34.56.78", "CT 756.1234.5678.97"],
)  # fmt: skip
def test_births_old_ages_and_telephones_leave_labels_too(text: str) -> None:
    assert clean_label(text, NOBODY) == "CT"


@pytest.mark.parametrize(
    "label",
    ["CT93391", "syngo CT 2012B", "VA48A_02_P12", "05MW35.6", "08.1957", "V8.6.1.3", "AWP95971",
     "Optima CT660", "Br40", "1.9.1", "JPEG 2000", "Aquilion ONE 95 slices"],
)  # fmt: skip
def test_versions_and_serial_numbers_stay(label: str) -> None:
    assert clean_label(label, NOBODY) == label


@pytest.mark.parametrize(
    "text",
    ["九十三歳", "九十三岁", "百一歳", "dreiundneunzigjährig", "neunzig-jähriger", "101a", "93 г.",
     "F94", "W 94", "m/96", "age>90", "90+", "ninety-three years"],
)  # fmt: skip
def test_ages_over_89_go_in_words_and_short_forms_too(text: str) -> None:
    assert clean(f"Thorax {text}", NOBODY) == "Thorax"


@pytest.mark.parametrize(
    "text",
    [
        "F90 kV",
        "M95 mm",
        "W 100 ml",
        "Neun Schichten",
        "九 mm",
        "hundert mm",
        "FC90",
        "Br94",
        "89a",
    ],
)
def test_technique_that_looks_a_little_like_an_age_stays(text: str) -> None:
    assert clean(f"Thorax {text}", NOBODY) == f"Thorax {text}"


def test_a_number_behind_a_second_dot_is_no_decimal() -> None:
    assert "15996990" not in clean("Thorax 1.2.15996990", NOBODY)
    assert clean("Thorax DLP 657.850129", NOBODY) == "Thorax DLP 657.850129"
