"""Events of Exposure Dose Sequences (0040,030E), as Philips "Dose Info" pages carry them.

A later page of a study repeats the exposures of an earlier one: an exposure is identified by
its Irradiation Event UID, else by what it says of itself and its place among equals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import polars as pl

from workbench.dicom.jsonmodel import Item, first, items, values
from workbench.mapping.body_regions import regions_of
from workbench.mapping.content_tree import parse_header
from workbench.mapping.ct.false_zeros import without_false_zeros
from workbench.mapping.ct.modulation import modulation
from workbench.mapping.ct.private_elements import element_number, element_value
from workbench.mapping.ct.technique import PITCH
from workbench.mapping.event_columns import age_flags, derived_uid, placed, shared_columns
from workbench.mapping.event_start import event_start
from workbench.mapping.quantities import Reading, number
from workbench.mapping.rules import PrivateElement, Rules
from workbench.model import CTDI_PHANTOMS, DoseSource, Finding
from workbench.schema import IRRADIATION_EVENT

DLP = PrivateElement(creator="ELSCINT1", group=0x00E1, element=0x21)
CTDI_SIZES = {float(size): size for size in CTDI_PHANTOMS}
PHANTOM = PrivateElement(creator="ELSCINT1", group=0x01E1, element=0x26, read="centimetres")
ROTATION_TIME = PrivateElement(creator="ELSCINT1", group=0x01F1, element=0x27)
ATTRIBUTES = {
    "ctdi_vol_mgy": ("CTDIvol", "ctdi_vol"),
    "kvp_kv": ("KVP", "voltage"),
    "rotation_time_s": ("RevolutionTime", "time"),
    "single_collimation_mm": ("SingleCollimationWidth", "length"),
    "total_collimation_mm": ("TotalCollimationWidth", "length"),
    "scan_length_mm": ("ScanLength", "length"),
}
EVENT_TYPES = ("SPIRAL", "SEQUENCED", "STATIONARY", "CONSTANT_ANGLE", "FREE")
# A total is the sum of its rows on all but one of 119 real dose screens; 1 % allows rounding.
TOTAL_TOLERANCE = 0.01


def dose_sequence_events(
    instances: pl.DataFrame,
    rules: Rules,  # noqa: ARG001
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return events (source ``dose_sequence``) of the instances of kind ``dose_info``.

    There is one row a patient, study and event; ``preferred`` joins the studies of a patient.
    """
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    findings: list[Finding] = []
    for instance in instances.filter(pl.col("kind") == "dose_info").iter_rows(named=True):
        header, reading = parse_header(instance["header"]), Reading()
        total = private_number(header, DLP, reading, ("dlp", "report"))
        read = list(_exposures(header, instance, reading))
        totals = json.dumps({"number_of_events": len(read), "dlp_total_mgy_cm": total})
        findings += [*(placed(f, instance) for f in reading.findings)]
        findings += _total_check(total, instance, read)
        for row in read:
            row["report"] = totals
            key = (row["patient"], row["StudyInstanceUID"], row["irradiation_event_uid"])
            known = rows.setdefault(key, row)
            series = {*_texts(known["SeriesInstanceUIDs"]), *_texts(row["SeriesInstanceUIDs"])}
            known["SeriesInstanceUIDs"] = sorted(series)
    texts = {
        "protocol": "protocol", "comment": "series description",
        "study_description": "study description", "target_region": "body part",
    }  # fmt: skip
    events = IRRADIATION_EVENT.frame(list(rows.values()))
    return regions_of(events, texts), findings


def private_number(
    item: Item, rule: PrivateElement, reading: Reading, meaning: tuple[str, str]
) -> float | None:
    """Return a private element of a quantity for a column; ``None`` with a finding if not."""
    value = element_value(item, rule)
    return reading.given(value.split("\\") if isinstance(value, str) else [value], *meaning)


def _texts(value: object) -> list[str]:
    return value if isinstance(value, list) else []


