"""What a maker's module must say, and the constants of its TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydicom.dataset import Dataset

    from workbench.simulate.plan import Reconstruction, Study
    from workbench.simulate.rdsr import ReportStyle

Header = dict[str, Any]
"""DICOM keyword to value."""

PrivateBlock = dict[int, tuple[str, Any]]
"""Element number inside a private block to value representation and value."""

PrivateBlocks = dict[tuple[int, str], PrivateBlock]
"""Group and private creator to a block."""


@dataclass(frozen=True, kw_only=True)
class LocalizerMode:
    """How a scanner makes a topogram; widths in mm, speed in mm/s, current in mA."""

    single_mm: float
    total_mm: float
    speed_mm_s: float
    current_ma: float


@dataclass(frozen=True, kw_only=True)
class Kernels:
    """Names of convolution kernels: standard and sharp, and the topogram's."""

    head: tuple[str, str]
    body: tuple[str, str]
    localizer: str


@dataclass(frozen=True, kw_only=True)
class Scanner:
    """A simulated device; CTDIw is in mGy per 100 mAs at 120 kV (head 16 cm, body 32 cm)."""

    manufacturer: str
    model: str
    station: str
    serial: str
    software: str
    transfer_syntax: str
    head_ctdi_w_mgy: float
    body_ctdi_w_mgy: float
    single_collimation_mm: float
    total_collimation_mm: float
    rotation_time_s: float
    localizer: LocalizerMode
    kernels: Kernels


@dataclass(frozen=True, kw_only=True)
class Maker:
    """One maker: its scanner, what its headers hold, how its dose report looks.

    Attributes
    ----------
    image
        Attributes that are the same in every image of this scanner.
    private
        Private blocks that are the same in every image.
    series, slice_header, private_series
        Attributes that depend on the series; on the tube current of a slice; private blocks
        that depend on the series.
    screen
        Marks the dose screen, a Secondary Capture object, as this maker does.
    events_in_images
        Whether images carry the irradiation event UID.
    dose_in_images
        Whether images carry CTDIvol.
    """

    name: str
    scanner: Scanner
    image: Mapping[str, Any]
    private: PrivateBlocks
    style: ReportStyle
    series: Callable[[Study, Reconstruction], Header]
    slice_header: Callable[[Reconstruction, float], Header]
    private_series: Callable[[Study, Reconstruction], PrivateBlocks]
    screen: Callable[[Study, Dataset], None]
    events_in_images: bool
    dose_in_images: bool


def _read(name: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def image_attributes(name: str) -> Mapping[str, Any]:
    """Return the image attributes of a TOML file that describes no scanner."""
    return MappingProxyType(_read(name)["image"])


@cache
def constants(name: str) -> tuple[Scanner, Mapping[str, Any], PrivateBlocks]:
    """Return scanner, image attributes and private blocks of a maker's TOML file."""
    data = _read(name)
    scanner = data["scanner"]
    scanner["localizer"] = LocalizerMode(**scanner["localizer"])
    kernels = scanner["kernels"]
    scanner["kernels"] = Kernels(
        head=tuple(kernels["head"]), body=tuple(kernels["body"]), localizer=kernels["localizer"]
    )
    blocks: PrivateBlocks = {}
    for group, creators in data.get("private", {}).items():
        for creator, elements in creators.items():
            blocks[int(group, 16), creator] = {
                int(element, 16): (vr, value) for element, (vr, value) in elements.items()
            }
    return Scanner(**scanner), data["image"], blocks
