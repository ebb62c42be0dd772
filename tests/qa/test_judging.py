"""Values are judged by limits: on a limit is within it, and what is not measured is never good."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.model import Measurement
from workbench.qa.judging import Judged, Limits, State, content_of, judge, limits_of, worst
from workbench.qa.profiles import Expectation, read_profile

LIMITS = Limits(10, 8, 12, 5, 15)
PROFILE = """
name = "CT1"
test = "ct-water"
phantom = "ct_water_200"
station = "CT1"
[select]
Modality = "CT"
[expect.noise]
reference = 10
warning = { absolute = 2 }
alarm = { relative = 0.5 }
[expect.mean_ct_number]
learn_from = 3
alarm = { absolute = 4 }
"""


def expected(name: str) -> Expectation:
    return read_profile(PROFILE).expect[name]


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (10, "ok"), (8, "ok"), (12, "ok"), (7.99, "warning"), (12.01, "warning"), (5, "warning"),
        (15, "warning"), (4.99, "alarm"), (15.01, "alarm"), (-1e9, "alarm"), (1e9, "alarm"),
        (None, "not measured"),
    ],
)  # fmt: skip
def test_a_value_on_a_limit_is_within_it(value: float | None, state: str) -> None:
    assert LIMITS.state(value) == state


@given(st.floats(allow_nan=False))
def test_without_a_reference_nothing_is_judged(value: float) -> None:
    assert Limits().state(value) == State.NOT_JUDGED


@pytest.mark.parametrize(
    ("limits", "low", "high"),
    [(Limits(0, alarm_high=1), "ok", "alarm"), (Limits(0, alarm_low=-1), "alarm", "ok"),
     (Limits(0, warning_high=1), "ok", "warning"), (Limits(0), "ok", "ok")],
)  # fmt: skip
def test_a_limit_that_is_not_there_stops_nothing(limits: Limits, low: str, high: str) -> None:
    assert (limits.state(-5), limits.state(5)) == (low, high)


def test_absolute_and_relative_tolerances_lie_about_the_reference() -> None:
    assert limits_of(expected("noise"), ()) == Limits(10, 8, 12, 5, 15)


@pytest.mark.parametrize(("accepted", "reference"), [
    ([1.0, 2.0], None), ([1.0, 2.0, 6.0], 3), ([1.0, 2.0, 6.0, 99.0], 3),
])  # fmt: skip
def test_a_reference_is_learned_from_the_first_accepted_results(
    accepted: list[float], reference: float | None
) -> None:
    found = limits_of(expected("mean_ct_number"), accepted)
    assert found.reference == reference
    assert found.alarm_high == (None if reference is None else 7)


def judged(*measured: Measurement) -> dict[str, Judged]:
    made = judge(read_profile(PROFILE), measured, {"mean_ct_number": [1.0]})
    return {one.measurement.name: one for one in made}


def test_what_is_expected_and_not_measured_is_told() -> None:
    found = judged(Measurement("noise", 10, "1"))
    assert found["noise"].state == State.OK
    missing = found["mean_ct_number"]
    assert missing.state == State.NOT_MEASURED
    assert "does not measure" in missing.remark


def test_while_a_reference_is_learned_it_says_how_far_it_is() -> None:
    found = judged(Measurement("mean_ct_number", 2.0, "1"))["mean_ct_number"]
    assert found.state == State.NOT_JUDGED
    assert "3 accepted" in found.remark
    assert "1 so far" in found.remark


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_not_measured(value: float) -> None:
    found = judged(Measurement("noise", value, "1"))["noise"]
    assert found.state == State.NOT_MEASURED
    assert "finite" in found.remark
    assert json.loads(json.dumps(content_of([found]), allow_nan=False))[0]["value"] is None


def test_a_measurement_that_nobody_expects_stands_there_unjudged() -> None:
    found = judged(Measurement("snr", 200, "1"))["snr"]
    assert (found.state, found.limits) == (State.NOT_JUDGED, Limits())


@given(st.lists(st.sampled_from(list(State))))
def test_the_worst_of_states_is_the_worst(states: list[State]) -> None:
    order = ["not judged", "ok", "warning", "not measured", "alarm"]
    assert worst(states) == (max(states, key=order.index) if states else "not judged")


def test_what_is_kept_has_value_unit_limits_and_state() -> None:
    (row,) = content_of([judged(Measurement("noise", 13, "[hnsf'U]", label="Noise"))["noise"]])
    assert (row["value"], row["unit"], row["state"]) == (13, "[hnsf'U]", "warning")
    assert (row["reference"], row["alarm_low"], row["warning_high"]) == (10, 5, 12)
