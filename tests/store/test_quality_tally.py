"""What is counted of image quality is what the results themselves say, on every engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stages.quality.phantom_workspace import PROFILE, quality_desk
from tests.store.conftest import OpenStore
from tests.store.test_quality_records import CONTENT, MOMENT, new
from workbench.store.quality_records import NewResult

NOW = MOMENT + timedelta(days=30)
DECISIONS = st.lists(st.sampled_from(["accepted", "rejected"]), max_size=2)
RESULTS = st.lists(
    st.tuples(st.sampled_from(["CT1 water", "monthly", "gone"]),
              st.one_of(st.none(), st.integers(0, 40)), st.sampled_from(["ok", "alarm"]),
              DECISIONS),
    max_size=8,
)  # fmt: skip


def test_every_engine_counts_alarms_waiting_and_what_is_due(open_store: OpenStore) -> None:
    store = open_store()
    assert store.quality_tally().profiles == ()
    marks = store.tally_marks()
    store.quality.save_profile("weekly", {"interval_days": 7}, "N. N.")
    store.quality.save_profile("never", {"interval_days": 7}, "N. N.")
    first = store.quality.add_result(new())
    late = replace(new(images=("b",)), acquired_at=MOMENT + timedelta(days=40),
                   content={**CONTENT, "state": "ok"})  # fmt: skip
    second = store.quality.add_result(late)
    tally = store.quality_tally()
    assert (tally.waiting, tally.alarms, tally.overdue(NOW)) == (2, 1, 0)
    assert [profile.name for profile in tally.next_due(NOW)] == ["weekly"]
    assert store.tally_marks() != marks
    # A rejected test was not done; one that is decided does not wait.
    store.quality.decide(second, "rejected", "N. N.", "askew")
    store.quality.decide(first, "accepted", "N. N.")
    tally = store.quality_tally()
    assert (tally.waiting, tally.alarms, tally.overdue(NOW)) == (0, 0, 1)
    assert tally.next_due(NOW) == ()


def test_each_kind_of_row_changes_the_marks(open_store: OpenStore) -> None:
    store = open_store()
    seen = {store.tally_marks()}
    store.quality.save_profile("weekly", {"interval_days": 7}, "N. N.")
    seen.add(store.tally_marks())
    number = store.quality.add_result(new())
    seen.add(store.tally_marks())
    store.quality.decide(number, "accepted", "N. N.")
    seen.add(store.tally_marks())
    assert len(seen) == 4


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RESULTS)
def test_the_count_is_that_of_the_desk(tmp_path_factory, results) -> None:
    folder: Path = tmp_path_factory.mktemp("tally") / "w"
    with quality_desk(folder) as desk:
        desk.save_profile(PROFILE.replace("CT1 water", "monthly").replace("= 7", "= 28"), "N. N.")
        for number, (profile, after, state, decisions) in enumerate(results):
            at = None if after is None else MOMENT + timedelta(days=after)
            kept = desk.quality.add_result(
                NewResult(profile, 1, (str(number),), at, {**CONTENT, "state": state})
            )
            for decision in decisions:
                desk.quality.decide(kept, decision, "N. N.", "a reason")
        tally = desk.survey.store.quality_tally()
        due = desk.due(NOW)
        every = desk.quality.results()
    assert {one.name: one.due for one in tally.profiles} == {
        one.profile.name: one.due for one in due
    }
    assert tally.overdue(NOW) == sum(one.overdue is not None for one in due)
    waiting = [result for result in every if not result.decisions]
    assert tally.waiting == len(waiting)
    assert tally.alarms == sum(result.content["state"] == "alarm" for result in waiting)


def test_what_is_due_at_this_very_moment_is_not_overdue(open_store: OpenStore) -> None:
    store = open_store()
    store.quality.save_profile("weekly", {"interval_days": 7}, "N. N.")
    store.quality.add_result(new())
    tally = store.quality_tally()
    due = datetime(2026, 3, 8, 7, 30)
    assert tally.overdue(due) == 0
    assert [profile.due for profile in tally.next_due(due)] == [due]
    assert tally.overdue(due + timedelta(seconds=1)) == 1
