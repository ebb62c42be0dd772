"""Drawn phantoms on a grid of other rows or columns: same millimetres, other pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from workbench.dicom.image import Image
from workbench.dicom.pixels import images_of
from workbench.qa.geometry import Geometry
from workbench.simulate.phantom_images import INTERCEPT, PhantomScan, draw, phantom_dataset


def binned_image(phantom: Geometry, scan: PhantomScan, down: int, across: int) -> Image:
    """Return the image of a phantom with so many rows and columns of it made one.

    Binning is a mean over pixels, so that no code under test draws it; noise is added after.
    """
    fine = draw(phantom, replace(scan, noise=0.0))
    rows, columns = scan.size // down, scan.size // across
    values = fine[: rows * down, : columns * across]
    values = values.reshape(rows, down, columns, across).mean(axis=(1, 3))
    values += np.random.default_rng(scan.seed).normal(scale=scan.noise or 1e-9, size=values.shape)
    return _read(phantom, scan, np.rint(values - INTERCEPT), (down, across))


def _read(phantom: Geometry, scan: PhantomScan, stored: np.ndarray, bins: tuple[int, int]) -> Image:
    header: Dataset = phantom_dataset(phantom, replace(scan, size=16))
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.Rows, header.Columns = stored.shape
    pixel = scan.field_mm / scan.size
    header.PixelSpacing = [pixel * bins[0], pixel * bins[1]]  # rows first (PS3.3 10.7.1.3)
    header.PixelData = stored.astype("<i2").tobytes()
    return images_of(header)[0]
