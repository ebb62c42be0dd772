"""What is missing from a report, counted: a table that leaves something out says so."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from workbench.errors import SettingsError
from workbench.language import Words, listed, mark, t
from workbench.report.code_words import CODES, code_words
from workbench.report.dose_by_protocol import counted_events, preferred_ct
from workbench.report.reference import NOT_COMPARED, study_sums
from workbench.scanners.scanner_names import SCANNER, labelled

# The areas, and what may be missing in them.
WHATS = CODES | NOT_COMPARED | {
    text: text
    for text in (
        mark("series incomplete"), mark("files not stored"), mark("findings"), mark("CT events"),
        mark("not summed up"), mark("study DLP not compared"),
        mark("effective doses without a value"), mark("no body region"), mark("no DLP"),
        mark("no CTDIvol"), mark("no CTDI phantom"), mark("no age"), mark("no protocol"),
        mark("topograms"), mark("scans of phantoms"), mark("events of other modalities"),
        mark("no reason given"), mark("not stated"),
    )
}  # fmt: skip
SCHEMA = {"area": pl.String, "what": pl.String, "count": pl.Int64, "of": pl.Int64}


@dataclass(frozen=True, kw_only=True)
class ReportTables:
    """The tables of a survey that a report reads, as in ``workbench.schema``."""

    events: pl.DataFrame
    doses: pl.DataFrame
    series: pl.DataFrame
    findings: pl.DataFrame
    rejected: pl.DataFrame

    def only(self, scanner: str = "", protocol: str = "") -> ReportTables:
        """Return the events of one scanner, one protocol, or both, with their doses.

        Series, findings and what was not stored are those of all: they name no scanner.  Raises
        ``SettingsError`` where there is no such event: a report of nothing would look like one of
        a machine that does nothing.
        """
        if not scanner and not protocol:
            return self
        events = labelled(self.events)
        for column, wanted in ((SCANNER, scanner), ("protocol", protocol)):
            if wanted:
                events = events.filter(pl.col(column) == wanted)
        if events.is_empty():
            raise SettingsError(
                "there is no event of scanner '{scanner}' and protocol '{protocol}'.",
                "Write both as the survey has them, or leave one out.",
                scanner=scanner[:80], protocol=protocol[:80],
            )  # fmt: skip
        keys = ["StudyInstanceUID", "irradiation_event_uid"]
        doses = self.doses.join(events.select(keys).unique(), on=keys, how="semi")
        return replace(self, events=events, doses=doses)

    def as_mapping(self) -> dict[str, pl.DataFrame]:
        """Return name -> frame."""
        return dict(vars(self))


def what_words(text: str) -> Words:
    """Return what an area, or what is missing in it, is called; several codes stand with commas."""
    if text in WHATS:
        return t(WHATS[text])
    return listed(
        t(WHATS[code]) if code in WHATS else code_words(code) for code in text.split(", ")
    )


def missing(tables: ReportTables) -> pl.DataFrame:
    """Return one row a thing that is missing: area, what, count, and of how many."""
    parts = [
        _events(tables.events),
        _studies(tables.events),
        _estimates(tables.events, tables.doses),
        _grouped(
            tables.series.filter(pl.col("state") == "INCOMPLETE"), "series incomplete",
            ("state_reason",), tables.series.height,
        ),
        _grouped(tables.rejected, "files not stored", ("verdict", "code"), tables.rejected.height),
        _grouped(
            tables.findings, "findings", ("stage", "severity", "code"), tables.findings.height
        ),
    ]  # fmt: skip
    return pl.concat([pl.DataFrame(schema=SCHEMA), *parts])


def _events(events: pl.DataFrame) -> pl.DataFrame:
    counted, all_ct = counted_events(events), preferred_ct(events)
    others = events.filter(pl.col("preferred").fill_null(value=False)).height - all_ct.height
    lacking = {
        "no body region": pl.col("body_region") == "unknown",
        "no DLP": pl.col("dlp_mgy_cm").is_null(),
        "no CTDIvol": pl.col("ctdi_vol_mgy").is_null(),
        "no CTDI phantom": pl.col("ctdi_phantom_cm").is_null(),
        "no age": pl.col("age_group") == "unknown",
        "no protocol": pl.col("protocol").is_null(),
    }
    rows = [
        ("CT events", what, counted.filter(lacks).height, counted.height)
        for what, lacks in lacking.items()
    ]
    topograms = all_ct.filter("localizer").height
    phantoms = all_ct.height - topograms - counted.height
    rows += [
        ("not summed up", "topograms", topograms, all_ct.height),
        ("not summed up", "scans of phantoms", phantoms, all_ct.height),
        ("not summed up", "events of other modalities", others, all_ct.height + others),
    ]
    return _frame(rows)


def _studies(events: pl.DataFrame) -> pl.DataFrame:
    sums = study_sums(events)
    left = sums.filter(pl.col("not_compared").is_not_null())
    return _grouped(left, "study DLP not compared", ("not_compared",), sums.height)


def _estimates(events: pl.DataFrame, doses: pl.DataFrame) -> pl.DataFrame:
    """Count the estimates without a value by their reasons; one estimate may have several."""
    keys = ("StudyInstanceUID", "irradiation_event_uid")
    ours = doses.join(counted_events(events).select(keys), on=keys, how="semi")
    reasons = ours.filter(pl.col("value").is_null()).with_columns(
        reason=pl.col("reason").fill_null("no reason given").str.split("; ")
    )
    area = "effective doses without a value"
    return _grouped(reasons.explode("reason"), area, ("reason",), ours.height)


def _grouped(rows: pl.DataFrame, area: str, columns: tuple[str, ...], total: int) -> pl.DataFrame:
    texts = [pl.col(name).fill_null("not stated").str.replace_all("_", " ") for name in columns]
    counted = (
        rows.select(what=pl.concat_str(texts, separator=", "))
        .group_by("what")
        .agg(pl.len().alias("count"))
        .sort("count", "what", descending=[True, False])
    )
    return _frame([(area, what, count, total) for what, count in counted.iter_rows()])


def _frame(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    return pl.DataFrame([row for row in rows if row[2]], schema=SCHEMA, orient="row")
