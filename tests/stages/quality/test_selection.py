"""What is offered to be measured: slices in their order in space, from the middle outwards."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from tests.stages.quality.phantom_workspace import PROFILE, SMALL, write
from workbench.qa.constraints import Constraint
from workbench.qa.profiles import read_profile
from workbench.stages.quality.selection import (
    Offered,
    PhantomSeries,
    equipment,
    fits,
    offered,
    place,
    select,
)


def header(**elements: Any) -> Dataset:
    made = Dataset()
    for name, value in elements.items():
        setattr(made, name, value)
    return made


def image(**elements: Any) -> Offered:
    return Offered(None, header(**elements))  # type: ignore[arg-type]


@given(st.permutations(range(6)), st.floats(0, 80))
def test_slices_are_ordered_along_their_normal_however_they_lie(
    order: list[int], tilt: float
) -> None:
    turned = np.radians(tilt)
    along = [1, 0, 0, 0, float(np.cos(turned)), float(np.sin(turned))]
    normal = np.cross(along[:3], along[3:])
    images = [
        image(InstanceNumber=9 - n, ImageOrientationPatient=along,
              ImagePositionPatient=[round(float(one), 6) for one in 5 * n * normal])
        for n in order
    ]  # fmt: skip
    found = offered(images, []).images
    assert [int(one.header.InstanceNumber) for one in found] == [9, 8, 7, 6, 5, 4]


def test_without_a_place_slice_location_and_number_decide() -> None:
    images = [image(InstanceNumber=n, SliceLocation=z) for n, z in ((1, 5), (3, -5), (2, -5))]
    assert [int(one.header.InstanceNumber) for one in offered(images, []).images] == [2, 3, 1]
    assert place(header(InstanceNumber="", SliceLocation=None)) == (0, 0)


@pytest.mark.parametrize(
    ("number", "starts"),
    [(1, [2, 1, 3, 0, 4]), (3, [1, 0, 2]), (5, [0]), (7, [0])],
)
def test_images_are_tried_from_the_middle_outwards(number: int, starts: list[int]) -> None:
    series = PhantomSeries(tuple(image(InstanceNumber=n) for n in range(5)))
    found = [[int(one.header.InstanceNumber) for one in some]
             for some in series.choices(number, most=99)]  # fmt: skip
    assert [some[0] for some in found] == starts
    assert all(some == list(range(some[0], some[0] + min(number, 5))) for some in found)
    assert len(list(series.choices(number, most=2))) == min(2, len(starts))


def test_a_profile_fits_when_all_it_asks_is_met_and_there() -> None:
    asked = {"Modality": Constraint(equals="CT"), "KVP": Constraint(low=100)}
    assert fits(asked, header(Modality="CT", KVP="120"))
    for wrong in (header(Modality="CT", KVP="80"), header(Modality="MR", KVP="120"),
                  header(Modality="CT"), header(Modality="CT", KVP=None)):  # fmt: skip
        assert not fits(asked, wrong)


def test_of_the_header_only_the_machine_is_told() -> None:
    told = equipment(header(Modality="CT", StationName=" CT1 ", PatientName="CANARY", Rows=512))
    assert told == {"Modality": "CT", "StationName": "CT1"}


def test_the_moment_is_that_of_the_acquisition() -> None:
    one = image(AcquisitionDate="20260302", AcquisitionTime="073000", StudyDate="20260101")
    assert one.moment == datetime(2026, 3, 2, 7, 30)
    assert image().moment is None


def test_files_are_found_by_series_and_what_is_none_is_counted(tmp_path: Path) -> None:
    write(tmp_path, SMALL, SMALL)
    (tmp_path / "notes.txt").write_text("no image")
    found = select([tmp_path], [read_profile(PROFILE)])
    (series,) = found.series
    assert len(series.images) == 2
    assert [one.name for one in series.profiles] == ["CT1 water"]
    assert sum(found.left.values()) == 1
