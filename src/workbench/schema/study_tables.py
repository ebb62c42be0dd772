"""The tables made of irradiation events: totals of a study, dose checks, what was read where."""

from __future__ import annotations

from workbench.language import mark
from workbench.schema.table import Column, Leaving, Table, copied

STUDY_DOSE = Table(
    "study_dose",
    "One row a study: totals of its preferred events, and beside them what its report says.",
    ("patient", "StudyInstanceUID"),
    (
        Column("patient", "text", mark("Pseudonym of the patient")),
        *copied("StudyInstanceUID", "text"),
        Column("modalities", "texts", mark("Modalities of the equipment")),
        Column("manufacturer", "text", mark("Manufacturer")),
        Column("model", "text", mark("ManufacturerModelName")),
        Column("station", "text", mark("StationName")),
        Column(
            "started_at",
            "moment",
            mark("Earliest start of an event, dates shifted"),
            leaving=Leaving.CLOCK,
        ),
        Column("patient_age_years", "real", mark("Age at the study"), "a", leaving=Leaving.AGE),
        Column("patient_sex", "text", mark("PatientSex")),
        Column("study_description", "text", mark("StudyDescription")),
        Column("body_regions", "texts", mark("Body regions of the scans")),
        Column("sources", "texts", mark("Sources of the events that count")),
        Column("events", "integer", mark("Events that count, topograms too"), "{count}"),
        Column("localizers", "integer", mark("Of these, topograms"), "{count}"),
        Column(
            "scans_without_dlp", "integer", mark("CT scans of which no DLP is known"), "{count}"
        ),
        Column(
            "dlp_mgy_cm",
            "real",
            mark(
                "Sum of DLP over all events, as reports sum it; a part of it where scans lack one"
            ),
            "mGy.cm",
        ),
        Column("dlp_scans_mgy_cm", "real", mark("Of scans: makers differ in topograms"), "mGy.cm"),
        Column("dlp_localizers_mgy_cm", "real", mark("Of topograms"), "mGy.cm"),
        Column("dlp_16_cm_mgy_cm", "real", mark("Of events of the 16 cm phantom"), "mGy.cm"),
        Column("dlp_32_cm_mgy_cm", "real", mark("Of events of the 32 cm phantom"), "mGy.cm"),
        Column("dlp_no_phantom_mgy_cm", "real", mark("Of events of unknown phantom"), "mGy.cm"),
        Column("dlp_spiral_mgy_cm", "real", mark("Of spiral scans"), "mGy.cm"),
        Column("dlp_sequenced_mgy_cm", "real", mark("Of sequential scans"), "mGy.cm"),
        Column("dlp_stationary_mgy_cm", "real", mark("Of scans without table travel"), "mGy.cm"),
        Column("dlp_other_mgy_cm", "real", mark("Of scans of another or unknown type"), "mGy.cm"),
        Column("ctdi_vol_max_mgy", "real", mark("Largest CTDIvol of a scan"), "mGy"),
        Column("dap_gy_cm2", "real", mark("Sum of the dose area products"), "Gy.cm2"),
        Column("dap_plane_a_gy_cm2", "real", mark("Of plane A"), "Gy.cm2"),
        Column("dap_plane_b_gy_cm2", "real", mark("Of plane B"), "Gy.cm2"),
        Column("reported_events", "integer", mark("Events that the reports announce"), "{count}"),
        Column("reported_dlp_mgy_cm", "real", mark("Total DLP that the reports say"), "mGy.cm"),
        Column(
            "dlp_difference_mgy_cm",
            "real",
            mark("Sum of the events - total of the reports"),
            "mGy.cm",
        ),
        Column("flags", "texts", mark("What a reader must know of this row")),
    ),
)

ALERT = Table(
    "alert",
    "One row a dose check of an event: configured value, estimate, dose; not who went on.",
    ("irradiation_event_uid", "check", "quantity"),
    (
        Column("patient", "text", mark("Pseudonym of the patient")),
        *copied("StudyInstanceUID", "text"),
        Column("irradiation_event_uid", "text", mark("The irradiation event")),
        Column("manufacturer", "text", mark("Manufacturer")),
        Column("model", "text", mark("ManufacturerModelName")),
        Column("protocol", "text", mark("Acquisition protocol of the report, or ProtocolName")),
        Column("check", "text", mark("alert (accumulated in a study) or notification (of a scan)")),
        Column("quantity", "text", mark("dlp or ctdi_vol")),
        Column("configured", "flag", mark("Whether a value was configured")),
        Column("limit", "real", mark("The configured value, in the unit of the column unit")),
        Column("estimate", "real", mark("Forward estimate before the scan, in the same unit")),
        Column("unit", "text", mark("UCUM code: mGy.cm of dlp, mGy of ctdi_vol")),
        Column("exceeded", "flag", mark("Whether the estimate was above the value")),
        Column("reason_given", "flag", mark("Whether somebody gave a reason to go on")),
        Column("delivered", "real", mark("What the event then had, in the same unit")),
    ),
)

COVERAGE = Table(
    "coverage",
    "One row a machine, source and column: from which attribute it was read, in how many scans.",
    ("manufacturer", "model", "software_versions", "source", "column", "read_from"),
    (
        Column("manufacturer", "text", mark("Manufacturer")),
        Column("model", "text", mark("ManufacturerModelName")),
        Column("software_versions", "text", mark("SoftwareVersions")),
        Column("source", "text", mark("rdsr, dose_sequence, header, dose_screen or technique")),
        Column("column", "text", mark("Column of the table irradiation_event")),
        Column("read_from", "text", mark("Attribute, code or arithmetic; empty where not read")),
        Column("scans", "integer", mark("Scans of which it was read so"), "{count}"),
        Column("of_scans", "integer", mark("Scans of this machine and source"), "{count}"),
    ),
)
