"""Technique of a scan from what headers tell, and from which attribute each value was read.

The standard's attributes come first, then the maker's private value (columns ``private_*``), then
arithmetic (IEC 60601-2-44): table feed = table speed x rotation time; pitch = feed / total
collimation, for spirals only; the tube current-time product of a rotation over the pitch is the
effective one.  Makers write Exposure (0018,1152) as either; the two are kept apart, and what a
header's Exposure agrees with is told in the provenance.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from workbench.mapping.ct.modulation import modulation

PITCH = (0.05, 4.0)  # outside no scanner works; such header values are typing errors
ROTATION_S = (0.1, 10.0)  # bounds of the makers' own attributes (vendors/*.toml)
ROUNDED_MAS = 1.0  # Exposure is a whole number (VR IS) that some makers truncate
Choices = Mapping[str, pl.Expr]  # label of the source -> value, the most trusted first

# Columns whose provenance is told, in the order of their computation.
TOLD = (
    "rotation_time_s", "total_collimation_mm", "ctdi_vol_mgy", "table_feed_mm", "pitch",
    "table_speed_mm_s", "exposure_mas", "mas", "effective_mas",
)  # fmt: skip
AS_READ = {
    "kvp_kv": "KVP",
    "tube_current_ma": "XRayTubeCurrent",
    "exposure_time_ms": "ExposureTime",
    "single_collimation_mm": "SingleCollimationWidth",
    "slice_thickness_mm": "SliceThickness",
    "gantry_tilt_deg": "GantryDetectorTilt",
    "images_in_acquisition": "ImagesInAcquisition",
    "reconstruction_diameter_mm": "ReconstructionDiameter",
    "data_collection_diameter_mm": "DataCollectionDiameter",
    "table_height_mm": "TableHeight",
    "modulation": "ExposureModulationType",
}


def with_technique(summary: pl.DataFrame) -> pl.DataFrame:
    """Add technique, dose, ``contrast`` and ``provenance`` to a summary.

    ``provenance`` is JSON: column to the attribute, private element or arithmetic it is from.
    """
    given = frozenset(summary.columns)
    frame = _chosen(
        summary.lazy().with_columns(pl.col("ctdi_vol_mgy").alias("CTDIvol")),
        "rotation_time_s",
        {
            "RevolutionTime": pl.col("RevolutionTime"),
            "private": pl.col("private_rotation_time_s"),
            "TableFeedPerRotation / TableSpeed": _time_of_rotation(),
        },
    )
    for name, choices in _steps().items():
        frame = _chosen(frame, name, choices)
    frame = frame.with_columns(
        ctdi_phantom_cm=pl.col("phantom_cm").cast(pl.Int64),
        modulation=pl.col("ExposureModulationType").map_elements(
            modulation, return_dtype=pl.String
        ),
        contrast=pl.when(pl.col("ContrastBolusAgent").is_not_null()).then(
            ~pl.col("ContrastBolusAgent").str.contains(r"(?i)^\s*(no|none|without|native)?\s*$")
        ),
    )
    told = frame.with_columns(provenance=_provenance(given | {"modulation"}))
    return told.drop("CTDIvol", *(f"{name}_from" for name in TOLD)).collect()


def _steps() -> dict[str, Choices]:
    """Return the columns after the rotation time, each by what was chosen before it."""
    spiral, speed, rotation = pl.col("spiral"), pl.col("TableSpeed"), pl.col("rotation_time_s")
    pitch, feed = pl.col("pitch"), pl.col("table_feed_mm")
    collimation = pl.col("total_collimation_mm")
    in_range = pl.col("SpiralPitchFactor").is_between(*PITCH)
    given_pitch = pl.coalesce(pl.when(in_range).then("SpiralPitchFactor"), "private_pitch")
    quotient = feed / collimation
    product = pl.col("tube_current_ma") * rotation
    return {
        "total_collimation_mm": {
            "TotalCollimationWidth": pl.col("TotalCollimationWidth"),
            "private": pl.col("private_total_collimation_mm"),
        },
        "ctdi_vol_mgy": {
            "CTDIvol": pl.col("CTDIvol"), "private": pl.col("private_ctdi_vol_mgy"),
        },
        "table_feed_mm": {
            "TableFeedPerRotation": pl.col("TableFeedPerRotation"),
            "private": pl.col("private_table_feed_mm"),
            "TableSpeed x rotation time": pl.when(spiral).then(speed * rotation),
            "pitch x total collimation": pl.when(spiral).then(given_pitch * collimation),
        },
        "pitch": {
            "SpiralPitchFactor": pl.when(in_range).then("SpiralPitchFactor"),
            "private": pl.col("private_pitch"),
            "table feed / total collimation": pl.when(
                spiral & quotient.is_between(*PITCH)
            ).then(quotient),
        },
        "table_speed_mm_s": {
            "TableSpeed": speed,
            "private": pl.col("private_table_speed_mm_s"),
            "table feed / rotation time": pl.when(spiral).then(feed / rotation),
        },
        "exposure_mas": {
            "Exposure": pl.col("Exposure"), "ExposureInuAs": pl.col("ExposureInuAs") / 1000,
        },
        "mas": {
            "XRayTubeCurrent x rotation time": product,
            # without table travel both products are one
            "exposure, no table travel": pl.when(~spiral).then(pl.col("exposure_mas")),
        },
        "effective_mas": {
            "mas / pitch": pl.when(spiral).then(pl.col("mas") / pitch),
            "mas, no table travel": pl.when(~spiral).then(pl.col("mas")),
        },
    }  # fmt: skip


def _time_of_rotation() -> pl.Expr:
    feed = pl.coalesce("TableFeedPerRotation", "private_table_feed_mm")
    time = feed / pl.coalesce("TableSpeed", "private_table_speed_mm_s")
    return pl.when(time.is_between(*ROTATION_S)).then(time)


def _chosen(frame: pl.LazyFrame, name: str, choices: Choices) -> pl.LazyFrame:
    """Add a column with the first of its choices that is not null, and the label of that one."""
    private = pl.col("private_sources").str.json_path_match(f"$.{name}")
    labels = [
        pl.when(value.is_not_null()).then(private if label == "private" else pl.lit(label))
        for label, value in choices.items()
    ]
    return frame.with_columns(
        pl.coalesce(labels).alias(f"{name}_from"), pl.coalesce(list(choices.values())).alias(name)
    )


def _provenance(columns: frozenset[str]) -> pl.Expr:
    labels = [pl.col(f"{name}_from").alias(name) for name in TOLD if name != "exposure_mas"]
    labels.append(_exposure_meaning().alias("exposure_mas"))
    labels += [
        pl.when(pl.col(name).is_not_null()).then(pl.lit(keyword)).alias(name)
        for name, keyword in AS_READ.items()
        if name in columns
    ]
    private = pl.col("private_sources").str.json_path_match("$.ctdi_phantom_cm")
    phantom = pl.coalesce(private, pl.lit("CTDIPhantomTypeCodeSequence"))
    known = pl.col("phantom_cm").is_not_null()
    labels.append(pl.when(known).then(phantom).alias("ctdi_phantom_cm"))
    text = pl.struct(labels).struct.json_encode()
    return text.str.replace_all(r'"[a-z_]+":null,?', "").str.replace(",}", "}", literal=True)


def _exposure_meaning() -> pl.Expr:
    """Return the exposure's source and which product it agrees with, to rounding."""
    exposure, source = pl.col("exposure_mas"), pl.col("exposure_mas_from")
    whole = pl.col("tube_current_ma") * pl.col("exposure_time_ms") / 1000
    meanings = {
        "as mas": pl.col("mas"), "as effective_mas": pl.col("effective_mas"),
        "as XRayTubeCurrent x ExposureTime": whole,
    }  # fmt: skip
    expression = source
    for words, product in reversed(meanings.items()):
        agrees = (exposure - product).abs() <= ROUNDED_MAS
        told = pl.concat_str(source, pl.lit(words), separator=", ")
        expression = pl.when(agrees.fill_null(False)).then(told).otherwise(expression)
    return expression
