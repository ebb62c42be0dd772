"""Events of CT dose reports (PS3.16 TID 10011 to 10015).

A report is recognised by its root concept and CT content.  Reports repeat each other
(cumulative) or follow each other (continued); the Irradiation Event UID tells which, so every
event appears once, in the words of the latest report; what that leaves out, an earlier one tells.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from workbench.dicom.jsonmodel import Item, first
from workbench.mapping.body_regions import regions_of
from workbench.mapping.content_tree import (
    CT_ACCUMULATED,
    CT_ACQUISITION,
    Node,
    misplaced,
    parse_header,
    schemeless,
)
from workbench.mapping.ct.false_zeros import without_false_zeros
from workbench.mapping.ct.report_technique import technique_columns
from workbench.mapping.event_columns import age_flags, derived_uid, placed, shared_columns
from workbench.mapping.event_start import NOT_OF_EVENT, event_start, local_text
from workbench.mapping.evidence import SCOPE, TOLD_IN, WRITER
from workbench.mapping.quantities import Reading
from workbench.mapping.rules import Rules
from workbench.model import CTDI_PHANTOM_CM, DoseSource, Finding
from workbench.schema import IRRADIATION_EVENT

# PS3.16 CID 10013, CT Acquisition Type: DCM codes, with SRT for spiral (synonyms: ``codes``).
EVENT_TYPES = {
    "113804": "SEQUENCED", "113805": "CONSTANT_ANGLE", "113806": "STATIONARY", "113807": "FREE",
    "P5-08001": "SPIRAL",
}  # fmt: skip
TOTAL_TOLERANCE = 0.01  # of the total: reports round each event
# Numbers of TID 10013 and 10014 by column: code, quantity of the unit table.
PARAMETERS = {
    "exposure_time_s": ("113824", "time"),
    "scan_length_mm": ("113825", "length"),
    "exposed_length_mm": ("113899", "length"),
    "single_collimation_mm": ("113826", "length"),
    "total_collimation_mm": ("113827", "length"),
    "pitch": ("113828", "ratio"),
    "number_of_x_ray_sources": ("113823", "count"),
}
SOURCE = {
    "kvp_kv": ("113733", "voltage"),
    "tube_current_ma": ("113734", "current"),
    "maximum_tube_current_ma": ("113833", "current"),
    "rotation_time_s": ("113834", "time"),
}
IDENTITY = ("started_at", "event_type", "protocol", "ctdi_vol_mgy", "dlp_mgy_cm", "kvp_kv",
            "scan_length_mm", "exposure_time_s")  # fmt: skip
DOSE = ("ctdi_vol_mgy", "dlp_mgy_cm", "dlp_basis", "ctdi_phantom_cm")
COMPARED = ("ctdi_vol_mgy", "dlp_mgy_cm", "kvp_kv", "scan_length_mm")
TELLING = {TOLD_IN: pl.List(pl.String()), WRITER: pl.String()}
Row = dict[str, object]


@dataclass(frozen=True)
class DoseReport:
    """One dose report: its events, what it says of itself, and its place in time."""

    instance: dict[str, Any]
    written: tuple[str, ...]
    rows: list[Row]
    findings: list[Finding]


def report_events(
    instances: pl.DataFrame,
    rules: Rules,  # noqa: ARG001
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return events (source ``rdsr``) of the CT dose reports among instances.

    There is one row a patient, study and event; ``preferred`` joins the studies of a patient.
    Beside the columns of an irradiation event the frame has ``told_in``, the reports that tell an
    event, and ``writer``, what program wrote them.
    """
    reports = [
        read_report(instance)
        for instance in instances.filter(pl.col("report_kind") == "ct").iter_rows(named=True)
    ]
    reports.sort(key=lambda report: report.written)
    findings = [finding for report in reports for finding in report.findings]
    rows: dict[tuple[object, ...], Row] = {}
    told_in: dict[tuple[object, ...], tuple[list[str], str]] = {}
    for report in reports:
        for row in report.rows:
            key = (row["patient"], row["StudyInstanceUID"], row["irradiation_event_uid"])
            told_in.setdefault(key, ([], _writer(report.instance)))[0].append(_object(report))
            if key in rows:
                findings += _conflict(rows[key], row)
                rows[key] = _updated(rows[key], row)
            else:
                rows[key] = row
    texts = {
        "protocol": "protocol", "study_description": "study description",
        "target_region": "target region",
    }  # fmt: skip
    events = regions_of(IRRADIATION_EVENT.frame(list(rows.values())), texts)
    places = pl.DataFrame(list(told_in.values()), schema=TELLING, orient="row")
    return events.hstack(places), findings


