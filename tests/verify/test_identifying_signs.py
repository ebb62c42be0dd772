"""Signs that identify somebody without any header; and technique, which looks like it."""

from __future__ import annotations

import pytest

from workbench.verify.identifying_signs import bare_numbers, free_sign, label_sign

SIGNS = {
    "a title with a name": [
        "Pat. Schlumpfmann Thorax", "Patient: Zwirnhuber", "Frau Dr. Zwirnhuber", "FR. ZWIRNHUBER", "Hr Zwirnhuber",
        "Herrn Zwirnhuber CT", "MTRA Zwirnhuber", "Mme Lebœuf", "M. et Mme Trucmuche", "Mrs Quibblewick", "geb. Zwirnhuber",
        "née Trucmuche", "Prof. Zwirnhuber", "DR KOWALSKI", "PROF MUELLER", "MME DUPONT", "Dr Kowalski", "dr kowalski", "DR Kowalski CT",
        "CT DR MED KOWALSKI", "DR MUELLER", "DR SMITH", "DRS KOWALSKI", "MR KOWALSKI", "MLLE DUPONT", "Doctor Kowalski", "DOKTOR KOWALSKI", "SRA ZUTANO", "пациент Шлумпфов", "г-жа Шлумпфова", "Dhr. Kwibus", "Sra. Zutano",
        "田中様 胸部", "患者：王小虎 CT", "김철수님",
    ],
    "a name with a caret": ["Schlumpfmann^Kurt", "^Kurt", "CT X^Kurt", "Schlumpfmann^", "Шлумпфов^Пётр"],
    "a hospital's place": ["Esch-sur-Alzette KH Thorax", "CHU Trucville", "Klinikum Zwirnhausen"],
    "a date": [
        "Thorax 3.2.2011", "geb 17/9/1964", "09/1964", "1964年9月17日 CT", "1964-09-17", "17-SEP-1964", "17 sept. 1964",
        "Jg. 1964", "Jahrgang 64", "*1964", "né 1964", "昭和39年9月17日", "17.09.64", "١٧/٩/١٩٦٤", "1964 г.р.",
    ],
    "an age of 90 or more": ["93-jährige Patientin", "93J", "Thorax 93 J.", "93 ans", "93 лет", "93歳", "101 years", "95岁", "93 yo"],
    "a telephone or national number": ["621 123 456 Thorax", "2 64 09 75 116 001 23", "+352 621 123456", "0049-221-4785000"],
    "a bare number": ["Thorax 48213", "1964091712345", "170964", "Thorax (1964)", "A48213 Thorax"],
}  # fmt: skip
TECHNIQUE = [
    "Thorax 5.0 B30f", "CT Thorax^Thorax nativ (Adult)", "Abdomen^ABD_WO (Adult)", "L3-S1^L1-L4", "T2W_TSE",
    "RT^QA_hom (Adult)", "Patient Protocol", "X^X", "Thorax^X", "Pat. X Thorax", "Pat. Thorax", "100S C/A/P",
    "CTDIvol=45.99 DLP=797.2", "DLP 1274 mGycm", "Multiframe image 23x38x3", "ax_res_250_512_5_500_30", "1024x1024", "1500 ms",
    "JPEG 2000 irreversible (lossy) 2097:1", "Neck soft tissue 10mm", "spine 10mm", "89 Jahre", "89J", "90Y SIRT", "0.984:1",
    "DE B Sn140", "AOP standard RECTANGLE 610 mm EXP DOSE 72407 nGy", "DR Thorax", "DR CHEST", "DR ABDOMEN AP", "DR Schulter", "DR SCHAEDEL", "DR WIRBELSAEULEN", "DR THORAXBETT", "DR HWS",
    "DR HANDGELENK", "DR STENVERS", "DR poignets", "DR LENDENWIRBELSAULE 2 EBENEN", "DR X", "MR DIXON", "MR PROSTATA", "Dr. Thorax", "DR AP", "MRS Head", "DR", "syngo MR XA31", "100 kV 120 mAs",
    "Hf38", "5.10 Rachis lombaire", "1.5.20", "Radiologie Klinikum", "100 images", "", "^^^^", "80 kVp, 3 mm",
]  # fmt: skip


@pytest.mark.parametrize("sign", SIGNS)
def test_each_sign_is_seen_in_every_form(sign: str) -> None:
    seen = {text: free_sign(text, [text]) for text in SIGNS[sign]}
    assert {text: said for text, said in seen.items() if not said} == {}
    assert sign in seen.values()


@pytest.mark.parametrize("text", TECHNIQUE)
def test_technique_is_no_sign(text: str) -> None:
    assert free_sign(text, [text]) == ""


def test_a_bare_number_counts_where_the_original_has_it() -> None:
    assert free_sign("Thorax 48213", ["Thorax 48213 Zwirnhuber"])
    assert not free_sign("Thorax 48213", ["Thorax"])
    assert bare_numbers("Thorax 48213, 1234 mm, 0.98765") == ("48213",)


@pytest.mark.parametrize("text", ["DR KOWALSKI", "CT1 DR KOWALSKI", "PROF MUELLER", "Dr Kowalski"])
def test_a_title_in_a_label_is_a_sign(text: str) -> None:
    assert label_sign(text)


def test_a_product_is_called_what_its_maker_likes() -> None:
    """DR stands for digital radiography in a hundred names of products."""
    assert label_sign("DR Fluxomatic", product=True) == ""
    assert label_sign("DR Fluxomatic")
    assert label_sign("Dr. Kowalski", product=True)


def test_a_label_may_hold_long_numbers_but_no_name() -> None:
    assert label_sign("CTAWP12345 19640917") == ""
    assert label_sign("CT von Frau Zwirnhuber")
