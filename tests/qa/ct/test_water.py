"""CT level A: the truth of drawn phantoms comes back; what is no water is refused, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.qa.pixels_not_square import binned_image
from workbench.dicom.image import Image
from workbench.dicom.pixels import images_of
from workbench.errors import MeasurementError
from workbench.model import Measurement
from workbench.qa.ct.water import CTWater, WaterSettings
from workbench.qa.cylinder import find_cylinder
from workbench.qa.geometry import Geometry, PhantomObject, geometry
from workbench.simulate.phantom_images import PhantomScan, phantom_image

TEST, SETTINGS, WATER = CTWater(), WaterSettings(), geometry("ct_water_200")


def measured(*images: Image, phantom: Geometry = WATER) -> dict[str, Measurement]:
    assert not refusals(*images, phantom=phantom)
    return {one.name: one for one in TEST.measure(images, phantom, SETTINGS)}


def refusals(*images: Image, phantom: Geometry = WATER) -> list[str]:
    return [line.check for line in TEST.verify(images, phantom, SETTINGS) if line.refuses]


def value(found: dict[str, Measurement], name: str) -> float:
    told = found[name].value
    assert told is not None
    return told


def with_objects(*objects: PhantomObject) -> Geometry:
    return WATER.model_copy(update={"objects": objects})


@settings(max_examples=12)
@given(
    x=st.floats(-10, 10), y=st.floats(-10, 10), offset=st.floats(-15, 15),
    noise=st.floats(1, 20), seed=st.integers(0, 10**6), size=st.sampled_from([256, 512]),
)  # fmt: skip
def test_the_drawn_values_come_back(
    x: float, y: float, offset: float, noise: float, seed: int, size: int
) -> None:
    scan = PhantomScan(size=size, x=x, y=y, offset=offset, noise=noise, seed=seed)
    found = measured(phantom_image(WATER, scan))
    pixels = np.pi * (40 * size / 250) ** 2
    # Five standard errors of n independent pixels, and the rounding to whole numbers.
    assert value(found, "mean_ct_number") == pytest.approx(
        offset, abs=5 * noise / pixels**0.5 + 0.1
    )
    assert value(found, "noise") == pytest.approx(
        noise, rel=5 / (2 * pixels) ** 0.5 + 0.02, abs=0.1
    )
    # A region of some 50 pixels at least: five standard errors.
    assert value(found, "ct_number_air") == pytest.approx(-1000, abs=3 + 5 * noise / 50**0.5)
    assert value(found, "phantom_diameter") == pytest.approx(200, abs=0.5)
    (region,) = found["phantom_diameter"].regions
    pixel = 250 / size
    assert region.points[0][0] == pytest.approx((size - 1) / 2 + y / pixel, abs=0.3)
    assert region.points[0][1] == pytest.approx((size - 1) / 2 + x / pixel, abs=0.3)


def test_cupping_is_what_homogeneity_says() -> None:
    scan = PhantomScan(noise=1, cupping=12)
    found = measured(phantom_image(WATER, scan))
    # The discs near the rim have their centres at 80 of 100 mm, the central one has radius 40.
    rim, centre = 12 * (0.8**2 + 0.1**2 / 2 - 1), 12 * (0.4**2 / 2 - 1)
    assert value(found, "uniformity") == pytest.approx(rim - centre, abs=0.3)
    assert value(found, "uniformity_index") == pytest.approx(
        100 * (rim - centre) / (centre + 1000), abs=0.05
    )


def test_a_gradient_is_seen_at_the_clock_it_is() -> None:
    found = measured(phantom_image(WATER, PhantomScan(noise=1, gradient=10)))
    assert value(found, "uniformity") == pytest.approx(8, abs=0.4)
    assert {region.label for region in found["uniformity"].regions} == {
        "3 o'clock", "6 o'clock", "9 o'clock", "12 o'clock",
    }  # fmt: skip


def test_differences_of_slices_give_the_noise_without_the_cupping() -> None:
    scans = [PhantomScan(noise=6, cupping=25, seed=seed) for seed in (1, 2, 3)]
    found = measured(*(phantom_image(WATER, scan) for scan in scans))
    assert value(found, "noise_difference") == pytest.approx(6, rel=0.02)
    assert value(found, "noise") > value(found, "noise_difference")


@pytest.mark.parametrize("turn", [np.flipud, np.fliplr, np.transpose, lambda a: np.rot90(a, 1)])
def test_values_do_not_depend_on_how_the_image_lies(turn: object) -> None:
    scan = PhantomScan(x=7, y=-4, noise=5, seed=3)
    image = phantom_image(WATER, scan)
    turned = replace(image, stored=turn(image.stored).copy())  # type: ignore[operator]
    one, other = measured(image), measured(turned)
    for name in ("mean_ct_number", "noise", "phantom_diameter"):
        assert value(one, name) == pytest.approx(value(other, name), abs=0.05)


@pytest.mark.parametrize(
    "scan",
    [
        PhantomScan(table=True),
        PhantomScan(padding=-2000, field_mm=260),
        PhantomScan(noise=25),
        PhantomScan(noise_width=0.8),
        PhantomScan(noise=15, noise_width=1.5),
        PhantomScan(blur=1.5),
        PhantomScan(cupping=30),
        PhantomScan(x=15, y=-12),
        PhantomScan(size=256, field_mm=400),
        PhantomScan(size=768, noise=10),
        PhantomScan(gradient=6),
        PhantomScan(noise=0.8),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_water_is_water_however_it_was_scanned(scan: PhantomScan, seed: int) -> None:
    found = measured(phantom_image(WATER, replace(scan, seed=seed)))
    assert value(found, "phantom_diameter") == pytest.approx(200, abs=1)


def test_noise_that_falls_towards_the_rim_is_no_structure() -> None:
    image = phantom_image(WATER, PhantomScan(noise=0))
    rows, columns = np.indices(image.stored.shape)
    far = np.hypot(rows - 255.5, columns - 255.5) * 250 / 512 / 100
    noise = np.random.default_rng(4).normal(size=image.stored.shape) * (
        24 - 14 * np.minimum(far, 1)
    )
    noisy = replace(image, stored=np.rint(image.stored + noise).astype(np.int16))
    assert not refusals(noisy)


@pytest.mark.parametrize(
    ("objects", "noise"),
    [
        ((PhantomObject(kind="insert", id="i", x=40, y=10, diameter=12, value=120),), 5),
        ((PhantomObject(kind="insert", id="i", x=0, y=-50, diameter=12, value=-100),), 15),
        ((PhantomObject(kind="disc", id="d", x=30, y=30, diameter=15, value=10),), 4),
        ((PhantomObject(kind="pin", id="bead", x=-20, y=5, diameter=1.5, value=800),), 5),
        ((PhantomObject(kind="insert", id="bubble", x=0, y=-70, diameter=9, value=-1000),), 5),
        (tuple(PhantomObject(kind="line_pairs", id=str(n), x=47, y=3 * n, width=12, height=1.5,
                             value=900) for n in range(-3, 4)), 8),
        ((PhantomObject(kind="disc", id="in", x=0, y=0, diameter=150, value=25),), 8),
    ],
)  # fmt: skip
def test_what_is_no_plain_water_is_refused(
    objects: tuple[PhantomObject, ...], noise: float
) -> None:
    image = phantom_image(with_objects(*objects), PhantomScan(noise=noise))
    assert refusals(image) == ["uniform"]


def test_the_reason_says_where_and_how_much() -> None:
    one = PhantomObject(kind="insert", id="i", x=50, y=0, diameter=12, value=120)
    lines = TEST.verify([phantom_image(with_objects(one), PhantomScan())], WATER, SETTINGS)
    (line,) = [line for line in lines if line.refuses]
    assert "not plain water" in line.words
    assert abs(int(line.words.split("column ")[1].split(":")[0]) - (255.5 + 50 / 250 * 512)) < 16


def test_another_phantom_is_refused() -> None:
    assert refusals(phantom_image(geometry("ct_water_160"), PhantomScan())) == ["diameter"]
    acrylic = WATER.model_copy(update={"body": WATER.body.model_copy(update={"value": 120.0})})
    assert refusals(phantom_image(acrylic, PhantomScan())) == ["material"]
    assert "roundness" in refusals(phantom_image(WATER, PhantomScan(tilt=18)))


def test_nothing_there_is_refused() -> None:
    image = phantom_image(WATER, PhantomScan())
    assert refusals(replace(image, stored=np.full_like(image.stored, 24))) == ["phantom"]
    with pytest.raises(MeasurementError, match="how large a pixel"):
        find_cylinder(replace(image, spacing=None), -300)


def test_air_that_is_not_in_the_image_is_a_value_with_a_reason() -> None:
    found = measured(phantom_image(WATER, PhantomScan(field_mm=204, padding=-2000)))
    assert found["ct_number_air"].value is None
    assert "no free air" in found["ct_number_air"].reason


def test_padding_is_no_air() -> None:
    found = measured(phantom_image(WATER, PhantomScan(field_mm=225, padding=-2000)))
    told = found["ct_number_air"].value
    assert told is None or told == pytest.approx(-1000, abs=3)


def real(folder: Path) -> dict[str, Image]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".zip":
            header = pydicom.dcmread(path, force=True)
            if header.get("Modality") == "CT" and "PixelData" in header:
                found[path.name] = images_of(header)[0]
    return found


def test_real_water_is_measured_as_others_did(test_data: Path) -> None:
    folder = test_data / "qa" / "ct" / "imageqc_siemens" / "Constancy13img"
    for part, mean, noise in (("Hode_vann", -0.6, 3.8), ("Kropp_vann", 0.2, 4.1)):
        images = [image for name, image in real(folder).items() if part in name]
        assert len(images) in (3, 6)
        found = measured(*images)
        # Others read a disc of a quarter of our area: their tolerance is 0.3 HU.
        assert value(found, "mean_ct_number") == pytest.approx(mean, abs=0.6)
        assert value(found, "noise") == pytest.approx(noise, abs=0.3)
        assert value(found, "phantom_diameter") == pytest.approx(200, abs=3)


def test_real_sections_that_are_no_water_are_refused(test_data: Path) -> None:
    folder = test_data / "qa" / "ct"
    images = {
        **real(folder / "imageqc_siemens" / "CTP404_FOV150"),
        **real(folder / "imageqc_siemens" / "CTP591_06mm"),
        **real(folder / "catphan503_single_slices"),
    }
    assert len(images) >= 8
    for name, image in images.items():
        if "uniformity" not in name:
            assert refusals(image), name


def test_real_sections_of_a_catphan_are_refused(test_data: Path) -> None:
    archive = test_data / "qa" / "ct" / "catphan604_varian_cbct" / "linaqa_604.zip"
    with ZipFile(archive) as opened:
        # The uniform module CTP486 lies 80 mm from image 44 (pylinac), at slices of 2 mm: it is
        # water-equivalent, and measured like water where diameter and CT number fit.
        names = {int(name.split("Image ")[1][:-4]): name for name in opened.namelist()
                 if name.endswith(".dcm")}  # fmt: skip
        for number in range(20, 86, 5):
            name = names[number]
            with opened.open(name) as file:
                assert refusals(images_of(pydicom.dcmread(file))[0]), name


@pytest.mark.parametrize("bins", [(2, 1), (1, 2), (3, 2)])
@pytest.mark.parametrize("seed", [1, 2])
def test_pixels_that_are_not_square_change_no_value(bins: tuple[int, int], seed: int) -> None:
    scan = PhantomScan(size=960, x=4, y=-7, noise=4, cupping=12, offset=3, seed=seed)
    square, other = (binned_image(WATER, scan, *one) for one in ((2, 2), bins))
    one, found = measured(square), measured(other)
    assert found.keys() == one.keys()
    for name, within in {
        "mean_ct_number": 0.1, "noise": 0.1, "uniformity": 0.4, "uniformity_index": 0.05,
        "ct_number_air": 0.5, "phantom_diameter": 0.3,
    }.items():  # fmt: skip
        assert value(found, name) == pytest.approx(value(one, name), abs=within), name
    assert value(found, "phantom_diameter") == pytest.approx(200, abs=0.3)
    rim, centre = 12 * (0.8**2 + 0.1**2 / 2 - 1), 12 * (0.4**2 / 2 - 1)
    assert value(found, "uniformity") == pytest.approx(rim - centre, abs=0.5)


@pytest.mark.parametrize("bins", [(2, 1), (1, 2), (3, 2)])
def test_an_insert_is_seen_and_placed_in_pixels_that_are_not_square(
    bins: tuple[int, int],
) -> None:
    one = PhantomObject(kind="insert", id="i", x=50, y=-20, diameter=12, value=120)
    image = binned_image(with_objects(one), PhantomScan(size=960), *bins)
    lines = TEST.verify([image], WATER, SETTINGS)
    (line,) = [line for line in lines if line.refuses]
    assert line.check == "uniform"
    row, column = (int(line.words.split(f"{word} ")[1].split(end)[0]) for word, end in
                   (("row", ","), ("column", ":")))  # fmt: skip
    rows, columns = image.stored.shape
    assert image.spacing is not None
    assert (column - (columns - 1) / 2) * image.spacing[1] == pytest.approx(50, abs=6)
    assert (row - (rows - 1) / 2) * image.spacing[0] == pytest.approx(-20, abs=6)
