"""The truth table says what was done, and every dose in every file is the one it says."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import polars as pl
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from tests.simulate.planned import planned
from workbench.simulate.hospital import Hospital, simulate_hospital
from workbench.simulate.makers import MAKERS
from workbench.simulate.projection import Fluoroscopy, FluoroscopyEvent
from workbench.simulate.truth import (
    TRUTH,
    ct_rows,
    dose_sources,
    fluoroscopy_rows,
    phantom_row,
    radiograph_row,
)

CTDI_VOL, DLP, DOSE = "113830", "113838", "113829"


@cache
def hospital() -> Hospital:
    return simulate_hospital(seed=4, patients=12)


@cache
def objects() -> tuple[Dataset, ...]:
    return tuple(hospital().objects())


@cache
def truth() -> dict[str, dict[str, Any]]:
    return {row["irradiation_event_uid"]: row for row in hospital().truth.to_dicts()}


def walk(item: Dataset) -> Iterator[Dataset]:
    for child in item.get("ContentSequence", []):
        yield child
        yield from walk(child)


def concept(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def numbers(item: Dataset, code: str) -> list[float]:
    return [
        float(child.MeasuredValueSequence[0].NumericValue)
        for child in walk(item)
        if concept(child) == code
    ]


def told_in_reports() -> dict[str, set[tuple[float, float]]]:
    """Return event to the doses (CTDIvol, DLP) that CT dose reports tell of it."""
    doses: dict[str, set[tuple[float, float]]] = {}
    for report in (each for each in objects() if each.Modality == "SR"):
        for event in (item for item in walk(report) if concept(item) == "113819"):
            (uid,) = [str(item.UID) for item in walk(event) if concept(item) == "113769"]
            given = zip(numbers(event, CTDI_VOL), numbers(event, DLP), strict=True)
            doses.setdefault(uid, set()).update(given)
    return doses


def test_reports_tell_the_dose_of_exactly_the_events_of_which_the_truth_says_so() -> None:
    told = {uid: doses for uid, doses in told_in_reports().items() if doses}
    wanted = {uid for uid, row in truth().items()
              if "rdsr" in row["dose_in"] and row["modality"] == "CT"}  # fmt: skip
    assert set(told) == wanted != set()
    for uid, doses in told.items():
        ((index, product),) = doses  # a cumulative report repeats it unchanged
        digits = 0.051 if truth()[uid]["maker"] == "toshiba" else 0.0051
        assert index == pytest.approx(truth()[uid]["ctdi_vol_mgy"], abs=digits)
        assert product == pytest.approx(truth()[uid]["dlp_mgy_cm"], abs=digits)


def test_images_tell_a_dose_exactly_where_the_truth_says_header() -> None:
    series = {uid: row for row in truth().values() for uid in row["SeriesInstanceUIDs"]}
    seen: Counter[bool] = Counter()
    for image in objects():
        if image.SOPClassUID != CTImageStorage:
            continue
        row = series[image.SeriesInstanceUID]
        told = "CTDIvol" in image
        assert told == ("header" in row["dose_in"])
        seen[told] += 1
    assert all(seen[told] for told in (True, False))


def test_private_doses_are_the_truth_too() -> None:
    series = {uid: row for row in truth().values() for uid in row["SeriesInstanceUIDs"]}
    compared = 0
    for image in objects():
        if (0x7005, 0x0010) in image and (block := image.private_block(0x7005, "TOSHIBA_MEC_CT3")):
            row = series.get(image.SeriesInstanceUID)
            if row is None or row["localizer"]:
                continue
            (dlp,) = struct.unpack("<d", block[0x40].value)
            assert dlp == pytest.approx(row["dlp_mgy_cm"], abs=0.051)
            compared += 1
    assert compared


def test_dose_sequences_hold_exactly_the_events_of_which_the_truth_says_so() -> None:
    told = {
        str(item.IrradiationEventUID): float(item.CTDIvol)
        for page in objects() for item in page.get("ExposureDoseSequence", [])
    }  # fmt: skip
    wanted = {uid: row["ctdi_vol_mgy"] for uid, row in truth().items()
              if "dose_sequence" in row["dose_in"]}  # fmt: skip
    assert told == pytest.approx(wanted)
    assert told


def test_every_event_but_those_nobody_tells_has_a_source_and_no_source_is_unknown() -> None:
    known = {"rdsr", "dose_sequence", "header", "dose_screen"}
    for row in truth().values():
        assert set(row["dose_in"]) <= known
        assert len(set(row["dose_in"])) == len(row["dose_in"])
        if not row["localizer"]:
            assert row["dose_in"], "a dose that no file tells cannot be looked for"


@pytest.mark.parametrize("maker", sorted(MAKERS))
@pytest.mark.parametrize("report", ["rdsr", "none"])
@pytest.mark.parametrize("screen", [True, False])
def test_sources_are_those_that_exist(maker: str, report: str, screen: bool) -> None:
    study = planned(maker, report=report, screen=screen)
    for scan in study.scans:
        sources = list(dose_sources(study, scan))
        assert ("rdsr" in sources) <= (report == "rdsr")
        assert bool({"dose_screen", "dose_sequence"} & set(sources)) <= screen
        assert "header" not in sources or maker != "ge"
        order = ["rdsr", "dose_sequence", "header", "dose_screen"]
        assert sources == [name for name in order if name in sources], "in the order of trust"
    topogram = list(dose_sources(study, study.scans[0]))
    assert ("rdsr" in topogram) == (maker == "siemens" and report == "rdsr")


def test_rows_of_a_study_are_its_scans_with_their_series() -> None:
    study = planned("siemens", exam="chest_abdomen_pelvis", age=60.0)
    rows = list(ct_rows(study))
    assert [row["irradiation_event_uid"] for row in rows] == list(map(study.event_uid, study.scans))
    listed = [uid for row in rows for uid in row["SeriesInstanceUIDs"]]
    assert len(listed) == len(set(listed)) == len(study.reconstructions)
    for row, scan in zip(rows, study.scans, strict=True):
        technique = scan.technique
        assert row["ctdi_vol_mgy"] == technique.ctdi_vol_mgy
        assert row["dlp_mgy_cm"] == pytest.approx(
            technique.ctdi_vol_mgy * technique.exposed_length_mm / 10
        )
        assert row["contrast"] is scan.contrast
    frame = pl.DataFrame(rows, schema=dict(TRUTH), orient="row")
    assert frame["dap_gy_cm2"].null_count() == frame.height, "a CT has no dose area product"


def test_a_fluoroscopy_run_has_its_dose_area_product_in_gy_cm2() -> None:
    """1 Gy.m2 is 10^4 Gy.cm2; a factor of ten too few is the classic error."""
    study = planned("ge")
    event = FluoroscopyEvent(number=1, delay_s=0, kvp_kv=77.0, current_ma=100.0, pulses=10,
                             pulse_width_ms=5.0)  # fmt: skip
    made = Fluoroscopy(seed=1, number=0, patient=study.patient, started_at=study.started_at,
                       events=[event])  # fmt: skip
    (row,) = fluoroscopy_rows(made)
    assert row["dap_gy_cm2"] == pytest.approx(event.dose_rp_gy * 72), "72 cm2 at the reference"
    assert row["exposure_time_s"] == pytest.approx(0.05)
    assert row["event_type"] == "FLUOROSCOPY"


def test_every_column_is_filled_by_somebody_and_nothing_said_is_left_out() -> None:
    (shot,) = hospital().radiographs[:1]
    rows = [*ct_rows(planned("ge")), radiograph_row(shot), phantom_row(hospital().phantom)]
    assert {name for row in rows for name in row} == set(TRUTH)
    assert set(hospital().truth.columns) == set(TRUTH)


def test_a_radiograph_has_a_dose_area_product_and_no_dose_index() -> None:
    (shot,) = hospital().radiographs[:1]
    row = radiograph_row(shot)
    assert (row["modality"], row["event_type"], row["localizer"]) == ("DX", "RADIOGRAPH", False)
    assert row["dap_gy_cm2"] == shot.dap_gy_cm2 > 0
    assert "ctdi_vol_mgy" not in row
    assert row["SeriesInstanceUIDs"] == [shot.uid("series")]
    assert row["exposure_time_s"] == pytest.approx(shot.exposure_time_ms / 1000)


def test_the_phantom_is_nobody_and_its_dose_is_known() -> None:
    row = phantom_row(hospital().phantom)
    assert row["patient_id"] not in hospital().patient_ids
    assert row["patient_sex"] == "O"
    assert "patient_age_years" not in row
    assert row["ctdi_vol_mgy"] == hospital().phantom.scan.technique.ctdi_vol_mgy > 0
    assert truth()[str(row["irradiation_event_uid"])]["dose_in"] == ["header"]
