"""Series: which objects decide what a series is, and what is read from it once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from workbench.dicom.jsonmodel import Item, items
from workbench.dicom.values import acquisition_of
from workbench.mapping.codes import code_in
from workbench.mapping.content_tree import parse_header
from workbench.mapping.ct.functional_groups import group_items
from workbench.mapping.ct.private_elements import private_sources, private_values
from workbench.mapping.ct.summary import PRIVATE
from workbench.mapping.ct.technique import PITCH
from workbench.mapping.rules import Rules
from workbench.model import CTDI_PHANTOM_CM, CTDI_PHANTOMS, Finding

KIND_ORDER = ("report", "dose_info", "image", "derived", "localizer", "other")


def with_scan(instances: pl.DataFrame) -> pl.DataFrame:
    """Add ``scan``: the share of a series in one acquisition, by what its headers say.

    That is the Irradiation Event UID, else the Acquisition Number of spirals and localizers: in
    step-and-shoot series it counts rotations.
    """
    number = pl.col("AcquisitionNumber").cast(pl.String).fill_null("")
    counts = pl.col("spiral").fill_null(False) | (pl.col("kind") == "localizer")
    return instances.with_columns(
        scan=pl.when(pl.col("IrradiationEventUID").is_not_null())
        .then("IrradiationEventUID")
        .otherwise(pl.when(counts).then(number).otherwise(pl.lit("")))
    )


def deciding(instances: pl.DataFrame, *within: str) -> pl.DataFrame:
    """Return the instances of the kind that says what their series is.

    ``within`` names further columns that cut series.  A dose page decides before images, images
    before localizers: a summary series holds pictures beside its dose page.
    """
    rank = pl.col("kind").replace_strict(
        list(KIND_ORDER), list(range(len(KIND_ORDER))), return_dtype=pl.Int64
    )
    ranked = instances.with_columns(kind_rank=rank)
    best = pl.col("kind_rank").min().over("series_key", *within)
    return ranked.filter(pl.col("kind_rank") == best).drop("kind_rank")


def with_spiral(instances: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Add ``spiral``: whether the table moved during rotation; null when nothing says so."""
    text = pl.concat_str(
        pl.col("ImageType").list.join(" "), "ScanOptions", "AcquisitionType",
        separator=" ", ignore_nulls=True,
    ).str.to_uppercase()  # fmt: skip
    pitch = pl.col("SpiralPitchFactor").is_between(*PITCH)
    return instances.with_columns(
        spiral=pl.when(text.str.contains(rules.generic.sequence))
        .then(False)
        .when(text.str.contains(rules.generic.spiral) | pitch)
        .then(True)
        .otherwise(pl.when(pl.col("SpiralPitchFactor") == 0).then(False))
    )


def facts_of(instances: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return what ``header_facts`` found, one row a value of ``key``."""
    return instances.group_by(key, maintain_order=True).agg(pl.col(list(FACTS)).first())


def header_facts(decided: pl.DataFrame, rules: Rules) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the columns ``FACTS`` per ``series_key`` and ``scan``, and findings.

    One header each is opened: that of the first deciding instance in order.
    """
    vendors = {vendor.name: vendor for vendor in (*rules.vendors, rules.generic)}
    told = {name: private_sources(vendor) for name, vendor in vendors.items()}
    chosen = (
        decided.filter(pl.col("kind").is_in(["image", "derived", "localizer"]))
        .group_by("series_key", "scan", maintain_order=True)
        .agg(pl.col("header").first(), pl.col("maker").first(), pl.col("object_number").first(),
             pl.col("StudyInstanceUID").first(), pl.col("SeriesInstanceUID").first())
    )  # fmt: skip
    rows: list[dict[str, object]] = []
    findings: list[Finding] = []
    for row in chosen.iter_rows(named=True):
        vendor = vendors.get(row["maker"], rules.generic)
        header = parse_header(row["header"])
        values, problems = private_values(header, vendor)
        phantom, unknown = _phantom(header, values.get("ctdi_phantom_cm"))
        sources = _sources(header, values, told[vendor.name])
        rows.append(
            {"series_key": row["series_key"], "scan": row["scan"], "phantom_cm": phantom,
             "timed": _timed(header), "private_sources": sources}
            | {f"private_{name}": values.get(name) for name in PRIVATE}
        )  # fmt: skip
        place = {"study": row["StudyInstanceUID"], "series": row["SeriesInstanceUID"]}
        findings += [replace(problem, **place) for problem in (*problems, *unknown)]
    keys = {"series_key": pl.String(), "scan": pl.String()}
    return pl.DataFrame(rows, schema={**keys, **FACTS}, orient="row"), findings


FACTS = {"phantom_cm": pl.Float64(), "timed": pl.Boolean(), "private_sources": pl.String()} | {
    f"private_{name}": pl.Float64() for name in PRIVATE
}


def _sources(header: Item, values: Mapping[str, float], told: Mapping[str, str]) -> str:
    """Return where private values were read, without a phantom that the standard's code names."""
    read = {column: told[column] for column in values}
    if "ctdi_phantom_cm" in read and _public_phantom(header):
        del read["ctdi_phantom_cm"]
    return json.dumps(read)


def _phantom(header: Item, private_cm: float | None) -> tuple[float | None, list[Finding]]:
    if found := _public_phantom(header):
        code = code_in(found[0]).name
        if code in CTDI_PHANTOM_CM:
            return float(CTDI_PHANTOM_CM[code]), []
        return None, [_unknown_phantom("CTDIPhantomTypeCodeSequence")]
    if private_cm is None or private_cm in CTDI_PHANTOMS:
        return private_cm, []
    return None, [_unknown_phantom("ctdi_phantom_cm")]


def _public_phantom(header: Item) -> list[Item]:
    name = "CTDIPhantomTypeCodeSequence"
    return items(header, name) or group_items(header, name)


def _unknown_phantom(column: str) -> Finding:
    return Finding("mapping", "unknown_phantom", "the CTDI phantom is none of 16 or 32 cm",
                   column=column)  # fmt: skip


def _timed(header: Item) -> bool:
    """Whether the header gives the time of the acquisition itself, not only of the series."""
    return acquisition_of(header).at is not None
