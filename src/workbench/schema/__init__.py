"""The tables everything meets in, with the meaning and unit of each column.

One place says what a column is; the store, the codebook, the exports and the documentation
read it from here.  Naming shows where a value comes from:

* ``CamelCase`` is a DICOM keyword and holds what the header said, unchanged;
* ``snake_case`` was computed by us, with its unit at the end (``dlp_mgy_cm``).

Units are UCUM codes; an empty unit means the column has none.
"""

from __future__ import annotations

from workbench.language import mark
from workbench.schema.cohort_tables import EXAM, PATIENT_DOSE
from workbench.schema.quality_tables import PHANTOM_IMAGE, TEST_RESULT
from workbench.schema.report_tables import REPORT_RUN
from workbench.schema.run_tables import FINDING, LEDGER, REJECTED, RUN
from workbench.schema.study_tables import ALERT, COVERAGE, STUDY_DOSE
from workbench.schema.table import Column, Leaving, Table, copied

__all__ = [
    "ALERT", "COVERAGE", "DOSE_ESTIMATE", "EXAM", "FINDING", "INSTANCE", "IRRADIATION_EVENT",
    "LEDGER",
    "PATIENT", "PATIENT_DOSE", "PHANTOM_IMAGE", "REJECTED", "REPORT_RUN", "RUN", "SCHEMA_VERSION",
    "SERIES",
    "STUDY_DOSE", "TABLES", "TEST_RESULT", "Column", "Leaving", "Table",
]  # fmt: skip

SCHEMA_VERSION = 8  # of INSTANCE and the catalogue; one more needs a step in store/steps.py

