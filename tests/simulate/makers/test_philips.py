"""Philips headers: doses a slice, and a dose screen whose header repeats every event."""

from __future__ import annotations

import re

import pytest

from tests.simulate.planned import first_images, mapped, planned, stored, vendor
from workbench.simulate.ct_images import image, series_template
from workbench.simulate.makers.philips import PHILIPS, body_part, exposure, scan_type
from workbench.simulate.screens import dose_screen


def test_private_elements_tell_mapping_the_technique() -> None:
    for recon, picture in first_images(planned("philips")):
        technique, columns = recon.scan.technique, mapped(picture, "philips")
        if not technique.spiral:
            assert "pitch" not in columns
            continue
        assert columns["pitch"] == pytest.approx(technique.pitch, abs=5e-4)
        assert columns["rotation_time_s"] == pytest.approx(technique.rotation_time_s)


def test_the_mean_of_the_slices_is_the_dose_of_the_event() -> None:
    """CTDIvol of an image is the event's times Exposure over the mean Exposure."""
    study = planned("philips", exam="abdomen_pelvis", age=40.0)
    recon = next(each for each in study.reconstructions if each.scan.technique.modulated)
    template = series_template(study, recon)
    pictures = [image(study, recon, template, index) for index in range(recon.slices)]
    doses = [float(picture.CTDIvol) for picture in pictures]
    assert len({round(dose, 3) for dose in doses}) > 5, "modulation shows"
    truth = recon.scan.technique
    assert sum(doses) / len(doses) == pytest.approx(truth.ctdi_vol_mgy, rel=0.01)
    for picture, dose in zip(pictures, doses, strict=True):
        share = float(picture.Exposure) / truth.effective_mas
        assert dose == pytest.approx(truth.ctdi_vol_mgy * share, rel=1e-6)


def test_exposure_is_per_pitch_and_a_surview_has_none() -> None:
    study = planned("philips")
    for scan in study.scans:
        technique = scan.technique
        milliseconds, mas = exposure(scan, technique.mean_current_ma)
        if technique.localizer:
            assert (milliseconds, mas) == (round(technique.exposure_time_s * 1000), 0)
        else:
            assert mas == pytest.approx(technique.effective_mas, abs=0.51)
            seconds = technique.rotation_time_s / technique.pitch
            assert milliseconds == pytest.approx(1000 * seconds, abs=0.51)
    (surview,) = [r for r in study.reconstructions if r.scan.technique.localizer]
    header = PHILIPS.slice_header(surview, 30.0)
    assert not {"CTDIvol", "Exposure"} & set(header)


def test_the_dose_sequence_has_an_item_an_event_with_what_was_given() -> None:
    """PS3.3 C.4.16: Radiation Dose Module; mapping takes the doses from here."""
    study = planned("philips", exam="abdomen_pelvis", age=40.0)
    page = stored(dose_screen(study))
    assert page.TotalNumberOfExposures == len(page.ExposureDoseSequence) == len(study.scans)
    total = 0.0
    for scan, item in zip(study.scans, page.ExposureDoseSequence, strict=True):
        technique = scan.technique
        assert item.IrradiationEventUID == study.event_uid(scan)
        assert item.CTDIvol == pytest.approx(technique.ctdi_vol_mgy)
        assert item.ScanLength == pytest.approx(technique.scan_length_mm, abs=0.5)
        assert item.AcquisitionType == technique.acquisition
        assert float(item.KVP) == technique.kvp_kv
        assert item.XRayTubeCurrent == round(technique.mean_current_ma)
        milliseconds, mas = exposure(scan, technique.mean_current_ma)
        assert (item.ExposureTime, int(item.Exposure)) == (milliseconds, mas)
        assert float(item.TotalCollimationWidth) == technique.total_collimation_mm
        assert ("SpiralPitchFactor" in item) == technique.spiral
        dlp = float(item.private_block(0x00E1, "ELSCINT1")[0x21].value)
        assert dlp == pytest.approx(technique.dlp_mgy_cm, rel=1e-5)
        columns = mapped(item, "philips")
        assert columns["ctdi_phantom_cm"] == technique.ctdi_phantom_cm
        said = re.search(r"CTDIvol=([\d.]+) DLP=([\d.]+)", item.CommentsOnRadiationDose)
        assert said
        assert float(said[1]) == pytest.approx(technique.ctdi_vol_mgy, rel=1e-3)
        assert float(said[2]) == pytest.approx(technique.dlp_mgy_cm, abs=0.051)
        assert item.CommentsOnRadiationDose in page.CommentsOnRadiationDose
        total += dlp
    whole = float(page.private_block(0x00E1, "ELSCINT1")[0x21].value)
    assert whole == pytest.approx(total, rel=1e-5)


def test_the_dose_screen_is_known_to_mapping() -> None:
    page = dose_screen(planned("philips"))
    (rule,) = [kind for kind in vendor("philips").kinds if kind.kind == "dose_info"]
    assert rule.series_description is not None
    assert rule.image_type is not None
    assert re.search(rule.series_description, page.SeriesDescription)
    assert re.search(rule.image_type, "/".join(page.ImageType).upper())
    assert re.search(vendor("philips").manufacturer, page.Manufacturer.lower())


def test_an_unknown_region_is_told_nowhere_in_an_image() -> None:
    vague = planned("philips", exam="chest", blemishes=frozenset({"unknown_region"}))
    for recon, picture in first_images(vague):
        words = " ".join(str(picture.get(name, "")) for name in (
            "BodyPartExamined", "ProtocolName", "StudyDescription", "SeriesDescription",
            "ImageComments",
        ))  # fmt: skip
        assert "chest" not in words.lower()
        assert body_part(vague, recon.scan) == ""


def test_brain_is_what_lies_in_the_small_phantom_of_the_head() -> None:
    head, child = planned("philips", exam="head"), planned("philips", exam="chest", age=3.0)
    assert {scan_type(scan) for scan in head.scans} == {"Brain"}
    assert {scan_type(scan) for scan in child.scans} == {"Body"}
