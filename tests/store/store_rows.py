"""Rows of a made-up store: patients with objects, and objects offered at its border."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import date, datetime

from workbench.model import Finding
from workbench.store.objects import Origin, Taken

HERE = Origin("folder", "a place")
PROBLEM = Finding("import", "bad_value", "…", column="KVP")


def uid(*parts: object) -> str:
    return "2.25." + str(uuid.uuid5(uuid.NAMESPACE_OID, repr(parts)).int)


def header(patient: str, number: int) -> str:
    return "{\n" + json.dumps({"00080018": {"vr": "UI", "Value": [uid(patient, number)]}})[1:]


def row(patient: str, number: int, content: str | None = None) -> dict[str, object]:
    text = content or header(patient, number)
    return {
        "SOPInstanceUID": uid(patient, number), "StudyInstanceUID": uid(patient, "study"),
        "SeriesInstanceUID": uid(patient, "series", number // 3), "patient": patient,
        "InstanceNumber": number, "KVP": 120.0, "header": text,
        "content_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }  # fmt: skip


def taken(patient: str, *numbers: int, findings: tuple[Finding, ...] = ()) -> list[Taken]:
    return [
        Taken(Origin("folder", f"{patient} {number}", stamp=number), row(patient, number),
              findings=findings)
        for number in numbers
    ]  # fmt: skip


def small_row(
    uid: str = "1.2.3", content: str = "x", study: str | None = "1.2"
) -> dict[str, object]:
    return {
        "SOPInstanceUID": uid, "StudyInstanceUID": study, "SeriesInstanceUID": "1.2.9",
        "content_sha256": content, "patient": "SITE-A", "StudyDate": date(2024, 2, 3),
        "started_at": datetime(2024, 2, 3, 4, 5, 6, 700), "KVP": 120.0, "header": "{}",
        "ImageType": ["ORIGINAL", "PRIMARY"], "ImagePositionPatient": [0.0, 1.0, -2.5],
    }  # fmt: skip
