"""Dose checks of reports as a table: alert and notification values, and what was estimated.

PS3.16 TID 10015; the values are those of the Dose Check standard (NEMA XR 25).  An alert value
holds for what a patient gets in a study, a notification value for one scan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import polars as pl

from workbench.schema import ALERT

UNITS = {"dlp": "mGy.cm", "ctdi_vol": "mGy"}
DELIVERED = {"dlp": "dlp_mgy_cm", "ctdi_vol": "ctdi_vol_mgy"}
OF_EVENT = (
    "patient", "StudyInstanceUID", "irradiation_event_uid", "manufacturer", "model", "protocol"
)  # fmt: skip


def alerts(events: pl.DataFrame) -> pl.DataFrame:
    """Return a frame of ``schema.ALERT`` from one of ``schema.IRRADIATION_EVENT``.

    ``exceeded`` is null where a report tells no estimate: a scanner tells one only where it warned.
    """
    told = events.filter(pl.col("dose_check").is_not_null())
    rows = [
        {
            **{name: event[name] for name in OF_EVENT},
            **check,
            "unit": UNITS[check["quantity"]],
            "exceeded": _exceeded(check["limit"], check["estimate"]),
            "delivered": event[DELIVERED[check["quantity"]]],
        }
        for event in told.iter_rows(named=True)
        for check in _checks(event["dose_check"])
    ]
    return ALERT.frame(rows).sort(ALERT.key, nulls_last=True)


def _checks(text: str) -> Iterator[dict[str, Any]]:
    """Yield the checks of an event; what a file has that this program did not write is passed."""
    try:
        told = json.loads(text)
    except ValueError:
        return
    for check in told if isinstance(told, list) else []:
        if isinstance(check, dict) and check.get("quantity") in UNITS:
            yield check


def _exceeded(limit: float | None, estimate: float | None) -> bool | None:
    return None if limit is None or estimate is None else estimate > limit
