"""What a report leaves out is counted: every event, study and value is summed up or told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.report.report_frames import scans, tables_of
from workbench.errors import SettingsError
from workbench.model import Finding
from workbench.report.missing import missing
from workbench.schema import FINDING, REJECTED, SERIES


def told(*changes: dict[str, object]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return (count, of) by (area, what)."""
    rows = missing(tables_of(scans(*changes))).iter_rows()
    return {(area, what): (count, of) for area, what, count, of in rows}


def test_where_nothing_is_missing_there_is_no_row() -> None:
    assert told({}, {}) == {}
    assert told() == {}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"dlp_mgy_cm": None}, "no DLP"), ({"ctdi_vol_mgy": None}, "no CTDIvol"),
        ({"ctdi_phantom_cm": None}, "no CTDI phantom"), ({"body_region": None}, "no body region"),
        ({"patient_age_years": None}, "no age"), ({"protocol": None}, "no protocol"),
    ],
)  # fmt: skip
def test_events_that_lack_something_are_counted_of_all(
    change: dict[str, object], what: str
) -> None:
    assert told({}, change, {})["CT events", what] == (1, 3)


def test_what_is_not_summed_up_is_counted() -> None:
    found = told(
        {}, {"localizer": True}, {"body_region": "phantom_qa"},
        {"modality": "DX", "dlp_mgy_cm": None, "ctdi_vol_mgy": None},
    )  # fmt: skip
    assert found["not summed up", "topograms"] == (1, 3)
    assert found["not summed up", "scans of phantoms"] == (1, 3)
    assert found["not summed up", "events of other modalities"] == (1, 4)


def test_doses_without_a_value_are_counted_by_each_reason() -> None:
    found = told({}, {"dlp_mgy_cm": None, "patient_age_years": None})
    area = "effective doses without a value"
    assert found[area, "no DLP"] == (3, 6)
    assert found[area, "age unknown"] == (3, 6)


def test_series_files_and_findings_are_counted_by_their_reasons() -> None:
    tables = replace(
        tables_of(scans({})),
        series=SERIES.frame([
            {"state": "INCOMPLETE", "state_reason": "missing: ctdi_vol_mgy"},
            {"state": "MAPPED"}, {"state": "INCOMPLETE"},
        ]),
        rejected=REJECTED.frame([{"verdict": "rejected", "code": "not_dicom"}] * 2),
        findings=FINDING.frame([Finding("mapping", "bad_value", "no number").row()]),
    )  # fmt: skip
    found = {(row[0], row[1]): row[2:] for row in missing(tables).iter_rows()}
    assert found["series incomplete", "missing: ctdi vol mgy"] == (1, 3)
    assert found["series incomplete", "not stated"] == (1, 3)
    assert found["files not stored", "rejected, not dicom"] == (2, 2)
    assert found["findings", "mapping, warning, bad value"] == (1, 1)


def test_one_scanner_and_one_protocol_have_their_events_and_doses_only() -> None:
    tables = tables_of(scans(
        {"protocol": "Chest", "model": "A"}, {"protocol": "Head", "model": "A"},
        {"protocol": "Chest", "model": "B"},
    ))  # fmt: skip
    each = tables.doses.height // 3
    assert each
    assert tables.only() is tables
    chests = tables.only(protocol="Chest")
    assert (chests.events.height, chests.doses.height) == (2, 2 * each)
    scanner = chests.events.row(0, named=True)["scanner"]
    both = tables.only(scanner, "Chest")
    assert (both.events.height, both.doses.height) == (1, each)
    with pytest.raises(SettingsError, match="no event of scanner 'C'"):
        tables.only(scanner="C")
