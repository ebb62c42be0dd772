"""CT image headers agree with the truth and with themselves, as each maker writes them."""

from __future__ import annotations

import io
import math
import struct
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pydicom
import pytest
from pydicom.uid import CTImageStorage, SecondaryCaptureImageStorage

from workbench.simulate.hospital import simulate_hospital
from workbench.simulate.screens import draw

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Truth = dict[str, Any]
HOSPITAL = simulate_hospital(seed=1, patients=12)
EVENT_OF_SERIES: dict[str, Truth] = {
    uid: row for row in HOSPITAL.truth.to_dicts() for uid in row["SeriesInstanceUIDs"]
}


@pytest.fixture(scope="module")
def series() -> dict[str, list[Dataset]]:
    found = defaultdict(list)
    for o in HOSPITAL.objects():
        if o.SOPClassUID == CTImageStorage and o.PatientID != HOSPITAL.phantom.patient_id:
            found[o.SeriesInstanceUID].append(o)
    return dict(found)


@pytest.fixture(scope="module")
def screens() -> list[Dataset]:
    return [o for o in HOSPITAL.objects() if o.SOPClassUID == SecondaryCaptureImageStorage]


def of(
    series: dict[str, list[Dataset]], maker: str, kind: str = "SPIRAL"
) -> list[tuple[Truth, Any]]:
    return [
        (EVENT_OF_SERIES[uid], images)
        for uid, images in series.items()
        if EVENT_OF_SERIES[uid]["maker"] == maker and EVENT_OF_SERIES[uid]["event_type"] == kind
    ]


def mean(images: list[Dataset], keyword: str) -> float:
    return sum(float(image[keyword].value) for image in images) / len(images)


def test_tube_current_means_the_truth(series: dict[str, list[Dataset]]) -> None:
    for uid, images in series.items():
        event = EVENT_OF_SERIES[uid]
        assert mean(images, "XRayTubeCurrent") == pytest.approx(event["mean_current_ma"], rel=0.01)
        assert {float(i.KVP) for i in images} == {event["kvp_kv"]}


def test_modulation_makes_the_current_vary(series: dict[str, list[Dataset]]) -> None:
    body = [i for e, i in of(series, "siemens") if e["body_region"] == "chest" and len(i) > 8]
    assert body
    assert all(len({int(i.XRayTubeCurrent) for i in images}) > 5 for images in body)


def test_slices_cover_the_scan_length(series: dict[str, list[Dataset]]) -> None:
    for uid, images in series.items():
        event = EVENT_OF_SERIES[uid]
        if (
            event["event_type"] not in ("SPIRAL", "SEQUENCED")
            or images[0].ImageType[0] != "ORIGINAL"
        ):
            continue
        places = sorted(float(i.ImagePositionPatient[2]) for i in images)
        step = (places[-1] - places[0]) / (len(places) - 1)
        assert places[-1] - places[0] + step == pytest.approx(event["scan_length_mm"], abs=1e-3)
        assert step == pytest.approx(float(images[0].SliceThickness), abs=1e-3)


@pytest.mark.parametrize("maker", ["siemens", "philips", "toshiba"])
def test_ctdi_vol_means_the_truth(series: dict[str, list[Dataset]], maker: str) -> None:
    found = of(series, maker)
    assert found
    for event, images in found:
        axial = [i for i in images if i.ImageType[0] == "ORIGINAL"] or images
        assert mean(axial, "CTDIvol") == pytest.approx(event["ctdi_vol_mgy"], rel=0.012)


def test_ge_has_no_dose_in_images(series: dict[str, list[Dataset]]) -> None:
    for _, images in of(series, "ge"):
        assert all("CTDIvol" not in i and "IrradiationEventUID" not in i for i in images)


def test_event_uids_only_where_the_maker_writes_them(series: dict[str, list[Dataset]]) -> None:
    for uid, images in series.items():
        event = EVENT_OF_SERIES[uid]
        told = {i.get("IrradiationEventUID") for i in images}
        known = event["maker"] in ("siemens", "philips")
        assert told == {event["irradiation_event_uid"] if known else None}


def test_siemens_habits(series: dict[str, list[Dataset]]) -> None:
    for event, images in of(series, "siemens"):
        for i in images:
            seconds = i.ExposureTime / 1000
            assert i.Exposure == pytest.approx(
                i.XRayTubeCurrent * seconds / i.SpiralPitchFactor, abs=1
            )
            assert i.TableFeedPerRotation == pytest.approx(
                i.SpiralPitchFactor * i.TotalCollimationWidth
            )
            assert i.TableSpeed == pytest.approx(i.TableFeedPerRotation / seconds)
            code = i.CTDIPhantomTypeCodeSequence[0].CodeValue
            assert code == {16: "113690", 32: "113691"}[event["ctdi_phantom_cm"]]


def test_philips_habits(series: dict[str, list[Dataset]]) -> None:
    for event, images in of(series, "philips"):
        for i in images:
            assert i.ExposureTime == round(1000 * i.RevolutionTime / i.SpiralPitchFactor)
            assert i.Exposure == pytest.approx(i.XRayTubeCurrent * i.ExposureTime / 1000, abs=1)
            assert i.TableFeedPerRotation == pytest.approx(64 * i.SpiralPitchFactor)
            assert i.TableSpeed == pytest.approx(
                i.SpiralPitchFactor * i.TotalCollimationWidth / i.RevolutionTime, abs=0.06
            )
            block = i.private_block(0x01F1, "ELSCINT1")
            assert float(block[0x26].value) == pytest.approx(event["pitch"], abs=5e-4)
            assert float(block[0x08].value) == pytest.approx(event["scan_length_mm"], abs=0.05)


