"""Tables that a survey works out for whoever asks: they are stored nowhere."""

from __future__ import annotations

from workbench.schema.table import Column, Leaving, Table, copied

EXAM = Table(
    "exam",
    "One row a study and modality, with sums that are empty unless every scan has its value.",
    ("StudyInstanceUID", "modality"),
    (
        Column("hospital", "text", "Code of the site"),
        Column("patient", "text", "Pseudonym of the patient"),
        *copied("StudyInstanceUID", "text"),
        Column("modality", "text", "Modality of the equipment"),
        Column("scanner", "text", "Name of the scanner, as people gave it"),
        Column(
            "started_at", "moment", "Start of the first event or series, dates shifted",
            leaving=Leaving.CLOCK,
        ),
        Column("patient_age_years", "real", "Age at the study", "a", leaving=Leaving.AGE),
        Column("patient_sex", "text", "PatientSex"),
        Column("exam_region", "text", "Body regions of its scans, from head to foot"),
        Column("study_description", "text", "StudyDescription"),
        Column("protocols", "texts", "Protocols of its scans"),
        Column("scans", "integer", "Events without topograms", "{count}"),
        Column("topograms", "integer", "Events that are topograms", "{count}"),
        Column("phases", "integer", "Most scans of one body region", "{count}"),
        Column("contrast", "flag", "Whether a series of the study names a contrast agent"),
        Column("dlp_mgy_cm", "real", "Dose length product of all events, empty unless each scan "
               "has one", "mGy.cm"),
        Column("known_dlp_mgy_cm", "real", "That of the events that have one: a lower bound",
               "mGy.cm"),
        Column("maximum_ctdi_vol_mgy", "real", "Highest mean CTDIvol of its scans", "mGy"),
        Column("ctdi_phantoms_cm", "texts", "Diameters of the CTDI phantoms its DLPs refer to"),
        Column("sources", "texts", "Sources of the values that count"),
        Column("complete", "flag", "Whether nothing is known to be missing"),
        Column("reasons", "texts", "Why it is not complete, as fixed codes"),
        Column("flags", "texts", "What a reader must know of its events"),
    ),
)  # fmt: skip

PATIENT_DOSE = Table(
    "patient_dose",
    "One row a patient, with cumulative doses that are empty unless every exam is complete.",
    ("patient",),
    (
        Column("hospital", "text", "Code of the site"),
        Column("patient", "text", "Pseudonym of the patient"),
        Column("patient_sex", "text", "PatientSex"),
        Column("exams", "integer", "Number of exams", "{count}"),
        Column("complete_exams", "integer", "Those whose doses are all known", "{count}"),
        Column("scans", "integer", "Events without topograms", "{count}"),
        Column(
            "first_exam_at", "moment", "Start of the first exam, dates shifted",
            leaving=Leaving.CLOCK,
        ),
        Column(
            "last_exam_at", "moment", "Start of the last exam, dates shifted",
            leaving=Leaving.CLOCK,
        ),
        Column("age_first_years", "real", "Age at the first exam", "a", leaving=Leaving.AGE),
        Column("age_last_years", "real", "Age at the last exam", "a", leaving=Leaving.AGE),
        Column("dlp_mgy_cm", "real", "Dose length product of all exams, empty unless all are "
               "complete", "mGy.cm"),
        Column("known_dlp_mgy_cm", "real", "That of the events that have one: a lower bound",
               "mGy.cm"),
        Column("complete", "flag", "Whether every exam is complete"),
        Column("reasons", "texts", "Why it is not complete, as fixed codes"),
    ),
)  # fmt: skip
