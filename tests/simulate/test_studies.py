"""From a case to a study: consistent physics, repeatable, and as odd as the case says."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulate.planned import changed, planned
from workbench.simulate.exams import EXAMS
from workbench.simulate.makers import MAKERS
from workbench.simulate.studies import (
    CHILD_KV,
    SEQUENCED_COLLIMATION_MM,
    THICK_SLICE_MM,
    plan_study,
)

CASES = st.builds(
    changed,
    maker=st.sampled_from(sorted(MAKERS)), exam=st.sampled_from(sorted(EXAMS)),
    age=st.floats(0.1, 95), sex=st.sampled_from(["F", "M"]),
    language=st.sampled_from(["en", "de", "fr"]), child_phantom_cm=st.sampled_from([16, 32]),
)  # fmt: skip


@settings(max_examples=60)
@given(case=CASES, seed=st.integers(0, 99), number=st.integers(0, 40))
def test_whoever_comes_gets_a_study_of_this_world(case, seed: int, number: int) -> None:
    study = plan_study(seed, number, case)
    assert study == plan_study(seed, number, case)
    scanner = MAKERS[case.maker].scanner
    numbers = [scan.number for scan in study.scans]
    assert numbers == list(range(1, len(numbers) + 1))
    assert study.scans[0].technique.localizer
    assert len({recon.number for recon in study.reconstructions}) == len(study.reconstructions)
    assert {recon.scan for recon in study.reconstructions} == set(study.scans)
    for scan in study.scans[1:]:
        technique = scan.technique
        assert 0.2 < technique.ctdi_vol_mgy < 120
        assert technique.mean_current_ma >= 1
        if technique.spiral:
            assert technique.total_collimation_mm == scanner.total_collimation_mm
            assert technique.pitch == pytest.approx(EXAMS[case.exam].pitch, abs=1e-4)
            thick = technique.scan_length_mm / THICK_SLICE_MM
            assert thick == pytest.approx(round(thick)), "whole slices of every thickness"
    topogram, last = study.scans[0], study.scans[-1]
    assert topogram.technique.scan_length_mm > last.technique.scan_length_mm
    above = topogram.start_mm - last.start_mm
    assert above > 0, "the topogram shows what is scanned"
    below = topogram.start_mm - topogram.technique.scan_length_mm
    assert below < last.start_mm - last.technique.scan_length_mm


@settings(max_examples=40)
@given(age=st.floats(0.2, 14.5), maker=st.sampled_from(sorted(MAKERS)), number=st.integers(0, 9))
def test_a_child_gets_less_with_a_lower_voltage(age: float, maker: str, number: int) -> None:
    """Of the same quantity in the same phantom, on the same machine."""
    child = planned(maker, exam="chest", age=age, number=number, child_phantom_cm=32)
    adult = planned(maker, exam="chest", age=40.0, number=number)
    small, large = (study.scans[-1].technique for study in (child, adult))
    assert small.kvp_kv == CHILD_KV < large.kvp_kv
    assert small.ctdi_vol_mgy < large.ctdi_vol_mgy
    assert small.dlp_mgy_cm < large.dlp_mgy_cm
    assert small.scan_length_mm < large.scan_length_mm


def test_the_same_child_has_about_twice_the_dose_index_in_the_small_phantom() -> None:
    """CTDIw of a scanner is larger in 16 cm, at the same current."""
    large, small = (
        planned("ge", exam="chest", age=5.0, child_phantom_cm=size).scans[-1].technique
        for size in (32, 16)
    )
    assert (large.ctdi_phantom_cm, small.ctdi_phantom_cm) == (32, 16)
    assert small.mean_current_ma == large.mean_current_ma
    scanner = MAKERS["ge"].scanner
    wanted = scanner.head_ctdi_w_mgy / scanner.body_ctdi_w_mgy
    assert small.ctdi_vol_mgy / large.ctdi_vol_mgy == pytest.approx(wanted)
    assert 1.5 < wanted < 2.8


def test_contrast_is_given_as_the_exam_says_and_watched_where_it_is_watched() -> None:
    for maker in MAKERS:
        for name, exam in EXAMS.items():
            study = planned(maker, exam=name, age=50.0)
            spirals = [scan for scan in study.scans if scan.technique.spiral]
            assert tuple(scan.contrast for scan in spirals) == exam.phases
            assert not study.scans[0].contrast
            watched = [s for s in study.scans if s.technique.acquisition == "STATIONARY"]
            assert len(watched) == (2 if exam.watch_contrast and maker == "siemens" else 0)


def test_a_sequence_moves_by_its_collimation_and_has_no_pitch() -> None:
    study = planned("siemens", exam="head", sequenced=True)
    technique = study.scans[-1].technique
    assert technique.acquisition == "SEQUENCED"
    assert technique.pitch is None
    assert technique.advance_mm == technique.total_collimation_mm == SEQUENCED_COLLIMATION_MM
    steps = technique.scan_length_mm / SEQUENCED_COLLIMATION_MM
    assert steps == pytest.approx(math.ceil(steps))


def test_an_unknown_region_is_named_nowhere() -> None:
    study = planned("ge", exam="chest", blemishes=frozenset({"unknown_region"}))
    labels = [recon.label for recon in study.reconstructions]
    words = " ".join([study.description, study.protocol, *labels]).lower()
    assert "chest" not in words
    assert study.protocol.strip(), "a name that says nothing, not no name: that is another blemish"
    assert {scan.region for scan in study.scans} == {"chest"}, "the truth knows it"


def test_siemens_says_adult_or_child_in_the_description() -> None:
    assert planned("siemens", age=40.0).description.endswith("(Adult)")
    assert planned("siemens", age=7.0).description.endswith("(Child)")


def test_another_seed_is_another_hospital() -> None:
    one, other = planned("ge", seed=1), planned("ge", seed=2)
    assert one.uid() != other.uid()
    assert one.patient.patient_id != other.patient.patient_id
    assert one.scans[-1].technique != other.scans[-1].technique
