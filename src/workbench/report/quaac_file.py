"""Results of QA tests as a QuAAC file, for other programs (quaac.readthedocs.io, version 1.0)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from workbench.errors import MissingTool, SettingsError
from workbench.report.atomic_file import written_atomically


def write_quaac(frame: pl.DataFrame, out: Path, performer: str, email: str) -> None:
    """Write rows of ``schema.TEST_RESULT`` that have a value and a date as QuAAC data points.

    Raises ``SettingsError`` without a name and an e-mail address, which QuAAC demands of who
    measured; ``MissingTool`` without the package quaac.
    """
    try:
        from pydantic import ValidationError
        from quaac import Document, User
    except ImportError as error:
        raise MissingTool(
            "QuAAC needs the package quaac.", 'pip install "workbench[quaac]"'
        ) from error
    try:
        user = User(name=performer.strip(), email=email.strip())
    except ValidationError:
        raise SettingsError(
            "QuAAC wants the name and a whole e-mail address of who measured.", "Give both."
        ) from None
    if not performer.strip():
        raise SettingsError("QuAAC wants the name of who measured.", "Give it.")
    kept = frame.drop_nulls(["value", "acquired_at"])
    points = [_point(row, user) for row in kept.iter_rows(named=True)]
    with written_atomically(out) as draft:
        draft.write_text(Document(datapoints=points).model_dump_json(indent=2, by_alias=True))


def _point(row: dict[str, Any], user: Any) -> Any:
    from quaac import DataPoint, Equipment

    equipment = Equipment(
        name=row["station"], type=row["Modality"] or "unknown",
        serial_number=row["DeviceSerialNumber"] or "unknown",
        manufacturer=row["Manufacturer"] or "unknown",
        model=row["ManufacturerModelName"] or "unknown",
    )  # fmt: skip
    return DataPoint(
        name=f"{row['profile']}: {row['label']}", perform_datetime=row["acquired_at"],
        measurement_value=row["value"], measurement_unit=row["unit"] or "1",
        reference_value=row["reference"], performer=user, primary_equipment=equipment,
        performer_comment=row["comment"] or "",
        parameters={
            "test": f"{row['test']} {row['test_version']}", "phantom": row["phantom"],
            "state": row["state"], "decision": row["decision"],
            "workbench": row["workbench_version"],
        },
    )  # fmt: skip
