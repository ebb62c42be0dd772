"""Positions that come twice in one part: two scans, two reconstructions, or nobody can say.

A part is refined where the cut is unambiguous: by kernel, when a series holds two
reconstructions of one scan; by time, when a spiral pauses and then covers the same range again.
Elsewhere (perfusion, gated phases, headers without times) the part stays whole and is marked
``repeated``: how often the range was irradiated is not known, so no dose is computed from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

# A table returns for the next phase in no less; passes of a perfusion follow each other faster.
PAUSE = timedelta(seconds=5)
GATED_PITCH = 0.5  # two rotations at each place: the least that gives images of two phases
MAX_PHASES = 6  # of one examination; a perfusion has more passes
# Volumes side by side share a few positions; below this share the length is right to a tenth.
SHARE = 0.1


def with_repeats(slices: pl.DataFrame) -> pl.DataFrame:
    """Return slices (columns ``part``, ``timed``) with refined ``part`` and ``repeated``."""
    doubtful = _doubtful(slices)
    place = pl.col("part").is_in(doubtful)
    parted = [_refined(part) for part in slices.filter(place).partition_by("part")]
    clear = slices.filter(~place).with_columns(repeated=pl.lit(False))
    return pl.concat([clear, *parted])


def _doubtful(slices: pl.DataFrame) -> list[str]:
    """Return the parts with repeated positions or pauses: few, so each is looked at alone."""
    scans = slices.filter((pl.col("kind") != "localizer") & pl.col("position_mm").is_not_null())
    pause = (pl.col("started_at").max() - pl.col("started_at").min()) >= PAUSE
    doubtful = (
        scans.group_by("part")
        .agg(doubtful=_repeats() | (pause & pl.col("spiral").any() & pl.col("timed").all()))
        .filter("doubtful")
    )
    return doubtful["part"].sort().to_list()


def _repeats() -> pl.Expr:
    distinct = pl.col("position_mm").drop_nulls().round(2).n_unique()
    return pl.col("position_mm").count() - distinct > SHARE * distinct


def _refined(part: pl.DataFrame) -> pl.DataFrame:
    part = part.sort("started_at", "SOPInstanceUID", nulls_last=True).with_columns(
        cluster=(pl.col("started_at").diff() >= PAUSE).cum_sum().fill_null(0)
    )
    for labels in _cuts(part):
        cut = part.with_columns(cut=pl.concat_str(labels, separator="#"))
        if all(_clear(group) for group in cut.partition_by("cut")):
            name = pl.concat_str("part", "cut", separator="#")
            return cut.with_columns(part=name, repeated=pl.lit(False)).drop("cluster", "cut")
    return part.with_columns(repeated=pl.lit(True)).drop("cluster")


def _cuts(part: pl.DataFrame) -> Iterator[list[pl.Expr]]:
    whole = pl.lit("")
    kernel = pl.col("ConvolutionKernel").fill_null("")
    yield [whole]
    yield [kernel]
    if _phases(part):
        cluster = pl.col("cluster").cast(pl.String)
        yield [cluster]
        yield [kernel, cluster]


def _phases(part: pl.DataFrame) -> bool:
    """Whether times may cut: a spiral whose headers tell them, that is not one event by UID."""
    return bool(
        part["IrradiationEventUID"].null_count() == part.height
        and part["spiral"].drop_nulls().any()
        and part["timed"].all()
        and part["cluster"].n_unique() <= MAX_PHASES
    )


def _exposed_once(group: pl.DataFrame) -> bool:
    """Whether positions come twice because one exposure was reconstructed at several phases.

    In step and shoot each position then has one time, and the table places differ in theirs.  In a
    gated spiral the pitch is low, so that each place is in the beam for two rotations or more
    (1 / pitch), and its images are of one pass.
    """
    if not group["timed"].all():
        return False
    times = group.group_by(pl.col("position_mm").round(2)).agg(
        spread=pl.col("started_at").max() - pl.col("started_at").min()
    )["spread"]
    longest = times.drop_nulls().max()
    if not isinstance(longest, timedelta):
        return False
    if group["spiral"].drop_nulls().any():
        pitch = group["SpiralPitchFactor"].drop_nulls().max()
        return isinstance(pitch, float) and 0 < pitch <= GATED_PITCH and longest < PAUSE
    return longest == timedelta(0) and group["started_at"].n_unique() > 1


def _clear(group: pl.DataFrame) -> bool:
    """Whether the slices of a group lie side by side: no position and no range twice."""
    if group.select(_repeats()).item() and not _exposed_once(group):
        return False
    if not _phases(group):
        return True
    ranges = (
        group.group_by("cluster")
        .agg(begin=pl.col("position_mm").min(), end=pl.col("position_mm").max())
        .drop_nulls()
        .sort("begin")
    )
    overlap = ranges["begin"].shift(-1) < ranges["end"].cum_max()
    return not overlap.drop_nulls().any()
