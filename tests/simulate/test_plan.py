"""A planned study: numbers of images, UIDs and moments that fit each other."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import pytest

from tests.simulate.planned import planned
from workbench.simulate.plan import MULTIPLANAR_IMAGES


def test_slices_of_every_series_cover_the_scan() -> None:
    for maker in ("ge", "siemens", "philips", "toshiba"):
        for recon in planned(maker, age=50.0).reconstructions:
            technique = recon.scan.technique
            if recon.multiplanar:
                assert recon.slices == MULTIPLANAR_IMAGES
            elif technique.spiral:
                covered = recon.slices * recon.increment_mm
                assert covered == pytest.approx(technique.scan_length_mm, abs=1e-6)
            elif technique.localizer:
                assert recon.slices == 1


def test_a_watched_place_has_an_image_a_rotation() -> None:
    study = planned("siemens", exam="chest_abdomen_pelvis", age=60.0)
    watched = {
        recon.scan.name: recon.slices for recon in study.reconstructions
        if recon.scan.technique.acquisition == "STATIONARY"
    }  # fmt: skip
    assert watched == {"PreMonitoring": 1, "Monitoring": 4}


def test_uids_are_valid_of_this_study_alone_and_the_same_again() -> None:
    """PS3.5 section 9.1: at most 64 characters, components without leading zeros."""
    study, again, other, seeded = (
        planned("ge"), planned("ge"), planned("ge", number=12), planned("ge", seed=2),
    )  # fmt: skip
    parts = [(), ("series", 1), ("series", 11), ("image", 1, 1), ("event", 1), ("report", 1)]
    uids = [study.uid(*part) for part in parts]
    assert len(set(uids)) == len(parts)
    assert uids == [again.uid(*part) for part in parts]
    for stranger in (other, seeded):
        assert not set(uids) & {stranger.uid(*part) for part in parts}
    for uid in uids:
        assert len(uid) <= 64
        assert all(part == str(int(part)) for part in uid.split("."))


def test_an_event_has_one_uid_and_a_moment_after_the_beginning() -> None:
    study = planned("siemens", exam="chest_abdomen_pelvis", age=60.0)
    assert len({study.event_uid(scan) for scan in study.scans}) == len(study.scans)
    moments = [study.moment(scan) for scan in study.scans]
    assert moments == sorted(moments)
    assert all(study.started_at < moment for moment in moments)
    for before, after in itertools.pairwise(study.scans):
        ended = study.moment(before, before.technique.exposure_time_s)
        assert ended < study.moment(after), "no two scans at once"
    first = study.scans[0]
    assert study.moment(first, 2.5) - study.moment(first) == dt.timedelta(seconds=2.5)
    assert study.moment(replace(first, delay_s=0)) == study.started_at


def test_topograms_are_those_with_a_tube_that_stands_still() -> None:
    study = planned("ge")
    assert study.localizers() == study.scans[:1]
    assert all(scan.technique.acquisition == "CONSTANT_ANGLE" for scan in study.localizers())
