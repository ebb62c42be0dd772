"""Body regions from protocol texts in three languages."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.mapping import map_instances
from workbench.mapping.body_regions import (
    GLUED,
    body_region,
    normalised,
    read_region,
    region_rules,
    regions_of,
)


def test_all_published_examples(test_data: Path) -> None:
    path = test_data / "dosimetry" / "region_rules_examples.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wrong = [
        row["protocol_text"] for row in rows
        if body_region(row["protocol_text"])[0] != row["expected_region"]
    ]  # fmt: skip
    assert rows
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Schädel nativ", "head"), ("Crâne sans injection", "head"), ("Brain w/o contrast", "head"),
        ("Thorax^TAP (Adult)", "chest_abdomen_pelvis"), ("HWS", "cervical_spine"),
        ("Rachis lombaire", "lumbar_spine"), ("CHESTABDPELVIS", "chest_abdomen_pelvis"),
        ("Topogramm", "localizer"), ("PreMonitoring", "bolus_tracking"), ("Fuß links", "extremity"),
        ("Scanner thorax", "chest"), ("CSPINE", "cervical_spine"), ("Standard 120 kV", "unknown"),
        ("", "unknown"), ("   ", "unknown"),
    ],
)  # fmt: skip
def test_regions_in_three_languages(text: str, region: str) -> None:
    assert body_region(text)[0] == region


def test_accents_sharp_s_and_separators_are_folded() -> None:
    assert normalised("Schädel/Hälfte_groß^é (x)") == "schadel halfte gross e x"


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    region, rule = body_region(text)
    assert (region == "unknown") == (rule is None)


def test_rule_numbers_are_unique_and_ordered() -> None:
    numbers = [rule.number for rule in region_rules()]
    assert numbers == sorted(set(numbers))


def test_texts_are_asked_in_the_order_given_and_the_answer_says_which() -> None:
    frame = pl.DataFrame({"a": ["Head", "Routine", None], "b": ["Chest", "Knee", "??"]})
    found = regions_of(frame, {"a": "protocol", "b": "body part"})
    assert found["body_region"].to_list() == ["head", "extremity", "unknown"]
    assert found["region_rule"].to_list() == ["12 (protocol)", "23 (body part)", None]


LOOKS_LIKE_ANATOMY = [
    ("Gefäßdarstellung Becken", "pelvis_hip"), ("Darstellung", "unknown"),
    ("Becken Verlaufskontrolle nach Behandlung", "pelvis_hip"), ("Behandlung", "unknown"),
    ("CT Abdomen Abteilung Innere", "abdomen"), ("Beurteilung", "unknown"),
    ("Abdomen Beurteilung Niere", "kub"), ("Hüftkopfnekrose Becken", "pelvis_hip"),
    ("Hüfte Femurkopf", "pelvis_hip"), ("Humeruskopf", "extremity"),
    ("CT Pancreas head", "abdomen"), ("Head of pancreas", "abdomen"),
    ("Thorax arms overhead", "chest"), ("Thorax Arme über Kopf", "chest"),
    ("Abdomen Head First Supine", "abdomen"), ("Abdomen Kopf voran", "abdomen"),
    ("Thorax Bauchlage", "chest"), ("Schenkelhals Becken", "pelvis_hip"),
    ("Schenkelhals", "pelvis_hip"), ("Hip femoral neck", "pelvis_hip"),
    ("Abdomen dose rate", "abdomen"), ("dose rate", "unknown"),
    ("Shoulder abduction", "extremity"), ("abduction", "unknown"),
    ("Cardiac sinus rhythm", "cardiac"), ("sinus rhythm", "unknown"),
    ("Sinusvenenthrombose", "head"), ("Abdomen rein nativ", "abdomen"),
    ("rein nativ", "unknown"), ("Thorax coronal", "chest"), ("accidental", "unknown"),
    ("Nierenbecken", "kub"), ("Abdomen Urologie", "abdomen"), ("Klinikum Konstanz Thorax", "chest"),
    ("Neurochirurgie LWS", "lumbar_spine"), ("cranio-caudal Abdomen", "abdomen"),
    ("calculated", "unknown"), ("DVT leg", "extremity"), ("Phantomschmerz Bein", "extremity"),
    ("overhand", "unknown"), ("Thorakale Aorta", "chest"), ("Beaucoup", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "region"), LOOKS_LIKE_ANATOMY)
def test_parts_of_words_and_phrases_name_no_region(text: str, region: str) -> None:
    assert body_region(text)[0] == region


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Thoraxaufnahme", "chest"), ("Schädel-CT", "head"), ("Lungenembolie", "chest_pe"),
        ("Halswirbelsäule", "cervical_spine"), ("Halsgefäße", "head_neck"), ("Gehirn", "head"),
        ("Oberbauch", "abdomen"), ("Mittelgesicht", "sinus_facial"),
        ("Unterkiefer", "sinus_facial"),
        ("Kopfschmerzen", "head"), ("Beckenübersicht", "pelvis_hip"), ("Mittelfuß", "extremity"),
        ("Handgelenk", "extremity"), ("Leberläsion", "abdomen"), ("Rippenfraktur", "chest"),
        ("Pneumothorax", "chest"), ("CTAbdomen", "abdomen"), ("THORABD", "chest_abdomen"),
        ("HEADNECK", "head_neck"), ("KopfHals", "head_neck"), ("Coronarographie", "cardiac"),
        ("Schaedel", "head"), ("Huefte", "pelvis_hip"),
        ("PET/CT Ganzkoerper", "chest_abdomen_pelvis"), ("HWSSPIRALE", "cervical_spine"),
        ("Kieferhöhle", "sinus_facial"), ("HR-CT Felsenbein", "petrous_bone"), ("HRCT", "chest"),
        ("TDM thoraco-abdomino-pelvienne", "chest_abdomen_pelvis"), ("Rein gauche", "kub"),
        ("Angio-TDM cérébrale", "head"), ("Arteres pulmonaires", "chest"),
        ("Head^Sinus", "sinus_facial"), ("Spine^LWS", "lumbar_spine"),
        ("Thorax^BWS", "thoracic_spine"),
    ],
)  # fmt: skip
def test_compounds_and_words_run_together_are_recognised(text: str, region: str) -> None:
    assert body_region(text)[0] == region


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Thorax Abdomen", "chest_abdomen"), ("Abdomen + Becken", "abdomen_pelvis"),
        ("Lunge und Leber", "chest_abdomen"), ("Head/Neck", "head_neck"),
        ("Becken Abdomen Thorax", "chest_abdomen_pelvis"),
        ("Polytrauma Kopf bis Becken", "chest_abdomen_pelvis"),
        ("Thorax-Hals", "neck_chest"), ("Neck & Chest", "neck_chest"), ("Cou Thorax", "neck_chest"),
        ("Hals-Thorax-Abdomen-Becken", "neck_chest_abdomen_pelvis"),
        ("NECK CHEST ABDPEL", "neck_chest_abdomen_pelvis"),
    ],
)  # fmt: skip
def test_two_regions_that_have_a_common_one_are_that_one(text: str, region: str) -> None:
    assert body_region(text)[0] == region


@pytest.mark.parametrize(
    "text",
    ["Schädel Thorax", "Head and chest", "Thorax + Becken", "CT Schädel Thorax Abdomen Becken",
     "Brain to pelvis PET", "Becken-Bein-Angio", "CT BWS/LWS", "Rachis dorso-lombaire"],
)  # fmt: skip
def test_regions_without_a_common_one_are_ambiguous(text: str) -> None:
    reading = read_region(text)
    assert (reading.region, reading.rule, reading.ambiguous) == ("unknown", None, True)


ONE_REGION = {
    "head": "Kopf", "neck": "Hals", "chest": "Thorax", "abdomen": "Abdomen",
    "pelvis_hip": "Becken", "extremity": "Knie", "lumbar_spine": "LWS",
}  # fmt: skip


@given(
    region=st.sampled_from(sorted(ONE_REGION)),
    before=st.text("bcdfgjklmnpqrstvwxyz", min_size=4, max_size=6).filter(
        lambda text: not GLUED.fullmatch(text)
    ),
    after=st.sampled_from(["nativ", "KM", "1.0 B70f", "5mm", "120kV", "routine", "(Adult)"]),
)
def test_a_region_counts_as_a_word_and_not_inside_one(region: str, before: str, after: str) -> None:
    word = ONE_REGION[region]
    assert body_region(f"{word} {after}")[0] == region
    assert body_region(f"{word.upper()}_{after}")[0] == region
    if region in ("head", "neck", "extremity", "lumbar_spine"):  # the others end compounds, too
        assert body_region(before + word.lower())[0] == "unknown"


def test_an_ambiguous_text_ends_the_search_and_is_a_finding(cases: Any) -> None:
    event = cases.event(uid="1.2.99.5", protocol="Thorax-Becken")
    report = cases.report("9", [event])
    report.StudyDescription = "Thorax"
    mapped = map_instances(cases.frame(report))
    assert mapped.events["body_region"].to_list() == ["unknown"]
    assert mapped.events["region_rule"].to_list() == ["ambiguous (protocol)"]
    assert mapped.findings.select("code", "irradiation_event_uid").rows() == [
        ("region_ambiguous", "1.2.99.5")
    ]


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("CCTA", "cardiac"), ("Coro", "cardiac"), ("CORO CTA", "cardiac"), ("CorCTA", "cardiac"),
        ("DS_CorCTA 0.75", "cardiac"), ("CaSc", "cardiac"), ("Abdomen coro", "abdomen"),
        ("Thorax Coro 3mm", "chest"), ("coronal", "unknown"), ("Corona", "unknown"),
        ("WHOLEBODY", "chest_abdomen_pelvis"), ("Whole-Body", "chest_abdomen_pelvis"),
        ("PET CT WB", "chest_abdomen_pelvis"), ("Eyes to thighs", "chest_abdomen_pelvis"),
        ("Skull base to mid thigh", "chest_abdomen_pelvis"), ("WB", "unknown"),
    ],
)  # fmt: skip
def test_words_of_the_heart_and_of_the_whole_body(text: str, region: str) -> None:
    assert body_region(text)[0] == region


WAITING = ["Chest PE SmartPrep", "Thorax Monitoring", "Lung SureStart", "Thorax PreMonitoring",
           "Chest Test Bolus", "Chest + Scout"]  # fmt: skip


@pytest.mark.parametrize("text", WAITING)
def test_a_scan_along_the_table_is_no_bolus_tracking_and_no_localizer(text: str) -> None:
    assert read_region(text).region in ("bolus_tracking", "localizer")
    assert read_region(text, moved=True).region in ("chest", "chest_pe")


@pytest.mark.parametrize(
    ("kind", "length_mm", "region"),
    [
        ("P5-08001", 300.0, "chest"), ("P5-08001", 5.0, "chest"), ("113804", 300.0, "chest"),
        ("113804", 10.0, "bolus_tracking"), ("113806", 10.0, "bolus_tracking"),
        ("113806", 160.0, "bolus_tracking"),
    ],
)  # fmt: skip
def test_what_moved_decides_whether_a_monitoring_is_one(
    cases: Any, kind: str, length_mm: float, region: str
) -> None:
    event = cases.event(protocol="Thorax Monitoring", type=kind, length=(length_mm, "mm"))
    assert map_instances(cases.frame(cases.report("9", [event]))).events[
        "body_region"
    ].to_list() == [region]


def test_a_spiral_named_for_what_it_waited_for_has_the_region_of_its_study(cases: Any) -> None:
    images = cases.slices(
        "2", range(0, 300, 5), ProtocolName="SmartPrep", StudyDescription="CT Chest"
    )
    mapped = map_instances(cases.frame(images))
    assert mapped.events["body_region"].to_list() == ["chest"]
    assert mapped.series["body_region"].to_list() == ["chest"]
