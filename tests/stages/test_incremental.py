"""Two who map or estimate at once: nothing is lost, nothing older wins, nothing is made twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench.errors import StoreError
from workbench.mapping import Mapped, map_instances, study_isolation
from workbench.schema import IRRADIATION_EVENT
from workbench.stages import incremental
from workbench.stages.dosing import estimate_doses
from workbench.stages.mapping import map_survey
from workbench.stages.study_check import dosed_problems, mapped_problems
from workbench.store.objects import Origin
from workbench.survey import Survey, create_survey, open_survey

PATIENTS = ("SITE-A", "SITE-B", "SITE-C")


@pytest.fixture
def survey(tmp_path: Path) -> Iterator[Survey]:
    made = create_survey(tmp_path / "w")
    yield made
    made.close()


@pytest.fixture
def other(survey: Survey) -> Iterator[Survey]:
    opened = open_survey(survey.folder)
    yield opened
    opened.close()


def add(survey: Survey, cases: Any, study: str, patient: str, series: str = "2") -> None:
    made = cases.slices(
        series, range(0, 50, 5), StudyInstanceUID=study, SeriesInstanceUID=f"{study}.{series}"
    )
    with survey.store.batch():
        for row in cases.frame(made).with_columns(patient=pl.lit(patient)).to_dicts():
            digest = hashlib.sha256(row["header"].encode()).hexdigest()
            survey.store.add(row | {"content_sha256": digest}, Origin("folder"), [])


def before_publishing(
    survey: Survey, patch: pytest.MonkeyPatch, *acts: Callable[[], object]
) -> None:
    """Let others act, one act each time, just before a survey publishes."""
    publish, waiting = survey.store.publish, [*acts]

    def late(*words: Any, **named: Any) -> None:
        if waiting:
            waiting.pop(0)()
        publish(*words, **named)

    patch.setattr(survey.store, "publish", late)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Patients that are mapped, in their order."""
    patients: list[str] = []

    def noted(frame: pl.DataFrame, **given: Any) -> Mapped:
        patients.extend(sorted(set(frame["patient"])))
        return map_instances(frame, **given)

    monkeypatch.setattr(study_isolation, "map_instances", noted)
    return patients


def studies(survey: Survey, table: str) -> list[str]:
    return sorted(set(survey.table(table)["StudyInstanceUID"]))


def all_is_done(survey: Survey) -> None:
    assert map_survey(survey)["studies"] == 0
    assert estimate_doses(survey)["studies"] == 0
    assert [*mapped_problems(survey), *dosed_problems(survey)] == []


