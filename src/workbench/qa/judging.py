"""Judge measured values by the references and tolerances of a test profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from math import isfinite
from statistics import fmean
from typing import Any

from workbench.language import Saying, mark, texts_of
from workbench.model import Measurement
from workbench.qa.profiles import Expectation, TestProfile


class State(StrEnum):
    """How a value stands to its limits, from good to bad."""

    NOT_JUDGED = "not judged"
    OK = "ok"
    WARNING = "warning"
    NOT_MEASURED = "not measured"
    ALARM = "alarm"


# How states are said.
STATES = {
    State.NOT_JUDGED: mark("not judged"), State.OK: mark("ok"), State.WARNING: mark("warning"),
    State.NOT_MEASURED: mark("not measured"), State.ALARM: mark("alarm"),
}  # fmt: skip
NOT_FINITE = mark("the measured value is not a finite number")


@dataclass(frozen=True)
class Limits:
    """The reference and the limits in force, in the unit of the value; ``None``: there is none.

    A value on a limit is within it.
    """

    reference: float | None = None
    warning_low: float | None = None
    warning_high: float | None = None
    alarm_low: float | None = None
    alarm_high: float | None = None

    def state(self, value: float | None) -> State:
        """Return how a value stands."""
        if value is None:
            return State.NOT_MEASURED
        if self.reference is None:
            return State.NOT_JUDGED
        if _outside(value, self.alarm_low, self.alarm_high):
            return State.ALARM
        outside = _outside(value, self.warning_low, self.warning_high)
        return State.WARNING if outside else State.OK

    def row(self) -> dict[str, float | None]:
        """Return the limits as columns of ``schema.TEST_RESULT``."""
        return asdict(self)


@dataclass(frozen=True)
class Judged:
    """A measurement with the limits it was judged by, or why there are none yet."""

    measurement: Measurement
    limits: Limits
    remark: str = ""

    @property
    def state(self) -> State:
        """How the value stands to its limits."""
        return self.limits.state(self.measurement.value)


def judge(
    profile: TestProfile,
    measurements: Iterable[Measurement],
    accepted: Mapping[str, Sequence[float]],
) -> list[Judged]:
    """Judge measurements by a profile.

    ``accepted`` has the values of accepted results under this profile by measurement, oldest
    first: from them references are learned.  What the profile expects and the test did not give
    is a measurement without a value, with the reason.
    """
    measured = {measurement.name: _finite(measurement) for measurement in measurements}
    for name in profile.expect:
        if name not in measured:
            reason = mark("the test does not measure this")
            measured[name] = Measurement(name, None, "", reason=reason)
    return [
        _judged(measurement, profile.expect.get(name), accepted.get(name, ()))
        for name, measurement in measured.items()
    ]


def _finite(measurement: Measurement) -> Measurement:
    """Return a measurement; one that is no number has no value, and a reason."""
    if measurement.value is None or isfinite(measurement.value):
        return measurement
    return replace(measurement, value=None, reason=NOT_FINITE)


def _judged(
    measurement: Measurement, expected: Expectation | None, accepted: Sequence[float]
) -> Judged:
    limits, remark = limits_of(expected, accepted), measurement.reason
    if expected and expected.learn_from and limits.reference is None and not remark:
        remark = Saying(
            mark("reference comes from {wanted} accepted results, {accepted} so far"),
            wanted=expected.learn_from, accepted=len(accepted),
        )  # fmt: skip
    return Judged(measurement, limits, remark)


def limits_of(expected: Expectation | None, accepted: Sequence[float]) -> Limits:
    """Return the limits in force; none while there are too few values to learn from."""
    if expected is None:
        return Limits()
    reference = expected.reference
    if reference is None:
        wanted = expected.learn_from or 0
        if len(accepted) < wanted:
            return Limits()
        reference = fmean(accepted[:wanted])
    warning = expected.warning.limits(reference) if expected.warning else (None, None)
    alarm = expected.alarm.limits(reference) if expected.alarm else (None, None)
    return Limits(reference, *warning, *alarm)


def worst(states: Iterable[State]) -> State:
    """Return the worst of states; ``NOT_JUDGED`` of none."""
    order = list(State)
    return max(states, key=order.index, default=State.NOT_JUDGED)


def content_of(judged: Iterable[Judged]) -> list[dict[str, Any]]:
    """Return judged measurements as JSON types, to be kept.

    ``texts`` are what other languages are made from.
    """
    return [
        {
            "name": entry.measurement.name, "label": str(entry.measurement.label),
            "value": entry.measurement.value, "unit": entry.measurement.unit,
            "uncertainty": entry.measurement.uncertainty, "reason": str(entry.remark),
            "regions": [region.row() for region in entry.measurement.regions],
            **entry.limits.row(), "state": str(entry.state),
            "texts": texts_of({"label": entry.measurement.label, "reason": entry.remark}),
        }
        for entry in judged
    ]  # fmt: skip


def _outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)