INSTANCE = Table(
    "instance",
    "One row a DICOM object kept, de-identified; pixels are never kept.",
    ("SOPInstanceUID",),
    (
        Column(
            "object_number",
            "integer",
            "Number of the object in this workspace",
            leaving=Leaving.NEVER,
        ),
        Column("patient", "text", "Pseudonym of the patient under the hospital's key"),
        *copied("SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID", "text"),
        *copied("Modality", "text"),
        *copied("ImageType", "texts"),
        *copied(
            "Manufacturer ManufacturerModelName StationName DeviceSerialNumber SoftwareVersions "
            "PatientSex PatientAge",
            "text",
        ),
        Column(
            "patient_age_days",
            "integer",
            "Age at the study, read before dates left",
            "d",
            leaving=Leaving.AGE,
        ),
        Column(
            "patient_age_years",
            "real",
            "Completed years and the part of the running one, by "
            "birthday, read before dates left; as PatientAge tells where no birth date is",
            "a",
            leaving=Leaving.AGE,
        ),
        *copied("PatientSize PatientWeight", "real", PatientSize="m", PatientWeight="kg"),
        *copied("StudyDate", "date"),
        Column(
            "started_at",
            "moment",
            "Acquisition date and time, dates shifted per patient; "
            "empty where the clock is not known",
            leaving=Leaving.CLOCK,
        ),
        Column("utc_offset_minutes", "integer", "Offset from UTC of started_at, if told", "min"),
        *copied(
            "SeriesNumber AcquisitionNumber InstanceNumber ImagesInAcquisition NumberOfFrames "
            "TemporalPositionIdentifier NumberOfTemporalPositions",
            "integer",
        ),
        *copied("IrradiationEventUID", "text"),
        *copied(
            "StudyDescription SeriesDescription ProtocolName BodyPartExamined "
            "PerformedProcedureStepDescription ContrastBolusAgent ScanOptions ConvolutionKernel "
            "ExposureModulationType AcquisitionType PatientPosition PatientState RotationDirection "
            "FilterType ContrastBolusRoute",
            "text",
        ),
        *copied(
            "KVP XRayTubeCurrent ExposureTime Exposure RevolutionTime SliceThickness SliceLocation "
            "SpacingBetweenSlices GantryDetectorTilt ReconstructionDiameter "
            "SingleCollimationWidth TotalCollimationWidth TableSpeed TableFeedPerRotation "
            "SpiralPitchFactor CTDIvol ExposureInuAs DataCollectionDiameter TableHeight ScanLength "
            "AcquisitionDuration EstimatedDoseSaving GeneratorPower ContrastBolusVolume "
            "TriggerTime NominalPercentageOfCardiacPhase",
            "real",
            KVP="kV",
            XRayTubeCurrent="mA",
            ExposureTime="ms",
            Exposure="mA.s",
            RevolutionTime="s",
            SliceThickness="mm",
            SliceLocation="mm",
            SpacingBetweenSlices="mm",
            GantryDetectorTilt="deg",
            ReconstructionDiameter="mm",
            SingleCollimationWidth="mm",
            TotalCollimationWidth="mm",
            TableSpeed="mm/s",
            TableFeedPerRotation="mm",
            SpiralPitchFactor="1",
            CTDIvol="mGy",
            ExposureInuAs="uA.s",
            DataCollectionDiameter="mm",
            TableHeight="mm",
            ScanLength="mm",
            AcquisitionDuration="s",
            EstimatedDoseSaving="%",
            GeneratorPower="kW",
            ContrastBolusVolume="mL",
            TriggerTime="ms",
            NominalPercentageOfCardiacPhase="%",
        ),
        *copied(
            "ImagePositionPatient ImageOrientationPatient PixelSpacing FocalSpots "
            "ReconstructionTargetCenterPatient DataCollectionCenterPatient",
            "reals",
            ImagePositionPatient="mm",
            ImageOrientationPatient="1",
            PixelSpacing="mm",
            FocalSpots="mm",
            ReconstructionTargetCenterPatient="mm",
            DataCollectionCenterPatient="mm",
        ),
        Column("source", "text", "How the object came: folder or network"),
        Column("received_at", "moment", "When it was stored (UTC)", leaving=Leaving.NEVER),
        Column("content_sha256", "text", "Digest of the de-identified header"),
        Column("profile_sha256", "text", "Digest of the confidentiality profile applied"),
        Column("key_fingerprint", "text", "Fingerprint of the hospital's key for this survey"),
        Column(
            "header",
            "json",
            "The whole de-identified header, DICOM JSON model (PS3.18 F)",
            leaving=Leaving.CLOCK,
        ),
    ),
)
SERIES = Table(
    "series",
    "One row a series, with its role and what an application mapping read from it.",
    ("SeriesInstanceUID",),
    (
        Column("patient", "text", "Pseudonym of the patient"),
        *copied("StudyInstanceUID SeriesInstanceUID Modality", "text"),
        Column("role", "text", "SCAN, TOPOGRAM, RECONSTRUCTION, DOSEINFO or OTHER"),
        Column("state", "text", "MAPPED, INCOMPLETE or UNUSED"),
        Column("state_reason", "text", "Why it is not MAPPED: what is missing"),
        *copied("ImageType", "texts"),
        *copied(
            "Manufacturer ManufacturerModelName StationName DeviceSerialNumber SoftwareVersions "
            "PatientSex PatientAge StudyDescription SeriesDescription ProtocolName "
            "BodyPartExamined PerformedProcedureStepDescription ContrastBolusAgent "
            "ConvolutionKernel PatientPosition PatientState ScanOptions AcquisitionType "
            "ExposureModulationType",
            "text",
        ),
        *copied("SeriesNumber", "integer"),
        Column("patient_age_years", "real", "Age at the study", "a", leaving=Leaving.AGE),
        Column(
            "started_at",
            "moment",
            "Earliest acquisition date and time, dates shifted",
            leaving=Leaving.CLOCK,
        ),
        Column("body_region", "text", "Body region from the region rules, or unknown"),
        Column("region_rule", "text", "Number of the region rule that decided, and the text read"),
        Column("instances", "integer", "Number of objects in the series", "{count}"),
        Column("spiral", "flag", "Whether the table moved during rotation"),
        Column("kvp_kv", "real", "Tube voltage, mean over the series", "kV"),
        Column("tube_current_ma", "real", "Tube current, mean over the series", "mA"),
        Column("rotation_time_s", "real", "Time of one rotation", "s"),
        Column("exposure_time_ms", "real", "ExposureTime, mean over the series", "ms"),
        Column("slice_thickness_mm", "real", "SliceThickness", "mm"),
        Column("slice_increment_mm", "real", "Distance of neighbouring slices", "mm"),
        Column("scan_length_mm", "real", "Range of slice positions plus one increment", "mm"),
        Column("table_feed_mm", "real", "Table travel a rotation", "mm"),
        Column("total_collimation_mm", "real", "Total nominal beam width at isocentre", "mm"),
        Column("pitch", "real", "Table travel a rotation over total collimation", "1"),
        Column("ctdi_vol_mgy", "real", "CTDIvol, mean over the slices", "mGy"),
        Column("ctdi_phantom_cm", "integer", "Diameter of the CTDI phantom: 16 or 32", "cm"),
        Column("irradiation_event_uids", "texts", "Irradiation events the series shows"),
        Column("images", "integer", "Number of slices; of multi-frame images, frames", "{count}"),
        Column(
            "images_in_acquisition",
            "integer",
            "Slices the acquisition has, as the header tells",
            "{count}",
        ),
        Column("slice_location_min_mm", "real", "Lowest slice position along the table", "mm"),
        Column("slice_location_max_mm", "real", "Highest slice position along the table", "mm"),
        Column("table_speed_mm_s", "real", "Speed of the table", "mm/s"),
        Column("single_collimation_mm", "real", "Nominal width of one row at isocentre", "mm"),
        Column("mas", "real", "Tube current times the time of one rotation", "mA.s"),
        Column("effective_mas", "real", "Tube current-time product of a rotation / pitch", "mA.s"),
        Column("exposure_mas", "real", "Exposure of the header, mean: makers differ", "mA.s"),
        Column("modulation", "text", "Tube current modulation, in words all makers share"),
        Column("contrast", "flag", "Whether a contrast agent is told"),
        Column("gantry_tilt_deg", "real", "Tilt of the gantry", "deg"),
        Column("reconstruction_diameter_mm", "real", "ReconstructionDiameter", "mm"),
        Column("data_collection_diameter_mm", "real", "DataCollectionDiameter", "mm"),
        Column("table_height_mm", "real", "TableHeight", "mm"),
        Column("provenance", "json", "From which attribute each computed value was read"),
    ),
)

