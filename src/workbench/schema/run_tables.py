"""The tables of what was done: what was put aside, found, run and asked of the PACS."""

from __future__ import annotations

from workbench.schema.table import Column, Leaving, Table

REJECTED = Table(
    "rejected",
    "One row a file or object that was not stored, with the reason.",
    ("object_number",),
    (
        Column(
            "object_number",
            "integer",
            "Number of the object in this workspace",
            leaving=Leaving.NEVER,
        ),
        Column("verdict", "text", "duplicate, quarantined or rejected"),
        Column("code", "text", "Short fixed word for the reason"),
        Column("reason", "text", "One sentence; never holds a header value"),
        Column("source", "text", "How the object came: folder or network"),
        Column("received_at", "moment", "When it was looked at (UTC)", leaving=Leaving.NEVER),
    ),
)

FINDING = Table(
    "finding",
    "What a person should know: values that could not be read, mapped or matched.",
    (),
    (
        Column("stage", "text", "import, collect, mapping or dose"),
        Column("code", "text", "Short fixed word"),
        Column("severity", "text", "note, warning or error"),
        Column(
            "object_number", "integer", "The object, where one is meant", leaving=Leaving.OBJECT
        ),
        Column("StudyInstanceUID", "text", "The study, where one is meant"),
        Column("SeriesInstanceUID", "text", "The series, where one is meant"),
        Column("irradiation_event_uid", "text", "The event, where one is meant"),
        Column("column", "text", "The DICOM keyword or column concerned"),
        Column("detail", "text", "One sentence; never an identifying value"),
    ),
)

RUN = Table(
    "run",
    "One row a run of a stage: what was done, when, with which version.",
    ("run_number",),
    (
        Column("run_number", "integer", "Number of the run", leaving=Leaving.NEVER),
        Column("stage", "text", "init, import, collect, map, dose or report"),
        Column("started_at", "moment", "Start (UTC)", leaving=Leaving.DAY),
        Column("ended_at", "moment", "End (UTC)", leaving=Leaving.DAY),
        Column("version", "text", "Version of Workbench"),
        Column("outcome", "text", "done, problems or failed"),
        Column("counts", "json", "What was done, as counts"),
    ),
)

LEDGER = Table(
    "ledger",
    "One row a patient asked for and study found: what the PACS has and what came of it.",
    ("queue_number", "StudyInstanceUID"),
    (
        Column(
            "queue_number",
            "integer",
            "Number of the patient in the hospital's queue",
            leaving=Leaving.NEVER,
        ),
        Column("patient", "text", "Pseudonym of the patient"),
        Column("StudyInstanceUID", "text", "Pseudonym of the study; empty when none was found"),
        Column("state", "text", "How far the patient has come"),
        Column("reason", "text", "Why the patient is not complete, or what else is to be known"),
        Column("tries", "integer", "How often the patient was tried"),
        Column(
            "asked_at",
            "moment",
            "When the PACS was last asked for the patient (UTC)",
            leaving=Leaving.NEVER,
        ),
        Column("unwanted", "text", "Which filter leaves the study out; empty when it is wanted"),
        Column("modalities", "text", "Modalities the PACS told, with commas"),
        Column("series", "integer", "Wanted series that the PACS has"),
        Column("told", "integer", "Objects of the study as the PACS counts them"),
        Column("listed", "flag", "Whether the PACS listed every object of the wanted series"),
        Column("expected", "integer", "Objects listed in the wanted series"),
        Column("stored", "integer", "Of these, kept"),
        Column("refused", "integer", "Of these, put aside with a reason"),
        Column("missing", "integer", "Of these, never arrived"),
        Column("refused_codes", "text", "Reasons of those put aside, with commas"),
        Column("partial", "integer", "Of those kept, without values that the web server kept back"),
        Column(
            "first_found",
            "moment",
            "When the PACS first told of the study (UTC)",
            leaving=Leaving.NEVER,
        ),
        Column(
            "last_found",
            "moment",
            "When the PACS last told of the study (UTC)",
            leaving=Leaving.NEVER,
        ),
    ),
)
