"""Turn a header into the DICOM JSON model and into a row of the instance table.

A value that its representation forbids ("12,5" as a decimal string, a date of 31 February) stays
in the JSON as it came and is null in its typed column, with a finding: never a guess.
"""

from __future__ import annotations

import base64
import json
import math
import re
import struct
from collections.abc import Callable, Collection, Iterable
from datetime import date
from types import MappingProxyType
from typing import Any

from pydicom.charset import default_encoding
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.valuerep import PersonName

from workbench.dicom.jsonmodel import Item, values
from workbench.dicom.values import Start, parse_date, start_of
from workbench.model import Finding
from workbench.schema import INSTANCE, Column

BINARY = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
NUMERIC = frozenset(("DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"))
INTEGER = frozenset(("IS", "SL", "SS", "SV", "UL", "US", "UV"))
MAX_INTEGER = 2**63 - 1  # of an integer column; an IS has at most 2**31 - 1 (PS3.5 6.2)

_DECIMAL = rb" *[+-]?[0-9]{1,12}(?:\.[0-9]{0,12})? *"
_INTEGER = rb" *[+-]?[0-9]{1,9} *"
PLAIN_NUMBERS: MappingProxyType[str, tuple[Callable[[bytes], float], re.Pattern[bytes]]] = (
    MappingProxyType(
        {
            "DS": (float, re.compile(rb"%s(?:\\%s)*\Z" % (_DECIMAL, _DECIMAL))),
            "IS": (int, re.compile(rb"%s(?:\\%s)*\Z" % (_INTEGER, _INTEGER))),
        }
    )
)
# A decimal string as PS3.5 6.2 has it, of any length.
NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*\Z", re.ASCII)
# One value of letters that are the same in all character sets (not the tilde), padded or not.
PLAIN_VRS = frozenset(("AS", "CS", "DA", "DT", "LO", "SH", "TM", "UI"))
PLAIN_TEXT = re.compile(rb"[!-\[\]-}](?:[ -\[\]-}]*[!-\[\]-}])?[ \0]?\Z")
PLAIN_BINARY = MappingProxyType(
    {
        vr: struct.Struct("<" + kind)
        for vr, kind in {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}.items()
    }
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
COPIED = tuple(column for column in INSTANCE.columns if column.copied)


def dicom_json(dataset: Dataset) -> tuple[Item, list[Finding]]:
    """Return the DICOM JSON model (PS3.18 annex F) of a data set, losing no element.

    Binary values are inline (base64).  Numbers that cannot be read stay text and give a finding.
    """
    findings: list[Finding] = []
    return _item(dataset, findings), findings


def element_json(element: DataElement | RawDataElement) -> tuple[Item, list[Finding]]:
    """Return one element as ``dicom_json`` does, and what could not be read of it.

    A raw element must have its VR; it is read in the default character set.
    """
    plain = _plain(element)
    if plain is not None:
        return plain, []
    findings: list[Finding] = []
    value = element.value
    try:
        if isinstance(element, RawDataElement):
            element = convert_raw_data_element(element, encoding=default_encoding)
            value = element.value
        return _element(element, findings), findings
    except Exception:  # noqa: BLE001  as in _one
        return _as_bytes(value), [*findings, _unreadable(element.tag)]


def _item(dataset: Dataset, findings: list[Finding]) -> Item:
    return {f"{tag:08X}": _one(dataset, tag, findings) for tag in sorted(dataset.keys())}


def _one(dataset: Dataset, tag: BaseTag, findings: list[Finding]) -> Item:
    try:
        plain = _plain(dataset.get_item(tag))
        return plain or _element(dataset[tag], findings)
    except Exception:  # noqa: BLE001  pydicom converts on access, raises a dozen kinds
        findings.append(_unreadable(tag))
        return _as_bytes(_bytes_of(dataset, tag))


def _bytes_of(dataset: Dataset, tag: BaseTag) -> object:
    try:
        return getattr(dataset.get_item(tag), "value", None)
    except Exception:  # noqa: BLE001 - an empty element without VR is read even here
        return None


def _plain(element: DataElement | RawDataElement) -> Item | None:
    """Return an element without the detour over pydicom's types, where nothing is special."""
    if not isinstance(element, RawDataElement):
        return None
    plain = plain_values(element.VR or "", element.value or b"", element.is_little_endian)
    return None if plain is None else {"vr": element.VR, "Value": plain}


def plain_values(vr: str, raw: bytes, little: bool = True) -> list[Any] | None:
    """Return an element's values where they can be read at sight; the list is never empty."""
    if not raw:
        return None
    if vr in PLAIN_NUMBERS:
        convert, numbers = PLAIN_NUMBERS[vr]
        if numbers.match(raw):
            return [convert(number) for number in raw.split(b"\\")]
    elif vr in PLAIN_VRS:
        if PLAIN_TEXT.match(raw):
            return [raw.rstrip(b" \0").decode("ascii")]
    elif vr in PLAIN_BINARY and little and len(raw) == PLAIN_BINARY[vr].size:
        (value,) = PLAIN_BINARY[vr].unpack(raw)
        return [value] if math.isfinite(value) else None
    return None


def _element(element: DataElement, findings: list[Finding]) -> Item:
    vr = str(element.VR)
    if vr == "SQ":
        return {"vr": vr, "Value": [_item(item, findings) for item in element.value]}
    if vr in BINARY:
        return _inline(vr, element.value)
    if element.is_empty:
        return {"vr": vr}
    many = element.value if element.VM > 1 else [element.value]
    convert = _converter(vr)
    converted = [convert(value) for value in many]
    if vr in NUMERIC and any(isinstance(value, str) for value in converted):
        findings.append(_unreadable(element.tag))
    return {"vr": vr, "Value": converted}


def _converter(vr: str) -> Callable[[Any], Any]:
    if vr in NUMERIC:
        return _integer if vr in INTEGER else _real
    if vr == "PN":
        return _person
    return str if vr != "AT" else lambda value: f"{int(value):08X}"


def _real(value: Any) -> float | str:
    written = getattr(value, "original_string", None)
    if written is not None and not NUMBER.match(written):
        return str(written)  # Python reads "1_2" as 12; no standard does
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return number if math.isfinite(number) else str(value)


def _integer(value: Any) -> int | float | str:
    if type(value) is int:
        return value  # a float holds no more than 53 bits of it
    number = _real(value)
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _person(value: PersonName) -> dict[str, str]:
    names = {
        "Alphabetic": value.alphabetic,
        "Ideographic": value.ideographic,
        "Phonetic": value.phonetic,
    }
    return {kind: str(name) for kind, name in names.items() if name}


def _inline(vr: str, value: Any) -> Item:
    if not value:
        return {"vr": vr}
    return {"vr": vr, "InlineBinary": base64.b64encode(bytes(value)).decode("ascii")}


def _as_bytes(value: object) -> Item:
    return _inline("UN", value if isinstance(value, bytes) else None)


def _unreadable(tag: BaseTag) -> Finding:
    name = keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    return bad_value(name)


def bad_value(column: str) -> Finding:
    """Return the finding about a column that cannot be filled from a value that is there."""
    detail = "the value is not what its VR allows and is treated as missing"
    return Finding("import", "bad_value", detail, column=column)


def instance_row(
    header: Item, dropped: Collection[str] = ()
) -> tuple[dict[str, object], list[Finding]]:
    """Return the copied columns of ``schema.INSTANCE``, those of its start, and ``header``.

    A typed column that cannot be filled from a value that is there is null, with a finding.
    ``dropped`` are keywords whose values were left out because they could not be read.
    """
    findings: list[Finding] = []
    row: dict[str, object] = {}
    for column in COPIED:
        row[column.name] = typed(header, column, findings)
    findings += put_start(row, start_of(header, dropped))
    row["header"] = lines(as_text({key: element})[1:-1] for key, element in header.items())
    return row, findings


def put_start(row: dict[str, object], start: Start) -> tuple[Finding, ...]:
    """Put the start of an acquisition into its columns; returns why it is not known."""
    row["started_at"], row["utc_offset_minutes"] = start.at, start.offset_minutes
    return start.findings


def lines(elements: Iterable[str]) -> str:
    """Return a header's JSON as it is stored: each of its own elements on a line of its own.

    JSON has no line breaks inside strings, and nested elements get none: so a search for a
    line that begins with a tag finds the header's own element and never a nested one.
    """
    return "{\n" + ",\n".join(elements) + "\n}"


def as_text(item: Item) -> str:
    """Return DICOM JSON as text, without line breaks."""
    return _ENCODER.encode(item)


def typed(header: Item, column: Column, findings: list[Finding]) -> object:
    """Return the value of a copied column, or ``None`` and a finding when it is not of its kind."""
    given = values(header, column.name)
    if not any(value not in (None, "") for value in given):
        return None
    value = KINDS[column.kind](given)
    if value is None:
        findings.append(bad_value(column.name))
    return value


def _as_text(given: list[Any]) -> str:
    return "\\".join("" if value is None else _word(value) for value in given)


def _word(value: Any) -> str:
    return str(value.get("Alphabetic", "")) if isinstance(value, dict) else str(value)


def _one_real(given: list[Any]) -> float | None:
    numbers = _reals(given)
    return numbers[0] if numbers and len(numbers) == 1 else None


def _reals(given: list[Any]) -> list[float] | None:
    if all(isinstance(value, int | float) for value in given):
        return [float(value) for value in given]
    return None


def _one_integer(given: list[Any]) -> int | None:
    if len(given) != 1 or not isinstance(given[0], int) or abs(given[0]) > MAX_INTEGER:
        return None
    return given[0]


def _one_date(given: list[Any]) -> date | None:
    return parse_date(str(given[0])) if len(given) == 1 else None


# How the values of an element become the value of a column, by its kind; ``None``: they do not.
KINDS: dict[str, Callable[[list[Any]], object]] = {
    "text": _as_text,
    "texts": lambda given: [_word(value) for value in given],
    "real": _one_real,
    "reals": _reals,
    "integer": _one_integer,
    "date": _one_date,
}
