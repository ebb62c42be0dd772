"""Radiographs with dose attributes, and the dose report of a fluoroscopy (TID 10001, 10003).

The radiographs follow GE's Optima XR220 header, the report Siemens' AXIOM-Artis report, both in
OpenREM's public test files.  Dose is proportional to kV squared x mAs, scaled to those files.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    XRayRadiationDoseSRStorage,
)

from workbench.simulate.content import (
    CONTEXT,
    MODIFIER,
    PROPERTIES,
    code,
    container,
    moment,
    number,
    root,
    text,
    uid,
)
from workbench.simulate.datasets import (
    dates_and_times,
    dicom_datetime,
    finish,
    put,
    rounded,
    with_values,
)
from workbench.simulate.identifiers import derived_uid
from workbench.simulate.makers.template import image_attributes
from workbench.simulate.rdsr import DOSE_REPORT, TARGET_REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydicom.dataset import Dataset

    from workbench.simulate.invented_patients import Patient

DAP_DGY_CM2_PER_MAS, DAP_AT_KV = 0.41 / 1.04, 69.64
"""0.41 dGy.cm2 at 1.04 mAs and 69.64 kV (Optima XR220)."""

KERMA_GY_PER_MAS, KERMA_AT_KV = 0.00014 / 9.586, 77.0
"""0.14 mGy at the reference point at 9.586 mAs and 77 kV (AXIOM-Artis)."""

FIELD_AT_REFERENCE_M2 = 0.0072
MATRIX = 32
SINGLE_PLANE = ("113622", "DCM", "Single Plane")
REFERENCE_POINT = ("113860", "DCM", "15cm from Isocenter toward Source")


@dataclass(frozen=True, kw_only=True)
class Radiograph:
    """One radiograph; ``kvp_known`` false leaves KVP empty in the header, not in the truth."""

    seed: int
    number: int
    patient: Patient
    taken_at: dt.datetime
    body_part: str
    region: str
    description: str
    kvp_kv: float
    current_ma: float
    exposure_time_ms: float
    kvp_known: bool = True

    def uid(self, *parts: object) -> str:
        """Return a UID of this radiograph; without parts its StudyInstanceUID."""
        return derived_uid(self.seed, "radiograph", self.number, *parts)

    @property
    def mas(self) -> float:
        """Tube current-time product in mAs."""
        return self.current_ma * self.exposure_time_ms / 1000

    @property
    def dap_gy_cm2(self) -> float:
        """Dose area product."""
        per_mas = DAP_DGY_CM2_PER_MAS * (self.kvp_kv / DAP_AT_KV) ** 2
        return round(per_mas * self.mas, 6) / 10

    def image(self) -> Dataset:
        """Return the image, a complete Part 10 dataset."""
        moments = dict.fromkeys(("Study", "Series", "Acquisition", "Content"), self.taken_at)
        dataset = with_values(self.patient.attributes() | dates_and_times(moments, moments))
        put(dataset, image_attributes("radiograph"))
        put(dataset, self._attributes())
        put(dataset, {"PixelData": bytes(2 * MATRIX * MATRIX)})
        return finish(dataset, ExplicitVRLittleEndian)

    def _attributes(self) -> dict[str, object]:
        return {
            "SOPClassUID": DigitalXRayImageStorageForPresentation,
            "SOPInstanceUID": self.uid("image"),
            "StudyInstanceUID": self.uid(),
            "SeriesInstanceUID": self.uid("series"),
            "AcquisitionDateTime": dicom_datetime(self.taken_at),
            "AccessionNumber": f"D{self.number:06d}",
            "StudyID": str(self.number),
            "StudyDescription": self.description,
            "SeriesDescription": self.body_part.title(),
            "ProtocolName": f"{self.body_part[:3]}_1_VIEW",
            "BodyPartExamined": self.body_part,
            "KVP": rounded(self.kvp_kv) if self.kvp_known else None,
            "ExposureTime": round(self.exposure_time_ms),
            "XRayTubeCurrent": round(self.current_ma),
            "Exposure": round(self.mas),
            "ExposureInuAs": round(self.mas * 1000),
            "ImageAndFluoroscopyAreaDoseProduct": rounded(self.dap_gy_cm2 * 10),
            "Rows": MATRIX,
            "Columns": MATRIX,
        }


@dataclass(frozen=True, kw_only=True)
class FluoroscopyEvent:
    """One run: pulses of one length at one tube voltage and current."""

    number: int
    delay_s: int
    kvp_kv: float
    current_ma: float
    pulses: int
    pulse_width_ms: float
    acquisition: bool = False

    @property
    def mas(self) -> float:
        """Tube current-time product of all pulses in mAs."""
        return self.current_ma * self.pulses * self.pulse_width_ms / 1000

    @property
    def dose_rp_gy(self) -> float:
        """Air kerma at the reference point."""
        return KERMA_GY_PER_MAS * (self.kvp_kv / KERMA_AT_KV) ** 2 * self.mas

    @property
    def dap_gy_m2(self) -> float:
        """Dose area product in Gy.m2, the unit of the report."""
        return self.dose_rp_gy * FIELD_AT_REFERENCE_M2


@dataclass(frozen=True, kw_only=True)
class Fluoroscopy:
    """A fluoroscopy, known by its dose report alone."""

    seed: int
    number: int
    patient: Patient
    started_at: dt.datetime
    events: Sequence[FluoroscopyEvent]

    def uid(self, *parts: object) -> str:
        """Return a UID of this fluoroscopy; without parts its StudyInstanceUID."""
        return derived_uid(self.seed, "fluoroscopy", self.number, *parts)

    def report(self) -> Dataset:
        """Return the dose report, a complete Part 10 dataset."""
        moments = dict.fromkeys(("Study", "Series", "Content"), self.started_at)
        dataset = with_values(self.patient.attributes() | dates_and_times(moments, moments))
        put(dataset, {
            "SOPClassUID": XRayRadiationDoseSRStorage,
            "SOPInstanceUID": self.uid("report"),
            "StudyInstanceUID": self.uid(),
            "SeriesInstanceUID": self.uid("series"),
            "AccessionNumber": f"F{self.number:06d}",
            "Modality": "SR",
            "Manufacturer": "Siemens",
            "ManufacturerModelName": "AXIOM-Artis",
            "InstitutionName": "Hôpital simulé, Klinik Muster",
            "ReferringPhysicianName": "",
            "StationName": "AXIS90001",
            "DeviceSerialNumber": "90002",
            "SoftwareVersions": "VC14J 150507",
            "SeriesDescription": "Exam Protocol SR",
            "StudyID": str(self.number),
            "SeriesNumber": 990,
            "InstanceNumber": 990,
        })  # fmt: skip
        dataset.update(root(DOSE_REPORT, "10001", self._items(), "SEPARATE"))
        return finish(dataset, ExplicitVRLittleEndian)

    def _items(self) -> Iterator[Dataset]:
        intent = ("R-002E9", "SRT", "Combined Diagnostic and Therapeutic Procedure")
        yield code(
            ("121058", "DCM", "Procedure reported"),
            ("113704", "DCM", "Projection X-Ray"),
            MODIFIER,
            code(("G-C0E8", "SRT", "Has Intent"), intent, MODIFIER),
        )
        yield code(("121005", "DCM", "Observer Type"), ("121007", "DCM", "Device"), CONTEXT)
        yield uid(("121012", "DCM", "Device Observer UID"), self.uid("device"), CONTEXT)
        study = uid(("110180", "DCM", "Study Instance UID"), self.uid(), PROPERTIES)
        yield code(
            ("113705", "DCM", "Scope of Accumulation"), ("113014", "DCM", "Study"), CONTEXT, study
        )
        yield container(("113702", "DCM", "Accumulated X-Ray Dose Data"), self._totals())
        for event in self.events:
            name = ("113706", "DCM", "Irradiation Event X-Ray Data")
            yield container(name, self._event(event))

    def _totals(self) -> Iterator[Dataset]:
        """Accumulated doses of all, of fluoroscopy and of acquisition runs (TID 10002, 10004)."""
        yield code(("113764", "DCM", "Acquisition Plane"), SINGLE_PLANE, MODIFIER)
        runs = {
            "": list(self.events),
            "Fluoro ": [event for event in self.events if not event.acquisition],
            "Acquisition ": [event for event in self.events if event.acquisition],
        }
        area = {"": "113722", "Fluoro ": "113726", "Acquisition ": "113727"}
        point = {"": "113725", "Fluoro ": "113728", "Acquisition ": "113729"}
        for kind, events in runs.items():
            dap = sum(event.dap_gy_m2 for event in events)
            kerma = sum(event.dose_rp_gy for event in events)
            name = (area[kind], "DCM", f"{kind}Dose Area Product Total")
            yield number(name, f"{dap:.6g}", "Gym2")
            yield number((point[kind], "DCM", f"{kind}Dose (RP) Total"), f"{kerma:.6g}", "Gy")
        yield code(("113780", "DCM", "Reference Point Definition"), REFERENCE_POINT)

    def _event(self, event: FluoroscopyEvent) -> Iterator[Dataset]:
        """TID 10003."""
        started = self.started_at + dt.timedelta(seconds=event.delay_s)
        fluoroscopy = ("P5-06000", "SRT", "Fluoroscopy")
        acquisition = ("113611", "DCM", "Stationary Acquisition")
        kind = acquisition if event.acquisition else fluoroscopy
        yield code(("113764", "DCM", "Acquisition Plane"), SINGLE_PLANE, MODIFIER)
        name = ("111526", "DCM", "DateTime Started")
        yield moment(name, dicom_datetime(started), "CONTAINS")
        yield code(("113721", "DCM", "Irradiation Event Type"), kind)
        yield text(("125203", "DCM", "Acquisition Protocol"), "FL - Abdomen")
        yield code(("113780", "DCM", "Reference Point Definition"), REFERENCE_POINT)
        yield uid(("113769", "DCM", "Irradiation Event UID"), self.uid("event", event.number))
        for value, meaning, amount, unit in (
            ("122130", "Dose Area Product", event.dap_gy_m2, "Gym2"),
            ("113738", "Dose (RP)", event.dose_rp_gy, "Gy"),
            ("113768", "Number of Pulses", event.pulses, "1"),
            ("113733", "KVP", event.kvp_kv, "kV"),
            ("113734", "X-Ray Tube Current", event.current_ma, "mA"),
            ("113735", "Exposure Time", event.pulses * event.pulse_width_ms, "ms"),
            ("113793", "Pulse Width", event.pulse_width_ms, "ms"),
            ("113736", "Exposure", event.mas * 1000, "uAs"),
        ):
            plain = "no units" if unit == "1" else unit
            yield number((value, "DCM", meaning), f"{amount:.6g}", unit, plain)
        yield code(("123014", "DCM", "Target Region"), TARGET_REGION["chest"])
