"""CT radiation dose reports, built to the templates of PS3.16.

TID 10011 (report), 10012 (accumulated dose), 10013 (irradiation event), 10014 (scanning length,
here inside 10013's parameters) and 10015 (CT dose check).  A :class:`ReportStyle` says what a
maker fills in and how it spells it; the defaults are the standard's wording.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.uid import XRayRadiationDoseSRStorage

from workbench.model import CTDI_PHANTOMS
from workbench.simulate.content import (
    CONTEXT,
    MODIFIER,
    PROPERTIES,
    Code,
    code,
    container,
    moment,
    number,
    root,
    text,
    uid,
)
from workbench.simulate.datasets import dicom_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pydicom.dataset import Dataset

    from workbench.simulate.plan import Scan, Study

DOSE_REPORT = ("113701", "DCM", "X-Ray Radiation Dose Report")
NO: Code = ("R-00339", "SRT", "No")
YES: Code = ("R-0038D", "SRT", "Yes")

ACQUISITION_TYPE: dict[str, Code] = {
    "SPIRAL": ("P5-08001", "SRT", "Spiral Acquisition"),
    "SEQUENCED": ("113804", "DCM", "Sequenced Acquisition"),
    "STATIONARY": ("113806", "DCM", "Stationary Acquisition"),
    "CONSTANT_ANGLE": ("113805", "DCM", "Constant Angle Acquisition"),
}
TARGET_REGION: dict[str, Code] = {
    "head": ("T-D1100", "SRT", "Head"),
    "neck": ("T-D1600", "SRT", "Neck"),
    "chest": ("T-D3000", "SRT", "Chest"),
    "lumbar_spine": ("T-11503", "SRT", "Lumbar spine"),
}
ABDOMEN: Code = ("T-D4000", "SRT", "Abdomen")
UNKNOWN_REGION: Code = ("00001", "99GEMS", "Unknown")
WITHOUT_CONTRAST: Code = ("P5-0808E", "SRT", "CT without contrast")
WITH_CONTRAST: Code = ("P5-00100", "SRT", "Diagnostic radiography with contrast media")


@dataclass(frozen=True, kw_only=True)
class ReportStyle:
    """What a maker's CT dose report holds.

    Attributes
    ----------
    dlp_unit
        Unit code of the DLP: ``mGy.cm`` or ``mGycm``.
    decimals
        Decimals that CTDIvol and DLP are rounded to; two are printed.
    reports_localizer_dose
        Whether topograms have a dose.
    scanning_length, nominal_collimation
        What is written for a scan, in mm; makers differ.
    modulation
        X-Ray Modulation Type of a modulated scan, or None if never given.
    comment
        Comment of a scan, or None if never given.
    """

    sop_class_uid: str = XRayRadiationDoseSRStorage
    series_number: int = 501
    series_description: str | None = "Dose Report"
    dlp_unit: str = "mGy.cm"
    decimals: int = 2
    continuity: str = "SEPARATE"
    x_ray: str = "X-Ray"
    sources_unit: str = "{X-Ray sources}"
    source_concept: str = ""
    source_name: str = "A"
    observer_details: bool = True
    intent: bool = True
    acquisition_protocol: bool = True
    procedure_context: bool = True
    target_region: bool = True
    reports_localizer_dose: bool = False
    scanning_length: Callable[[Scan], float] = lambda scan: scan.technique.scan_length_mm
    nominal_collimation: Callable[[Scan], float] = lambda s: s.technique.total_collimation_mm
    exposed_range: bool = False
    reconstructable_length: bool = False
    dose_check: bool = False
    modulation: str | None = None
    comment: Callable[[Scan], str] | None = None
    irradiating_device: bool = False


@dataclass(frozen=True, kw_only=True)
class Device:
    """The equipment a report speaks of."""

    manufacturer: str
    model: str
    serial: str
    station: str
    uid: str


@dataclass(frozen=True, kw_only=True)
class CTReport:
    """One CT dose report: the events of a study so far, as one device tells them."""

    study: Study
    scans: Sequence[Scan]
    device: Device
    style: ReportStyle
    phantom_code: bool = True

    def content(self) -> Dataset:
        """Return the content tree, without the patient, study and equipment attributes."""
        return root(DOSE_REPORT, "10011", self._items(), "SEPARATE")

    def reported_dlp(self, scan: Scan) -> float | None:
        """Return the DLP in mGy.cm as written, or None where this maker gives none."""
        if scan.technique.localizer and not self.style.reports_localizer_dose:
            return None
        return round(scan.technique.dlp_mgy_cm, self.style.decimals)

    def _items(self) -> Iterator[Dataset]:
        intent = code(
            ("G-C0E8", "SRT", "Has Intent"), ("R-408C3", "SRT", "Diagnostic Intent"), MODIFIER
        )
        yield code(
            ("121058", "DCM", "Procedure reported"),
            ("P5-08000", "SRT", "Computed Tomography X-Ray"),
            MODIFIER,
            *([intent] if self.style.intent else []),
        )
        yield from self._observer()
        yield from self._period()
        yield self._accumulated()
        for scan in self.scans:
            yield self._event(scan)
        yield code(
            ("113854", "DCM", "Source of Dose Information"),
            ("113856", "DCM", "Automated Data Collection"),
        )

    def _observer(self) -> Iterator[Dataset]:
        device = self.device
        yield code(("121005", "DCM", "Observer Type"), ("121007", "DCM", "Device"), CONTEXT)
        yield uid(("121012", "DCM", "Device Observer UID"), device.uid, CONTEXT)
        if self.style.observer_details:
            for value, name, meaning in (
                ("121013", device.station, "Name"), ("121014", device.manufacturer, "Manufacturer"),
                ("121015", device.model, "Model Name"), ("121016", device.serial, "Serial Number"),
            ):  # fmt: skip
                yield text((value, "DCM", f"Device Observer {meaning}"), name, CONTEXT)

    def _period(self) -> Iterator[Dataset]:
        first, last, x_ray = self.scans[0], self.scans[-1], self.style.x_ray
        end = self.study.moment(last, last.technique.exposure_time_s)
        start = dicom_datetime(self.study.moment(first))
        yield moment(("113809", "DCM", f"Start of {x_ray} Irradiation"), start)
        yield moment(("113810", "DCM", f"End of {x_ray} Irradiation"), dicom_datetime(end))
        whole = uid(("110180", "DCM", "Study Instance UID"), self.study.uid(), PROPERTIES)
        yield code(
            ("113705", "DCM", "Scope of Accumulation"), ("113014", "DCM", "Study"), CONTEXT, whole
        )

    def _accumulated(self) -> Dataset:
        """TID 10012."""
        total = sum(self.reported_dlp(scan) or 0.0 for scan in self.scans)
        events = number(
            ("113812", "DCM", "Total Number of Irradiation Events"),
            str(len(self.scans)), "{events}", "events",
        )  # fmt: skip
        name = ("113813", "DCM", "CT Dose Length Product Total")
        return container(
            ("113811", "DCM", "CT Accumulated Dose Data"),
            [events, number(name, f"{total:.2f}", self.style.dlp_unit)],
            self.style.continuity,
        )

    def _event(self, scan: Scan) -> Dataset:
        """TID 10013."""
        return container(
            ("113819", "DCM", "CT Acquisition"), self._event_items(scan), self.style.continuity
        )

    def _event_items(self, scan: Scan) -> Iterator[Dataset]:
        style = self.style
        target = TARGET_REGION.get(scan.region, ABDOMEN) if style.target_region else UNKNOWN_REGION
        if style.acquisition_protocol:
            yield text(("125203", "DCM", "Acquisition Protocol"), scan.name)
        yield code(("123014", "DCM", "Target Region"), target)
        kind = ACQUISITION_TYPE[scan.technique.acquisition]
        yield code(("113820", "DCM", "CT Acquisition Type"), kind)
        if style.procedure_context:
            context = WITH_CONTRAST if scan.contrast else WITHOUT_CONTRAST
            yield code(("G-C32C", "SRT", "Procedure Context"), context)
        yield uid(("113769", "DCM", "Irradiation Event UID"), self.study.event_uid(scan))
        yield container(
            ("113822", "DCM", "CT Acquisition Parameters"),
            self._parameters(scan),
            style.continuity,
        )
        if self.reported_dlp(scan) is not None:
            yield container(("113829", "DCM", "CT Dose"), self._dose(scan), style.continuity)
        if style.modulation:
            modulation = style.modulation if scan.technique.modulated else "NONE"
            yield text(("113842", "DCM", "X-Ray Modulation Type"), modulation)
        if style.comment:
            yield text(("121106", "DCM", "Comment"), style.comment(scan))
        if style.irradiating_device:
            yield self._irradiating_device()

    def _parameters(self, scan: Scan) -> Iterator[Dataset]:
        """Yield common and type-dependent parameters (TID 10013 and 10014)."""
        style, technique = self.style, scan.technique
        lengths: list[tuple[Code, float]] = [
            (("113825", "DCM", "Scanning Length"), style.scanning_length(scan))
        ]
        if style.reconstructable_length:
            name = ("113893", "DCM", "Length of Reconstructable Volume")
            lengths.append((name, technique.scan_length_mm if technique.spiral else 0.0))
        if style.exposed_range and technique.spiral:
            lengths.append((("113899", "DCM", "Exposed Range"), technique.exposed_length_mm))
        single = ("113826", "DCM", "Nominal Single Collimation Width")
        total = ("113827", "DCM", "Nominal Total Collimation Width")
        lengths.append((single, technique.single_collimation_mm))
        lengths.append((total, style.nominal_collimation(scan)))
        seconds = f"{technique.exposure_time_s:.2f}"
        yield number(("113824", "DCM", "Exposure Time"), seconds, "s")
        for length, value in lengths:
            yield number(length, f"{value:.2f}", "mm")
        if technique.pitch is not None:
            yield number(
                ("113828", "DCM", "Pitch Factor"), f"{technique.pitch:.3f}", "{ratio}", "ratio"
            )
        name = ("113823", "DCM", f"Number of {style.x_ray} Sources")
        yield number(name, "1", style.sources_unit, style.sources_unit.strip("{}"))
        name = ("113831", "DCM", f"CT {style.x_ray} Source Parameters")
        yield container(name, self._source(scan), style.continuity)

    def _source(self, scan: Scan) -> Iterator[Dataset]:
        style, technique = self.style, scan.technique
        concept = style.source_concept or f"Identification of the {style.x_ray} Source"
        yield text(("113832", "DCM", concept), style.source_name)
        yield number(("113733", "DCM", "KVP"), f"{technique.kvp_kv:.1f}", "kV")
        current = ("113833", "DCM", f"Maximum {style.x_ray} Tube Current")
        yield number(current, f"{technique.maximum_current_ma:.1f}", "mA")
        mean = ("113734", "DCM", "X-Ray Tube Current")
        yield number(mean, f"{technique.mean_current_ma:.1f}", "mA")
        if not technique.localizer:
            rotation = ("113834", "DCM", "Exposure Time per Rotation")
            yield number(rotation, f"{technique.rotation_time_s:.2f}", "s")

    def _dose(self, scan: Scan) -> Iterator[Dataset]:
        index = round(scan.technique.ctdi_vol_mgy, self.style.decimals)
        yield number(("113830", "DCM", "Mean CTDIvol"), f"{index:.2f}", "mGy")
        if self.phantom_code:
            phantom = CTDI_PHANTOMS[scan.technique.ctdi_phantom_cm]
            yield code(("113835", "DCM", "CTDIw Phantom Type"), phantom)
        product = self.reported_dlp(scan)
        yield number(("113838", "DCM", "DLP"), f"{product:.2f}", self.style.dlp_unit)
        if self.style.dose_check:
            yield from dose_check()

    def _irradiating_device(self) -> Dataset:
        device = self.device
        return code(
            ("113876", "DCM", "Device Role in Procedure"),
            ("113859", "DCM", "Irradiating Device"),
            "CONTAINS",
            text(("113878", "DCM", "Device Manufacturer"), device.manufacturer, PROPERTIES),
            text(("113879", "DCM", "Device Model Name"), device.model, PROPERTIES),
            text(("113880", "DCM", "Device Serial Number"), device.serial, PROPERTIES),
        )


def dose_check(alert_mgy: float = 1000.0) -> Iterator[Dataset]:
    """Yield alert and notification settings (TID 10015): only a CTDIvol alert is configured."""
    alert = ("113904", "DCM", "CTDIvol Alert Value")
    yield container(("113900", "DCM", "Dose Check Alert Details"), [
        code(("113901", "DCM", "DLP Alert Value Configured"), NO),
        code(("113902", "DCM", "CTDIvol Alert Value Configured"), YES),
        number(alert, f"{alert_mgy:.2f}", "mGy"),
    ])  # fmt: skip
    yield container(("113908", "DCM", "Dose Check Notification Details"), [
        code(("113909", "DCM", "DLP Notification Value Configured"), NO),
        code(("113910", "DCM", "CTDIvol Notification Value Configured"), NO),
    ])  # fmt: skip
