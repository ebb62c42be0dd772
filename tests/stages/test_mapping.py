"""Mapping a survey: in any number of steps the same tables, and no study stops the others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from workbench.mapping import Mapped, application, map_instances, study_isolation
from workbench.model import Finding
from workbench.schema import LEDGER
from workbench.stages import mapping as mapping_stage
from workbench.stages.dosing import estimate_doses
from workbench.stages.mapping import map_survey
from workbench.stages.study_check import mapped_problems
from workbench.store.objects import Origin
from workbench.survey import Survey, create_survey

SHARED = "1.2.99.5"


def add(survey: Survey, frame: pl.DataFrame, findings: Iterable[Finding] = ()) -> None:
    with survey.store.batch():
        for row in frame.to_dicts():
            digest = hashlib.sha256(row["header"].encode()).hexdigest()
            survey.store.add(row | {"content_sha256": digest}, Origin("folder"), list(findings))
    survey.store.compact()


def world(cases: Any) -> list[pl.DataFrame]:
    """Objects in groups that may come one after the other; one event UID is everywhere."""

    def report(series: str, study: str, patient: str, dlp: float, **said: Any) -> pl.DataFrame:
        made = cases.report(series, [cases.event(uid=SHARED, dlp=(dlp, "mGy.cm"))], **said)
        made.StudyInstanceUID, made.SeriesInstanceUID = study, f"{study}.{series}"
        frame: pl.DataFrame = cases.frame(made)
        return frame.with_columns(patient=pl.lit(patient))

    def images(series: str, study: str, patient: str, **values: Any) -> pl.DataFrame:
        made = cases.slices(series, range(0, 50, 5), StudyInstanceUID=study,
                            SeriesInstanceUID=f"{study}.{series}", **values)  # fmt: skip
        frame: pl.DataFrame = cases.frame(made)
        return frame.with_columns(patient=pl.lit(patient))

    return [
        images("2", "1.2.3.1", "A", IrradiationEventUID=SHARED),
        report("9", "1.2.3.1", "A", 300.0, written="100000"),
        report("8", "1.2.3.1", "A", 301.0, written="120000"),
        report("9", "1.2.3.2", "A", 300.0),
        images("3", "1.2.3.2", "A", IrradiationEventUID=SHARED),
        report("9", "1.2.3.3", "B", 700.0),
        images("2", "1.2.3.4", "C", IrradiationEventUID=SHARED),
        images("2", "1.2.3.1", "D"),  # another patient under a study UID that is taken
        images("4", "1.2.3.5", "C", KVP=1e308),
        cases.frame(cases.data_set("5", SeriesInstanceUID=None)).with_columns(patient=pl.lit("C")),
    ]


def tables(survey: Survey) -> list[pl.DataFrame]:
    findings = survey.findings().filter(pl.col("stage") == "mapping").drop("object_number")
    return [
        survey.table("series").with_columns(pl.col(pl.List(pl.String)).list.join(",")),
        survey.events().with_columns(pl.col(pl.List(pl.String)).list.join(",")),
        findings,
        survey.table("dose_estimate").with_columns(pl.col("flags").list.join(",")),
    ]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(order=st.permutations(range(10)), cuts=st.sets(st.integers(1, 9), max_size=3))
def test_any_split_into_imports_gives_the_tables_of_one_import(
    new_cases: Callable[[], Any], order: list[int], cuts: set[int]
) -> None:
    groups = world(new_cases())
    with TemporaryDirectory() as folder:
        whole = create_survey(Path(folder) / "whole")
        split = create_survey(Path(folder) / "split")
        for group in groups:
            add(whole, group)
        for number, index in enumerate(order):
            if number in cuts:
                map_survey(split)
                estimate_doses(split)
            add(split, groups[index])
        for survey in (whole, split):
            map_survey(survey)
            estimate_doses(survey)
        for expected, found in zip(tables(whole), tables(split), strict=True):
            assert expected.height > 0
            assert_frame_equal(expected, found, check_row_order=False)
        counted = whole.events(preferred=True).filter(pl.col("irradiation_event_uid") == SHARED)
        assert counted.select("patient", "dlp_mgy_cm").sort("patient").rows() == [
            ("A", 301.0), ("B", 700.0), ("C", pytest.approx(new_cases().dlp(50.0)))
        ]  # fmt: skip
        for survey in (whole, split):
            survey.close()


def test_patients_mapped_apart_give_the_rows_of_all_together(cases: Any) -> None:
    frame = pl.concat(world(cases))
    together = map_instances(frame)
    apart_ = [map_instances(part) for part in frame.partition_by("patient")]
    for name in ("series", "events", "findings"):
        parts, all_of_them = (
            pl.concat([getattr(part, name) for part in apart_]),
            getattr(together, name),
        )
        if name == "findings":  # a patient alone cannot know of another in the same study
            all_of_them = all_of_them.filter(pl.col("code") != "study_of_several_patients")
        assert_frame_equal(all_of_them, parts, check_row_order=False, check_column_order=True)


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return create_survey(tmp_path / "w")


def breaking(frame: pl.DataFrame, **given: Any) -> Mapped:
    if frame.filter(pl.col("StudyInstanceUID") == "1.2.3.2").height:
        raise OverflowError("a secret value")
    return map_instances(frame, **given)


def test_a_study_that_cannot_be_mapped_stops_no_other_and_is_tried_again(
    survey: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for group in world(cases)[:7]:
        add(survey, group)
    monkeypatch.setattr(study_isolation, "map_instances", breaking)
    counts = map_survey(survey)
    assert (counts["studies"], counts["failed"]) == (4, 1)
    found = survey.findings().filter(pl.col("code") == "study_not_mapped").to_dicts()
    assert [finding["StudyInstanceUID"] for finding in found] == ["1.2.3.2"]
    assert "OverflowError" in found[0]["detail"]
    assert "secret" not in found[0]["detail"]
    lost = survey.table("series").filter(pl.col("StudyInstanceUID") == "1.2.3.2")
    assert lost.select("state", "state_reason").unique().rows() == [
        ("INCOMPLETE", "the study could not be mapped")
    ]
    counted = survey.events(preferred=True).select("patient", "dlp_mgy_cm").sort("patient").rows()
    assert counted == [("A", 301.0), ("B", 700.0), ("C", pytest.approx(cases.dlp(50.0)))]
    monkeypatch.setattr(study_isolation, "map_instances", application.map_instances)
    assert map_survey(survey)["failed"] == 0
    assert survey.findings().filter(pl.col("code") == "study_not_mapped").height == 0
    assert map_survey(survey)["studies"] == 0


def test_estimates_of_a_study_that_fails_later_do_not_stay(
    survey: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = world(cases)
    add(survey, groups[4])
    map_survey(survey)
    estimate_doses(survey)
    assert survey.table("dose_estimate").height > 0
    add(survey, groups[3])
    monkeypatch.setattr(study_isolation, "map_instances", breaking)
    map_survey(survey)
    estimate_doses(survey)
    assert survey.table("dose_estimate").height == 0


def test_only_the_changed_patient_is_mapped_and_progress_is_told_in_between(
    survey: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = world(cases)
    for group in groups[:7]:
        add(survey, group)
    seen: list[set[str]] = []

    def noted(frame: pl.DataFrame, **given: Any) -> Mapped:
        seen.append(set(frame["patient"]))
        return map_instances(frame, **given)

    monkeypatch.setattr(study_isolation, "map_instances", noted)
    monkeypatch.setattr(mapping_stage, "MAPPED_AT_ONCE", 15)
    told: list[tuple[int, int | None]] = []
    map_survey(survey, lambda done, total, text: told.append((done, total)))
    assert told[0] == (0, 4)
    assert told[-1] == (4, 4)
    assert len(told) > 2
    assert set().union(*seen) == {"A", "B", "C"}
    seen.clear()
    add(survey, groups[8])
    assert map_survey(survey)["studies"] == 1
    assert set().union(*seen) == {"C"}


def test_counts_tell_the_warnings_of_what_was_mapped_now(survey: Survey, cases: Any) -> None:
    groups = world(cases)
    add(survey, groups[8])
    counts = map_survey(survey)
    warned = survey.findings().filter(
        (pl.col("stage") == "mapping") & (pl.col("severity") == "warning")
    )
    assert counts["findings"] == warned.height > 0
    add(survey, groups[5])
    assert map_survey(survey)["findings"] == 0


def test_an_age_found_contradictory_at_the_border_is_not_used(survey: Survey, cases: Any) -> None:
    mismatch = Finding("import", "age_mismatch", "it does not fit", column="PatientAge")
    add(survey, world(cases)[5], [mismatch])
    map_survey(survey)
    estimate_doses(survey)
    assert survey.events()["patient_age_years"].to_list() == [None]
    assert survey.events()["flags"].to_list() == [["age_contradictory"]]
    estimates = survey.table("dose_estimate")
    assert estimates["value"].null_count() == estimates.height > 0


def test_what_the_pacs_never_sent_withholds_a_dose_until_it_came(
    survey: Survey, cases: Any
) -> None:
    def ledger(missing: int) -> None:
        row = {"queue_number": 1, "StudyInstanceUID": "1.2.3.1", "missing": missing}
        survey.store.publish({"ledger": LEDGER.frame([row])})

    def dosed() -> bool:
        map_survey(survey)
        assert map_survey(survey)["studies"] == 0, "nothing is new"
        assert not mapped_problems(survey)
        return survey.events()["dlp_mgy_cm"].null_count() == 0

    add(survey, cases.frame(cases.slices("2", range(0, 300, 5))))
    assert dosed()
    ledger(missing=20)
    assert not dosed()
    (series,) = survey.table("series").to_dicts()
    assert series["state"] == "INCOMPLETE"
    assert "the PACS listed more images" in series["state_reason"]
    ledger(missing=0)
    assert dosed()