def _object(report: DoseReport) -> str:
    return str(report.instance["SOPInstanceUID"] or report.instance["object_number"])


def _writer(instance: dict[str, Any]) -> str:
    """Return what program wrote a report, to be compared with others."""
    columns = ("Manufacturer", "ManufacturerModelName", "SoftwareVersions")
    return "|".join(str(instance[name] or "").casefold().strip() for name in columns)


def _updated(earlier: Row, row: Row) -> Row:
    """Return the later report's row; a dose it leaves out is the earlier report's, whole."""
    series = {*_texts(earlier["SeriesInstanceUIDs"]), *_texts(row["SeriesInstanceUIDs"])}
    joined = {
        column: earlier.get(column) if value is None else value
        for column, value in (earlier | row).items()
    } | {"SeriesInstanceUIDs": sorted(series)}
    if row["dlp_mgy_cm"] is not None or earlier["dlp_mgy_cm"] is None:
        return joined
    flags = {*_texts(row["flags"]), *_texts(earlier["flags"]), "dose_from_earlier_report"}
    return joined | {column: earlier[column] for column in DOSE} | {"flags": sorted(flags)}


def _texts(value: object) -> list[str]:
    return value if isinstance(value, list) else []


def _conflict(earlier: Row, row: Row) -> Iterator[Finding]:
    for column in COMPARED:
        if earlier[column] == row[column] or earlier[column] is None:
            continue
        where: dict[str, Any] = {
            "column": column, "study": row["StudyInstanceUID"],
            "event": row["irradiation_event_uid"],
        }  # fmt: skip
        if row[column] is None:
            yield Finding("mapping", "emptier_report", "a later report leaves out a value; the "
                          "earlier report's is used", severity="note", **where)  # fmt: skip
        else:
            yield Finding("mapping", "conflicting_reports", "two reports give an event different "
                          "values; the later report is used", **where)  # fmt: skip


def read_report(instance: dict[str, Any]) -> DoseReport:
    """Read the report in a row of the instance table."""
    header = parse_header(instance["header"])
    root = Node(header)
    reading = Reading()
    facts = _report_facts(root, instance, reading)
    begun = root.child("113809").text()
    seen: Counter[str] = Counter()
    rows = _distinct(
        [_row(node, seen, instance, reading, begun) for node in root.children(CT_ACQUISITION)],
        reading,
    )
    if schemeless(header):
        reading.refuse("code_without_scheme", "codes of the report tell no scheme; they are "
                       "read as those of DICOM where no other code has their place",
                       "report")  # fmt: skip
    if misplaced(root, CT_ACQUISITION):
        reading.refuse("acquisition_misplaced", "CT acquisitions stand elsewhere in the report "
                       "than TID 10011 has them: what they mean there is not known, they are not "
                       "read", "irradiation_event_uid")  # fmt: skip
    for row in rows:
        row["report"] = json.dumps(facts, sort_keys=True)
    findings = [*reading.findings, *_checks(facts, rows)]
    return DoseReport(instance, _written(header), rows, [placed(f, instance) for f in findings])


