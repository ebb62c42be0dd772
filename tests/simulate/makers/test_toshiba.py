"""Toshiba headers: the event's dose in every image, repeated in private bytes of unknown VR."""

from __future__ import annotations

import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulate.planned import first_images, mapped, planned, vendor
from workbench.simulate.makers.toshiba import TOSHIBA, scanning_length, unknown
from workbench.simulate.screens import dose_screen


def test_private_bytes_tell_mapping_dose_pitch_and_feed() -> None:
    for recon, image in first_images(planned("toshiba")):
        technique, columns = recon.scan.technique, mapped(image, "toshiba")
        if not technique.spiral:
            assert not {"ctdi_vol_mgy", "dlp_mgy_cm", "pitch"} & set(columns)
            continue
        assert columns["ctdi_vol_mgy"] == pytest.approx(technique.ctdi_vol_mgy, abs=0.051)
        assert columns["dlp_mgy_cm"] == pytest.approx(technique.dlp_mgy_cm, abs=0.051)
        assert columns["pitch"] == pytest.approx(technique.pitch, abs=5e-4)
        assert columns["table_feed_mm"] == pytest.approx(technique.advance_mm, abs=5e-3)


def test_the_private_dose_is_the_one_of_the_standard_attribute() -> None:
    for recon, image in first_images(planned("toshiba")):
        if recon.scan.technique.localizer:
            assert "CTDIvol" not in image, "a topogram has no dose"
        else:
            assert float(image.CTDIvol) == pytest.approx(mapped(image, "toshiba")["ctdi_vol_mgy"])
        assert "IrradiationEventUID" not in image


def test_all_slices_of_an_event_have_one_dose_whatever_their_current() -> None:
    study = planned("toshiba")
    recon = next(each for each in study.reconstructions if each.scan.technique.spiral)
    low, high = (TOSHIBA.slice_header(recon, current) for current in (50.0, 500.0))
    assert low["CTDIvol"] == high["CTDIvol"]
    assert high["Exposure"] == pytest.approx(10 * low["Exposure"], abs=10)
    seconds = recon.scan.technique.rotation_time_s
    assert low["Exposure"] == int(50 * seconds), "mA x rotation time, not per pitch"


@given(st.text("0123456789.+x", max_size=20))
def test_a_text_of_unknown_representation_has_an_even_length(text: str) -> None:
    """PS3.5 section 7.1.1: a value has an even number of bytes."""
    representation, content = unknown(text)
    assert representation == "UN"
    assert len(content) % 2 == 0
    assert content.decode("ascii").rstrip() == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_of_unknown_representation_is_little_endian(value: float) -> None:
    assert struct.unpack("<d", unknown(value)[1]) == (value,)


def test_scanning_length_lies_between_what_is_shown_and_what_is_exposed() -> None:
    for scan in planned("toshiba").scans:
        technique = scan.technique
        if technique.localizer:
            assert scanning_length(scan) == 0
        else:
            assert technique.scan_length_mm <= scanning_length(scan) <= technique.exposed_length_mm


def test_the_dose_screen_is_known_to_mapping() -> None:
    page = dose_screen(planned("toshiba"))
    image_type = "/".join(page.ImageType).upper()
    fits = [
        rule for rule in vendor("toshiba").kinds
        if re.search(rule.image_type or "", image_type)
        and (page.SeriesNumber in rule.series_numbers
             or re.search(rule.series_description or "$.", page.SeriesDescription))
    ]  # fmt: skip
    assert {rule.kind for rule in fits} == {"dose_info"}
