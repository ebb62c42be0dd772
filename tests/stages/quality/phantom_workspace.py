"""A workspace with a test profile, and phantom images that come into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pydicom

from workbench.qa.geometry import Geometry, geometry
from workbench.settings import MailSettings, QualitySettings, Settings
from workbench.simulate.phantom_images import PhantomHeader, PhantomScan, phantom_file
from workbench.stages.quality.desk import QualityDesk
from workbench.survey import create_survey

WATER = geometry("ct_water_200")
SMALL = PhantomScan(size=192, noise=5)
MONDAY = datetime(2026, 3, 2, 7, 30)
PROFILE = """
name = "CT1 water"
test = "ct-water"
phantom = "ct_water_200"
station = "CT1"
interval_days = 7
recipients = ["physics@example.org"]

[select]
Modality = "CT"
StationName = "CT1"

[acquisition]
KVP = 120
SliceThickness = { equals = 5, tolerance = 0.1 }

[expect.mean_ct_number]
reference = 0
warning = { absolute = 2 }
alarm = { absolute = 4 }

[expect.noise]
reference = 5
alarm = { relative = 0.2 }
"""


@contextmanager
def quality_desk(
    folder: Path, settings: QualitySettings | None = None, profile: str = PROFILE,
    mail: MailSettings | None = None,
) -> Iterator[QualityDesk]:  # fmt: skip
    """Yield the desk of a new workspace with a test profile."""
    quality = settings or QualitySettings()
    survey = create_survey(folder, Settings(quality=quality, mail=mail or MailSettings()))
    try:
        desk = QualityDesk(survey)
        if profile:
            desk.save_profile(profile, "A. Physicist")
        yield desk
    finally:
        survey.close()


def week(number: int, made: PhantomHeader | None = None) -> PhantomHeader:
    """Return what the header of the image of a week says."""
    return replace(made or PhantomHeader(), moment=MONDAY + timedelta(days=7 * number))


def arrive(
    desk: QualityDesk,
    scan: PhantomScan = SMALL,
    made: PhantomHeader | None = None,
    phantom: Geometry = WATER,
) -> str:
    """Put an image where received ones lie; return its name."""
    content = phantom_file(phantom, scan, made or week(0))
    uid = str(pydicom.dcmread(BytesIO(content), stop_before_pixels=True).SOPInstanceUID)
    return desk.phantoms.keep_file(uid, content)


def write(folder: Path, *scans: PhantomScan, made: PhantomHeader | None = None) -> list[Path]:
    """Write images of one series as files."""
    paths = []
    for number, scan in enumerate(scans, 1):
        told = replace(made or week(0), number=number, position=5.0 * number, series_uid="1.2.3.4")
        paths.append(folder / f"{number}.dcm")
        paths[-1].write_bytes(phantom_file(WATER, scan, told))
    return paths
