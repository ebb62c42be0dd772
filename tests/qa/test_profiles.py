"""A test profile: what a physicist may write, and what is said of what cannot be meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.model import Measurement, Region
from workbench.qa.constraints import Constraint
from workbench.qa.judging import State, content_of, judge, limits_of, worst
from workbench.qa.profiles import Expectation, Tolerance, read_profile

PROFILE = """
name = "CT1 water, weekly"
test = "ct-water"
phantom = "ct_water_200"
station = "CT1"
interval_days = 7

[select]
Modality = "CT"
StationName = "CT1"

[acquisition]
KVP = 120
SliceThickness = { equals = 5, tolerance = 0.1 }
ConvolutionKernel = ["B30f", "B30s"]

[expect.mean_ct_number]
reference = 0
warning = { absolute = 2 }
alarm = { absolute = 4 }

[expect.noise]
learn_from = 3
alarm = { relative = 0.1, absolute = 0.2 }
"""
REAL = st.floats(-1e6, 1e6)


def test_a_profile_is_read_as_it_is_written() -> None:
    profile = read_profile(PROFILE)
    assert profile.interval_days == 7
    assert profile.acquisition["KVP"] == Constraint(equals=120)
    assert profile.acquisition["ConvolutionKernel"].one_of == ("B30f", "B30s")
    assert read_profile(PROFILE).content() == profile.content()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "CT1 water, weekly"', "", "name"),
        ("interval_days = 7", "interval_days = -7", "interval_days"),
        ("interval_days = 7", "intervall_days = 7", "intervall_days"),
        ("reference = 0\n", "", "expect.mean_ct_number"),
        ("warning = { absolute = 2 }", "warning = {}", "warning"),
        ("learn_from = 3", "learn_from = 3\nreference = 1", "expect.noise"),
        ("KVP = 120", "kvp = 120", "kvp"),
        ("KVP = 120", "KVP = { equals = 120, low = 3 }", "KVP"),
        ("[select]", "[select", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_by_its_place(old: str, new: str, said: str) -> None:
    assert old in PROFILE
    with pytest.raises(SettingsError, match=said):
        read_profile(PROFILE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("constraint", "found", "met"),
    [
        (Constraint(equals=120), "120", True),
        (Constraint(equals=120), "120.0", True),
        (Constraint(equals=120), 121, False),
        (Constraint(equals=120), "", False),
        (Constraint(equals=5, tolerance=0.1), 5.1, True),  # no decimal number is 5.1 in binary
        (Constraint(equals=5, tolerance=0.1), 5.11, False),
        (Constraint(equals="B30f"), " b30F ", True),
        (Constraint(one_of=("A", 5)), "5.00", True),
        (Constraint(low=1, high=2), 2, True),
        (Constraint(low=1), 0.99, False),
        (Constraint(low=1), "nan", False),
        (Constraint(equals="HEAD"), ["HEAD", "NECK"], False),
        (Constraint(equals=1), [1, 1], True),
        (Constraint(equals=1), [], False),
    ],
)
def test_a_constraint_is_met_as_a_person_would_say(
    constraint: Constraint, found: object, met: bool
) -> None:
    assert constraint.met(found) is met


@given(reference=REAL, absolute=st.floats(0, 1e6), relative=st.floats(0, 10))
def test_the_larger_tolerance_counts_and_a_value_on_the_limit_is_within(
    reference: float, absolute: float, relative: float
) -> None:
    expected = Expectation(
        reference=reference, alarm=Tolerance(absolute=absolute, relative=relative)
    )
    limits = limits_of(expected, ())
    width = max(absolute, relative * abs(reference))
    assert limits.alarm_high == pytest.approx(reference + width)
    assert limits.state(limits.alarm_high) is State.OK
    assert limits.state(reference) is State.OK
    outside = reference + width * 1.001 + 1e-3
    assert limits.state(outside) is State.ALARM


def test_one_sided_limits_leave_the_other_side_open() -> None:
    limits = limits_of(Expectation(reference=10, alarm=Tolerance(absolute=1, side="above")), ())
    assert limits.state(-1e9) is State.OK
    assert limits.state(11.01) is State.ALARM


def test_a_reference_is_learned_from_the_first_accepted_values_and_then_stays() -> None:
    profile = read_profile(PROFILE)
    one = Measurement("noise", 5.0, "[hnsf'U]")
    early = judge(profile, [one], {"noise": [4.0, 4.2]})
    assert early[0].state is State.NOT_JUDGED
    judged = judge(profile, [one], {"noise": [4.0, 4.2, 4.4, 9.0]})
    assert judged[0].limits.reference == pytest.approx(4.2)
    assert judged[0].state is State.ALARM


def test_what_is_expected_and_not_measured_is_a_line_with_a_reason() -> None:
    judged = judge(read_profile(PROFILE), [Measurement("noise", 4.0, "1")], {})
    missing = next(one for one in judged if one.measurement.name == "mean_ct_number")
    assert missing.state is State.NOT_MEASURED
    assert missing.measurement.reason


def test_kept_content_gives_the_regions_back() -> None:
    region = Region("circle", ((1.5, 2.0),), (3.0,), label="centre")
    judged = judge(read_profile(PROFILE), [Measurement("noise", 4.0, "1", (region,))], {})
    kept = content_of(judged)
    assert Region.of(kept[0]["regions"][0]) == region
    assert kept[0]["state"] == "not judged"


def test_the_worst_state_is_the_state_of_all() -> None:
    assert worst([State.OK, State.ALARM, State.WARNING]) is State.ALARM
    assert worst([State.OK, State.NOT_JUDGED]) is State.OK
    assert worst([]) is State.NOT_JUDGED
