"""Frames of a small survey, shared by the tests of the reports."""

from __future__ import annotations

import re

import polars as pl

from workbench.dose import estimate
from workbench.report.missing import ReportTables
from workbench.schema import FINDING, IRRADIATION_EVENT, REJECTED, SERIES

SCAN: dict[str, object] = {
    "patient": "P1", "StudyInstanceUID": "1.1", "irradiation_event_uid": "1.1.1",
    "source": "rdsr", "preferred": True, "modality": "CT", "localizer": False,
    "manufacturer": "ACME", "model": "Ring 64", "station": "CT1", "protocol": "Chest routine",
    "body_region": "chest", "patient_age_years": 50.0, "kvp_kv": 120.0,
    "ctdi_vol_mgy": 10.0, "dlp_mgy_cm": 300.0, "ctdi_phantom_cm": 32,
}  # fmt: skip


def scans(*changes: dict[str, object]) -> pl.DataFrame:
    """Return events like one adult chest scan, each a study and patient of its own."""
    return IRRADIATION_EVENT.frame([
        {**SCAN, "patient": f"P{number}", "StudyInstanceUID": f"1.{number}",
         "irradiation_event_uid": f"1.{number}.1", **change}
        for number, change in enumerate(changes)
    ])  # fmt: skip


def tables_of(events: pl.DataFrame) -> ReportTables:
    """Return the tables of a survey with these events, their doses and nothing else."""
    return ReportTables(
        events=events, doses=estimate(events), series=SERIES.empty(),
        findings=FINDING.empty(), rejected=REJECTED.empty(),
    )  # fmt: skip


def drawn_apart(page: str) -> str:
    """Return a page without what Vega says of its marks, and without the numbers of axes.

    The children of what has the role of a picture are presentational (WAI-ARIA 1.2, 5.3.2).
    """
    page = re.sub(r' aria-(?:label|roledescription)="[^"]*"', "", page)
    return re.sub(r">[\d.,]+</text>", "></text>", page)
