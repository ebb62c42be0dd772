"""CT images of a study: topograms, axial series and reformats, as each maker writes them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pydicom.uid import CTImageStorage

from workbench.model import CTDI_PHANTOMS
from workbench.simulate.datasets import (
    coded,
    dates_and_times,
    dicom_datetime,
    finish,
    own_copy,
    put,
    put_private,
    reference,
    rounded,
    with_values,
)
from workbench.simulate.makers import MAKERS, Maker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from workbench.simulate.plan import Reconstruction, Study

INSTITUTION, ADDRESS = "Hôpital simulé, Klinik Muster", "1 Rue de l'Exemple"
MATRIX = 32
PIXELS = bytes(2 * MATRIX * MATRIX)
RECONSTRUCTION_DELAY_S = 15


def general(study: Study) -> Dataset:
    """Return the patient, study and equipment attributes that every object of a study shares."""
    patient, scanner = study.patient, MAKERS[study.maker].scanner
    return with_values(patient.attributes("unknown_age" not in study.blemishes) | {
        "AccessionNumber": f"A{patient.study_date:%y%m%d}{study.number:03d}",
        "Manufacturer": manufacturer(study),
        "InstitutionName": INSTITUTION,
        "InstitutionAddress": ADDRESS,
        "ReferringPhysicianName": "Muster^Erika^^Dr.",
        "StationName": scanner.station,
        "StudyDescription": study.description,
        "ManufacturerModelName": scanner.model,
        "DeviceSerialNumber": scanner.serial,
        "SoftwareVersions": scanner.software,
        "StudyInstanceUID": study.uid(),
        "StudyID": str(1000 + study.number),
    } | dates_and_times({"Study": study.started_at}, ["Study"]))  # fmt: skip


def manufacturer(study: Study) -> str:
    """Return Manufacturer, in the odd case of GE's own dose reports where the study asks so."""
    name = MAKERS[study.maker].scanner.manufacturer
    return "GE Medical Systems" if "odd_manufacturer" in study.blemishes else name


def images(study: Study) -> Iterator[Dataset]:
    """Yield the images of all series of a study, complete Part 10 datasets."""
    for recon in study.reconstructions:
        template = series_template(study, recon)
        for index in range(recon.slices):
            yield image(study, recon, template, index)


def series_template(study: Study, recon: Reconstruction) -> Dataset:
    """Return what the images of one series share."""
    maker, scan = MAKERS[study.maker], recon.scan
    begun = study.moment(scan, scan.technique.exposure_time_s + RECONSTRUCTION_DELAY_S)
    moments = {"Series": begun, "Acquisition": study.moment(scan)}
    dataset = general(study)
    put(dataset, {
        "SOPClassUID": CTImageStorage,
        "Modality": "CT",
        "SeriesInstanceUID": study.uid("series", recon.number),
        "SeriesNumber": recon.number,
        "FrameOfReferenceUID": study.uid("frame"),
        "KVP": rounded(scan.technique.kvp_kv),
        "ReconstructionDiameter": rounded(recon.field_of_view_mm),
        "ConvolutionKernel": recon.kernel,
        "ProtocolName": study.protocol,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": MATRIX,
        "Columns": MATRIX,
        "PixelSpacing": [rounded(recon.field_of_view_mm / MATRIX)] * 2,
        "BitsAllocated": 16,
        "PerformedProcedureStepStartDate": f"{study.started_at:%Y%m%d}",
        "PerformedProcedureStepStartTime": f"{study.started_at:%H%M%S}",
        "RequestedProcedureDescription": study.description,
    } | dates_and_times(moments, moments))  # fmt: skip
    put(dataset, maker.image)
    put(dataset, maker.series(study, recon))
    put(dataset, {"HighBit": dataset.BitsStored - 1, "PixelData": PIXELS})
    add_references(dataset, study, recon)
    add_dose_identity(dataset, maker, study, recon)
    for blocks in (maker.private, maker.private_series(study, recon)):
        for (group, creator), block in blocks.items():
            put_private(dataset, group, creator, block)
    if "no_protocol_name" in study.blemishes:
        del dataset.ProtocolName
    if study.maker == "ge":
        del dataset.RequestedProcedureDescription
    return dataset


def add_references(dataset: Dataset, study: Study, recon: Reconstruction) -> None:
    """Add the topogram an axial series was planned on."""
    if recon.scan.technique.localizer or study.maker == "toshiba":
        return
    planned_on = next(
        reconstruction
        for reconstruction in study.reconstructions
        if reconstruction.scan.technique.localizer
    )
    topogram = study.uid("image", planned_on.number, 0)
    put(dataset, {"ReferencedImageSequence": [reference(CTImageStorage, topogram)]})


def add_dose_identity(dataset: Dataset, maker: Maker, study: Study, recon: Reconstruction) -> None:
    """Add event UID and phantom where the maker's images carry them."""
    technique = recon.scan.technique
    if maker.events_in_images:
        put(dataset, {"IrradiationEventUID": study.event_uid(recon.scan)})
    if maker.name == "siemens":
        phantom = coded(*CTDI_PHANTOMS[technique.ctdi_phantom_cm])
        put(dataset, {"CTDIPhantomTypeCodeSequence": [phantom]})


def image(study: Study, recon: Reconstruction, template: Dataset, index: int) -> Dataset:
    """Return one image of a series."""
    maker, scan, technique = MAKERS[study.maker], recon.scan, recon.scan.technique
    fraction = 0.5 if recon.multiplanar else (index + 0.5) / recon.slices
    taken = study.moment(scan, fraction * technique.exposure_time_s)
    written = taken + dt.timedelta(seconds=RECONSTRUCTION_DELAY_S)
    dataset = own_copy(template)
    put(dataset, {
        "SOPInstanceUID": study.uid("image", recon.number, index),
        "InstanceNumber": index + 1,
    })  # fmt: skip
    kinds = ["Acquisition", "Content", "InstanceCreation"]
    moments = {"Acquisition": taken, "Content": taken, "InstanceCreation": written}
    if maker.name in ("siemens", "philips"):
        put(dataset, {"AcquisitionDateTime": dicom_datetime(taken)})
    if maker.name in ("siemens", "toshiba"):
        kinds.remove("InstanceCreation")
    put(dataset, dates_and_times(moments, kinds))
    put(dataset, geometry(recon, index))
    put(dataset, maker.slice_header(recon, technique.current_ma(fraction)))
    return finish(dataset, maker.scanner.transfer_syntax)


def geometry(recon: Reconstruction, index: int) -> dict[str, object]:
    """Return position and orientation of an image, in mm; the table goes towards the feet."""
    technique, half = recon.scan.technique, recon.field_of_view_mm / 2
    top = recon.scan.start_mm
    if technique.localizer:
        return {
            "ImagePositionPatient": [rounded(-half), "0", rounded(top)],
            "ImageOrientationPatient": [1, 0, 0, 0, 0, -1],
            "SliceLocation": "0",
        }
    if recon.multiplanar:
        y = (index - recon.slices / 2) * recon.increment_mm
        return {
            "ImagePositionPatient": [rounded(-half), rounded(y), rounded(top)],
            "ImageOrientationPatient": [1, 0, 0, 0, 0, -1],
        }
    watched = technique.acquisition == "STATIONARY"
    z = top if watched else top - (index + 0.5) * recon.increment_mm
    return {
        "ImagePositionPatient": [rounded(-half), rounded(-half), rounded(z)],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "SliceLocation": rounded(z),
    }
