"""The water phantom is what it claims to be, and the bundled files are really there."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pydicom
import pytest

from workbench.simulate.bundled import bundled_files
from workbench.simulate.phantom import WaterPhantom


@pytest.mark.parametrize(("water", "noise"), [(0.0, 5.0), (3.5, 12.0)])
def test_ct_number_and_noise_are_the_truth(water: float, noise: float) -> None:
    phantom = WaterPhantom(seed=7, water_hu=water, noise_hu=noise)
    images = list(phantom.images())
    stack = np.stack([i.pixel_array * float(i.RescaleSlope) + float(i.RescaleIntercept)
                      for i in images])  # fmt: skip
    middle = (phantom.matrix - 1) / 2
    radius = np.hypot(*(np.indices(stack.shape[1:]) - middle)) * phantom.pixel_mm
    disk = stack[:, radius < 0.2 * phantom.diameter_mm]
    assert disk.mean() == pytest.approx(water, abs=4 * noise / disk.size**0.5)
    assert disk.std(ddof=1) == pytest.approx(noise, rel=0.03)
    edge = (radius < phantom.diameter_mm / 2).sum() * phantom.pixel_mm**2
    assert 2 * (edge / np.pi) ** 0.5 == pytest.approx(phantom.diameter_mm, rel=0.01)


def test_slices_differ_but_repeat_with_the_seed() -> None:
    phantom = WaterPhantom(seed=7)
    assert (phantom.pixels(0) != phantom.pixels(1)).any()
    assert (phantom.pixels(0) == WaterPhantom(seed=7).pixels(0)).all()


def test_pixel_size_fits_the_header() -> None:
    image = next(WaterPhantom(seed=1).images())
    assert float(image.PixelSpacing[0]) * image.Columns == float(image.ReconstructionDiameter)


def test_bundled_files_are_on_disk_and_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("network used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    files = bundled_files()
    assert files == sorted(files)
    home = Path(pydicom.__file__).parent
    assert all(file.is_relative_to(home) for file in files)
    names = {file.name for file in files}
    assert {"CT_small.dcm", "DICOMDIR"} <= names
    assert not any(file.suffix in {".py", ".json", ".txt", ".zip"} for file in files)
    assert len(files) > 50
