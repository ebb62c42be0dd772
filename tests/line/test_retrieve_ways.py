"""By C-MOVE, by C-GET or over the web: what is kept of a patient is the same.

The one difference that is excused is the sign of zero, which Orthanc's JSON does not tell.  Headers
as they should be lose nothing else there; of others a server leaves out what has no form in JSON
(a decimal comma, letters outside the character set), and nobody can see that from the metadata.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pydicom import dcmread

from workbench.collect.dicomweb.client import WebSource
from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer
from workbench.collect.dimse.get import GetSource
from workbench.collect.dimse.move import MoveSource
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.filters import SurveyFilter
from workbench.collect.patient_list import ListedPatient
from workbench.collect.received import Take
from workbench.collect.retrieval import Source
from workbench.model import ApplicationEntity
from workbench.simulate.dcmqrscp import DcmqrscpPacs
from workbench.simulate.hospital import simulate_hospital
from workbench.simulate.peers import ChildPacs, OrthancPacs, free_port
from workbench.stages.border import Border
from workbench.stages.mapping import map_survey
from workbench.survey import KEY_FILE, Survey, create_survey

US = ApplicationEntity("WORKBENCH", port=0)
PACS = ApplicationEntity("THEPACS", port=0)
EVERYTHING = SurveyFilter()
Make = Callable[[ChildPacs, Take], Source]


def by_move(pacs: ChildPacs, _: Take) -> Source:
    return MoveSource(Peer("WORKBENCH", pacs.entity), EVERYTHING, "WORKBENCH")


def by_get(pacs: ChildPacs, take: Take) -> Source:
    return GetSource(Peer("WORKBENCH", pacs.entity), EVERYTHING, take)


def by_web(pacs: ChildPacs, take: Take) -> Source:
    assert isinstance(pacs, OrthancPacs)
    return WebSource(pacs.web_root, EVERYTHING, take)


def files_of(folder: Path) -> dict[str, list[Path]]:
    """Write a small hospital and return its files by patient."""
    patients: dict[str, list[Path]] = {}
    for path in simulate_hospital(seed=11, patients=1).write(folder):
        patients.setdefault(str(dcmread(path, stop_before_pixels=True).PatientID), []).append(path)
    return patients


def long_series(folder: Path) -> dict[str, list[Path]]:
    """Write a helical series of 250 images whose pitch and DLP stand in private values of VR UN."""
    helical = next(
        each for each in simulate_hospital(seed=1, patients=12).objects()
        if each.get("Manufacturer") == "TOSHIBA" and "SpiralPitchFactor" in each
    )  # fmt: skip
    folder.mkdir()
    paths = []
    for number in range(1, 251):
        each = deepcopy(helical)
        each.SOPInstanceUID = f"{helical.SeriesInstanceUID}.{number}"
        each.file_meta.MediaStorageSOPInstanceUID = each.SOPInstanceUID
        each.InstanceNumber = number
        each.XRayTubeCurrent = 100 + number
        paths.append(folder / f"{number}.dcm")
        each.save_as(paths[-1], enforce_file_format=True)
    return {str(helical.PatientID): paths}


def fetched(source: Source, patients: list[str], survey: Survey, border: Border) -> None:
    """Fetch all patients, and wait for what comes late."""
    for one in patients:
        expected = source.expect(ListedPatient(one))
        assert expected.found
        assert not expected.notes
        for study in expected.studies:
            outcomes = source.fetch(study, study.instances)
            assert {outcome.status for outcome in outcomes} == {0}
            assert not any(outcome.partial for outcome in outcomes)
        deadline = time.monotonic() + 20
        while border.decided(expected.instances) != expected.instances:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    survey.store.compact()


def collected(
    kind: Callable[..., ChildPacs],
    makes: list[Make],
    folder: Path,
    files: Callable[[Path], dict[str, list[Path]]] = files_of,
    **options: Any,
) -> tuple[list[Survey], int]:
    patients = files(folder / "hospital")
    surveys = [create_survey(folder / make.__name__) for make in makes]
    for survey in surveys[1:]:
        shutil.copy(surveys[0].folder / KEY_FILE, survey.folder / KEY_FILE)
    us = ApplicationEntity("WORKBENCH", port=free_port())
    with kind(PACS, folder / "pacs", {"WORKBENCH": us}, **options) as pacs:
        loaded = pacs.load([path for files in patients.values() for path in files])
        assert not loaded.refused
        for make, survey in zip(makes, surveys, strict=True):
            border = Border(survey)
            source = make(pacs, border.receive)
            source.echo()
            if make is by_move:
                with Receiver(Reception(us, (AllowedPeer("THEPACS"),)), border.receive):
                    fetched(source, list(patients), survey, border)
            else:
                fetched(source, list(patients), survey, border)
    return surveys, len(loaded.accepted)


def instances(survey: Survey) -> pl.DataFrame:
    """Return the instance table without what an object's way in decides."""
    frame = survey.table("instance").sort("SOPInstanceUID")
    return frame.drop("object_number", "source", "received_at")


def without_sign_of_zero(frame: pl.DataFrame) -> pl.DataFrame:
    header = pl.col("header").str.replace_all(r"-0\.0([,\]])", "0.0$1")
    return frame.with_columns(header).drop("content_sha256")


def same(one: Survey, two: Survey, number: int, *, in_json: bool = False) -> None:
    left, right = instances(one), instances(two)
    assert len(left) == number
    if in_json:
        left, right = without_sign_of_zero(left), without_sign_of_zero(right)
    assert_frame_equal(left, right)
    findings = [
        survey.table("finding").drop("object_number", strict=False) for survey in (one, two)
    ]
    assert_frame_equal(*(frame.sort(frame.columns, nulls_last=True) for frame in findings))


@pytest.mark.orthanc
@pytest.mark.skipif(not OrthancPacs.has_dicomweb(), reason="needs orthanc-dicomweb")
def test_orthanc_gives_the_same_by_move_by_get_and_over_the_web(tmp_path: Path) -> None:
    makes = [by_move, by_get, by_web]
    (moved, got, told), number = collected(OrthancPacs, makes, tmp_path, dicomweb=True)
    same(moved, got, number)
    same(moved, told, number, in_json=True)


@pytest.mark.orthanc
@pytest.mark.skipif(not OrthancPacs.has_dicomweb(), reason="needs orthanc-dicomweb")
def test_of_a_long_series_with_private_values_nothing_is_lost_over_the_web(tmp_path: Path) -> None:
    """Orthanc's metadata only point at values of VR UN: 1,500 of them in 250 images."""
    makes = [by_move, by_get, by_web]
    (moved, got, told), number = collected(
        OrthancPacs, makes, tmp_path, long_series, dicomweb=True
    )  # fmt: skip
    assert number == 250
    same(moved, got, number)
    same(moved, told, number, in_json=True)
    private = json.loads(instances(told)["header"][0])
    creators = [value for element in private.values() for value in element.get("Value", [])]
    assert "TOSHIBA_MEC_CT3" in creators
    for survey in (moved, told):
        map_survey(survey)
    pitch = [survey.table("series")["pitch"].to_list() for survey in (moved, told)]
    assert pitch[0] == pitch[1] != [None]


@pytest.mark.dcmtk
def test_dcmqrscp_gives_the_same_by_move_and_by_get(tmp_path: Path) -> None:
    (moved, got), number = collected(DcmqrscpPacs, [by_move, by_get], tmp_path)
    same(moved, got, number)
