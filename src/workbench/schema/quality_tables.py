"""The tables of image quality."""

from __future__ import annotations

from workbench.schema.table import Column, Leaving, Table, copied

TEST_RESULT = Table(
    "test_result",
    "One row a measured value of a QA test, with the limits it was judged by.",
    ("result_number", "position"),
    (
        Column(
            "result_number",
            "integer",
            "Number of the result in this workspace",
            leaving=Leaving.RESULT,
        ),
        Column("position", "integer", "Place of the value among those of the result"),
        Column("profile", "text", "Test profile"),
        Column("profile_version", "integer", "Version of the test profile in force"),
        Column("station", "text", "Machine, as the test profile names it"),
        Column("test", "text", "QA test"),
        Column("test_version", "text", "Version of the QA test"),
        Column("phantom", "text", "Phantom, as its geometry file names it"),
        Column("geometry_sha256", "text", "Digest of the geometry file"),
        Column("geometry_status", "text", "verified, or unverified against the maker's document"),
        Column("acquired_at", "moment", "When the first image was acquired, local time"),
        Column("measured_at", "moment", "When it was measured (UTC)", leaving=Leaving.DAY),
        *copied("Modality Manufacturer ManufacturerModelName DeviceSerialNumber", "text"),
        Column("images", "texts", "Digests that name the image files"),
        Column("measurement", "text", "Name of the measured value"),
        Column("label", "text", "Name for people"),
        Column("value", "real", "Measured value, in the unit of the next column"),
        Column("unit", "text", "UCUM code of the value"),
        Column("reason", "text", "Why there is no value"),
        Column("reference", "real", "Reference value in force"),
        Column("warning_low", "real", "Lower limit of the first level"),
        Column("warning_high", "real", "Upper limit of the first level"),
        Column("alarm_low", "real", "Lower limit of the second level"),
        Column("alarm_high", "real", "Upper limit of the second level"),
        Column("state", "text", "ok, warning, alarm, not measured or not judged"),
        Column("decision", "text", "waiting, accepted or rejected"),
        Column("decided_by", "text", "Who decided"),
        Column("decided_at", "moment", "When it was decided (UTC)", leaving=Leaving.DAY),
        Column("comment", "text", "What was said with the decision"),
        Column("workbench_version", "text", "Version of Workbench that measured"),
    ),
)

PHANTOM_IMAGE = Table(
    "phantom_image",
    "One row an image that came to the phantom title, and what became of it.",
    ("image",),
    (
        Column("image", "text", "Digest that names the image file"),
        Column("came_at", "moment", "When it came (UTC)", leaving=Leaving.NEVER),
        Column("state", "text", "measured, unrecognised, refused, quarantined or erased"),
        Column("reason", "text", "Why it was not measured"),
        Column("profile", "text", "Test profile that recognised it"),
        Column("result_number", "integer", "Result it became part of", leaving=Leaving.NEVER),
        *copied("Modality Manufacturer ManufacturerModelName StationName", "text"),
    ),
)