def test_toshiba_habits(series: dict[str, list[Dataset]]) -> None:
    for event, images in of(series, "toshiba"):
        i = images[0]
        assert i.Exposure == pytest.approx(i.XRayTubeCurrent * i.ExposureTime / 1000, abs=1)
        raw = io.BytesIO()
        i.save_as(raw, enforce_file_format=True)
        raw.seek(0)
        block = pydicom.dcmread(raw).private_block(0x7005, "TOSHIBA_MEC_CT3")
        assert block[0x40].value == pytest.approx(event["dlp_mgy_cm"], abs=0.051)
        index = struct.unpack("<d", block[0x63].value)[0]  # no public dictionary knows its type
        assert index == pytest.approx(event["ctdi_vol_mgy"], abs=0.051)
        on_disk = struct.pack("<HH2sxxI", 0x7005, 0x1040, b"UN", 8)
        assert on_disk + struct.pack("<d", block[0x40].value) in raw.getvalue()
        feed = float(block[0x0A].value)
        assert feed == pytest.approx(event["pitch"] * event["total_collimation_mm"], abs=0.01)
        width, rows = block[0x41].value.split("x")
        assert float(width) * int(rows) == pytest.approx(event["total_collimation_mm"])


def test_ge_habits(series: dict[str, list[Dataset]]) -> None:
    for event, images in of(series, "ge"):
        for i in images:
            mas = i.XRayTubeCurrent * i.RevolutionTime
            assert i.Exposure == math.floor(mas * i.SliceThickness / i.TableFeedPerRotation)
            assert i.TableFeedPerRotation == pytest.approx(
                i.SpiralPitchFactor * i.TotalCollimationWidth
            )
            assert i.TableSpeed == pytest.approx(i.TableFeedPerRotation / i.RevolutionTime)
            acquisition = i.private_block(0x0019, "GEMS_ACQU_01")
            assert float(acquisition[0x23].value) == pytest.approx(i.TableFeedPerRotation)
            assert float(acquisition[0x27].value) == i.RevolutionTime
            helios = i.private_block(0x0045, "GEMS_HELIOS_01")
            assert helios[0x01].value * helios[0x02].value == event["total_collimation_mm"]
            pitch = i.private_block(0x0043, "GEMS_PARM_01")[0x27].value
            assert pitch == f"{event['pitch']:.3f}:1"


def test_reconstructions_share_their_event(series: dict[str, list[Dataset]]) -> None:
    several = [r for r in HOSPITAL.truth.to_dicts() if len(r["SeriesInstanceUIDs"]) > 1]
    assert {row["maker"] for row in several} == {"ge", "siemens", "philips", "toshiba"}
    for row in several:
        kernels = {str(series[uid][0].ConvolutionKernel) for uid in row["SeriesInstanceUIDs"]}
        assert len(kernels) > 1
    derived = [i for i in series.values() if i[0].ImageType[0] == "DERIVED"]
    assert derived
    assert all("CT_SOM5 MPR" in images[0].ImageType for images in derived)


def test_topograms_reference(series: dict[str, list[Dataset]]) -> None:
    instances = {i.SOPInstanceUID: i for images in series.values() for i in images}
    planned = [i for i in instances.values() if "ReferencedImageSequence" in i]
    assert planned
    for image in planned:
        topogram = instances[image.ReferencedImageSequence[0].ReferencedSOPInstanceUID]
        assert "LOCALIZER" in topogram.ImageType
        assert topogram.StudyInstanceUID == image.StudyInstanceUID


def test_philips_dose_sequence_tells_the_truth(screens: list[Dataset]) -> None:
    truth = {row["irradiation_event_uid"]: row for row in HOSPITAL.truth.to_dicts()}
    pages = [o for o in screens if "DOSE_INFO" in o.ImageType]
    assert pages
    for page in pages:
        total = 0.0
        for item in page.ExposureDoseSequence:
            row = truth[item.IrradiationEventUID]
            dlp = float(item.private_block(0x00E1, "ELSCINT1")[0x21].value)
            assert dlp == pytest.approx(row["dlp_mgy_cm"], abs=1e-5)
            assert item.CTDIvol == pytest.approx(row["ctdi_vol_mgy"])
            phantom = item.private_block(0x01E1, "ELSCINT1")[0x26].value
            assert str(row["ctdi_phantom_cm"]) in phantom
            total += dlp
        block = page.private_block(0x00E1, "ELSCINT1")
        assert float(block[0x21].value) == pytest.approx(total, abs=1e-4)


def test_dose_screens_are_marked_and_drawn(screens: list[Dataset]) -> None:
    marks = {(o.Manufacturer.upper()[:2], o.SeriesNumber, o.ImageType[-1]) for o in screens}
    assert ("GE", 999, "SCREEN SAVE") in marks
    assert ("SI", 501, "CT_SOM5 PROT") in marks
    assert ("PH", 401, "DOSE_INFO") in marks
    for page in screens:
        assert page.BurnedInAnnotation == "YES"
        assert 0.01 < sum(value > 0 for value in page.PixelData) / len(page.PixelData) < 0.5


def test_letters_differ() -> None:
    pictures = {draw([letter]).tobytes() for letter in "0123456789.,-ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    assert len(pictures) == 39
    assert not draw([" "]).any()
