"""A multi-frame image tells what its slices as single-frame images would tell."""

from __future__ import annotations

from copy import deepcopy
from resource import RUSAGE_SELF, getrusage
from typing import Any

import polars as pl
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from workbench.mapping import Mapped, map_instances
from workbench.mapping.ct.functional_groups import MULTI_FRAME, with_frames

# The macro of each attribute (PS3.3 C.7.6.16.2, C.8.15.3); the others stay at the top.
MACROS = {
    "RevolutionTime": "CTAcquisitionDetailsSequence",
    "TotalCollimationWidth": "CTAcquisitionDetailsSequence",
    "GantryDetectorTilt": "CTAcquisitionDetailsSequence",
    "SpiralPitchFactor": "CTTableDynamicsSequence",
    "KVP": "CTXRayDetailsSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "CTDIvol": "CTExposureSequence",
    "CTDIPhantomTypeCodeSequence": "CTExposureSequence",
    "ExposureModulationType": "CTExposureSequence",
    "XRayTubeCurrent": "CTExposureSequence",
    "ImagePositionPatient": "PlanePositionSequence",
}
OURS = {"XRayTubeCurrent": "XRayTubeCurrentInmA"}  # as the macro has it
UNLIKE = {"object_number", "irradiation_event_uid", "SeriesInstanceUIDs", "provenance"}


def macro(groups: Dataset, name: str) -> Dataset:
    if name not in groups:
        setattr(groups, name, Sequence([Dataset()]))
    found: Dataset = getattr(groups, name)[0]
    return found


def enhanced(slices: list[Dataset], per_frame: tuple[str, ...] = ()) -> Dataset:
    """One multi-frame image of single-frame ones; ``per_frame`` names what each frame tells."""
    top = deepcopy(slices[0])
    top.SOPClassUID, top.NumberOfFrames = MULTI_FRAME[0], len(slices)
    shared, frames = Dataset(), []
    for one in slices:
        frame = Dataset()
        for keyword, name in MACROS.items():
            if keyword not in one:
                continue
            own = keyword in ("ImagePositionPatient", *per_frame)
            item = macro(frame if own else shared, name)
            setattr(item, OURS.get(keyword, keyword), getattr(one, keyword))
            if keyword in top:
                delattr(top, keyword)
        frames.append(frame)
    top.SharedFunctionalGroupsSequence = Sequence([shared])
    top.PerFrameFunctionalGroupsSequence = Sequence(frames)
    return top


def event(mapped: Mapped) -> dict[str, Any]:
    (row,) = mapped.events.to_dicts()
    return {name: value for name, value in row.items() if name not in UNLIKE}


@pytest.mark.parametrize("per_frame", [(), ("XRayTubeCurrent", "KVP"), ("CTDIvol",)])
def test_an_event_is_the_same_from_frames_as_from_single_images(
    cases: Any, per_frame: tuple[str, ...]
) -> None:
    slices = cases.slices(
        "2", range(0, 200, 5), ExposureModulationType="XYZ_EC", GantryDetectorTilt=0.0
    )
    for number, one in enumerate(slices):
        one.XRayTubeCurrent = 150 + number if "XRayTubeCurrent" in per_frame else 200
        one.CTDIvol = 8.0 + number / 10 if "CTDIvol" in per_frame else 10.0
    single = map_instances(cases.frame(slices))
    multi = map_instances(cases.frame(enhanced(slices, per_frame)))
    assert event(multi) == event(single)
    assert multi.events["dlp_mgy_cm"][0] == pytest.approx(
        cases.dlp(200.0, single.events["ctdi_vol_mgy"][0])
    )
    assert multi.series["instances"].to_list() == [1]
    assert multi.series["images"].to_list() == single.series["images"].to_list() == [40]
    assert multi.series["state"].to_list() == ["MAPPED"]


def test_frames_without_an_orientation_lie_along_the_table_where_only_z_changes(
    cases: Any,
) -> None:
    slices = cases.slices("2", range(0, 100, 5), ImageOrientationPatient=None)
    mapped = map_instances(cases.frame(enhanced(slices)))
    assert mapped.events["scan_length_mm"].to_list() == [100]
    oblique = cases.slices("2", range(0, 100, 5), ImageOrientationPatient=None)
    for one in oblique:
        one.ImagePositionPatient = [one.ImagePositionPatient[2], 0.0, one.ImagePositionPatient[2]]
    assert map_instances(cases.frame(enhanced(oblique))).events["scan_length_mm"].to_list() == [
        None
    ]


def test_the_first_x_ray_source_is_read_and_not_an_additional_one(cases: Any) -> None:
    image = enhanced(cases.slices("2", range(0, 100, 5)))
    second = Dataset()
    second.KVP = 80
    image.SharedFunctionalGroupsSequence[0].CTAdditionalXRaySourceSequence = Sequence([second])
    for frame in image.PerFrameFunctionalGroupsSequence:
        frame.CTAdditionalXRaySourceSequence = Sequence([second])
    assert map_instances(cases.frame(image)).events["kvp_kv"].to_list() == [120]


def test_frames_announced_and_not_there_are_told(cases: Any) -> None:
    image = enhanced(cases.slices("2", range(0, 100, 5)))
    image.NumberOfFrames = 40
    found = map_instances(cases.frame(image)).findings
    assert "frames_differ" in found["code"].to_list()


def test_a_bad_value_in_a_functional_group_is_told_and_the_others_are_read(cases: Any) -> None:
    image = enhanced(cases.slices("2", range(0, 100, 5)))
    frame = cases.frame(image).with_columns(
        header=pl.col("header").str.replace('"vr":"DS","Value":[120.0]', '"vr":"DS","Value":["x"]',
                                            literal=True)
    )  # fmt: skip
    mapped = map_instances(frame)
    assert mapped.events.select("kvp_kv", "ctdi_vol_mgy").rows() == [(None, 10)]
    bad = mapped.findings.filter(pl.col("code") == "bad_value")
    assert bad.select("column").rows() == [("KVP",)]


def test_the_header_of_many_frames_is_held_once(cases: Any) -> None:
    image = enhanced(cases.slices("2", range(0, 1000, 5)))
    image.ImageComments = "x"
    long = pl.col("header").str.replace('"x"', f'"{"y" * 5_000_000}"', literal=True)
    instances = cases.frame(image).with_columns(long, foreign=pl.lit(False), series_key=pl.lit("2"))
    before = getrusage(RUSAGE_SELF).ru_maxrss
    expanded, findings = with_frames(instances)
    assert (expanded.height, findings) == (200, [])
    assert expanded["header"].n_unique() == 1
    assert expanded["frame"].to_list() == list(range(1, 201))
    held_kb = getrusage(RUSAGE_SELF).ru_maxrss - before
    assert held_kb < 500_000, "200 copies are 1 GB"
