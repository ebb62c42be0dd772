"""A water phantom on a CT scanner: real pixels, with known CT number and noise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import CTImageStorage

from workbench.model import CTDI_PHANTOMS
from workbench.simulate.datasets import (
    coded,
    dates_and_times,
    dicom_datetime,
    finish,
    put,
    rounded,
    with_values,
)
from workbench.simulate.identifiers import derived_uid
from workbench.simulate.makers import MAKERS
from workbench.simulate.makers.template import image_attributes
from workbench.simulate.plan import Scan
from workbench.simulate.technique import Technique

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

PERSONAL = ("SmokingStatus", "PregnancyStatus", "MedicalAlerts")
AIR_HU = -1000.0
OFFSET_HU = 1024


@dataclass(frozen=True, kw_only=True)
class WaterPhantom:
    """A series of slices through a cylinder of water in air.

    Attributes
    ----------
    water_hu
        True mean CT number of water in the middle of the disk, in HU.
    noise_hu
        True standard deviation of independent Gaussian noise, in HU.
    diameter_mm, pixel_mm, matrix
        Diameter of the disk, pixel size, rows and columns; the disk is centred.
    """

    seed: int
    patient_id: str = "QA-WATER-1"
    taken_at: dt.datetime = dt.datetime(2024, 1, 5, 7, 30)
    water_hu: float = 0.0
    noise_hu: float = 5.0
    diameter_mm: float = 200.0
    pixel_mm: float = 1.5625
    matrix: int = 160
    slices: int = 6

    def uid(self, *parts: object) -> str:
        """Return a UID of this series; without parts its StudyInstanceUID."""
        return derived_uid(self.seed, "phantom", self.patient_id, *parts)

    @property
    def scan(self) -> Scan:
        """The irradiation event."""
        scanner = MAKERS["siemens"].scanner
        technique = Technique(
            acquisition="SEQUENCED", kvp_kv=120.0, mean_current_ma=250.0, rotation_time_s=1.0,
            ctdi_w_mgy=scanner.head_ctdi_w_mgy, ctdi_phantom_cm=16, single_collimation_mm=1.2,
            total_collimation_mm=14.4, advance_mm=14.4, scan_length_mm=4.8 * self.slices,
        )  # fmt: skip
        return Scan(
            number=1, name="Konstanz Wasser", region="phantom_qa", technique=technique,
            start_mm=0.0, delay_s=0,
        )  # fmt: skip

    def pixels(self, index: int) -> NDArray[np.uint16]:
        """Return the stored values of a slice: CT numbers in HU plus 1024."""
        middle = (self.matrix - 1) / 2
        rows, columns = np.indices((self.matrix, self.matrix))
        radius = np.hypot(rows - middle, columns - middle) * self.pixel_mm
        truth = np.where(radius <= self.diameter_mm / 2, self.water_hu, AIR_HU)
        noise = np.random.default_rng([self.seed, index]).normal(0, self.noise_hu, truth.shape)
        return np.clip(np.rint(truth + noise + OFFSET_HU), 0, 4095).astype(np.uint16)

    def images(self) -> Iterator[Dataset]:
        """Yield the slices, complete Part 10 datasets."""
        maker = MAKERS["siemens"]
        for index in range(self.slices):
            dataset = self._header()
            put(dataset, {
                "SOPInstanceUID": self.uid("image", index),
                "InstanceNumber": index + 1,
                "ImagePositionPatient": [
                    rounded(-self.matrix * self.pixel_mm / 2),
                    rounded(-self.matrix * self.pixel_mm / 2),
                    rounded(-4.8 * index),
                ],
                "SliceLocation": rounded(-4.8 * index),
                "PixelData": self.pixels(index).tobytes(),
            })  # fmt: skip
            yield finish(dataset, maker.scanner.transfer_syntax)

    def _header(self) -> Dataset:
        scanner, technique = MAKERS["siemens"].scanner, self.scan.technique
        moments = dict.fromkeys(("Study", "Series", "Acquisition", "Content"), self.taken_at)
        device = {
            "Manufacturer": scanner.manufacturer,
            "ManufacturerModelName": scanner.model,
            "StationName": scanner.station,
            "DeviceSerialNumber": scanner.serial,
            "SoftwareVersions": scanner.software,
        }
        dataset = with_values(image_attributes("phantom"))
        put(dataset, {k: v for k, v in MAKERS["siemens"].image.items() if k not in PERSONAL})
        put(dataset, device | dates_and_times(moments, moments))
        put(dataset, {
            "SOPClassUID": CTImageStorage,
            "PatientID": self.patient_id,
            "AcquisitionDateTime": dicom_datetime(self.taken_at),
            "IrradiationEventUID": self.uid("event"),
            "StudyInstanceUID": self.uid(),
            "SeriesInstanceUID": self.uid("series"),
            "FrameOfReferenceUID": self.uid("frame"),
            "KVP": rounded(technique.kvp_kv),
            "ExposureTime": round(technique.rotation_time_s * 1000),
            "XRayTubeCurrent": round(technique.mean_current_ma),
            "Exposure": round(technique.effective_mas),
            "SingleCollimationWidth": technique.single_collimation_mm,
            "TotalCollimationWidth": technique.total_collimation_mm,
            "CTDIvol": technique.ctdi_vol_mgy,
            "CTDIPhantomTypeCodeSequence": [coded(*CTDI_PHANTOMS[technique.ctdi_phantom_cm])],
            "ReconstructionDiameter": rounded(self.matrix * self.pixel_mm),
            "Rows": self.matrix,
            "Columns": self.matrix,
            "PixelSpacing": [rounded(self.pixel_mm)] * 2,
        })  # fmt: skip
        return dataset
