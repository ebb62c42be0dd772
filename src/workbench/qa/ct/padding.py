"""Padding that a CT image does not declare, and air that is cut off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workbench.dicom.image import Image
from workbench.model import Region
from workbench.qa.regions import inside

AIR = -1000.0
CORNER = 4  # pixels a side; padding lies outside the circle of reconstruction


def with_padding(image: Image) -> Image:
    """Return the image with padding declared where all four corners hold one lowest value.

    Many scanners fill what lies outside the circle of reconstruction with a value at or below
    air and do not say so by Pixel Padding Value (PS3.3 C.7.5.1.1.2).
    """
    if image.padding is not None:
        return image
    ends = (slice(None, CORNER), slice(-CORNER, None))
    corners = np.concatenate([image.stored[rows, columns].ravel() for rows in ends
                              for columns in ends])  # fmt: skip
    lowest = float(image.stored.min())
    if (corners != lowest).any() or lowest * image.slope + image.intercept > AIR:
        return image
    return replace(image, padding=(lowest, lowest))


def cut_off(image: Image, region: Region) -> bool:
    """Say whether air was cut off at the image's lowest value: then its mean is no measurement.

    Noise has its lowest value seldom; where values below were set to it, it is the commonest.
    """
    window, mask = inside(region, image.stored.shape)
    values, counts = np.unique(image.stored[window][mask & image.valid[window]], return_counts=True)
    lowest = image.stored[image.valid].min()
    return len(values) > 0 and bool(values[0] == lowest and counts[0] == counts.max())
