"""A damaged phantom image is put aside with its reason, and nothing starts into it again."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import JPEGExtended12Bit, JPEGLosslessSV1

from tests.dicom.decoding.compressed_images import FRAMES, file_of, with_frames, with_gdcm
from tests.stages.quality.phantom_workspace import PROFILE, SMALL, WATER, arrive, quality_desk, week
from workbench.dicom.pixels import images_of
from workbench.errors import MeasurementError
from workbench.simulate.phantom_images import phantom_dataset
from workbench.stages.quality import report_parts
from workbench.stages.quality.arrivals import Arrivals, Arrived
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.image_reading import UnreadableImageError, read_files
from workbench.stages.quality.look_journal import FILE
from workbench.store.quality_records import PhantomImage
from workbench.survey import open_survey

LATER_S = 3600


def look(desk: QualityDesk) -> Arrived:
    return Arrivals(desk).look(now=time.time() + LATER_S)


def water(number: int = 0, **made: object) -> Dataset:
    header = replace(week(0), number=number, position=5.0 * number, **made)  # type: ignore[arg-type]
    return phantom_dataset(WATER, replace(SMALL, seed=number), header)


def sound(header: Dataset) -> Dataset:
    return header


def crashing(header: Dataset) -> Dataset:
    """Return an image that ends its decoder, of any header."""
    header.Rows, header.Columns = 48, 64
    header.BitsStored, header.HighBit, header.PixelRepresentation = 12, 11, 0
    frame = bytearray((FRAMES / "extended_12.jpg").read_bytes())
    frame[102] = 0
    return with_frames(header, JPEGExtended12Bit, [bytes(frame)])


def cut(header: Dataset) -> Dataset:
    small = with_gdcm(header, JPEGLosslessSV1)
    frame = next(generate_frames(small.PixelData, number_of_frames=1))
    return with_frames(small, JPEGLosslessSV1, [frame[: len(frame) // 2]])


def cut_file(header: Dataset) -> bytes:
    """Return the first half of a file: not even its structure is whole."""
    content = file_of(with_gdcm(header, JPEGLosslessSV1))
    return content[: len(content) // 2]


def came(desk: QualityDesk, header: Dataset) -> str:
    return desk.phantoms.keep_file(str(header.SOPInstanceUID), file_of(header))


def of(desk: QualityDesk, name: str) -> PhantomImage:
    (image,) = [image for image in desk.quality.images() if image.image == name]
    return image


def test_a_compressed_image_is_measured_as_any_other(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        name = came(desk, with_gdcm(water(), JPEGLosslessSV1))
        assert look(desk).measured == 1
        assert of(desk, name).state == "measured"


@pytest.mark.parametrize(("damage", "word"), [(crashing, "crashed"), (cut, "ends early")])
def test_a_damaged_image_is_quarantined_once_and_says_why(
    tmp_path: Path, damage: object, word: str
) -> None:
    with quality_desk(tmp_path / "w") as desk:
        name = came(desk, damage(water()))  # type: ignore[operator]
        arrived = look(desk)
        assert (arrived.quarantined, arrived.refused, arrived.measured) == (1, 0, 0)
        image = of(desk, name)
        assert image.state == "quarantined"
        assert word in image.reason
        assert (image.header or {})["StationName"] == "CT1"
        assert look(desk).as_json() == Arrived().as_json()  # it is not looked at again
        assert Arrivals(desk).again() == 1
        assert look(desk).quarantined == 1  # unless somebody asks
        assert not (tmp_path / "w" / FILE).exists()


def test_a_file_that_is_cut_is_quarantined_too(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        name = desk.phantoms.keep_file("1.2.3", cut_file(water()))
        assert look(desk).quarantined == 1
        image = of(desk, name)
        assert image.state == "quarantined"
        assert image.reason.startswith("it cannot be read: ")


def test_the_others_of_its_series_are_measured(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        names = [
            came(desk, (crashing if number == 1 else sound)(water(number, series_uid="1.2.3.4")))
            for number in range(3)
        ]  # fmt: skip
        arrived = look(desk)
        assert (arrived.measured, arrived.quarantined) == (1, 1)
        states = [of(desk, name).state for name in names]
        assert states == ["measured", "quarantined", "measured"]


def test_a_series_of_damaged_images_only(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        for number in range(3):
            came(desk, cut(water(number, series_uid="1.2.3.4")))
        arrived = look(desk)
        assert (arrived.measured, arrived.refused, arrived.quarantined) == (0, 0, 3)
        assert {image.state for image in desk.quality.images()} == {"quarantined"}


def test_the_kept_hostile_images_end_nobody(test_data: Path, tmp_path: Path) -> None:
    paths = sorted((test_data / "cases" / "hostile_pixels").glob("*.dcm"))
    assert paths
    with quality_desk(tmp_path / "w") as desk:
        for path in paths:
            header = pydicom.dcmread(path, stop_before_pixels=True)
            station, series = "CT1", f"1.2.3.{path.stem}"
            whole = pydicom.dcmread(path)
            whole.StationName, whole.SeriesInstanceUID, whole.Modality = station, series, "CT"
            desk.phantoms.keep_file(str(header.SOPInstanceUID), file_of(whole))
        assert look(desk).quarantined == len(paths)
        assert all("image" in image.reason for image in desk.quality.images())


# --- when the program itself is ended -----------------------------------------------------------

KILLED = """
import os, signal, sys, time
from contextlib import closing
from pathlib import Path
from workbench.qa.ct.water import CTWater
from workbench.stages.quality import image_reading
from workbench.stages.quality.arrivals import Arrivals
from workbench.stages.quality.desk import QualityDesk
from workbench.survey import open_survey

