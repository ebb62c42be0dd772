"""Test profiles: what every measurement of one test on one machine is compared with.

A profile is a TOML file that a physicist can read and edit (docs/test-profiles.md)::

    name = "CT1 water, weekly"
    test = "ct-water"
    phantom = "ct_water_200"
    station = "CT1"
    interval_days = 7

    [select]                      # which images are this profile's
    Modality = "CT"
    StationName = "CT1"

    [acquisition]                 # how they must have been made
    KVP = 120
    SliceThickness = { equals = 5, tolerance = 0.1 }

    [settings]                    # fields of the QA test
    rim_distance = 10

    [expect.mean_ct_number]
    reference = 0
    warning = { absolute = 2 }
    alarm = { absolute = 4 }

    [expect.noise]
    learn_from = 5                # mean of the first five accepted results
    alarm = { relative = 0.1, absolute = 0.2 }   # the larger one counts
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from workbench.errors import SettingsError
from workbench.language import mark
from workbench.qa.constraints import Constraint


class _ProfilePart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tolerance(_ProfilePart):
    """How far a value may be from its reference; of both kinds the larger one counts.

    Attributes
    ----------
    absolute
        In the unit of the value.
    relative
        As a part of the reference: 0.1 is ten per cent.
    side
        Whether a value may be too high, too low, or both.
    """

    absolute: float | None = Field(default=None, ge=0)
    relative: float | None = Field(default=None, ge=0)
    side: Literal["both", "above", "below"] = "both"

    @model_validator(mode="after")
    def _given(self) -> Tolerance:
        if self.absolute is None and self.relative is None:
            raise ValueError("give absolute or relative")
        return self

    def limits(self, reference: float) -> tuple[float | None, float | None]:
        """Return the lower and upper limit, ``None`` where there is none on that side."""
        width = max(self.absolute or 0.0, (self.relative or 0.0) * abs(reference))
        low = None if self.side == "above" else reference - width
        return low, None if self.side == "below" else reference + width


class Expectation(_ProfilePart):
    """What is expected of one measured value.

    Attributes
    ----------
    reference
        The value expected, in the unit of the measurement.
    learn_from
        Instead: the reference is the mean of so many first accepted results.
    warning, alarm
        First and second level; outside the first a person is warned, outside the second the
        machine is out of tolerance.
    source
        Where reference and tolerance come from.
    """

    reference: float | None = None
    learn_from: int | None = Field(default=None, ge=1, le=100)
    warning: Tolerance | None = None
    alarm: Tolerance | None = None
    source: str = ""

    @model_validator(mode="after")
    def _sound(self) -> Expectation:
        if (self.reference is None) == (self.learn_from is None):
            raise ValueError("give a reference, or learn_from")
        if self.warning is None and self.alarm is None:
            raise ValueError("give a warning or an alarm tolerance")
        return self


class TestProfile(_ProfilePart):
    """One version of a test profile; see the example above."""

    __test__ = False  # no test of pytest's

    name: str = Field(min_length=1, max_length=64)
    test: str = Field(min_length=1)
    phantom: str = Field(min_length=1)
    station: str = Field(min_length=1, max_length=64)
    images: int = Field(default=1, ge=1, le=2000)
    interval_days: float | None = Field(default=None, gt=0)
    notes: str = ""
    recipients: tuple[str, ...] = ()
    allow_lossy: bool = False
    allow_burned_in: bool = False
    allow_processed: bool = False
    select: Mapping[str, Constraint] = Field(min_length=1)
    acquisition: Mapping[str, Constraint] = {}
    settings: Mapping[str, Any] = {}
    expect: Mapping[str, Expectation] = {}

    @model_validator(mode="after")
    def _keywords(self) -> TestProfile:
        for keyword in (*self.select, *self.acquisition):
            if not (keyword.isidentifier() and keyword[0].isupper()):
                reason = f"{keyword} is no keyword of the DICOM dictionary"
                raise ValueError(reason)
        return self

    def content(self) -> dict[str, Any]:
        """Return the profile as JSON types, without what was left out."""
        return self.model_dump(mode="json", exclude_defaults=True)


def read_profile(text: str) -> TestProfile:
    """Read the text of a profile file; raises ``SettingsError`` that says what to mend."""
    try:
        return profile_of(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError("the test profile cannot be read: {error}.", error=error) from error


def profile_of(content: Mapping[str, Any]) -> TestProfile:
    """Make a profile of its content; raises ``SettingsError`` that says what to mend."""
    try:
        return TestProfile.model_validate(dict(content))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the profile"
        # What our own models say is in the catalogues; Pydantic speaks English.
        reason = mark(first["msg"].removeprefix("Value error, ").lower())
        raise SettingsError(
            "the test profile is wrong at {where}: {reason}.",
            "docs/test-profiles.md names every key.",
            where=where,
            reason=reason,
        ) from error
