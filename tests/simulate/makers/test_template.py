"""Simulated headers are as rich as real ones of the same maker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pydicom
import pytest

from workbench.simulate.hospital import simulate_hospital

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

REAL = {
    "ge-helical": ("ge", "SPIRAL", "ctqa/imgA.dcm"),
    "ge-axial": ("ge", "SPIRAL", "fo-dicom/GH1308.dcm"),
    "ge-scout": ("ge", "CONSTANT_ANGLE", "pydicom/dicomdirtests/98892001/CT2N/6293"),
    "siemens-sequence": ("siemens", "SEQUENCED", "imageqcpy/003_003_Hode_vann__4.8__Hf38_001.dcm"),
    "siemens-spiral": ("siemens", "SPIRAL", "pydicom-data/bad_sequence.dcm"),
    "siemens-topogram": (
        "siemens",
        "CONSTANT_ANGLE",
        "imageqcpy/001_001_Topogram__1.0__Tr20_001.dcm",
    ),
    "philips-helix": ("philips", "SPIRAL", "orthanc-tests/2020-09-11-Christopher-ELSCINT1-Raw.dcm"),
    "philips-brain": ("philips", "SPIRAL", "dcm_qa_ct/Philips/S21570/S2020/I100"),
    "philips-surview": ("philips", "CONSTANT_ANGLE", "dcm_qa_ct/Philips/S21570/S1000/I10"),
}

NOT_DOSE = {
    # de-identification, ordering and archive marks that a scanner does not write
    "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence",
    "IssuerOfPatientID", "OtherPatientIDsSequence", "InstanceCreatorUID", "TimezoneOffsetFromUTC",
    "DerivationCodeSequence", "CodeMeaning",
    # the order of an information system
    "ProcedureCodeSequence", "RequestedProcedureCodeSequence", "RequestAttributesSequence",
    "RequestingPhysician", "ReferencedPerformedProcedureStepSequence", "PhysiciansOfRecord",
    "PerformingPhysicianName", "NameOfPhysiciansReadingStudy", "OperatorsName",
    # display, and contrast details that say 0
    "ContrastBolusVolume", "ContrastBolusTotalDose", "ContrastFlowRate", "ContrastFlowDuration",
    "ContrastBolusIngredientConcentration", "PlanarConfiguration",
}  # fmt: skip

PRIVATE_DOSE = {
    "ge-axial": [
        ("GEMS_ACQU_01", 0x0019, 0x23), ("GEMS_ACQU_01", 0x0019, 0x27),
        ("GEMS_PARM_01", 0x0043, 0x27), ("GEMS_HELIOS_01", 0x0045, 0x01),
        ("GEMS_HELIOS_01", 0x0045, 0x02),
    ],
    "philips-helix": [
        ("ELSCINT1", 0x01F1, 0x26), ("ELSCINT1", 0x01F1, 0x27), ("ELSCINT1", 0x01F1, 0x08),
        ("ELSCINT1", 0x01F1, 0x4B), ("ELSCINT1", 0x00E1, 0x50),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def simulated() -> dict[tuple[str, str], Dataset]:
    hospital = simulate_hospital(seed=1, patients=12)
    events = {
        uid: (row["maker"], row["event_type"])
        for row in hospital.truth.to_dicts()
        for uid in row["SeriesInstanceUIDs"]
        if row["patient_id"] != hospital.phantom.patient_id
    }
    images = {}
    for o in hospital.objects():
        if o.SOPClassUID.name == "CT Image Storage" and o.SeriesInstanceUID in events:
            key = events[o.SeriesInstanceUID]
            if len(o) > len(images.get(key, ())):
                images[key] = o
    return images


def standard(dataset: Dataset) -> set[str]:
    return (
        {
            pydicom.datadict.keyword_for_tag(tag)
            for tag in dataset.keys()  # noqa: SIM118 (a dataset iterates over elements)
            if not tag.is_private and tag.element and tag.group != 0x7FE0
        }
        - NOT_DOSE
        - {""}
    )


@pytest.mark.parametrize("name", REAL)
def test_attributes_of_a_real_image(
    name: str, test_data: Path, simulated: dict[tuple[str, str], Dataset]
) -> None:
    maker, kind, file = REAL[name]
    real = standard(pydicom.dcmread(test_data / "dose" / file, stop_before_pixels=True))
    ours = standard(simulated[maker, kind])
    assert len(real & ours) / len(real) >= 0.8, sorted(real - ours)


@pytest.mark.parametrize("name", REAL)
def test_nothing_about_dose_is_invented(
    name: str, test_data: Path, simulated: dict[tuple[str, str], Dataset]
) -> None:
    maker, kind, _ = REAL[name]
    seen: set[str] = set()
    for other, _, file in REAL.values():
        if other == maker:
            real = pydicom.dcmread(test_data / "dose" / file, stop_before_pixels=True)
            seen |= standard(real)
    dose = {"CTDIvol", "CTDIPhantomTypeCodeSequence", "IrradiationEventUID", "AcquisitionType",
            "ExposureModulationType", "EstimatedDoseSaving", "RevolutionTime", "TableSpeed",
            "TableFeedPerRotation", "SpiralPitchFactor", "SingleCollimationWidth",
            "TotalCollimationWidth", "Exposure", "ExposureTime", "XRayTubeCurrent"}  # fmt: skip
    assert standard(simulated[maker, kind]) & dose <= seen


@pytest.mark.parametrize("name", PRIVATE_DOSE)
def test_private_dose_elements_as_in_a_real_image(
    name: str, test_data: Path, simulated: dict[tuple[str, str], Dataset]
) -> None:
    maker, kind, file = REAL[name]
    real = pydicom.dcmread(test_data / "dose" / file, stop_before_pixels=True)
    for creator, group, element in PRIVATE_DOSE[name]:
        theirs = real.private_block(group, creator)[element]
        ours = simulated[maker, kind].private_block(group, creator)[element]
        assert ours.VR == theirs.VR
