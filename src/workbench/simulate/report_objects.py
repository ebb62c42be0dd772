"""Dose report objects of a study: the content of :mod:`.rdsr` with its maker's header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.simulate.ct_images import general, manufacturer
from workbench.simulate.datasets import dates_and_times, dicom_datetime, finish, put, put_private
from workbench.simulate.makers import MAKERS
from workbench.simulate.rdsr import CTReport, Device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from workbench.simulate.plan import Study

SIEMENS_SR = {
    0x08: ("CS", "CTDOSEREPORT"), 0x09: ("LO", "1.0"), 0x15: ("US", 6),
}  # fmt: skip


def ct_reports(study: Study) -> Iterator[CTReport]:
    """Yield the dose reports of a study: none, one, or one after each event."""
    scanner = MAKERS[study.maker].scanner
    device = Device(
        manufacturer=manufacturer(study), model=scanner.model, serial=scanner.serial,
        station=scanner.station, uid=study.uid("device"),
    )  # fmt: skip
    last = len(study.scans)
    counts = {"none": [], "rdsr": [last], "cumulative": list(range(1, last + 1))}
    for count in counts[study.report]:
        yield CTReport(
            study=study, scans=study.scans[:count], device=device, style=MAKERS[study.maker].style,
            phantom_code="no_phantom_code" not in study.blemishes,
        )  # fmt: skip


def report_objects(study: Study) -> Iterator[Dataset]:
    """Yield the dose reports as complete Part 10 datasets."""
    scanner = MAKERS[study.maker].scanner
    for number, report in enumerate(ct_reports(study), 1):
        last = report.scans[-1]
        written = study.moment(last, last.technique.exposure_time_s + 5)
        kinds = ["Series", "Content"] if study.maker == "siemens" else ["Content"]
        dataset = general(study)
        put(dataset, {
            "SOPClassUID": report.style.sop_class_uid,
            "SOPInstanceUID": study.uid("report", number),
            "SeriesInstanceUID": study.uid("series", "report", number),
            "SeriesNumber": report.style.series_number,
            "InstanceNumber": 1,
            "Modality": "SR",
        } | dates_and_times(dict.fromkeys(kinds, written), kinds))  # fmt: skip
        if report.style.series_description is not None:
            put(dataset, {"SeriesDescription": report.style.series_description})
        dataset.update(report.content())
        if study.maker == "siemens":
            put(dataset, {"ProtocolName": study.protocol})
            put_private(dataset, 0x0029, "SIEMENS CSA REPORT", SIEMENS_SR)
        if study.maker == "ge":
            put(dataset, {"ObservationDateTime": dicom_datetime(written)})
            put_private(dataset, 0x0039, "GEMS_0039", {0x95: ("LO", "CT Scanner")})
        yield finish(dataset, scanner.transfer_syntax)
