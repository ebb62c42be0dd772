"""Siemens headers: standard attributes tell all, a dose a slice, also of the topogram."""

from __future__ import annotations

import re

import pytest

from tests.simulate.planned import first_images, mapped, planned, vendor
from workbench.simulate.makers.siemens import SIEMENS, report_comment, scanning_length
from workbench.simulate.screens import dose_screen


def test_the_dose_of_a_slice_follows_its_current_and_is_ctdi_w_over_pitch() -> None:
    study = planned("siemens", age=40.0)
    for recon in study.reconstructions:
        technique = recon.scan.technique
        for current in (50.0, technique.mean_current_ma, 700.0):
            header = SIEMENS.slice_header(recon, current)
            per_current = technique.ctdi_vol_mgy / technique.mean_current_ma
            assert header["CTDIvol"] == pytest.approx(per_current * current)
            assert header["XRayTubeCurrent"] == round(current)
        if technique.spiral:
            voltage = (technique.kvp_kv / 120) ** 2.95
            mas = 100.0 * technique.rotation_time_s / technique.pitch
            wanted = technique.ctdi_w_mgy * voltage * mas / 100
            assert SIEMENS.slice_header(recon, 100.0)["CTDIvol"] == pytest.approx(wanted)


def test_exposure_is_effective() -> None:
    study = planned("siemens", age=40.0)
    recon = next(each for each in study.reconstructions if each.scan.technique.spiral)
    technique = recon.scan.technique
    header = SIEMENS.slice_header(recon, technique.mean_current_ma)
    assert header["Exposure"] == pytest.approx(technique.effective_mas, abs=0.51)
    assert header["ExposureTime"] == pytest.approx(1000 * technique.rotation_time_s, abs=0.51)


def test_every_image_tells_event_dose_and_phantom() -> None:
    study = planned("siemens", exam="chest_abdomen_pelvis", age=60.0)
    kinds = set()
    for recon, image in first_images(study):
        technique = recon.scan.technique
        kinds.add(technique.acquisition)
        assert image.IrradiationEventUID == study.event_uid(recon.scan)
        assert float(image.CTDIvol) > 0
        code = image.CTDIPhantomTypeCodeSequence[0].CodeValue
        assert code == {16: "113690", 32: "113691"}[technique.ctdi_phantom_cm]  # PS3.16 CID 4052
        assert mapped(image, "siemens") == {}, "nothing private bears on dose"
    assert kinds == {"SPIRAL", "STATIONARY", "CONSTANT_ANGLE"}


@pytest.mark.parametrize(("exam", "sequenced"), [("chest", False), ("head", True)])
def test_speed_is_feed_over_rotation(exam: str, sequenced: bool) -> None:
    for recon, image in first_images(planned("siemens", exam=exam, sequenced=sequenced)):
        technique = recon.scan.technique
        if technique.spiral:
            assert image.TableFeedPerRotation == pytest.approx(
                image.SpiralPitchFactor * image.TotalCollimationWidth
            )
            speed = image.TableFeedPerRotation / technique.rotation_time_s
            assert image.TableSpeed == pytest.approx(speed)
        else:
            assert "TableFeedPerRotation" not in image
            assert float(image.SpiralPitchFactor) == 0.0


def test_scanning_length_exceeds_the_exposed_range_as_in_real_reports() -> None:
    """11 mm at 19.2 mm and 22.4 mm at 38.4 mm of collimation (OpenREM's files)."""
    for scan in planned("siemens", age=40.0).scans:
        technique = scan.technique
        beyond = scanning_length(scan) - technique.exposed_length_mm
        wanted = 11.1 / 19.2 * technique.total_collimation_mm if technique.spiral else 0
        assert beyond == pytest.approx(wanted, abs=0.6)
        assert ("XYZ_EC" in report_comment(scan)) == technique.modulated


def test_the_dose_screen_is_known_to_mapping() -> None:
    page = dose_screen(planned("siemens"))
    (rule,) = [kind for kind in vendor("siemens").kinds if kind.kind == "dose_info"]
    assert rule.image_type is not None
    assert re.search(rule.image_type, "/".join(page.ImageType).upper())
    assert page.SeriesNumber == 501
    assert re.search(vendor("siemens").manufacturer, page.Manufacturer.lower())