IRRADIATION_EVENT = Table(
    "irradiation_event",
    "One row an irradiation event and source; ``preferred`` is true on exactly one source.",
    ("irradiation_event_uid", "source"),
    (
        Column("patient", "text", mark("Pseudonym of the patient")),
        *copied("StudyInstanceUID", "text"),
        Column("SeriesInstanceUIDs", "texts", mark("Series that show or report the event")),
        Column("irradiation_event_uid", "text", mark("IrradiationEventUID, or ours when absent")),
        Column("source", "text", mark("rdsr, dose_sequence, header, dose_screen or technique")),
        Column("preferred", "flag", mark("Whether this source is the one to count")),
        Column("preferred_reason", "text", mark("Why this source is or is not the one to count")),
        Column(
            "matched_by",
            "texts",
            mark("In what it agrees with the other rows of its exposure; empty where it is alone"),
        ),
        Column(
            "phantom_measurement",
            "flag",
            mark("Whether a phantom was scanned: no patient's dose"),
        ),
        Column("modality", "text", mark("Modality of the equipment")),
        Column("manufacturer", "text", mark("Manufacturer")),
        Column("model", "text", mark("ManufacturerModelName")),
        Column("station", "text", mark("StationName")),
        Column("device_serial_number", "text", mark("Serial number of the irradiating device")),
        Column(
            "started_at",
            "moment",
            mark("Start of the event or its study, dates shifted"),
            leaving=Leaving.CLOCK,
        ),
        Column("patient_age_years", "real", mark("Age at the study"), "a", leaving=Leaving.AGE),
        Column("patient_sex", "text", mark("PatientSex")),
        Column(
            "event_type",
            "text",
            mark("SPIRAL, SEQUENCED, STATIONARY, CONSTANT_ANGLE, FREE, unknown"),
        ),
        Column("localizer", "flag", mark("Whether the event is a topogram")),
        Column("body_region", "text", mark("Body region from the region rules, or unknown")),
        Column(
            "region_rule", "text", mark("Number of the region rule that decided, and the text read")
        ),
        Column("target_region", "text", mark("Code meaning of the target region in the report")),
        Column(
            "procedure_context", "text", mark("Code meaning of the procedure context in the report")
        ),
        Column("protocol", "text", mark("Acquisition protocol of the report, or ProtocolName")),
        Column("study_description", "text", mark("StudyDescription")),
        Column("comment", "text", mark("Comment of the report, cleaned")),
        Column("ctdi_vol_mgy", "real", mark("Mean CTDIvol"), "mGy"),
        Column("dlp_mgy_cm", "real", mark("Dose length product"), "mGy.cm"),
        Column("dlp_basis", "text", mark("reported, or ctdi_vol_times_exposed_length")),
        Column("ctdi_phantom_cm", "integer", mark("Diameter of the CTDI phantom: 16 or 32"), "cm"),
        Column("dap_gy_cm2", "real", mark("Dose area product"), "Gy.cm2"),
        Column("kvp_kv", "real", mark("Tube voltage of the first X-ray source"), "kV"),
        Column("tube_current_ma", "real", mark("Mean tube current of the first source"), "mA"),
        Column("maximum_tube_current_ma", "real", mark("Its maximum tube current"), "mA"),
        Column("rotation_time_s", "real", mark("Time of one rotation"), "s"),
        Column("exposure_time_s", "real", mark("Exposure time of the event"), "s"),
        Column(
            "x_ray_sources",
            "json",
            mark("All X-ray sources: identification, kV, mA, rotation time"),
        ),
        Column("number_of_x_ray_sources", "integer", mark("Number of X-ray sources"), "{count}"),
        Column("pitch", "real", mark("Pitch factor"), "1"),
        Column("single_collimation_mm", "real", mark("Nominal single collimation width"), "mm"),
        Column("total_collimation_mm", "real", mark("Nominal total collimation width"), "mm"),
        Column("scan_length_mm", "real", mark("Scanning length"), "mm"),
        Column("exposed_length_mm", "real", mark("Exposed range, reported or from images"), "mm"),
        Column(
            "exposed_length_basis",
            "text",
            mark("What an exposed length from images was made of; empty when reported"),
        ),
        Column(
            "exposed_length_sd_log",
            "real",
            mark("How sure an exposed length from images is, 1 sd of ln(length)"),
            "1",
        ),
        Column(
            "reconstructable_length_mm",
            "real",
            mark("Length of the volume that can be reconstructed, as the report gives it"),
            "mm",
        ),
        Column("table_feed_mm", "real", mark("Table travel a rotation"), "mm"),
        Column("table_speed_mm_s", "real", mark("Speed of the table"), "mm/s"),
        Column("images", "integer", mark("Slices of the series it is read from"), "{count}"),
        Column(
            "images_in_acquisition",
            "integer",
            mark("Slices the acquisition has, as the header tells"),
            "{count}",
        ),
        Column("slice_thickness_mm", "real", mark("SliceThickness"), "mm"),
        Column("slice_increment_mm", "real", mark("Distance of neighbouring slices"), "mm"),
        Column(
            "slice_location_min_mm", "real", mark("Lowest slice position along the table"), "mm"
        ),
        Column(
            "slice_location_max_mm", "real", mark("Highest slice position along the table"), "mm"
        ),
        Column("mas", "real", mark("Tube current times the time of one rotation"), "mA.s"),
        Column(
            "effective_mas", "real", mark("Tube current-time product of a rotation / pitch"), "mA.s"
        ),
        Column("exposure_mas", "real", mark("Exposure of the header, mean: makers differ"), "mA.s"),
        Column("modulation", "text", mark("Tube current modulation, in words all makers share")),
        Column("modulation_text", "text", mark("Tube current modulation, in the maker's words")),
        Column("contrast", "flag", mark("Whether a contrast agent is told")),
        Column("contrast_agent", "text", mark("ContrastBolusAgent")),
        Column("procedure_step", "text", mark("PerformedProcedureStepDescription")),
        Column("patient_position", "text", mark("PatientPosition")),
        Column("patient_state", "text", mark("PatientState")),
        Column("software_versions", "text", mark("SoftwareVersions")),
        Column("gantry_tilt_deg", "real", mark("Tilt of the gantry"), "deg"),
        Column("reconstruction_diameter_mm", "real", mark("ReconstructionDiameter"), "mm"),
        Column("table_height_mm", "real", mark("TableHeight"), "mm"),
        Column(
            "report",
            "json",
            mark("What the report says of itself: procedure, scope, time, totals"),
            leaving=Leaving.CLOCK,
        ),
        Column(
            "dose_check",
            "json",
            mark("Alert and notification values of the report: configured, limit, estimate"),
        ),
        Column("provenance", "json", mark("From which attribute each computed value was read")),
        Column("flags", "texts", mark("What a reader must know of this row")),
    ),
)

