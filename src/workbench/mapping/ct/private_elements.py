"""Values that makers keep in private elements, read from one header a series.

Bytes of unknown representation are unpacked only where the rule says how; a value outside
the rule's bounds is left out with a finding.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct

from workbench.dicom.jsonmodel import Item, private
from workbench.mapping.rules import PrivateElement, PrivateValue, Vendor
from workbench.model import Finding

RATIO = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*:\s*1\s*$")
# Philips' collimation, "64x0.625": rows and width; some write * or a capital X, some end with mm.
ROWS_BY_WIDTH = re.compile(
    r"\s*([0-9]+)\s*[xX*\u00d7]\s*([0-9]*[.,]?[0-9]+)\s*(?:mm)?\s*$", re.IGNORECASE
)
CENTIMETRES = re.compile(r"([0-9]+)\s*CM\b", re.IGNORECASE)


def private_values(header: Item, vendor: Vendor) -> tuple[dict[str, float], list[Finding]]:
    """Return the columns a maker's private elements give, and findings."""
    columns: dict[str, float] = {}
    findings: list[Finding] = []
    for rule in vendor.private:
        value = _product(header, rule)
        if value is None:
            continue
        if rule.low <= value <= rule.high:
            columns[rule.column] = value
        elif value != 0:  # zero is how makers write "does not apply"
            findings.append(
                Finding("mapping", "implausible_private_value",
                        "a private element holds an impossible value; it is not used",
                        severity="note", column=rule.column)
            )  # fmt: skip
    return columns, findings


def private_sources(vendor: Vendor) -> dict[str, str]:
    """Return the private elements that each column of a maker is read from, in words."""
    return {
        rule.column: " x ".join(
            f"{element.creator} ({element.group:04X},xx{element.element:02X})"
            for element in rule.elements
        )
        for rule in vendor.private
    }


def _product(header: Item, rule: PrivateValue) -> float | None:
    product = 1.0
    for element in rule.elements:
        value = element_number(header, element)
        if value is None:
            return None
        product *= value
    return product


def element_number(header: Item, rule: PrivateElement) -> float | None:
    """Return a private element as a number, or ``None`` when it is absent or no such number."""
    value = element_value(header, rule)
    return value if isinstance(value, float) else None


def element_value(header: Item, rule: PrivateElement) -> float | str | None:
    """Return a private element as a number; what is no such number comes as it stands.

    ``None`` is returned for an absent or empty element.
    """
    element = private(header, rule.creator, rule.group, rule.element)
    if element is None:
        return None
    raw = _bytes(element)
    if raw is not None:
        text = raw.decode("latin-1").strip(" \0")
        value = _from_text(text, rule.read)
        if value is None and rule.read == "double" and len(raw) == 8:
            return _finite(struct.unpack("<d", raw)[0])
        return text or None if value is None else value
    values = element.get("Value")
    values = values if isinstance(values, list) else []
    if len(values) != 1:
        return "\\".join(map(str, values)) or None
    given = values[0]
    if isinstance(given, int | float) and rule.read in ("number", "double"):
        return _finite(float(given))
    value = _from_text(str(given), rule.read)
    return str(given) if value is None else value


def _bytes(element: Item) -> bytes | None:
    encoded = element.get("InlineBinary")
    if not isinstance(encoded, str):
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None


def _from_text(text: str, read: str) -> float | None:
    if read == "ones":
        return float(text.count("1")) if text and set(text) <= {"0", "1"} else None
    if read in ("ratio", "centimetres"):
        match = (RATIO.match if read == "ratio" else CENTIMETRES.search)(text)
        return float(match[1]) if match else None
    if read == "rows_by_width":
        match = ROWS_BY_WIDTH.match(text)
        return float(match[1]) * float(match[2].replace(",", ".")) if match else None
    try:
        return _finite(float(text))
    except ValueError:
        return None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
