"""What a CT dose report tells of an event beside its dose: technique, modulation, dose check.

PS3.16 TID 10013 (CT Irradiation Event Data), 10014 (Scanning Length) and 10015 (CT Dose Check
Details).  Of a dose check the person who went on and the reason are left out; that a reason was
given is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from workbench.mapping.content_tree import Node
from workbench.mapping.ct.modulation import modulation
from workbench.mapping.quantities import Reading

MODULATION = "113842"  # X-Ray Modulation Type
REASON = "113907"  # Reason for Proceeding
# CID 230 Yes-No, SRT and SNOMED CT.
YES, NO = ("R-0038D", "373066001"), ("R-00339", "373067005")
# Container; by quantity: configured, the value, the accumulated or forward estimate.
CHECKS = {
    "alert": ("113900", {
        "dlp": ("113901", "113903", "113905"), "ctdi_vol": ("113902", "113904", "113906"),
    }),
    "notification": ("113908", {
        "dlp": ("113909", "113911", "113913"), "ctdi_vol": ("113910", "113912", "113914"),
    }),
}  # fmt: skip
# Where each column of an event stands in a report, for its provenance.
CODES = {
    "exposure_time_s": "113824", "scan_length_mm": "113825", "exposed_length_mm": "113899",
    "single_collimation_mm": "113826", "total_collimation_mm": "113827", "pitch": "113828",
    "number_of_x_ray_sources": "113823", "kvp_kv": "113733", "tube_current_ma": "113734",
    "maximum_tube_current_ma": "113833", "rotation_time_s": "113834",
    "reconstructable_length_mm": "113893", "slice_location_max_mm": "113895",
    "slice_location_min_mm": "113896", "modulation": MODULATION, "ctdi_vol_mgy": "113830",
    "dlp_mgy_cm": "113838", "ctdi_phantom_cm": "113835",
}  # fmt: skip


def technique_columns(node: Node, row: dict[str, Any], reading: Reading) -> dict[str, object]:
    """Return the columns that a CT Acquisition container (113819) adds to those in ``row``.

    The tube current-time product of a rotation is mean tube current x exposure time per rotation
    of the first X-ray source; over the pitch it is the effective one.
    """
    parameters = node.child("113822")
    lengths = {
        column: reading.measured(parameters.child(CODES[column]), quantity, column)
        for column, quantity in (
            ("reconstructable_length_mm", "length"), ("slice_location_max_mm", "position"),
            ("slice_location_min_mm", "position"),
        )
    }  # fmt: skip
    told = node.child(MODULATION).text()
    mas = _product(row.get("tube_current_ma"), row.get("rotation_time_s"))
    pitch = row.get("pitch")
    columns: dict[str, object] = {
        **lengths, "mas": mas, "effective_mas": mas / pitch if mas and pitch else None,
        "modulation": modulation(told), "modulation_text": told,
        "dose_check": _dose_check(node.child("113829"), reading),
    }  # fmt: skip
    return columns | {"provenance": _provenance(row | columns)}


def _product(current: float | None, time: float | None) -> float | None:
    return None if not current or not time else current * time


def _provenance(row: dict[str, Any]) -> str:
    sources = {
        column: f"{code} DCM" for column, code in CODES.items() if row.get(column) is not None
    }
    if row["mas"] is not None:
        sources["mas"] = "113734 DCM x 113834 DCM"
    if row["effective_mas"] is not None:
        sources["effective_mas"] = "mas / pitch"
    return json.dumps(sources, sort_keys=True)


def _dose_check(dose: Node, reading: Reading) -> str | None:
    """Return the dose checks of an event as JSON; ``None`` where a report has none."""
    checks = [
        check
        for kind, (container, quantities) in CHECKS.items()
        for node in dose.children(container)
        for check in _checks(kind, node, quantities, reading)
    ]
    return json.dumps(checks) if checks else None


def _checks(
    kind: str, node: Node, quantities: dict[str, tuple[str, str, str]], reading: Reading
) -> Iterator[dict[str, object]]:
    for quantity, (configured, limit, estimate) in quantities.items():
        check: dict[str, object] = {
            "check": kind,
            "quantity": quantity,
            "configured": _yes(node.child(configured).coded()[0]),
            "limit": reading.measured(node.child(limit), quantity, "alert"),
            "estimate": reading.measured(node.child(estimate), quantity, "alert"),
        }
        if any(check[name] is not None for name in ("configured", "limit", "estimate")):
            yield check | {"reason_given": bool(node.children(REASON))}


def _yes(code: str) -> bool | None:
    return True if code in YES else False if code in NO else None