def _distinct(rows: list[Row], reading: Reading) -> list[Row]:
    """Keep events of one report apart that share a UID; those alike in all values are one."""
    by_uid: dict[object, Row] = {}
    for row in rows:
        uid = row["irradiation_event_uid"]
        if uid not in by_uid:
            by_uid[uid] = row
            continue
        reading.refuse(
            "event_uid_repeated",
            "events of one report have one Irradiation Event UID; "
            "those with different values are kept apart",
            "irradiation_event_uid",
        )
        if row != by_uid[uid]:
            own = derived_uid("rdsr", uid, *(row.get(column) for column in IDENTITY))
            flags = sorted({*_texts(row["flags"]), "irradiation_event_uid_repeated"})
            by_uid.setdefault(own, row | {"irradiation_event_uid": own, "flags": flags})
    return list(by_uid.values())


def _written(header: Item) -> tuple[str, ...]:
    keywords = (
        "ContentDate", "ContentTime", "InstanceCreationDate", "InstanceCreationTime",
        "SOPInstanceUID",
    )  # fmt: skip
    return tuple(str(first(header, keyword) or "") for keyword in keywords)


def _report_facts(root: Node, instance: dict[str, Any], reading: Reading) -> dict[str, object]:
    """Return what a report says of itself and of its total (TID 10011 and 10012)."""
    total = root.child(CT_ACCUMULATED)
    procedure = root.child("121058")
    return {
        "procedure": procedure.coded()[1] or None,
        "intent": _meaning(procedure, "G-C0E8"),
        "started_at": local_text(root.child("113809").text(), instance),
        "ended_at": local_text(root.child("113810").text(), instance),
        "scope_of_accumulation": _meaning(root, "113705"),
        SCOPE: root.child("113705").child("110180").text(),
        "source_of_dose_information": _meaning(root, "113854"),
        "device_observer_name": root.child("121013").text(),
        "device_observer_manufacturer": root.child("121014").text(),
        "device_observer_model": root.child("121015").text(),
        "device_observer_serial_number": root.child("121016").text(),
        "observer_type": _meaning(root, "121005"),
        "number_of_events": reading.child(total, "113812", "count", "report"),
        "dlp_total_mgy_cm": reading.child(total, "113813", "dlp", "report"),
    }


def _meaning(node: Node, code: str) -> str | None:
    return node.child(code).coded()[1] or None


def _row(
    node: Node, seen: Counter[str], instance: dict[str, Any], reading: Reading, begun: str | None
) -> dict[str, object]:
    start = event_start(node.child("111526").text(), instance, reading, begun)  # DateTime Started
    kind = EVENT_TYPES.get(node.child("113820").coded()[0], "unknown")
    device = node.child("113876")  # Device Role in Procedure (TID 10013, TID 1021)
    row: dict[str, object] = {
        **shared_columns(instance),
        "source": DoseSource.RDSR,
        "modality": "CT",
        "manufacturer": device.child("113878").text() or instance["Manufacturer"],
        "model": device.child("113879").text() or instance["ManufacturerModelName"],
        "device_serial_number": device.child("113880").text() or instance["DeviceSerialNumber"],
        "started_at": start.at,
        "event_type": kind,
        "localizer": kind == "CONSTANT_ANGLE",
        "target_region": node.child("123014").coded()[1] or None,
        "procedure_context": _meaning(node, "G-C32C"),
        "protocol": node.child("125203").text(),
        "comment": node.child("121106").text(),
        **_parameters(_within(node, "113822"), reading),
        **_dose(_within(node, "113829"), reading),
        "procedure_step": instance["PerformedProcedureStepDescription"],
        "software_versions": instance["SoftwareVersions"],
    }
    zero = list(without_false_zeros(row, reading))
    row |= technique_columns(node, row, reading)
    uid = node.child("113769").text()
    own_start = None if NOT_OF_EVENT in start.flags else start.at
    row["irradiation_event_uid"] = uid or _missing_uid(row, own_start, seen, reading)
    row["flags"] = sorted([*_flags(row, uid), *zero, *start.flags, *age_flags(instance)])
    return row


def _within(node: Node, container: str) -> Node:
    """Return a container of an acquisition; itself where its writer put the content there."""
    found = node.child(container)
    return found if found.item else node


