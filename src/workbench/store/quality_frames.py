"""Results of QA tests and phantom images as the tables of ``workbench.schema``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from workbench.schema import PHANTOM_IMAGE, TEST_RESULT
from workbench.store.instances import known
from workbench.store.quality_records import PhantomImage, StoredResult

VALUES = (
    "value", "unit", "reason", "reference", "warning_low", "warning_high", "alarm_low",
    "alarm_high", "state",
)  # fmt: skip
EQUIPMENT = ("Modality", "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber")


def results_frame(results: Iterable[StoredResult]) -> pl.DataFrame:
    """Return one row a measured value (``schema.TEST_RESULT``)."""
    return TEST_RESULT.frame([row for result in results for row in _rows(result)])


def images_frame(images: Iterable[PhantomImage]) -> pl.DataFrame:
    """Return one row an image that came to the phantom title (``schema.PHANTOM_IMAGE``)."""
    return PHANTOM_IMAGE.frame([
        {
            **known(dict(image.header or {}), PHANTOM_IMAGE),
            "image": image.image, "came_at": image.came_at, "state": image.state,
            "reason": image.reason or None, "profile": image.profile or None,
            "result_number": image.result,
        }
        for image in images
    ])  # fmt: skip


def _rows(result: StoredResult) -> Iterator[dict[str, Any]]:
    kept = result.content
    last = result.decisions[-1] if result.decisions else None
    common = {
        "result_number": result.number, "profile": result.profile,
        "profile_version": result.profile_version, "station": kept["station"],
        "test": kept["test"]["name"], "test_version": kept["test"]["version"],
        "phantom": kept["phantom"]["name"], "geometry_sha256": kept["phantom"]["sha256"],
        "geometry_status": kept["phantom"]["status"], "acquired_at": result.acquired_at,
        "measured_at": result.measured_at, "images": list(result.images),
        "decision": result.decision, "decided_by": last and last.decided_by,
        "decided_at": last and last.decided_at, "comment": (last and last.comment) or None,
        "workbench_version": kept["workbench"],
        **{name: kept.get("equipment", {}).get(name) for name in EQUIPMENT},
    }  # fmt: skip
    for position, value in enumerate(kept["values"]):
        yield {**common, "position": position, "measurement": value["name"],
               "label": value["label"] or value["name"], **_value(value)}  # fmt: skip


def _value(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if value.get(name) == "" else value.get(name) for name in VALUES}
