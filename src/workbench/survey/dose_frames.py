"""Estimates beside their events: one row an event, whatever number of estimates there is.

A join of events with ``schema.DOSE_ESTIMATE`` gives a row an event *and estimate*: a DLP summed
over it counts as often as there are estimates.
"""

from __future__ import annotations

import polars as pl

from workbench.errors import SettingsError
from workbench.language import data, listed, t

ESTIMATE = "estimate"
IDENTITY = ("quantity", "organ", "method", "table_id", "tissue_weights")
VALUES = ("value", "unit", "reason", "sd_log_shared", "sd_log_unshared")
NOT_ESTIMATED = "not estimated"


def estimates(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row an estimate: its name, what it is, and how many events have a value.

    The name is as short as it can be: the quantity with organ and tissue weights, and the table and
    the method only where these do not tell two estimates apart.
    """
    counted = rows.group_by(IDENTITY).agg(
        pl.col("unit").drop_nulls().first(),
        pl.len().cast(pl.Int64).alias("events"),
        pl.col("value").count().cast(pl.Int64).alias("with_value"),
    )
    table = pl.col("table_id").str.replace(r"@.*$", "")
    more = (table, pl.col("method"), pl.col("table_id"))
    for longer in range(len(more) + 1):
        names = _name(pl.col("quantity"), pl.col("organ"), pl.col("tissue_weights"), *more[:longer])
        counted = counted.with_columns(names.alias(ESTIMATE))
        if not counted[ESTIMATE].is_duplicated().any():
            break
    return counted.select(ESTIMATE, *IDENTITY, "unit", "events", "with_value").sort(ESTIMATE)


def _name(*parts: pl.Expr) -> pl.Expr:
    words = pl.concat_str([part.replace("", None) for part in parts], separator=" ",
                          ignore_nulls=True)  # fmt: skip
    return words.str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "_")


def doses(
    events: pl.DataFrame, rows: pl.DataFrame, estimate: str | None = None, *, wide: bool = False
) -> pl.DataFrame:
    """Return events, each once, with an estimate beside it, or with all of them.

    Parameters
    ----------
    events
        One row an event.
    rows
        Rows of ``schema.DOSE_ESTIMATE``.
    estimate
        Name of one (``estimates``); it may be left out where there is only one.
    wide
        Whether to give every estimate, a column each, named by the estimate.

    Returns
    -------
    pl.DataFrame
        The columns of the events and ``estimate``, ``value``, ``unit``, ``reason``,
        ``sd_log_shared``, ``sd_log_unshared``; or one column an estimate.

    Raises
    ------
    SettingsError
        For an estimate that is not there, or where one has to be chosen.
    """
    known = estimates(rows)
    named = rows.join(known.select(ESTIMATE, *IDENTITY), on=IDENTITY, nulls_equal=True)
    if wide:
        return _wide(events, named, known[ESTIMATE].to_list())
    chosen = _chosen(known[ESTIMATE].to_list(), estimate)
    one = named.filter(pl.col(ESTIMATE) == pl.lit(chosen, pl.String)).select(
        "irradiation_event_uid", *VALUES
    )
    beside = events.join(one, on="irradiation_event_uid", how="left", validate="m:1")
    lacking = pl.col("value").is_null() & pl.col("reason").is_null()
    return beside.with_columns(
        pl.lit(chosen, pl.String).alias(ESTIMATE),
        pl.when(lacking).then(pl.lit(NOT_ESTIMATED)).otherwise("reason").alias("reason"),
    )


def _chosen(known: list[str], estimate: str | None) -> str | None:
    if estimate is None and len(known) < 2:
        return known[0] if known else None
    if estimate in known:
        return estimate
    if estimate is None:
        raise SettingsError(
            "there are several estimates of each event: {names}.",
            "Say which: survey.doses('{first}'), or survey.doses(wide=True) for all of them.",
            names=listed(map(data, known)), first=data(known[0]),
        )  # fmt: skip
    raise SettingsError(
        "there is no estimate {name}.",
        "There are: {names}. workbench dose makes them.",
        name=data(estimate), names=listed(map(data, known)) if known else t("none"),
    )  # fmt: skip


def _wide(events: pl.DataFrame, named: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    for name in names:
        one = named.filter(pl.col(ESTIMATE) == name).select(
            "irradiation_event_uid", pl.col("value").alias(name)
        )
        events = events.join(one, on="irradiation_event_uid", how="left", validate="m:1")
    return events
