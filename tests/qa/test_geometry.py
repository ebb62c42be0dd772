"""Geometry files: what is wrong is named by its key; the digest is that of the file."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.qa.geometry import SHIPPED, geometry, geometry_names, read_geometry
from workbench.qa.regions import disc, values_in
from workbench.simulate.phantom_images import PhantomScan, phantom_image

TEXT = """
id = "box"
name = "A box"
modality = "DX"
[body]
shape = "box"
width = 100
height = 50
status = "verified"
[modules.top]
z = 10
status = "verified"
[[objects]]
kind = "insert"
id = "a"
r = 20
angle = 90
diameter = 10
value = 100
status = "verified"
"""


@pytest.mark.parametrize("name", geometry_names())
def test_every_file_we_carry_is_sound_and_known_by_its_digest(name: str) -> None:
    found = geometry(name)
    content = (SHIPPED / f"{name}.toml").read_bytes()
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.status == "unverified"  # nobody here has a maker's document


def test_a_file_is_verified_only_if_all_of_it_is() -> None:
    assert read_geometry(TEXT.encode(), "box").status == "verified"
    partly = TEXT.replace('value = 100\nstatus = "verified"', "value = 100")
    assert read_geometry(partly.encode(), "box").status == "unverified"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("width = 100", "", "body"), ("angle = 90", "", "objects.0"),
        ('kind = "insert"', 'kind = "cake"', "objects.0.kind"),
        ("z = 10", "zz = 10", "modules.top"),
        ('id = "box"', 'id = "Box"', "id"), ("[body]", "[body", "cannot be read"),
        ("diameter = 10", "diameter = -1", "diameter"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(SettingsError, match=said):
        read_geometry(TEXT.replace(old, new, 1).encode(), "box")


def test_an_unknown_phantom_is_said_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="ct_water_200"):
        geometry("../../etc/passwd")


@given(st.integers(0, 359))
def test_objects_are_drawn_where_the_file_says(angle: int) -> None:
    import numpy as np

    text = TEXT.replace("angle = 90", f"angle = {angle}").replace("height = 50", "height = 90")
    image = phantom_image(
        read_geometry(text.encode(), "box"), PhantomScan(size=96, field_mm=120, noise=0, blur=0)
    )
    turned, pixel = np.radians(angle), 120 / 96
    at = (47.5 + 20 * np.sin(turned) / pixel, 47.5 + 20 * np.cos(turned) / pixel)
    assert values_in(image, disc(image, at, 3.5)).mean() == pytest.approx(100, abs=0.5)
    opposite = (95 - at[0], 95 - at[1])
    assert values_in(image, disc(image, opposite, 3.5)).mean() == pytest.approx(0, abs=0.5)