def test_what_another_map_published_meanwhile_is_kept_and_not_made_again(
    survey: Survey, other: Survey, cases: Any, seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(survey, cases, "2.25.7001", "SITE-A")

    def come_and_map() -> None:
        add(other, cases, "2.25.7002", "SITE-B")
        assert map_survey(other)["studies"] == 2

    before_publishing(survey, monkeypatch, come_and_map)
    told: list[str] = []
    counts = map_survey(survey, lambda done, total, text: told.append(text))
    assert seen == ["SITE-A", "SITE-A", "SITE-B"], "each program has mapped what it saw, once"
    assert (counts["studies"], counts["series"], counts["events"]) == (0, 2, 2)
    assert any("another run published first" in text for text in told)
    assert studies(survey, "series") == ["2.25.7001", "2.25.7002"]
    estimate_doses(survey)
    all_is_done(survey)


def test_what_was_made_of_unchanged_input_is_kept_when_another_was_first(
    survey: Survey, other: Survey, cases: Any, seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One mapped A and B; the other, that knew of A alone, is done first: B is not made again."""
    add(survey, cases, "2.25.7001", "SITE-A")
    made = []

    def slower(*words: Any, **named: Any) -> None:
        if not made:
            made.append(1)
            add(survey, cases, "2.25.7002", "SITE-B")
            before_publishing(survey, monkeypatch, lambda: publish(*words, **named))
            map_survey(survey)
            raise incremental.OvertakenError
        publish(*words, **named)

    publish = other.store.publish
    monkeypatch.setattr(other.store, "publish", slower)
    map_survey(other)
    assert seen == ["SITE-A", "SITE-A", "SITE-B"]
    assert studies(survey, "series") == ["2.25.7001", "2.25.7002"]
    estimate_doses(survey)
    all_is_done(survey)


def test_a_study_that_grew_is_not_put_back_to_what_it_was(
    survey: Survey, other: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(survey, cases, "2.25.7001", "SITE-A")

    def grow() -> None:
        add(other, cases, "2.25.7001", "SITE-A", series="3")
        map_survey(other)
        estimate_doses(other)

    before_publishing(survey, monkeypatch, grow)
    map_survey(survey)
    assert sorted(survey.table("series")["SeriesInstanceUID"]) == ["2.25.7001.2", "2.25.7001.3"]
    all_is_done(survey)


def test_a_study_that_grew_and_is_not_mapped_yet_is_new_to_the_next_map(
    survey: Survey, other: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(survey, cases, "2.25.7001", "SITE-A")
    before_publishing(
        survey, monkeypatch, lambda: add(other, cases, "2.25.7001", "SITE-A", series="3")
    )  # fmt: skip
    assert map_survey(survey)["studies"] == 1
    assert map_survey(survey)["studies"] == 1
    estimate_doses(survey)
    assert survey.table("series").height == 2
    all_is_done(survey)


def test_what_another_map_did_of_one_patient_spares_that_patient_only(
    survey: Survey, other: Survey, cases: Any, seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, patient in enumerate(PATIENTS):
        add(survey, cases, f"2.25.700{number}", patient)

    def grow_one() -> None:
        add(
            other, cases, "2.25.7000", "SITE-A", series="3"
        )  # seen here, and not mapped by the other
        other.store.publish({"series": other.table("series")})  # but another version all the same

    map_survey(survey)
    seen.clear()
    before_publishing(survey, monkeypatch, grow_one)
    map_survey(survey, again=True)
    assert seen == ["SITE-A", "SITE-B", "SITE-C", "SITE-A"], (
        "only what changed meanwhile is made again"
    )
    assert survey.table("series").height == 4
    estimate_doses(survey)
    all_is_done(survey)


@pytest.mark.parametrize("mapped_before", [False, True])
def test_an_erased_patient_is_not_brought_back(
    survey: Survey, other: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch, mapped_before: bool
) -> None:
    add(survey, cases, "2.25.7001", "SITE-A")
    add(survey, cases, "2.25.7002", "SITE-B")
    if mapped_before:
        map_survey(survey)
        estimate_doses(survey)
    traces = survey.store.traces(["SITE-A"])

    def erase() -> None:
        other.store.erase(traces)
        other.store.reclaim(0.0)

    before_publishing(survey, monkeypatch, erase)
    map_survey(survey, again=True)
    estimate_doses(survey)
    assert studies(survey, "series") == studies(survey, "dose_estimate") == ["2.25.7002"]
    survey.store.reclaim(0.0)
    assert survey.store.remains(traces).nothing, "also among what is noted of studies"
    all_is_done(survey)


def test_dose_does_not_bring_back_an_erased_patient_nor_older_estimates(
    survey: Survey, other: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, patient in enumerate(PATIENTS):
        add(survey, cases, f"2.25.700{number}", patient)
    map_survey(survey)
    traces = survey.store.traces(["SITE-A"])

    def grow() -> None:
        add(other, cases, "2.25.7001", "SITE-B", series="3")
        map_survey(other)
        estimate_doses(other)

    def erase() -> None:
        other.store.erase(traces)
        other.store.reclaim(0.0)

    before_publishing(survey, monkeypatch, grow, erase)
    estimate_doses(survey, again=True)
    assert studies(survey, "dose_estimate") == ["2.25.7001", "2.25.7002"]
    counted = survey.events(preferred=True)["irradiation_event_uid"]
    assert set(counted) == set(survey.table("dose_estimate")["irradiation_event_uid"])
    survey.store.reclaim(0.0)
    assert survey.store.remains(traces).nothing
    all_is_done(survey)


def test_the_doses_another_run_estimated_meanwhile_are_kept(
    survey: Survey, other: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(survey, cases, "2.25.7001", "SITE-A")
    map_survey(survey)

    def come() -> None:
        add(other, cases, "2.25.7002", "SITE-B")
        map_survey(other)
        estimate_doses(other)

    before_publishing(survey, monkeypatch, come)
    assert estimate_doses(survey)["studies"] == 0
    assert studies(survey, "dose_estimate") == ["2.25.7001", "2.25.7002"]
    all_is_done(survey)


def test_import_and_compaction_meanwhile_make_nobody_begin_again(
    survey: Survey, other: Survey, cases: Any, seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(survey, cases, "2.25.7001", "SITE-A")
    survey.store.compact()
    add(survey, cases, "2.25.7002", "SITE-B")

    def compact() -> None:
        add(other, cases, "2.25.7003", "SITE-C")
        other.store.compact()
        other.store._tables.sweep(0.0)  # as an erasure does that waits for no reader

    before_publishing(survey, monkeypatch, compact)
    assert map_survey(survey)["studies"] == 2
    assert seen == ["SITE-A", "SITE-B"]
    assert map_survey(survey)["studies"] == 1
    assert survey.table("series").height == 3


def test_parts_erased_in_the_middle_of_a_map_are_not_its_end(
    survey: Survey, other: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, patient in enumerate(PATIENTS):
        add(survey, cases, f"2.25.700{number}", patient)
        survey.store.compact()
    make = incremental._make_the_rest

    def swept_first(*words: Any) -> None:
        traces = other.store.traces(["SITE-C"])
        if traces.objects:
            other.store.erase(traces)
            other.store.reclaim(0.0)
        make(*words)

    monkeypatch.setattr(incremental, "_make_the_rest", swept_first)
    map_survey(survey)
    assert studies(survey, "series") == ["2.25.7000", "2.25.7001"]
    monkeypatch.undo()
    estimate_doses(survey)
    all_is_done(survey)


def test_a_study_that_failed_is_tried_again_also_after_another_was_first(
    survey: Survey, other: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(survey, cases, "2.25.7001", "SITE-A")
    add(survey, cases, "2.25.7002", "SITE-B")
    tried = []

    def breaking(frame: pl.DataFrame, **given: Any) -> Mapped:
        if "SITE-B" in set(frame["patient"]) and frame["patient"].n_unique() == 1:
            tried.append(1)
        if "SITE-B" in set(frame["patient"]):
            raise OverflowError
        return map_instances(frame, **given)

    map_survey(survey)
    with monkeypatch.context() as patch:
        patch.setattr(study_isolation, "map_instances", breaking)
        again = lambda: other.store.publish({"series": other.table("series")})  # noqa: E731
        before_publishing(survey, patch, again)
        assert map_survey(survey, again=True)["failed"] == 1
    assert len(tried) == 1, "not once more for the same input in one run"
    counts = map_survey(survey)
    assert (counts["studies"], counts["failed"]) == (1, 0)
    estimate_doses(survey)
    all_is_done(survey)


def test_who_is_overtaken_for_ever_says_so_and_harms_nothing(
    survey: Survey, other: Survey, cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(survey, cases, "2.25.7001", "SITE-A")
    map_survey(other)
    before = other.table("series")
    acts = [lambda: other.store.publish({"series": before})] * incremental.MAX_ROUNDS
    before_publishing(survey, monkeypatch, *acts)
    with pytest.raises(StoreError, match=r"kept publishing.*Run it again"):
        map_survey(survey, again=True)
    monkeypatch.undo()
    assert other.table("series").equals(before)
    other.store._tables.sweep(0.0)
    assert other.store._tables.place.names() == other.store._tables.named()
    estimate_doses(survey)
    all_is_done(survey)
    assert other.runs().filter(pl.col("outcome") == "failed").height == 1


def test_again_makes_all_tables_anew_whatever_was_noted(
    survey: Survey, cases: Any, seen: list[str]
) -> None:
    add(survey, cases, "2.25.7001", "SITE-A")
    add(survey, cases, "2.25.7002", "SITE-B")
    map_survey(survey)
    estimate_doses(survey)
    whole = {name: survey.table(name) for name in ("series", "irradiation_event", "dose_estimate")}
    for name, frame in whole.items():
        survey.store.publish({name: frame.head(0)})
    assert map_survey(survey)["studies"] == 0, "so it was lost for good"
    seen.clear()
    assert map_survey(survey, again=True)["studies"] == 2
    assert seen == ["SITE-A", "SITE-B"]
    assert estimate_doses(survey, again=True)["studies"] == 2
    for name, frame in whole.items():
        assert survey.table(name).equals(frame), name
    all_is_done(survey)


def test_again_empties_the_tables_of_a_workspace_without_objects(survey: Survey) -> None:
    stray = IRRADIATION_EVENT.frame([{"patient": "SITE-A", "StudyInstanceUID": "1.2.3"}])
    survey.store.publish({"irradiation_event": stray})
    map_survey(survey)
    assert survey.table("irradiation_event").height == 1
    map_survey(survey, again=True)
    assert survey.table("irradiation_event").height == 0
    assert estimate_doses(survey, again=True) == {"studies": 0, "estimates": 0}