read = image_reading.images_of

def deadly(dataset):
    if dataset.get("InstanceNumber") == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return read(dataset)

image_reading.images_of = deadly
with closing(open_survey(Path(sys.argv[1]))) as survey:
    arrived = Arrivals(QualityDesk(survey)).look(now=time.time() + 3600)
    print(arrived.measured, arrived.quarantined)
"""


def watch_once(folder: Path) -> tuple[int, str]:
    """Look in a process of its own, which image number 7 kills."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder)], check=False, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout.strip() or done.stderr


def test_what_ends_the_program_twice_is_put_aside_at_its_next_start(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        deadly = came(desk, water(7, series_uid="1.2.3.7"))
        harmless = came(desk, water(1, series_uid="1.2.3.1"))
    ends = [watch_once(tmp_path / "w")[0] for _ in range(2)]
    assert ends == [-9, -9]
    code, words = watch_once(tmp_path / "w")
    assert code == 0, words
    assert words.split()[1] == "1"
    assert watch_once(tmp_path / "w") == (0, "0 0")
    with closing(open_survey(tmp_path / "w")) as survey:
        desk = QualityDesk(survey)
        assert of(desk, deadly).state == "quarantined"
        assert "ended twice" in of(desk, deadly).reason
        assert of(desk, harmless).state == "measured"


def test_two_who_look_do_not_look_at_the_same(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        arrive(desk)
        arrivals = Arrivals(desk)
        with arrivals._journal.alone():
            other = look(desk)
            assert (other.measured, other.waiting) == (0, 1)
        assert look(desk).measured == 1


# --- pages and reports --------------------------------------------------------------------------


def test_an_image_that_cannot_be_read_says_which_and_why(tmp_path: Path) -> None:
    path = tmp_path / "damaged.dcm"
    path.write_bytes(file_of(cut(water())))
    whole = tmp_path / "whole.dcm"
    whole.write_bytes(file_of(water()))
    with pytest.raises(UnreadableImageError, match="image 2 of 2 cannot be shown") as caught:
        read_files([whole, path])
    assert caught.value.place == 1
    assert "damaged.dcm" not in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))  # a test may run elsewhere
    assert (str(again), again.place, again.reason) == (
        str(caught.value), 1, caught.value.reason,
    )  # fmt: skip
    assert (
        len(read_files([whole])) == len(images_of(pydicom.dcmread(BytesIO(file_of(water()))))) == 1
    )
    path.write_bytes(b"\0" * 500)
    with pytest.raises(MeasurementError):
        read_files([path])


def test_a_report_shows_the_values_and_says_why_there_is_no_image(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        name = arrive(desk)
        look(desk)
        (result,) = desk.quality.results()
        assert "<img" in str(report_parts.results(desk, [result.number]))
        desk.phantoms.path(name).write_bytes(file_of(cut(water())))
        html = str(report_parts.results(desk, [result.number]))
        assert "<img" not in html
        assert "ends early" in html
        assert "mean" in html.lower()


def test_neighbours_stay_neighbours_where_an_image_between_is_damaged(
    tmp_path: Path,
) -> None:
    profile = PROFILE.replace("[select]", "images = 2\n\n[select]", 1)
    with quality_desk(tmp_path / "w", profile=profile) as desk:
        for number in range(5):
            header = water(number, series_uid="1.2.3.4")
            came(desk, crashing(header) if number == 2 else header)
        assert look(desk).measured == 1
        for result in desk.quality.results():
            assert len(result.images) == 2
            numbers = [
                int(pydicom.dcmread(desk.phantoms.path(each), stop_before_pixels=True)
                    .InstanceNumber)
                for each in result.images
            ]  # fmt: skip
            assert abs(numbers[0] - numbers[1]) == 1
        assert [image.state for image in desk.quality.images()].count("quarantined") == 1
