"""Zeros of dose reports that what stands beside them contradicts.

Zero is how some equipment writes "not given".  A zero beside a dose, or beside a tube that was on,
is no dose of nothing: it is not used, and images may tell what was given.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.mapping.quantities import Reading

ZERO_DOSE = "zero_dose_not_believed"
# Decision: below these a true dose may have been rounded to zero, by reports that write whole
# mGy.cm and tenths of a mGy.
ROUNDED_DLP_MGY_CM, ROUNDED_CTDI_MGY = 0.5, 0.05
MM_PER_CM = 10.0
SHORTEST_MM, LONGEST_MM = 10.0, 2000.0  # of a scan whose length is not told: a beam, a table
DOSES = ("ctdi_vol_mgy", "dlp_mgy_cm")
Row = dict[str, object]


def without_false_zeros(row: Row, reading: Reading) -> Iterator[str]:
    """Take out doses of zero that contradict their event; yield its flag.

    A zero that nothing contradicts stays: nothing was irradiated, or a localizer's dose is
    below what is written.
    """
    ctdi, dlp = (_number(row[name]) for name in DOSES)
    length = _number(row.get("exposed_length_mm")) or _number(row.get("scan_length_mm"))
    false: tuple[str, ...] = ()
    if ctdi and dlp == 0:
        expected = ctdi * (length or SHORTEST_MM) / MM_PER_CM
        false = ("dlp_mgy_cm",) if expected > ROUNDED_DLP_MGY_CM else ()
    elif dlp and ctdi == 0:
        expected = dlp * MM_PER_CM / (length or LONGEST_MM)
        false = ("ctdi_vol_mgy",) if expected > ROUNDED_CTDI_MGY else ()
    elif not row.get("localizer") and {ctdi, dlp} <= {0.0, None} and _tube_on(row, length):
        false = tuple(name for name in DOSES if row[name] == 0)
    for column in false:
        row[column] = None
        reading.refuse("zero_contradicted", "a dose of zero contradicts the rest of the event; it "
                       "is not used", column)  # fmt: skip
    if "dlp_mgy_cm" in false:
        row["dlp_basis"] = None
    if false:
        yield ZERO_DOSE


def _tube_on(row: Row, length: float | None) -> bool:
    """Whether the event tells a current and a voltage, and no time or length of zero."""
    on = all(_number(row.get(name)) for name in ("kvp_kv", "tube_current_ma"))
    return on and length != 0 and row.get("exposure_time_s") != 0


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None
