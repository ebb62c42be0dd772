"""What a test profile asks of an element of an image's header."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose

from pydantic import BaseModel, ConfigDict, model_validator

from workbench.language import Figures, Saying, mark

Value = float | str


class Constraint(BaseModel):
    """One demand on a value; exactly one of ``equals``, ``one_of``, ``low``/``high``.

    Attributes
    ----------
    equals
        The value wanted: a number, or a text in the letters wanted.
    tolerance
        With a number in ``equals``: how far the value may be from it, in the element's unit.
    one_of
        The values allowed.
    low, high
        The range allowed, both ends included.
    required
        Whether a value that is not there is an error (else a warning).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    equals: Value | None = None
    tolerance: float = 0.0
    one_of: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    required: bool = True

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: object) -> object:
        """Read ``KVP = 120`` as equals, and a list as one of."""
        if isinstance(given, str | int | float) and not isinstance(given, bool):
            return {"equals": given}
        return {"one_of": given} if isinstance(given, list | tuple) else given

    @model_validator(mode="after")
    def _one(self) -> Constraint:
        given = [
            self.equals is not None, bool(self.one_of),
            self.low is not None or self.high is not None,
        ]  # fmt: skip
        if sum(given) != 1:
            raise ValueError("give one of: equals, one_of, low and high")
        if self.tolerance and not isinstance(self.equals, float | int):
            raise ValueError("a tolerance needs a number in equals")
        return self

    def __str__(self) -> str:
        """Say the demand as a person reads it."""
        return str(self.text())

    def text(self) -> Saying:
        """Return the demand as a text that other languages are made from."""
        if self.one_of:
            return _choice(self.one_of)
        if self.equals is None:
            return _range(self.low, self.high)
        if not self.tolerance:
            return Saying("{value}", value=_value(self.equals))
        return Saying(
            "{value} ± {tolerance}", value=_value(self.equals), tolerance=_value(self.tolerance)
        )

    def met(self, found: object) -> bool:
        """Say whether a value of a header fits; of several values, all must.

        Texts are compared without regard to case and outer blanks; a number also as a text.
        """
        values = found if isinstance(found, Sequence) and not isinstance(found, str) else [found]
        return bool(values) and all(self._fits(value) for value in values)

    def _fits(self, value: object) -> bool:
        if self.equals is not None:
            return same(self.equals, value, self.tolerance)
        if self.one_of:
            return any(same(choice, value) for choice in self.one_of)
        number = _number(value)
        if number is None:
            return False
        low = self.low is None or number >= self.low
        return low and (self.high is None or number <= self.high)


def same(wanted: Value, found: object, tolerance: float = 0.0) -> bool:
    """Compare a value wanted with one found."""
    if isinstance(wanted, str):
        return wanted.strip().casefold() == str(found).strip().casefold()
    number = _number(found)
    # A decimal string of 16 characters (PS3.5 6.2) keeps ten digits at least.
    return number is not None and (
        abs(number - wanted) <= tolerance or isclose(number, wanted + tolerance, rel_tol=1e-9)
        or isclose(number, wanted - tolerance, rel_tol=1e-9)
    )  # fmt: skip


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _value(value: Value) -> str:
    return value if isinstance(value, str) else Figures(f"{value:g}")


def _choice(choices: Sequence[Value]) -> Saying:
    first, *rest = choices
    text = Saying("{value}", value=_value(first))
    for choice in rest:
        text = Saying(mark("{choice} or {other}"), choice=text, other=_value(choice))
    return text


def _range(low: float | None, high: float | None) -> Saying:
    if low is None:
        return Saying(mark("at most {high}"), high=Figures(f"{high:g}"))
    if high is None:
        return Saying(mark("at least {low}"), low=Figures(f"{low:g}"))
    return Saying(mark("{low} to {high}"), low=Figures(f"{low:g}"), high=Figures(f"{high:g}"))
