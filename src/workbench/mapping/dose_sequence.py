"""Events of Exposure Dose Sequences (0040,030E), as Philips "Dose Info" pages carry them.

A later page of a study repeats the exposures of an earlier one: an exposure is identified by
its Irradiation Event UID, else by what it says of itself and its place among equals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import polars as pl

from workbench.dicom.jsonmodel import Item, first, items
from workbench.dicom.record import parse_moment
from workbench.mapping.acquisitions import derived_uid
from workbench.mapping.private import element_number
from workbench.mapping.quantities import number
from workbench.mapping.regions import regions_of
from workbench.mapping.rows import shared_columns
from workbench.mapping.rules import PrivateElement
from workbench.mapping.summary import PITCH
from workbench.mapping.tree import parse_header
from workbench.model import EventSource, Finding
from workbench.schema import IRRADIATION_EVENT

DLP = PrivateElement(creator="ELSCINT1", group=0x00E1, element=0x21)
PHANTOM = PrivateElement(creator="ELSCINT1", group=0x01E1, element=0x26, read="centimetres")
ROTATION_TIME = PrivateElement(creator="ELSCINT1", group=0x01F1, element=0x27)
EVENT_TYPES = ("SPIRAL", "SEQUENCED", "STATIONARY", "CONSTANT_ANGLE", "FREE")
# A total is the sum of its rows on all but one of 119 real dose screens; 1 % allows rounding.
TOTAL_TOLERANCE = 0.01


def dose_sequence_events(instances: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Return events (source ``dose_sequence``) of the instances of kind ``dose_info``."""
    rows: dict[str, dict[str, object]] = {}
    findings: list[Finding] = []
    for instance in instances.filter(pl.col("kind") == "dose_info").iter_rows(named=True):
        header = parse_header(instance["header"])
        total = element_number(header, DLP)
        read = list(_exposures(header, instance))
        said = json.dumps({"number_of_events": len(read), "dlp_total_mgy_cm": total})
        findings += _total_check(total, instance, read)
        for row in read:
            row["report"] = said
            known = rows.setdefault(str(row["irradiation_event_uid"]), row)
            series = {*_texts(known["SeriesInstanceUIDs"]), *_texts(row["SeriesInstanceUIDs"])}
            known["SeriesInstanceUIDs"] = sorted(series)
    texts = {
        "protocol": "protocol", "comment": "series description",
        "study_description": "study description", "target_region": "body part",
    }  # fmt: skip
    events = IRRADIATION_EVENT.frame(list(rows.values()))
    return regions_of(events, texts), findings


def _texts(value: object) -> list[str]:
    return value if isinstance(value, list) else []


def _exposures(header: Item, instance: dict[str, Any]) -> Iterator[dict[str, object]]:
    seen: dict[str, int] = {}
    for item in items(header, "ExposureDoseSequence"):
        row = _row(item, instance)
        given = first(item, "IrradiationEventUID")
        identity = derived_uid(
            instance["StudyInstanceUID"], "dose_sequence", first(item, "SeriesNumber"),
            first(item, "SeriesDescription"), first(item, "AcquisitionDateTime"),
            row["kvp_kv"], row["ctdi_vol_mgy"], row["dlp_mgy_cm"],
        )  # fmt: skip
        seen[identity] = seen.get(identity, 0) + 1
        repeated = derived_uid(identity, seen[identity]) if seen[identity] > 1 else identity
        yield row | {"irradiation_event_uid": str(given) if given else repeated}


def _row(item: Item, instance: dict[str, Any]) -> dict[str, object]:
    event_type = str(first(item, "AcquisitionType") or "").upper()
    known = event_type if event_type in EVENT_TYPES else "unknown"
    pitch = number(first(item, "SpiralPitchFactor"))
    phantom = element_number(item, PHANTOM)
    rotation = number(first(item, "RevolutionTime"))
    return {
        **shared_columns(instance),
        "source": EventSource.DOSE_SEQUENCE,
        "started_at": parse_moment(str(first(item, "AcquisitionDateTime") or ""))
        or instance["started_at"],
        "event_type": known,
        "localizer": known == "CONSTANT_ANGLE",
        "protocol": first(item, "ProtocolName") or instance["ProtocolName"],
        "comment": first(item, "SeriesDescription"),
        "target_region": first(item, "BodyPartExamined"),
        "ctdi_vol_mgy": number(first(item, "CTDIvol")),
        "dlp_mgy_cm": (dlp := element_number(item, DLP)),
        "dlp_basis": None if dlp is None else "reported",
        "ctdi_phantom_cm": int(phantom) if phantom in (16.0, 32.0) else None,
        "kvp_kv": number(first(item, "KVP")),
        "tube_current_ma": _current(item),
        "rotation_time_s": element_number(item, ROTATION_TIME) if rotation is None else rotation,
        "pitch": pitch if pitch is not None and PITCH[0] <= pitch <= PITCH[1] else None,
        "single_collimation_mm": number(first(item, "SingleCollimationWidth")),
        "total_collimation_mm": number(first(item, "TotalCollimationWidth")),
        "scan_length_mm": number(first(item, "ScanLength")),
        "exposure_time_s": _exposure_time(item),
        "flags": [] if phantom in (16.0, 32.0) else ["phantom_unknown"],
    }


def _current(item: Item) -> float | None:
    """Tube current in mA: (0018,9330) mA, (0018,1151) mA or (0018,8151) uA (PS3.6)."""
    for keyword, factor in (
        ("XRayTubeCurrentInmA", 1.0), ("XRayTubeCurrent", 1.0), ("XRayTubeCurrentInuA", 1e-3)
    ):  # fmt: skip
        value = number(first(item, keyword))
        if value is not None:
            return value * factor
    return None


def _exposure_time(item: Item) -> float | None:
    milliseconds = number(first(item, "ExposureTime"))  # (0018,1150) is in ms
    return None if milliseconds is None else milliseconds / 1000


def _total_check(
    total: float | None, instance: dict[str, Any], rows: list[dict[str, object]]
) -> Iterator[Finding]:
    values = [value for row in rows if isinstance(value := row["dlp_mgy_cm"], float)]
    if total is not None and values and abs(total - sum(values)) > TOTAL_TOLERANCE * total:
        yield Finding(
            "mapping", "total_differs", "the total DLP is not the sum of the exposures",
            column="dlp_mgy_cm", object_number=instance["object_number"],
            study=instance["StudyInstanceUID"], series=instance["SeriesInstanceUID"],
        )  # fmt: skip
