"""A year of weekly tests of a simulated scanner, to look at and try things on."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO

import numpy as np
import pydicom

from workbench.simulate.phantom_images import PhantomHeader, PhantomScan, phantom_file
from workbench.stages.quality.arrivals import Arrivals
from workbench.stages.quality.charting import EVENT, series_of, set_baseline
from workbench.stages.quality.desk import QualityDesk
from workbench.store.quality_records import ACCEPTED

WEEKS, SERVICE, WARM = 40, 30, 38  # weeks; the week of a service, and of a scanner too cold
PROFILE, PHANTOM = "CT1 water, weekly", "ct_water_200"
WHO = "Demo"
TEXT = f"""
name = "{PROFILE}"
test = "ct-water"
phantom = "{PHANTOM}"
station = "CT1"
interval_days = 7
notes = "simulated"
[select]
Modality = "CT"
StationName = "CT1"
[acquisition]
KVP = 120
SliceThickness = {{ equals = 5, tolerance = 0.1 }}
[expect.mean_ct_number]
reference = 0
warning = {{ absolute = 2 }}
alarm = {{ absolute = 4 }}
[expect.noise]
reference = 5
alarm = {{ relative = 0.15 }}
[expect.uniformity]
reference = 0
warning = {{ absolute = 2 }}
alarm = {{ absolute = 4 }}
"""


def make_sample(desk: QualityDesk, now: datetime | None = None) -> int:
    """Let simulated images come, measure them, accept all but the latest; return how many.

    A workspace that has the profile already is left as it is.
    """
    if desk.quality.profile(PROFILE) is not None:
        return 0
    desk.save_profile(TEXT, WHO)
    first = (now or datetime.now()) - timedelta(days=7 * WEEKS - 3)  # noqa: DTZ005  local time
    for week in range(WEEKS):
        _arrive(desk, week, first + timedelta(days=7 * week))
    arrived = Arrivals(desk).look(now=time.time() + desk.survey.settings.quality.quiet_s)
    for result in desk.quality.results(PROFILE)[:-2]:
        desk.quality.decide(result.number, ACCEPTED, WHO)
    points = series_of(desk, PROFILE, "noise").points
    if len(points) > 20:
        set_baseline(
            desk, series_of(desk, PROFILE, "noise"), (points[0].moment, points[19].moment), WHO,
            "the first 20",
        )  # fmt: skip
    service = first + timedelta(days=7 * SERVICE - 1)
    desk.quality.note_event(PROFILE, EVENT, service, WHO, {"words": "service"})
    return arrived.measured


def _arrive(desk: QualityDesk, week: int, moment: datetime) -> None:
    rng = np.random.default_rng(week)
    drift = 0.015 * min(week, SERVICE) if week < SERVICE else 0.0
    scan = PhantomScan(
        size=256, noise=5 + drift + 0.08 * rng.normal(), cupping=0.6, seed=week,
        offset=0.4 * rng.normal() + (5.0 if week == WARM else 0.0), x=2 * rng.normal(),
    )  # fmt: skip
    header = replace(
        PhantomHeader(), moment=moment.replace(hour=7, minute=30, second=0, microsecond=0)
    )
    content = phantom_file(desk.geometry(PHANTOM), scan, header)
    uid = pydicom.dcmread(BytesIO(content), stop_before_pixels=True).SOPInstanceUID
    desk.phantoms.keep_file(str(uid), content)