def _parameters(node: Node, reading: Reading) -> dict[str, object]:
    row: dict[str, object] = {
        column: reading.child(node, code, quantity, column)
        for column, (code, quantity) in PARAMETERS.items()
    }
    count = row["number_of_x_ray_sources"]
    row["number_of_x_ray_sources"] = round(count) if isinstance(count, float) else None
    sources = [_source(source, reading) for source in node.children("113831")]
    if sources:
        row |= {column: sources[0][column] for column in SOURCE}
        row["x_ray_sources"] = json.dumps(sources)
    return row


def _source(node: Node, reading: Reading) -> dict[str, object]:
    """One X-ray source (TID 10014): kV, mA, largest mA and rotation time."""
    source: dict[str, object] = {"identification": node.child("113832").text()}
    for column, (code, quantity) in SOURCE.items():
        source[column] = reading.child(node, code, quantity, column)
    return source


def _dose(node: Node, reading: Reading) -> dict[str, object]:
    dlp = reading.child(node, "113838", "dlp", "dlp_mgy_cm")
    code = node.child("113835").coded()[0]
    if code and code not in CTDI_PHANTOM_CM:
        reading.refuse("unknown_phantom", "the CTDI phantom is none of 16 or 32 cm",
                       "ctdi_phantom_cm")  # fmt: skip
    return {
        "ctdi_vol_mgy": reading.child(node, "113830", "ctdi_vol", "ctdi_vol_mgy"),
        "dlp_mgy_cm": dlp,
        "dlp_basis": None if dlp is None else "reported",
        "ctdi_phantom_cm": CTDI_PHANTOM_CM.get(code),
    }


def _missing_uid(row: Row, start: datetime | None, seen: Counter[str], reading: Reading) -> str:
    """Return a UID by what an event says of itself, so that a later report's repetition has it.

    Events of one report that are alike in everything are told apart by their order.
    """
    detail = "an event has no Irradiation Event UID; ours is derived from its values"
    reading.refuse("no_event_uid", detail, "irradiation_event_uid")
    columns = ("StudyInstanceUID", "event_type", "protocol", *COMPARED)
    alike = derived_uid("rdsr", start, *(row.get(column) for column in columns))
    seen[alike] += 1
    return alike if seen[alike] == 1 else derived_uid(alike, seen[alike])


def _flags(row: dict[str, object], uid: str | None) -> Iterator[str]:
    if not uid:
        yield "no_irradiation_event_uid"
    if row["ctdi_vol_mgy"] is not None and row["ctdi_phantom_cm"] is None:
        yield "phantom_unknown"
    if row["event_type"] == "unknown":
        yield "event_type_unknown"


def _checks(facts: dict[str, object], rows: list[dict[str, object]]) -> Iterator[Finding]:
    total, count = facts["dlp_total_mgy_cm"], facts["number_of_events"]
    if not rows:
        yield from _without_events(total, count)
        return
    values = [value for row in rows if isinstance(value := row["dlp_mgy_cm"], float)]
    if isinstance(total, float) and abs(total - sum(values)) > TOTAL_TOLERANCE * max(total, 1.0):
        yield Finding("mapping", "total_differs", "the report's total DLP is not the sum of its "
                      "events; the events are used", column="dlp_mgy_cm")  # fmt: skip
    if isinstance(count, float) and count != len(rows):
        yield Finding("mapping", "count_differs", "the report announces another number of events "
                      "than it holds", column="irradiation_event_uid")  # fmt: skip


def _without_events(total: object, count: object) -> Iterator[Finding]:
    """Tell of a report that holds no event; one that announces none is whole."""
    if isinstance(total, float) and total > 0:
        yield Finding("mapping", "accumulated_only", "the report tells a total DLP and no event: "
                      f"{total:g} mGy.cm", column="dlp_mgy_cm")  # fmt: skip
    elif isinstance(count, float) and count > 0:
        yield Finding("mapping", "count_differs", "the report announces another number of events "
                      "than it holds", column="irradiation_event_uid")  # fmt: skip
