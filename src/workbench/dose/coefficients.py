"""Coefficient tables: CSV files with the source of every row, read once and typed.

A row is usable only when its number was read in its source (``status`` verified); anything
else is refused, so that a number from memory can never reach a result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.errors import DoseError

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

VERIFIED = "verified"
K_FACTOR_TABLES = ("kfactor_aapm96", "kfactor_lee2012")

# From this age the adult column is used.  None of the tables says where its adult begins; the
# adult phantoms of NRPB and HPA are named 18+ (Khursheed et al.).  Estimates of patients for
# whom the choice matters carry a flag.
ADULT_YEARS = 18.0


def read_rows(name: str, text: str | None = None) -> pl.DataFrame:
    """Return the rows of ``data/<name>.csv`` (or of ``text``) as text columns.

    Raises ``DoseError`` when the table is unknown, or a row is not marked as verified.
    """
    if text is None:
        text = _content(name)
    rows = pl.read_csv(text.encode(), infer_schema=False).fill_null("")
    if "status" in rows.columns:
        wrong = rows.with_row_index("row", 2).filter(pl.col("status") != VERIFIED)
        if wrong.height:
            raise DoseError(
                "row {row} of the coefficient table {name} was not verified in its source "
                "({rows} such rows).",
                "Read the number in its source, then set its status to verified.",
                row=wrong["row"][0],
                name=name,
                rows=wrong.height,
            )
    return rows


@cache
def _content(name: str) -> str:
    file = files("workbench.dose") / "data" / f"{name}.csv"
    if not file.is_file():
        raise DoseError("there is no coefficient table {name}.", name=name)
    return file.read_text(encoding="utf-8")


def table_id(name: str) -> str:
    """Return the name of a table with its version: the first 8 digits of its SHA-256."""
    return f"{name}@{hashlib.sha256(_content(name).encode()).hexdigest()[:8]}"


@dataclass(frozen=True, eq=False)
class LookedUp:
    """Coefficients for n events; every array has shape (n,).

    ``k`` is in mSv/(mGy.cm), ``phantom_cm`` the CTDI phantom its DLP must refer to, ``flags``
    tell for each event what was interpolated or extended.
    """

    k: Reals
    phantom_cm: NDArray[np.int64]
    flags: Mapping[str, Flags]


@dataclass(frozen=True, eq=False)
class Grid:
    """Coefficients of one region, k[age, tube voltage] in mSv/(mGy.cm).

    The last age is the adult column, NaN where the source gives it no number; ``phantom_cm``
    has one value an age.
    """

    ages: Reals
    kvps: Reals
    k: Reals
    phantom_cm: NDArray[np.int64]

    def look_up(self, age_years: Reals, kvp_kv: Reals) -> LookedUp:
        """Return the coefficients at ages and tube voltages, both of shape (n,).

        Ages between two columns of one phantom are interpolated linearly in ln(k); where the
        phantom changes there is nothing to interpolate, and the nearest younger column is used
        up to ``ADULT_YEARS``, as in the published example of a 12-year-old with the 10-year
        column (Li et al., Med Phys 2011;38:408, Table 5).  Tube voltages are interpolated in
        ln(k) and held at the ends.
        """
        low, high, share, flags = self._between_ages(age_years)
        left, right, part = _between(self.kvps, kvp_kv)
        log_k = np.log(self.k)
        younger = (1 - part) * log_k[low, left] + part * log_k[low, right]
        older = (1 - part) * log_k[high, left] + part * log_k[high, right]
        k = np.exp((1 - share) * younger + share * older)
        return LookedUp(k, self.phantom_cm[low], {**flags, **self._voltage_flags(kvp_kv, part)})

    def bridged(self, age_years: Reals, kvp_kv: Reals, factor: float) -> tuple[Flags, Reals]:
        """Return which ages lie between the last child column and an adult one of other phantom.

        Also k there (NaN elsewhere), for a DLP that ``factor`` brings to the child's phantom.
        In one phantom the two columns can be compared: ln(k) is interpolated from the last child
        column to ``ADULT_YEARS``, so that no dose jumps at a birthday.
        """
        oldest = self.ages[-2]
        here = (age_years > oldest) & (age_years < ADULT_YEARS)
        k = np.full(len(age_years), np.nan)
        if self.phantom_cm[-1] == self.phantom_cm[-2] or not here.any():
            return np.zeros_like(here), k
        kvps = kvp_kv[here]
        child = self.look_up(np.full(len(kvps), oldest), kvps).k
        adult = self.look_up(np.full(len(kvps), ADULT_YEARS), kvps).k
        share = (age_years[here] - oldest) / (ADULT_YEARS - oldest)
        k[here] = np.exp((1 - share) * np.log(child) + share * np.log(adult / factor))
        return here, k

    def _between_ages(
        self, age: Reals
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Reals, dict[str, Flags]]:
        adult, oldest = len(self.ages) - 1, len(self.ages) - 2
        same_phantom = self.phantom_cm[adult] == self.phantom_cm[oldest]
        bridged = bool(same_phantom and np.isfinite(self.ages[adult]))
        low, high, share = _between(self.ages if bridged else self.ages[:adult], age)
        beyond = age > self.ages[oldest]
        grown = np.zeros_like(beyond) if bridged else age >= ADULT_YEARS
        low, high = np.where(grown, adult, low), np.where(grown, adult, high)
        share = np.where(grown, 0.0, share)
        flags = {
            "age_interpolated": (share > 0) & (share < 1),
            "age_above_last_child_column": beyond & ~grown & (not bridged),
            "age_below_adult_column": grown & (age < self.ages[adult]),
        }
        return low, high, share, flags

    def _voltage_flags(self, kvp: Reals, part: Reals) -> dict[str, Flags]:
        outside = (kvp < self.kvps[0]) | (kvp > self.kvps[-1])
        single = len(self.kvps) == 1
        return {
            "kvp_interpolated": (part > 0) & (part < 1),
            "kvp_outside_table": outside & (not single),
            "kvp_not_considered": ~(kvp == self.kvps[0]) & single,
        }


def _between(nodes: Reals, at: Reals) -> tuple[NDArray[np.int64], NDArray[np.int64], Reals]:
    """Return the nodes below and above each value and the share of the upper one."""
    clipped = np.clip(np.nan_to_num(at, nan=nodes[0]), nodes[0], nodes[-1])
    low = np.clip(np.searchsorted(nodes, clipped, side="right") - 1, 0, len(nodes) - 1)
    high = np.minimum(low + 1, len(nodes) - 1)
    width = np.where(high > low, nodes[high] - nodes[low], 1.0)
    return low, high, (clipped - nodes[low]) / width


@dataclass(frozen=True, eq=False)
class KFactors:
    """One set of k factors: one table, one set of tissue weights, never mixed.

    ``phantom_inferred`` says that the source does not state the phantom of its DLP.
    """

    name: str
    tissue_weights: str
    grids: Mapping[str, Grid]
    regions: pl.DataFrame
    phantom_inferred: bool

    @property
    def table_id(self) -> str:
        """Name and version of the table."""
        return table_id(self.name)

    @property
    def needs_voltage(self) -> bool:
        """Whether k depends on the tube voltage in this table."""
        return any(len(grid.kvps) > 1 for grid in self.grids.values())


@cache
def k_factors(name: str, tissue_weights: str) -> KFactors:
    """Return a set of k factors by table name and ``ICRP60`` or ``ICRP103``.

    Raises ``DoseError`` when the table is unknown, holds an unverified row, has no such
    weights, or has a hole.
    """
    rows = read_rows(name).filter(pl.col("tissue_weights") == tissue_weights)
    if rows.is_empty():
        raise DoseError("the coefficient table {name} has no weights of that name.", name=name)
    regions = read_rows("kfactor_regions").filter(pl.col("table") == name)
    grids = {
        str(region): _grid(name, part)
        for (region,), part in rows.partition_by("region", as_dict=True).items()
    }
    inferred = rows["phantom_basis"].str.starts_with("inferred").any()
    return KFactors(name, tissue_weights, grids, regions, inferred)


def _grid(name: str, rows: pl.DataFrame) -> Grid:
    typed = rows.with_columns(
        age=pl.col("age_years").replace("adult", "inf").cast(pl.Float64),
        kvp=pl.col("kvp_kv").cast(pl.Float64),
        k=pl.col("k").cast(pl.Float64),
        phantom=pl.col("phantom_cm").cast(pl.Int64),
    ).sort("age", "kvp")
    ages = typed["age"].unique().sort().to_numpy()
    kvps = typed["kvp"].unique().sort().to_numpy()
    phantoms = typed.group_by("age").agg(pl.col("phantom").unique()).sort("age")["phantom"]
    if typed.height != len(ages) * len(kvps) or (phantoms.list.len() != 1).any():
        raise DoseError(
            "the coefficient table {name} has a hole or two phantoms for one age.", name=name
        )
    phantom = phantoms.list.first().to_numpy()
    if len(set(phantom[:-1])) > 1 or len(ages) < 2:
        raise DoseError(
            "the coefficient table {name} changes its phantom among children.", name=name
        )
    ages = np.where(np.isinf(ages), np.nan, ages)
    return Grid(ages, kvps, typed["k"].to_numpy().reshape(len(ages), len(kvps)), phantom)


def coefficient_sources() -> pl.DataFrame:
    """Return table_id, tissue_weights and source of each set of k factors there is."""
    parts = [
        read_rows(name).select(pl.lit(table_id(name)).alias("table_id"), "tissue_weights", "source")
        for name in K_FACTOR_TABLES
    ]
    return pl.concat(parts).unique().sort("table_id", "tissue_weights")


def phantom_conversion(from_cm: int, to_cm: int) -> tuple[float, float]:
    """Return (factor, sd of its logarithm) for a DLP of one CTDI phantom in another.

    Factor: PixelMed's headToBodyDLPConversionFactor 0.5; spread over patient sizes from the
    fits of AAPM Report 204.  Raises ``DoseError`` when no factor is known.
    """
    for row in read_rows("phantom_conversion").to_dicts():
        if (int(row["from_cm"]), int(row["to_cm"])) == (from_cm, to_cm):
            return float(row["factor"]), float(row["sd_log"])
    raise DoseError(
        "no factor from a phantom of {from_cm} cm to one of {to_cm} cm.",
        from_cm=from_cm,
        to_cm=to_cm,
    )


def stated_uncertainty(method: str, sharing: str) -> float | None:
    """Return the sd of ln(value) that a source states for a method, or None."""
    rows = read_rows("uncertainty").filter(
        (pl.col("method") == method) & (pl.col("sharing") == sharing)
    )
    return float(rows["sd_log"][0]) if rows.height else None


def reference_levels() -> pl.DataFrame:
    """Return the diagnostic reference levels, one row a level.

    Columns: id, country, year, modality, exam, body_region (our word, or null), compared (the
    level of its region that is compared by default), group, group_value, quantity (``ctdi_vol``,
    ``dlp``, ``dap``), value, unit (UCUM), phantom_cm, scope (``per sequence``, ``complete
    exam``, ``one acquisition``, ...: what the level is to be compared with), source, where_read,
    status.
    """
    rows = read_rows("reference_levels")
    return rows.with_columns(pl.all().replace("", None)).with_columns(
        pl.col("year", "phantom_cm").cast(pl.Int64),
        pl.col("value").cast(pl.Float64),
        compared=pl.col("compared") == "true",
    )
