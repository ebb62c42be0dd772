"""The dose methods there are, and the one function that runs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from workbench.dose.ct.kfactor import NAME, NEEDS, VERSION, estimate_by_k_factor
from workbench.errors import DoseError
from workbench.schema import DOSE_ESTIMATE

NO_METHOD = "no dose method for this modality"
ORDER = ("StudyInstanceUID", "irradiation_event_uid", "quantity", "organ", "method", "table_id",
         "tissue_weights")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DoseMethod:
    """A way to estimate dose from irradiation events.

    Attributes
    ----------
    name, version
        Written into every row; the version changes whenever a result may change.
    needs
        Columns of ``schema.IRRADIATION_EVENT`` the method reads.
    estimate
        Rows of ``schema.DOSE_ESTIMATE`` for the events the method is for; an event it is for
        but cannot estimate has a row with a reason, one of another modality has none.
    """

    name: str
    version: str
    needs: tuple[str, ...]
    estimate: Callable[[pl.DataFrame], pl.DataFrame]


def k_factor(*, convert_phantom: bool = True) -> DoseMethod:
    """Return the method E = k x DLP.

    ``convert_phantom`` allows a DLP of the other CTDI phantom to be converted; every such row
    says so in its flags and carries the uncertainty of the conversion.  Without it the row has
    a reason and no value, because a silent mix of phantoms is wrong by a factor of two.
    """

    def run(events: pl.DataFrame) -> pl.DataFrame:
        return estimate_by_k_factor(events, convert_phantom=convert_phantom)

    return DoseMethod(name=NAME, version=VERSION, needs=NEEDS, estimate=run)


BUILTIN: tuple[DoseMethod, ...] = (k_factor(),)


def estimate(events: pl.DataFrame, methods: Sequence[DoseMethod] = BUILTIN) -> pl.DataFrame:
    """Return the dose estimates of the events that count.

    Parameters
    ----------
    events
        Rows of ``schema.IRRADIATION_EVENT``; only those with ``preferred`` true are used.
    methods
        The dose methods to run, in any order.

    Returns
    -------
    pl.DataFrame
        Rows of ``schema.DOSE_ESTIMATE`` in a fixed order that does not depend on the order of
        the events.  Every event used has at least one row.

    Raises
    ------
    DoseError
        A column that a method needs is missing, or a coefficient table may not be used.
    """
    counted = events.filter(pl.col("preferred").fill_null(value=False))
    estimates = [DOSE_ESTIMATE.empty()]
    for method in methods:
        missing = [name for name in method.needs if name not in events.columns]
        if missing:
            raise DoseError(
                "the method {name} needs the columns {missing}.",
                name=method.name,
                missing=", ".join(missing),
            )
        estimates.append(DOSE_ESTIMATE.fit(method.estimate(counted)))
    done = pl.concat(estimates)
    return pl.concat([done, _without_method(counted, done)]).sort(ORDER, maintain_order=True)


def _without_method(events: pl.DataFrame, done: pl.DataFrame) -> pl.DataFrame:
    """Return a row with a reason for each event no method is for."""
    left = events.filter(
        ~pl.col("irradiation_event_uid").is_in(done["irradiation_event_uid"].to_list())
    )
    rows: list[dict[str, object]] = [
        {**row, "reason": NO_METHOD, "method": "none", "flags": []}
        for row in left.select("patient", "StudyInstanceUID", "irradiation_event_uid").to_dicts()
    ]
    return DOSE_ESTIMATE.frame(rows)
