"""GE headers: what mapping reads of pitch, feed and rows is the truth; no image tells a dose."""

from __future__ import annotations

import math
import re

import pytest
from pydicom.dataset import Dataset

from tests.simulate.planned import first_images, mapped, planned, vendor
from workbench.simulate.makers.ge import GE, nominal_collimation
from workbench.simulate.screens import dose_screen


def test_private_elements_tell_mapping_the_technique() -> None:
    for recon, image in first_images(planned("ge")):
        technique, columns = recon.scan.technique, mapped(image, "ge")
        if technique.localizer:
            assert not {"pitch", "table_feed_mm", "rotation_time_s"} & set(columns)
            continue
        assert columns["pitch"] == pytest.approx(technique.pitch, abs=5e-4)
        assert columns["table_feed_mm"] == pytest.approx(technique.advance_mm)
        assert columns["rotation_time_s"] == pytest.approx(technique.rotation_time_s)
        assert columns["total_collimation_mm"] == pytest.approx(technique.total_collimation_mm)


def test_a_scan_without_a_moving_table_has_neither_pitch_nor_feed() -> None:
    for recon, image in first_images(planned("ge", sequenced=True, exam="head")):
        if recon.scan.technique.localizer:
            continue
        assert recon.scan.technique.acquisition == "SEQUENCED"
        assert "pitch" not in mapped(image, "ge")
        assert "SpiralPitchFactor" not in image
        assert image.ScanOptions == "AXIAL MODE"


@pytest.mark.parametrize(("exam", "word"), [("head", "HEAD"), ("chest", "BODY")])
def test_filter_and_field_are_those_of_the_phantom(exam: str, word: str) -> None:
    for _, image in first_images(planned("ge", exam=exam, age=50.0)):
        assert image.FilterType == f"{word} FILTER"
        assert float(image.DataCollectionDiameter) == (320.0 if word == "HEAD" else 500.0)


def test_no_image_tells_a_dose_or_its_event() -> None:
    """GE's images do not: the report, or else the screen, is all there is."""
    for _, image in first_images(planned("ge")):
        told = {element.keyword for element in image.iterall()}
        assert not {"CTDIvol", "IrradiationEventUID", "CTDIPhantomTypeCodeSequence"} & told
    assert not GE.dose_in_images
    assert not GE.events_in_images


@pytest.mark.parametrize(
    ("current", "rotation", "slice_mm", "feed", "exposure"),
    [(335, 0.4, 5.0, 20.625, 32), (79, 0.8, 2.5, 20.0, 7)],
)
def test_exposure_is_that_of_two_real_headers(
    current: float, rotation: float, slice_mm: float, feed: float, exposure: int
) -> None:
    """Discovery CT750 HD and Optima CT520, as the module tells."""
    assert math.floor(current * rotation * slice_mm / feed) == exposure
    study = planned("ge")
    recon = next(each for each in study.reconstructions if each.scan.technique.spiral)
    technique = recon.scan.technique
    header = GE.slice_header(recon, current)
    wanted = current * technique.rotation_time_s * recon.thickness_mm / technique.advance_mm
    assert header["Exposure"] == math.floor(wanted)
    assert header["XRayTubeCurrent"] == current


def test_a_scout_lasts_as_long_as_its_beam_needs_to_pass() -> None:
    study = planned("ge")
    (scout,) = [each for each in study.reconstructions if each.scan.technique.localizer]
    technique = scout.scan.technique
    header = GE.slice_header(scout, technique.mean_current_ma)
    seconds = technique.total_collimation_mm / technique.table_speed_mm_s
    assert header["ExposureTime"] == pytest.approx(1000 * seconds, abs=0.5)
    assert nominal_collimation(scout.scan) == technique.scan_length_mm


def test_the_dose_screen_is_known_to_mapping_by_its_mark_and_its_series() -> None:
    page: Dataset = dose_screen(planned("ge"))
    (rule,) = [kind for kind in vendor("ge").kinds if kind.kind == "dose_info"]
    assert page.SeriesNumber in rule.series_numbers
    assert rule.image_type is not None
    assert re.search(rule.image_type, "/".join(page.ImageType).upper())
    assert re.search(vendor("ge").manufacturer, page.Manufacturer.lower())
