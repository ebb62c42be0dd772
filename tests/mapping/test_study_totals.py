"""Totals of a study are sums of what counts, and never hide what is missing or differs."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.mapping import map_instances
from workbench.mapping.study_totals import study_doses, total_findings
from workbench.schema import IRRADIATION_EVENT, STUDY_DOSE


def event(uid: str, **changes: Any) -> dict[str, Any]:
    return {
        "patient": "P", "StudyInstanceUID": "1.2", "irradiation_event_uid": uid, "source": "rdsr",
        "preferred": True, "modality": "CT", "event_type": "SPIRAL", "localizer": False,
        "body_region": "chest", "ctdi_vol_mgy": 10.0, "dlp_mgy_cm": 100.0, "ctdi_phantom_cm": 32,
    } | changes  # fmt: skip


def totals(*events: dict[str, Any]) -> list[dict[str, Any]]:
    return study_doses(IRRADIATION_EVENT.frame(list(events))).to_dicts()


def reported(total: float | None, events: int = 2) -> str:
    return json.dumps({"dlp_total_mgy_cm": total, "number_of_events": events})


def test_only_what_counts_is_summed() -> None:
    (row,) = totals(event("a"), event("b"), event("a", source="header", preferred=False))
    assert (row["events"], row["dlp_mgy_cm"], row["dlp_spiral_mgy_cm"]) == (2, 200, 200)
    assert row["sources"] == ["rdsr"]


def test_topograms_phantoms_and_types_have_sums_of_their_own() -> None:
    (row,) = totals(
        event("a"), event("b", ctdi_phantom_cm=16, event_type="SEQUENCED", body_region="head"),
        event("c", localizer=True, event_type="CONSTANT_ANGLE", dlp_mgy_cm=5.0),
        event("d", ctdi_phantom_cm=None, event_type="STATIONARY", dlp_mgy_cm=7.0),
        event("e", event_type="unknown", dlp_mgy_cm=3.0),
    )  # fmt: skip
    assert (row["events"], row["localizers"], row["dlp_mgy_cm"]) == (5, 1, 215)
    assert (row["dlp_scans_mgy_cm"], row["dlp_localizers_mgy_cm"]) == (210, 5)
    assert (row["dlp_16_cm_mgy_cm"], row["dlp_32_cm_mgy_cm"]) == (100, 108)
    assert row["dlp_no_phantom_mgy_cm"] == 7
    assert (row["dlp_sequenced_mgy_cm"], row["dlp_stationary_mgy_cm"]) == (100, 7)
    assert row["dlp_other_mgy_cm"] == 3
    assert row["body_regions"] == ["chest", "head"]
    assert "phantoms_mixed" in row["flags"]


def test_a_scan_without_dlp_is_counted_and_no_sum_is_zero_for_want_of_values() -> None:
    (row,) = totals(event("a"), event("b", dlp_mgy_cm=None))
    assert (row["dlp_mgy_cm"], row["scans_without_dlp"]) == (100, 1)
    assert row["flags"] == ["scans_without_dlp"]
    (none,) = totals(event("b", dlp_mgy_cm=None))
    assert none["dlp_mgy_cm"] is None
    assert none["dlp_localizers_mgy_cm"] is None


@pytest.mark.parametrize(("total", "differs"), [(200.0, False), (201.5, False), (250.0, True)])
def test_the_reports_total_stands_beside_the_sum_and_a_difference_is_a_finding(
    total: float, differs: bool
) -> None:
    events = [event("a", report=reported(total)), event("b", report=reported(total))]
    (row,) = totals(*events)
    assert (row["reported_dlp_mgy_cm"], row["reported_events"]) == (total, 2)
    assert row["dlp_difference_mgy_cm"] == pytest.approx(200 - total)
    assert ("total_differs" in row["flags"]) is differs
    found = [finding.code for finding in total_findings(IRRADIATION_EVENT.frame(events))]
    assert found == (["study_total_differs"] if differs else [])


def test_reports_that_follow_each_other_add_up_and_one_of_two_sources_is_taken() -> None:
    (row,) = totals(
        event("a", report=reported(60.17, 1), dlp_mgy_cm=60.17),
        event("b", report=reported(56.44, 1), dlp_mgy_cm=56.44),
        event("b", source="dose_sequence", preferred=False, report=reported(999.0)),
    )
    assert row["reported_dlp_mgy_cm"] == pytest.approx(116.61)
    assert row["flags"] == []


def test_each_study_of_each_patient_has_its_own_row_and_no_study_is_one_too() -> None:
    rows = totals(event("a"), event("b", patient="Q"), event("c", StudyInstanceUID=None))
    assert [(row["patient"], row["StudyInstanceUID"]) for row in rows] == [
        ("P", None), ("P", "1.2"), ("Q", "1.2")
    ]  # fmt: skip
    assert {row["dlp_mgy_cm"] for row in rows} == {100}


def test_no_events_are_no_rows() -> None:
    assert study_doses(IRRADIATION_EVENT.empty()).equals(STUDY_DOSE.empty())


DLP = st.one_of(st.none(), st.floats(0, 5000))
KINDS = st.sampled_from(["SPIRAL", "SEQUENCED", "STATIONARY", "FREE", "unknown", None])


@given(st.lists(st.tuples(DLP, KINDS, st.sampled_from([16, 32, None]), st.booleans()), min_size=1))
def test_parts_sum_to_the_whole(
    told: list[tuple[float | None, str | None, int | None, bool]],
) -> None:
    (row,) = totals(*(
        event(str(number), dlp_mgy_cm=dlp, event_type=kind, ctdi_phantom_cm=phantom, localizer=top)
        for number, (dlp, kind, phantom, top) in enumerate(told)
    ))  # fmt: skip
    whole = sum(dlp for dlp, *_ in told if dlp is not None)
    for names in (
        ("scans", "localizers"), ("16_cm", "32_cm", "no_phantom"),
        ("spiral", "sequenced", "stationary", "other", "localizers"),
    ):  # fmt: skip
        parts = [row[f"dlp_{name}_mgy_cm"] for name in names]
        assert sum(part for part in parts if part is not None) == pytest.approx(whole)
    assert (row["dlp_mgy_cm"] is None) == all(dlp is None for dlp, *_ in told)


def test_mapping_tells_of_a_study_whose_events_do_not_sum_to_the_total(cases: Any) -> None:
    sound = cases.report("9", [cases.event()], total=(300.0, "mGy.cm"))
    mapped = map_instances(cases.frame(sound))
    assert "study_total_differs" not in mapped.findings["code"].to_list()
    wrong = cases.report("9", [cases.event()], total=(900.0, "mGy.cm"))
    mapped = map_instances(cases.frame(wrong))
    found = mapped.findings.filter(pl.col("code") == "study_total_differs")
    assert found["StudyInstanceUID"].to_list() == ["1.2.3.1"]
    assert study_doses(mapped.events)["dlp_difference_mgy_cm"].to_list() == [-600]