def _exposures(
    header: Item, instance: dict[str, Any], reading: Reading
) -> Iterator[dict[str, object]]:
    seen: dict[str, int] = {}
    for item in items(header, "ExposureDoseSequence"):
        row = _row(item, instance, reading)
        given = first(item, "IrradiationEventUID")
        identity = derived_uid(
            instance["StudyInstanceUID"], "dose_sequence", first(item, "SeriesNumber"),
            first(item, "SeriesDescription"), first(item, "AcquisitionDateTime"),
            row["kvp_kv"], row["ctdi_vol_mgy"], row["dlp_mgy_cm"],
        )  # fmt: skip
        seen[identity] = seen.get(identity, 0) + 1
        repeated = derived_uid(identity, seen[identity]) if seen[identity] > 1 else identity
        flags = sorted([*_texts(row["flags"]), *without_false_zeros(row, reading)])
        yield row | {"irradiation_event_uid": str(given) if given else repeated, "flags": flags}


def _row(item: Item, instance: dict[str, Any], reading: Reading) -> dict[str, object]:
    event_type = str(first(item, "AcquisitionType") or "").upper()
    known = event_type if event_type in EVENT_TYPES else "unknown"
    pitch = _pitch(item)
    told = first(item, "ExposureModulationType")
    size = CTDI_SIZES.get(element_number(item, PHANTOM) or 0.0)
    read = {
        column: reading.given(values(item, keyword), quantity, column)
        for column, (keyword, quantity) in ATTRIBUTES.items()
    }
    if read["rotation_time_s"] is None:
        meaning = ("time", "rotation_time_s")
        read["rotation_time_s"] = private_number(item, ROTATION_TIME, reading, meaning)
    dlp = private_number(item, DLP, reading, ("dlp", "dlp_mgy_cm"))
    current, rotation = _current(item, reading), read["rotation_time_s"]
    mas = current * rotation if current and rotation else None
    start = event_start(str(first(item, "AcquisitionDateTime") or ""), instance, reading)
    return {
        **shared_columns(instance),
        "source": DoseSource.DOSE_SEQUENCE,
        "started_at": start.at,
        "event_type": known,
        "localizer": known == "CONSTANT_ANGLE",
        "protocol": first(item, "ProtocolName") or instance["ProtocolName"],
        "comment": first(item, "SeriesDescription"),
        "target_region": first(item, "BodyPartExamined"),
        **read,
        "dlp_mgy_cm": dlp,
        "dlp_basis": None if dlp is None else "reported",
        "ctdi_phantom_cm": size,
        "tube_current_ma": current,
        "mas": mas,
        "effective_mas": None if mas is None or pitch is None else mas / pitch,
        "modulation": modulation(told),
        "modulation_text": told,
        "patient_position": instance["PatientPosition"],
        "procedure_step": instance["PerformedProcedureStepDescription"],
        "software_versions": instance["SoftwareVersions"],
        "exposure_time_s": _exposure_time(item, reading),
        "pitch": pitch,
        "provenance": _provenance(item, dlp, size),
        "flags": sorted(
            [
                *(["phantom_unknown"] if size is None else []),
                *start.flags,
                *age_flags(instance),
            ]
        ),
    }


def _provenance(item: Item, dlp: float | None, size: int | None) -> str:
    """Return, as JSON, where values were read."""
    told = {column: keyword for column, (keyword, _) in ATTRIBUTES.items() if values(item, keyword)}
    private = {"dlp_mgy_cm": (dlp, DLP), "ctdi_phantom_cm": (size, PHANTOM)}
    if "rotation_time_s" not in told:
        private["rotation_time_s"] = (element_number(item, ROTATION_TIME), ROTATION_TIME)
    for column, (value, rule) in private.items():
        if value is not None:
            told[column] = f"{rule.creator} ({rule.group:04X},xx{rule.element:02X})"
    return json.dumps(told, sort_keys=True)


def _pitch(item: Item) -> float | None:
    pitch = number(first(item, "SpiralPitchFactor"))
    return pitch if pitch is not None and PITCH[0] <= pitch <= PITCH[1] else None


def _current(item: Item, reading: Reading) -> float | None:
    """Tube current in mA: (0018,9330) mA, (0018,1151) mA or (0018,8151) uA (PS3.6)."""
    for keyword, factor in (
        ("XRayTubeCurrentInmA", 1.0), ("XRayTubeCurrent", 1.0), ("XRayTubeCurrentInuA", 1e-3)
    ):  # fmt: skip
        value = reading.given(values(item, keyword), "current", "tube_current_ma", factor)
        if value is not None:
            return value
    return None


def _exposure_time(item: Item, reading: Reading) -> float | None:
    given = values(item, "ExposureTime")  # (0018,1150) is in ms
    return reading.given(given, "time", "exposure_time_s", 1e-3)


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
