"""Radiographs and fluoroscopy: dose goes with kV squared and mAs, units are those of PS3.3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from tests.simulate.planned import planned, stored
from workbench.simulate.projection import Fluoroscopy, FluoroscopyEvent, Radiograph

STUDY = planned("ge")
CHEST = Radiograph(
    seed=1, number=3, patient=STUDY.patient, taken_at=dt.datetime(2024, 3, 4, 10, 20, 30),
    body_part="CHEST", region="chest", description="Chest X-ray", kvp_kv=69.64, current_ma=208.0,
    exposure_time_ms=5.0,
)  # fmt: skip
RUNS = (
    FluoroscopyEvent(number=1, delay_s=0, kvp_kv=77.0, current_ma=95.1, pulses=24,
                     pulse_width_ms=4.2),
    FluoroscopyEvent(number=2, delay_s=60, kvp_kv=81.0, current_ma=320.0, pulses=40,
                     pulse_width_ms=12.8, acquisition=True),
)  # fmt: skip
SCREENING = Fluoroscopy(
    seed=1, number=0, patient=STUDY.patient, started_at=dt.datetime(2024, 3, 4, 11, 0), events=RUNS
)


def walk(item: Dataset) -> Iterator[Dataset]:
    for child in item.get("ContentSequence", []):
        yield child
        yield from walk(child)


def concept(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def amount(item: Dataset, code: str) -> tuple[float, str]:
    """Return a number and its UCUM unit; it stands there once."""
    (number,) = [child for child in walk(item) if concept(child) == code]
    measured = number.MeasuredValueSequence[0]
    return float(measured.NumericValue), measured.MeasurementUnitsCodeSequence[0].CodeValue


def test_the_real_radiograph_is_reproduced() -> None:
    """Optima XR220: 0.41 dGy.cm2 at 1.04 mAs and 69.64 kV."""
    assert CHEST.mas == pytest.approx(1.04)
    assert CHEST.dap_gy_cm2 == pytest.approx(0.041)


def test_the_real_run_is_reproduced() -> None:
    """AXIOM-Artis: 0.14 mGy at the reference point at 9.586 mAs and 77 kV."""
    assert RUNS[0].mas == pytest.approx(9.586, abs=1e-3)
    assert RUNS[0].dose_rp_gy == pytest.approx(0.00014, rel=1e-3)


@given(kilovolts=st.floats(40, 140), current=st.floats(1, 900), milliseconds=st.floats(1, 900))
def test_dose_goes_with_current_time_and_the_square_of_voltage(
    kilovolts: float, current: float, milliseconds: float
) -> None:
    shot = replace(CHEST, kvp_kv=kilovolts, current_ma=current, exposure_time_ms=milliseconds)
    run = replace(RUNS[0], kvp_kv=kilovolts, current_ma=current, pulse_width_ms=milliseconds)
    rounding = 1e-6  # Gy.cm2
    assert replace(shot, current_ma=2 * current).dap_gy_cm2 == pytest.approx(
        2 * shot.dap_gy_cm2, abs=3 * rounding
    )
    assert replace(shot, kvp_kv=2 * kilovolts).dap_gy_cm2 == pytest.approx(
        4 * shot.dap_gy_cm2, abs=5 * rounding
    )
    assert replace(run, pulses=72).dose_rp_gy == pytest.approx(3 * run.dose_rp_gy)
    assert replace(run, kvp_kv=kilovolts / 2).dap_gy_m2 == pytest.approx(run.dap_gy_m2 / 4)


def test_the_header_of_a_radiograph_says_the_same_in_every_unit() -> None:
    """PS3.3 C.8.7.4: dGy.cm2, mA, ms, mAs and uAs."""
    image = stored(replace(CHEST, current_ma=208.0, exposure_time_ms=50.0).image())
    assert float(image.ImageAndFluoroscopyAreaDoseProduct) == pytest.approx(4.1, rel=1e-4)
    assert float(image.KVP) == pytest.approx(69.64)
    assert (image.XRayTubeCurrent, image.ExposureTime) == (208, 50)
    assert image.ExposureInuAs == 10400
    assert int(image.Exposure) == 10
    assert len(image.PixelData) == 2 * image.Rows * image.Columns
    assert image.AcquisitionDateTime.startswith("20240304102030")
    assert image.Modality == "DX"


def test_a_radiograph_without_its_voltage_has_an_empty_one() -> None:
    image = stored(replace(CHEST, kvp_known=False).image())
    assert "KVP" in image, "type 2: there, if empty"
    assert image.KVP is None
    assert replace(CHEST, kvp_known=False).dap_gy_cm2 == CHEST.dap_gy_cm2


def test_uids_differ_by_number_kind_and_seed() -> None:
    parts = [(), ("image",), ("series",)]
    everyone = [
        made.uid(*part)
        for made in (CHEST, replace(CHEST, number=4), replace(CHEST, seed=2), SCREENING)
        for part in parts
    ]
    assert len(set(everyone)) == len(everyone)


def test_the_report_is_a_projection_dose_report_by_ps3_16() -> None:
    """TID 10001: the rows that are mandatory, in their value types and relationships."""
    report = stored(SCREENING.report())
    assert concept(report) == "113701"
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "10001"
    assert report.SOPClassUID.name == "X-Ray Radiation Dose SR Storage"
    for word in ("Study", "Series", "Content"):
        assert report[f"{word}Date"].value == "20240304"
        assert str(report[f"{word}Time"].value).startswith("1100")
    rows = [(concept(item), item.ValueType, item.RelationshipType)
            for item in report.ContentSequence]  # fmt: skip
    for row in (
        ("121058", "CODE", "HAS CONCEPT MOD"), ("121005", "CODE", "HAS OBS CONTEXT"),
        ("121012", "UIDREF", "HAS OBS CONTEXT"), ("113705", "CODE", "HAS OBS CONTEXT"),
        ("113702", "CONTAINER", "CONTAINS"),
    ):  # fmt: skip
        assert rows.count(row) == 1, row
    assert rows.count(("113706", "CONTAINER", "CONTAINS")) == len(RUNS)
    scope = next(item for item in report.ContentSequence if concept(item) == "113705")
    assert [child.UID for child in scope.ContentSequence] == [report.StudyInstanceUID]
    procedure = next(item for item in report.ContentSequence if concept(item) == "121058")
    assert procedure.ConceptCodeSequence[0].CodeValue == "113704", "Projection X-Ray"
    for item in walk(report):
        assert item.ValueType in ("CODE", "CONTAINER", "DATETIME", "NUM", "TEXT", "UIDREF")
        assert item.ConceptNameCodeSequence[0].CodingSchemeDesignator in ("DCM", "SRT")
        if item.ValueType == "CONTAINER":
            assert item.ContinuityOfContent in ("SEPARATE", "CONTINUOUS")


def test_every_run_tells_what_was_done_in_the_units_of_the_template() -> None:
    """TID 10003 and 10003B: Gy.m2, Gy, kV, mA, ms, uAs."""
    report = stored(SCREENING.report())
    events = [item for item in report.ContentSequence if concept(item) == "113706"]
    kinds = []
    for event, run in zip(events, RUNS, strict=True):
        assert amount(event, "122130") == (pytest.approx(run.dap_gy_m2, rel=1e-5), "Gym2")
        assert amount(event, "113738") == (pytest.approx(run.dose_rp_gy, rel=1e-5), "Gy")
        assert amount(event, "113733") == (run.kvp_kv, "kV")
        assert amount(event, "113734") == (run.current_ma, "mA")
        assert amount(event, "113736") == (pytest.approx(run.mas * 1000, rel=1e-5), "uAs")
        exposure = run.pulses * run.pulse_width_ms
        assert amount(event, "113735") == (pytest.approx(exposure, rel=1e-5), "ms")
        assert amount(event, "113768") == (run.pulses, "1")
        (uid,) = [item.UID for item in walk(event) if concept(item) == "113769"]
        assert uid == SCREENING.uid("event", run.number)
        (kind,) = [item for item in walk(event) if concept(item) == "113721"]
        kinds.append(kind.ConceptCodeSequence[0].CodeMeaning)
        (started,) = [item.DateTime for item in walk(event) if concept(item) == "111526"]
        wanted = SCREENING.started_at + dt.timedelta(seconds=run.delay_s)
        assert str(started).startswith(f"{wanted:%Y%m%d%H%M%S}")
    assert kinds == ["Fluoroscopy", "Stationary Acquisition"]


def test_totals_are_the_sums_of_all_of_fluoroscopy_and_of_acquisition() -> None:
    """TID 10002 and 10004."""
    report = stored(SCREENING.report())
    (totals,) = [item for item in report.ContentSequence if concept(item) == "113702"]
    fluoroscopy, acquisition = RUNS
    for codes, runs in (
        (("113722", "113725"), RUNS), (("113726", "113728"), [fluoroscopy]),
        (("113727", "113729"), [acquisition]),
    ):  # fmt: skip
        area = sum(run.dap_gy_m2 for run in runs)
        kerma = sum(run.dose_rp_gy for run in runs)
        assert amount(totals, codes[0]) == (pytest.approx(area, rel=1e-5), "Gym2")
        assert amount(totals, codes[1]) == (pytest.approx(kerma, rel=1e-5), "Gy")