DOSE_ESTIMATE = Table(
    "dose_estimate",
    "One row an irradiation event, quantity and method; a value that cannot be had has a reason.",
    ("irradiation_event_uid", "quantity", "organ", "method", "table_id", "tissue_weights"),
    (
        Column("patient", "text", "Pseudonym of the patient"),
        *copied("StudyInstanceUID", "text"),
        Column("irradiation_event_uid", "text", "The irradiation event"),
        Column("quantity", "text", "effective_dose, organ_dose, ssde"),
        Column("organ", "text", "Organ, where the quantity has one"),
        Column("value", "real", "The estimate, in the unit of the next column"),
        Column("unit", "text", "UCUM code of the value"),
        Column("reason", "text", "Why there is no value"),
        Column("method", "text", "Name of the dose method"),
        Column("method_version", "text", "Version of the dose method"),
        Column("table_id", "text", "Coefficient table and its version"),
        Column("coefficient", "real", "Coefficient applied, in the table's unit"),
        Column("tissue_weights", "text", "ICRP60 or ICRP103"),
        Column("sd_log_shared", "real", "Shared part of the uncertainty, 1 sd of ln(value)", "1"),
        Column("sd_log_unshared", "real", "Unshared part, 1 sd of ln(value)", "1"),
        Column("flags", "texts", "Conversions and assumptions made"),
    ),
)
PATIENT = Table(
    "patient",
    "One row a patient, under the pseudonym.",
    ("patient",),
    (
        Column("patient", "text", "Pseudonym of the patient"),
        *copied("PatientSex", "text"),
        Column("studies", "integer", "Number of studies", "{count}"),
        Column("series", "integer", "Number of series", "{count}"),
        Column("instances", "integer", "Number of objects", "{count}"),
        Column(
            "study_span_days", "integer", "Days from the first study to the last, as they were", "d"
        ),
        Column("age_first_years", "real", "Age at the first study", "a", leaving=Leaving.AGE),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        INSTANCE, REJECTED, SERIES, IRRADIATION_EVENT, DOSE_ESTIMATE, FINDING, PATIENT, RUN,
        LEDGER, TEST_RESULT, PHANTOM_IMAGE, REPORT_RUN, STUDY_DOSE, ALERT, COVERAGE,
        EXAM, PATIENT_DOSE,
    )
}  # fmt: skip
