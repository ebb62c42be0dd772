"""Dose reports, read back by walking concept codes, tell the truth."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from pydicom.uid import EnhancedSRStorage, XRayRadiationDoseSRStorage

from workbench.simulate.hospital import simulate_hospital

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

HOSPITAL = simulate_hospital(seed=1, patients=12)
TRUTH: dict[str, dict[str, Any]] = {
    row["irradiation_event_uid"]: row for row in HOSPITAL.truth.to_dicts()
}
STUDIES = {study.uid(): study for study in HOSPITAL.studies}
TYPES = {
    "P5-08001": "SPIRAL", "113804": "SEQUENCED", "113806": "STATIONARY",
    "113805": "CONSTANT_ANGLE",
}  # fmt: skip
DIGITS = {"toshiba": 0.0501}


def walk(item: Dataset) -> Iterator[Dataset]:
    for child in item.get("ContentSequence", []):
        yield child
        yield from walk(child)


def concept(item: Dataset) -> str:
    return item.ConceptNameCodeSequence[0].CodeValue


def below(item: Dataset, code: str) -> list[Dataset]:
    return [child for child in walk(item) if concept(child) == code]


def amount(item: Dataset, code: str) -> float:
    (found,) = below(item, code)
    return float(found.MeasuredValueSequence[0].NumericValue)


def chosen(item: Dataset, code: str) -> str:
    return below(item, code)[0].ConceptCodeSequence[0].CodeValue


@pytest.fixture(scope="module")
def reports() -> list[Dataset]:
    return [o for o in HOSPITAL.objects() if o.Modality == "SR"]


@pytest.fixture(scope="module")
def ct_reports(reports: list[Dataset]) -> list[Dataset]:
    return [o for o in reports if o.ContentTemplateSequence[0].TemplateIdentifier == "10011"]


def test_there_are_the_reports_the_cases_ask_for(ct_reports: list[Dataset]) -> None:
    assert {r.StudyInstanceUID for r in ct_reports} == {
        uid for uid, study in STUDIES.items() if study.report != "none"
    }
    for report in ct_reports:
        ge = report.Manufacturer.upper().startswith("GE")
        assert report.SOPClassUID == (EnhancedSRStorage if ge else XRayRadiationDoseSRStorage)
        assert concept(report) == "113701"


def test_events_tell_the_truth(ct_reports: list[Dataset]) -> None:
    for report in ct_reports:
        for event in below(report, "113819"):
            row = TRUTH[below(event, "113769")[0].UID]
            assert row["StudyInstanceUID"] == report.StudyInstanceUID
            assert TYPES[chosen(event, "113820")] == row["event_type"]
            assert amount(event, "113733") == row["kvp_kv"]
            assert amount(event, "113734") == pytest.approx(row["mean_current_ma"], abs=0.051)
            assert amount(event, "113824") == pytest.approx(row["exposure_time_s"], abs=0.0051)
            if "rdsr" not in row["dose_in"]:
                assert not below(event, "113829")
                continue
            digits = DIGITS.get(row["maker"], 0.00501)
            assert amount(event, "113830") == pytest.approx(row["ctdi_vol_mgy"], abs=digits)
            assert amount(event, "113838") == pytest.approx(row["dlp_mgy_cm"], abs=digits)


def test_exposed_range_where_it_is_given(ct_reports: list[Dataset]) -> None:
    given = 0
    for report in ct_reports:
        for event in below(report, "113819"):
            row = TRUTH[below(event, "113769")[0].UID]
            if below(event, "113899"):
                given += 1
                length = row["exposed_length_mm"]
                assert amount(event, "113899") == pytest.approx(length, abs=0.0051)
    assert given


def test_last_total_is_the_truth_of_the_study(ct_reports: list[Dataset]) -> None:
    last = {report.StudyInstanceUID: report for report in ct_reports}
    for uid, report in last.items():
        rows = [r for r in TRUTH.values() if r["StudyInstanceUID"] == uid]
        told = sum(r["dlp_mgy_cm"] for r in rows if "rdsr" in r["dose_in"])
        digits = DIGITS.get(rows[0]["maker"], 0.00501)
        assert amount(report, "113813") == pytest.approx(told, abs=len(rows) * digits)
        assert amount(report, "113812") == len(rows) == len(below(report, "113819"))


def test_cumulative_reports_repeat_earlier_events(ct_reports: list[Dataset]) -> None:
    (study,) = [s for s in HOSPITAL.studies if s.report == "cumulative"]
    several = [r for r in ct_reports if r.StudyInstanceUID == study.uid()]
    events = [[below(e, "113769")[0].UID for e in below(r, "113819")] for r in several]
    assert len(events) >= 3
    for earlier, later in itertools.pairwise(events):
        assert later[: len(earlier)] == earlier
        assert len(later) == len(earlier) + 1
    totals = [amount(r, "113813") for r in several]
    assert sum(totals) > 1.2 * totals[-1] or totals == sorted(totals)


def test_phantom_codes(ct_reports: list[Dataset]) -> None:
    without = set()
    for report in ct_reports:
        for dose in below(report, "113829"):
            if not below(dose, "113835"):
                without.add(report.StudyInstanceUID)
        for event in below(report, "113819"):
            row = TRUTH[below(event, "113769")[0].UID]
            for code in below(event, "113835"):
                value = code.ConceptCodeSequence[0].CodeValue
                assert {"113690": 16, "113691": 32}[value] == row["ctdi_phantom_cm"]
    assert without == {u for u, s in STUDIES.items() if "no_phantom_code" in s.blemishes}


def test_unit_spellings_differ_by_maker(ct_reports: list[Dataset]) -> None:
    units = {
        report.Manufacturer: below(report, "113813")[0]
        .MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue
        for report in ct_reports
    }  # fmt: skip
    assert units == {"GE MEDICAL SYSTEMS": "mGycm", "SIEMENS": "mGy.cm", "TOSHIBA": "mGy.cm"}


def test_images_link_to_the_report(ct_reports: list[Dataset]) -> None:
    reported = {u.UID for r in ct_reports for u in below(r, "113769")}
    shown = {
        o.IrradiationEventUID
        for o in HOSPITAL.objects()
        if o.Modality == "CT" and "IrradiationEventUID" in o
        and STUDIES.get(o.StudyInstanceUID) and STUDIES[o.StudyInstanceUID].report != "none"
    }  # fmt: skip
    assert shown
    assert shown <= reported


def test_device_observer_and_scope(ct_reports: list[Dataset]) -> None:
    for report in ct_reports:
        assert below(report, "121012")[0].UID
        assert report.StudyInstanceUID == below(report, "110180")[0].UID
        start, end = below(report, "113809")[0].DateTime, below(report, "113810")[0].DateTime
        assert start < end


def test_fluoroscopy_report_adds_up(reports: list[Dataset]) -> None:
    (report,) = [o for o in reports if o.ContentTemplateSequence[0].TemplateIdentifier == "10001"]
    events = below(report, "113706")
    assert len(events) == 3
    for event in events:
        row = TRUTH[below(event, "113769")[0].UID]
        assert amount(event, "122130") * 1e4 == pytest.approx(row["dap_gy_cm2"], rel=1e-5)
    total = sum(amount(event, "122130") for event in events)
    assert amount(report, "113722") == pytest.approx(total, rel=1e-5)
    assert amount(report, "113726") + amount(report, "113727") == pytest.approx(total, rel=1e-5)


def test_radiographs_tell_their_dose_area_product() -> None:
    images = [o for o in HOSPITAL.objects() if o.Modality == "DX"]
    truth = {r["StudyInstanceUID"]: r for r in TRUTH.values() if r["modality"] == "DX"}
    assert len(images) == len(truth) >= 2
    for image in images:
        told = float(image.ImageAndFluoroscopyAreaDoseProduct) / 10  # dGy.cm2 (PS3.6)
        assert told == pytest.approx(truth[image.StudyInstanceUID]["dap_gy_cm2"], rel=1e-5)
