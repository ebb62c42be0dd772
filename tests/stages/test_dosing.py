"""Dose estimates of a workspace: of what changed only, none too many, none forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from workbench.dose.method import BUILTIN, DoseMethod
from workbench.executors import Processes
from workbench.schema import DOSE_ESTIMATE
from workbench.stages import dosing
from workbench.stages.dosing import dose_methods, estimate_doses
from workbench.stages.mapping import map_survey
from workbench.store.objects import Origin
from workbench.survey import Survey, create_survey


@pytest.fixture
def survey(tmp_path: Path) -> Iterator[Survey]:
    made = create_survey(tmp_path / "w")
    yield made
    made.close()


def add(survey: Survey, cases: Any, study: str, **values: Any) -> None:
    started = f"{9 + int(study[-1]):02}1500"  # a scanner does not scan twice in one minute
    made = cases.slices(
        "2", range(0, 100, 5), StudyInstanceUID=study, SeriesInstanceUID=f"{study}.2",
        AcquisitionTime=started, **values,
    )  # fmt: skip
    with survey.store.batch():
        for row in cases.frame(made).to_dicts():
            digest = hashlib.sha256(row["header"].encode()).hexdigest()
            survey.store.add(row | {"content_sha256": digest}, Origin("folder"), [])
    survey.store.compact()
    map_survey(survey)


def studies(survey: Survey) -> set[str]:
    return set(survey.table("dose_estimate")["StudyInstanceUID"])


def doses(survey: Survey) -> pl.DataFrame:
    return survey.table("dose_estimate").with_columns(pl.col("flags").list.join(","))


def test_an_empty_workspace_has_no_estimates(survey: Survey) -> None:
    assert estimate_doses(survey) == {"studies": 0, "estimates": 0}
    assert survey.table("dose_estimate").columns == list(DOSE_ESTIMATE.names)


def test_every_event_that_counts_has_an_estimate(survey: Survey, cases: Any) -> None:
    add(survey, cases, "1.2.3.1")
    add(survey, cases, "1.2.3.2", ProtocolName="Abdomen")
    counts = estimate_doses(survey)
    assert counts["studies"] == 2
    assert counts["estimates"] == survey.table("dose_estimate").height > 0
    counted = survey.events(preferred=True)["irradiation_event_uid"]
    assert set(counted) == set(survey.table("dose_estimate")["irradiation_event_uid"])


def test_what_did_not_change_is_not_estimated_again(
    survey: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(survey, cases, "1.2.3.1")
    estimate_doses(survey)
    add(survey, cases, "1.2.3.2")
    seen: list[str] = []

    def watched(events: pl.DataFrame, methods: Any) -> pl.DataFrame:
        seen.extend(events["StudyInstanceUID"])
        return dosing.DOSE_ESTIMATE.empty()

    monkeypatch.setattr(dosing, "estimate", watched)
    assert estimate_doses(survey)["studies"] == 1
    assert set(seen) == {"1.2.3.2"}
    assert studies(survey) == {"1.2.3.1"}  # the estimates of the other study stay
    seen.clear()
    assert estimate_doses(survey)["studies"] == 0
    assert seen == []


def test_step_by_step_gives_what_all_at_once_gives(
    survey: Survey, cases: Any, tmp_path: Path
) -> None:
    for study in ("1.2.3.1", "1.2.3.2", "1.2.3.3"):
        add(survey, cases, study)
        estimate_doses(survey)
    whole = create_survey(tmp_path / "whole")
    with survey.store.batch():
        rows = survey.instances().collect().to_dicts()
    with whole.store.batch():
        for row in rows:
            whole.store.add(row, Origin("folder"), [])
    whole.store.compact()
    map_survey(whole)
    estimate_doses(whole)
    assert_frame_equal(doses(survey), doses(whole), check_row_order=False)
    whole.close()


def test_a_new_version_of_a_method_estimates_everything_again(
    survey: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(survey, cases, "1.2.3.1")
    estimate_doses(survey)
    (method,) = BUILTIN
    newer = DoseMethod(name=method.name, version=f"{method.version}.1", needs=method.needs,
                       estimate=method.estimate)  # fmt: skip
    monkeypatch.setattr(dosing, "dose_methods", lambda: (newer,))
    assert estimate_doses(survey)["studies"] == 1
    assert survey.table("dose_estimate").height > 0
    assert estimate_doses(survey)["studies"] == 0


def test_doses_of_a_study_without_events_any_more_go(survey: Survey, cases: Any) -> None:
    add(survey, cases, "1.2.3.1")
    add(survey, cases, "1.2.3.2")
    estimate_doses(survey)
    events = survey.events()
    survey.store.publish(
        {"irradiation_event": events.filter(pl.col("StudyInstanceUID") != "1.2.3.1")}
    )
    estimate_doses(survey)
    assert studies(survey) == {"1.2.3.2"}


def test_several_processes_say_what_one_says(
    survey: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for study in ("1.2.3.1", "1.2.3.2", "1.2.3.3"):
        add(survey, cases, study)
    monkeypatch.setattr(dosing, "ESTIMATED_AT_ONCE", 1)
    estimate_doses(survey)
    alone = doses(survey)
    survey.store.remember("dose", {})
    assert estimate_doses(survey, using=Processes(2))["studies"] == 3
    assert_frame_equal(doses(survey), alone, check_row_order=False)


def test_progress_begins_and_ends(survey: Survey, cases: Any) -> None:
    add(survey, cases, "1.2.3.1")
    steps: list[tuple[int, int]] = []
    estimate_doses(survey, lambda done, total, _: steps.append((done, total)))
    assert steps[0] == (0, 1)
    assert steps[-1] == (1, 1)


def test_the_built_in_methods_are_there() -> None:
    assert {method.name for method in BUILTIN} <= {method.name for method in dose_methods()}
