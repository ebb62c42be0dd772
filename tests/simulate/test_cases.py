"""The cases cover what a survey meets, and say nothing that the hospital cannot do."""

from __future__ import annotations

import itertools

import pytest

from workbench.simulate import cases
from workbench.simulate.cases import BLEMISHES, CASES, Case
from workbench.simulate.exams import EXAMS
from workbench.simulate.makers import MAKERS
from workbench.simulate.studies import plan_study


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.maker}-{case.exam}-{case.age}")
def test_a_case_is_made_of_what_there_is(case: Case) -> None:
    assert case.maker in MAKERS
    assert case.language in EXAMS[case.exam].names
    assert case.blemishes <= set(BLEMISHES)
    assert case.report in ("rdsr", "cumulative", "none")
    assert case.sex in ("F", "M")
    assert 0 < case.age < 100
    assert case.child_phantom_cm in (16, 32)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.maker}-{case.exam}-{case.age}")
def test_a_case_becomes_a_study_that_shows_it(case: Case) -> None:
    study = plan_study(3, CASES.index(case), case)
    assert (study.maker, study.report, study.screen) == (case.maker, case.report, case.screen)
    assert study.blemishes == case.blemishes
    assert case.age <= study.patient.age_years <= case.age + 1
    assert any(scan.technique.acquisition == "SEQUENCED" for scan in study.scans) == case.sequenced
    assert {scan.region for scan in study.scans} == {case.exam}


def test_every_maker_region_language_and_way_of_reporting_occurs() -> None:
    assert {case.maker for case in CASES} == set(MAKERS)
    assert {case.exam for case in CASES} == set(EXAMS)
    assert {case.language for case in CASES} == {"en", "de", "fr"}
    assert {case.report for case in CASES} == {"rdsr", "cumulative", "none"}
    assert {case.screen for case in CASES} == {True, False}
    assert any(case.sequenced for case in CASES)


def test_every_blemish_occurs_and_is_explained() -> None:
    """A blemish that no patient has is one that no survey is tried with."""
    assert set(itertools.chain.from_iterable(case.blemishes for case in CASES)) == set(BLEMISHES)
    source = cases.__loader__.get_source(cases.__name__)  # type: ignore[union-attr]
    explained = source.split('"""')[3]
    for word in BLEMISHES:
        assert f"{word}:" in explained


def test_children_are_scanned_with_either_phantom_and_there_is_an_infant() -> None:
    """The same dose in 16 and 32 cm differs by about two: a survey must notice which it was."""
    children = [case for case in CASES if case.age < 16 and not EXAMS[case.exam].head_phantom]
    assert {case.child_phantom_cm for case in children} == {16, 32}
    assert min(case.age for case in CASES) < 2, "an age in months"


def test_a_dose_that_nobody_tells_occurs() -> None:
    """Neither report nor screen: an image's own attributes are all there is."""
    alone = [case for case in CASES if case.report == "none" and not case.screen]
    assert alone
    assert all(MAKERS[case.maker].dose_in_images for case in alone), "each dose is told somewhere"
