"""One frame of an image object, in physical units: what is measured and what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset


@dataclass(frozen=True, eq=False)
class Image:
    """One frame of an image object.

    Attributes
    ----------
    stored
        Stored values, (row, column), as integers or reals of the object.
    header
        The object's elements without its pixels.  It may hold a patient's attributes: of a
        phantom's image as of any other nothing of it is written or shown but what is named.
    slope, intercept
        Physical value = slope · stored + intercept (PS3.3 C.7.6.16.2.9, C.11.1).
    unit
        UCUM code of the physical value; ``1`` where the object names none.
    spacing
        mm between (rows, columns), or ``None`` where the object does not say.
    spacing_source
        Keyword the spacing was read from: ``PixelSpacing``; ``ImagerPixelSpacing`` is that at
        the detector, larger than at the object.
    position
        Place of the slice along its normal, mm; ``None`` where it is no slice.
    padding
        Stored values that are no measurement, (lowest, highest) (PS3.3 C.7.5.1.1.2).
    frame
        Which frame of the object, from 0.
    """

    stored: NDArray[Any]
    header: Dataset
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = "1"
    spacing: tuple[float, float] | None = None
    spacing_source: str = ""
    position: float | None = None
    padding: tuple[float, float] | None = None
    frame: int = 0

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Physical values, (row, column), in ``unit``."""
        return np.asarray(self.stored * self.slope + self.intercept, np.float64)

    @cached_property
    def valid(self) -> NDArray[np.bool_]:
        """Where values are measurements: no padding, finite."""
        known = np.isfinite(self.values)
        if self.padding is not None:
            low, high = self.padding
            known &= (self.stored < low) | (self.stored > high)
        return known
