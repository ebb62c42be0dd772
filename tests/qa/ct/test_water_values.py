"""The values of water, by their definitions in IEC 61223-3-5, EUR 16262 and Elstrom 2011."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from workbench.dicom.image import Image
from workbench.model import Measurement, Region
from workbench.qa.ct.water_values import Section, differences, values
from workbench.qa.cylinder import Cylinder
from workbench.qa.regions import disc

BODY = Cylinder(50, 50, 200, 0, 1)
ONE = Section(centre=-2.0, noise=5.0, rim=(1.0, 0.0, -1.0, 4.0), air=-998.0, body=BODY)
NAMES = ("centre", "3 o'clock", "6 o'clock", "9 o'clock", "12 o'clock", "air", "phantom")
REGIONS = {name: Region("circle", ((0, 0),), (1,), label=name) for name in NAMES}


def read(*sections: Section) -> dict[str, Measurement]:
    return {one.name: one for one in values(sections, [REGIONS] * len(sections))}


def test_each_value_is_its_definition() -> None:
    found = {name: one.value for name, one in read(ONE).items()}
    assert found == pytest.approx({
        "mean_ct_number": -2, "noise": 5,
        "relative_noise": 100 * 5 / (-2 + 998),  # per cent of water to air
        "snr": (-2 + 1000) / 5,
        "uniformity": 6,  # 12 o'clock from the centre
        "integral_nonuniformity": (4 + 2) / (4 - 2 + 2000),
        "uniformity_index": 100 * 6 / 998,
        "ct_number_air": -998, "phantom_diameter": 200,
    })  # fmt: skip


def test_the_uniformity_index_keeps_its_sign() -> None:
    darker = replace(ONE, rim=(-12.0, -1.0, -2.0, 3.0))
    assert read(darker)["uniformity_index"].value == pytest.approx(100 * -10 / 998)


def test_of_several_slices_it_is_the_mean_with_its_standard_error() -> None:
    found = read(ONE, replace(ONE, centre=0.0), replace(ONE, centre=2.0))["mean_ct_number"]
    assert found.value == pytest.approx(0)
    assert found.uncertainty == pytest.approx(2 / 3**0.5)
    assert len(found.regions) == 3
    assert read(ONE)["mean_ct_number"].uncertainty is None


def test_what_cannot_be_had_says_why() -> None:
    found = read(ONE, replace(ONE, air=None))
    assert (found["ct_number_air"].value, bool(found["ct_number_air"].reason)) == (None, True)
    assert found["relative_noise"].value == pytest.approx((100 * 5 / 996 + 100 * 5 / 998) / 2), (
        "nominal air stands in"
    )
    silent = read(replace(ONE, noise=0.0))["snr"]
    assert (silent.value, bool(silent.reason)) == (None, True)


def slices(*positions: float | None, thickness: float = 5.0, **more: object) -> list[Image]:
    noise, made = np.random.default_rng(1), []
    for position in positions:
        header = Dataset()
        header.SliceThickness = thickness
        stored = noise.normal(0, 6, (101, 101)) + np.linspace(0, 40, 101)
        made.append(Image(stored, header, spacing=(1, 1), position=position, **more))  # type: ignore[arg-type]
    return made


def noise_of(images: list[Image]) -> Measurement:
    region = disc(images[0], (50, 50), 40)
    (found,) = differences(images, [{"centre": region}] * len(images))
    return found


def test_the_noise_of_differences_is_that_of_one_image_without_its_trend() -> None:
    found = noise_of(slices(0, 5, 10))
    assert found.value == pytest.approx(6, rel=0.03)
    assert len(found.regions) == 3


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (slices(0, 4), "overlap"), (slices(0, -4.8), "overlap"),
        (slices(0) + slices(5, thickness=2.5), "thickness"),
        ([*slices(0), replace(slices(5)[0], spacing=(1, 0.9))], "size"),
        (slices(0) * 2, "twice"),
    ],
)  # fmt: skip
def test_slices_that_are_not_equal_and_independent_have_none(
    images: list[Image], reason: str
) -> None:
    found = noise_of(images)
    assert found.value is None
    assert reason in found.reason


@given(st.sampled_from([5.0, 4.9, 4.95, 5.05, 12.0, -5.0]))
def test_slices_side_by_side_are_independent_but_for_rounding(step: float) -> None:
    assert noise_of(slices(0, step)).value is not None


def test_the_same_slice_scanned_again_is_best_and_one_alone_has_none() -> None:
    assert noise_of(slices(3, 3)).value == pytest.approx(6, rel=0.03)
    assert noise_of(slices(None, None)).value is not None
    assert list(differences(slices(0), [REGIONS])) == []
