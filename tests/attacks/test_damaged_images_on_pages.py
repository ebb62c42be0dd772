"""Damaged images, opened wherever images are shown: the page says why, and goes on.

What a decoder does to them is worst first: it crashes, hangs, fills the memory.  The pages run in
their own kernels on a real server; the reports and verbs in processes of their own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pydicom
import pytest
from pydicom import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import JPEGExtended12Bit, JPEGLosslessSV1, RLELossless

from tests.attacks.forged_page import ForgedPage
from tests.dicom.decoding import bad_decoder as bad
from tests.dicom.decoding.compressed_images import FRAMES, file_of, with_frames, with_gdcm
from tests.dicom.decoding.test_decoder_process import BAD
from tests.server.broken_server import broken
from tests.server.web_visitor import WebVisitor
from tests.stages.quality.phantom_workspace import SMALL, WATER, arrive, quality_desk, week
from workbench.report.control_chart import PICKED
from workbench.rights import Right
from workbench.simulate.phantom_images import phantom_dataset
from workbench.stages.quality.arrivals import Arrivals

LATER_S = 3600
PROFILE = "CT1 water"
# In each kernel: decoders that do what the first byte of a frame says, and are soon given up.
BAD_DECODER = f"""
from workbench.dicom.decoding import decoder_process
decoder_process.START = {BAD!r}
limits = decoder_process.DecoderLimits(frame_s=2, object_s=4)
decoder_process.DecoderLimits = lambda: limits
"""


@dataclass(frozen=True)
class Damage:
    """A damaged image as a file, and a word of the reason it is shown with."""

    content: bytes
    word: str


def header(number: int) -> Dataset:
    made = replace(week(number), series_uid=f"1.2.3.{number}")
    return phantom_dataset(WATER, replace(SMALL, seed=number), made)


def acting(number: int, act: bytes, frames: int = 1) -> bytes:
    """Return an image whose decoder does what the act says."""
    return file_of(with_frames(header(number), RLELossless, [act.ljust(64, b"\0")] * frames))


def cut(number: int) -> bytes:
    small = with_gdcm(header(number), JPEGLosslessSV1)
    frame = next(generate_frames(small.PixelData, number_of_frames=1))
    return file_of(with_frames(small, JPEGLosslessSV1, [frame[: len(frame) // 2]]))


def other_size(number: int) -> bytes:
    small = with_gdcm(header(number), JPEGLosslessSV1)
    small.Rows = 4096
    return file_of(small)


def real_crash(number: int) -> bytes:
    made = header(number)
    made.Rows, made.Columns, made.BitsStored, made.HighBit = 48, 64, 12, 11
    made.PixelRepresentation = 0
    frame = bytearray((FRAMES / "extended_12.jpg").read_bytes())
    frame[102] = 0
    return file_of(with_frames(made, JPEGExtended12Bit, [bytes(frame)]))


def bomb(number: int) -> bytes:
    """Return an image that says it is far larger than its bytes."""
    made = header(number)
    made.Rows = made.Columns = 30_000
    return file_of(with_frames(made, RLELossless, [b"\0" * 64]))


def unlike_its_header(number: int, **more: object) -> bytes:
    made = header(number)
    for name, value in more.items():
        setattr(made, name, value)
    return file_of(made)


def damages() -> Mapping[str, Damage]:
    """Return damaged images, each a series of its own."""
    return {
        "crash": Damage(acting(1, bad.CRASH), "crashed"),
        "abort": Damage(acting(2, bad.ABORT), "crashed"),
        "sleep": Damage(acting(3, bad.SLEEP), "without compression"),
        "spin": Damage(acting(4, bad.SPIN), "without compression"),
        "eat": Damage(acting(5, bad.EAT), "without compression"),
        "slow frames": Damage(acting(6, bad.DOZE, 20), "without compression"),
        "made up": Damage(acting(7, bad.TALK), "made up"),
        "fail": Damage(acting(8, bad.FAIL), "could not be decoded"),
        "cut": Damage(cut(9), "ends early"),
        "other size": Damage(other_size(10), "another size"),
        "real crash": Damage(real_crash(11), "crashed"),
        "bomb": Damage(bomb(12), "more memory"),
        "too few pixels": Damage(unlike_its_header(13, Columns=4000), "could not be read"),
        "no rows": Damage(unlike_its_header(14, Rows=0), "cannot be"),
        "odd bits": Damage(unlike_its_header(15, BitsAllocated=24), "cannot be"),
    }


@pytest.fixture(scope="module")
def images() -> Mapping[str, Damage]:
    return damages()


@pytest.fixture
def workspace(tmp_path: Path, images: Mapping[str, Damage]) -> Iterator[Path]:
    """A workspace with one sound result; the damaged images lie in a folder beside it."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name, damage in images.items():
        (folder / f"{name}.dcm").write_bytes(damage.content)
    with quality_desk(tmp_path / "w") as desk:
        arrive(desk)
        Arrivals(desk).look(now=time.time() + LATER_S)
        assert len(desk.quality.results()) == 1
    return tmp_path / "w"


def test_each_way_to_an_image_says_why_it_is_not_shown(
    workspace: Path, images: Mapping[str, Damage]
) -> None:
    (kept,) = (workspace / "phantoms").rglob("*.dcm")
    sound = kept.read_bytes()
    with broken(workspace, kernels=BAD_DECODER) as server:
        visitor = WebVisitor(server, Right.DECIDE)
        with ForgedPage(server, visitor, "quality") as page:
            upper, _ = page.parts("today", "measure")
            for place, (name, damage) in enumerate(images.items()):
                kept.write_bytes(damage.content)
                page.ask(upper, "section", {"value": ("today", "results")[place % 2]})
                shown = page.ask(upper, "open", {"value": "1"})
                assert "The images are not shown" in shown, name
                assert damage.word in shown, name
            page.ask(upper, "section", {"value": "charts"})
            page.ask(upper, "chart", {"profile": PROFILE, "measurement": "noise"})
            picked = {"type": "selected", "name": PICKED, "value": {"key": [1]}}
            for number in page.widgets():
                page.custom(number, picked)
            page.settle()
            assert "The images are not shown" in page.ask(upper, "show")

            kept.write_bytes(sound)
            page.ask(upper, "section", {"value": "measure"})
            page.ask(upper, "find", {"path": str(workspace.parent / "images")})
            shown = ""
            for _ in range(len(images)):  # pictures that take long come one after the other
                if "picture follows" not in (shown := page.ask(upper, "show")):
                    break
            assert "picture follows" not in shown
            assert "<img" not in shown
            assert shown.count("no picture: ") == len(images)
            for place in range(len(images)):
                ask, value = (("view", ""), ("measure", f" {PROFILE}"))[place % 2]
                shown = page.ask(upper, ask, {"value": f"{place}{value}"})
                assert any(damage.word in shown for damage in images.values()), (ask, place)
                page.ask(upper, "away")
            assert visitor.ask(f"/api/kernels/{page.kernel}")[0] == 200
            page.ask(upper, "section", {"value": "results"})
            assert "are not shown" not in page.ask(upper, "open", {"value": "1"})
        assert server.process is not None
        family = psutil.Process(server.process.pid).children(recursive=True)
        assert not [each for each in family if each.status() == psutil.STATUS_ZOMBIE]


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench.cli", *map(str, words)], check=False, text=True,
        capture_output=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=300,
    )  # fmt: skip


def test_verbs_and_reports_say_why(workspace: Path, images: Mapping[str, Damage]) -> None:
    real = ("cut", "real crash", "bomb")
    (kept,) = (workspace / "phantoms").rglob("*.dcm")
    for name in real:
        file = workspace.parent / "images" / f"{name}.dcm"
        measured = run("qa", "measure", PROFILE, file, "-w", workspace, "--json")
        assert measured.returncode in (1, 2), name
        assert images[name].word in measured.stdout + measured.stderr, name
        look = run("look", file, "--out", workspace.parent / "look.html")
        assert look.returncode in (0, 1), name
        for done in (measured, look):
            assert "Traceback" not in done.stdout + done.stderr, name
    kept.write_bytes(images["real crash"].content)
    report = workspace.parent / "results.html"
    done = run("report", "run", "quality_results", "-w", workspace, "--out", report,
               "-p", "numbers=[1]")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert images["real crash"].word in report.read_text("utf-8")


def test_the_kept_hostile_images_are_shown_by_no_page(test_data: Path, workspace: Path) -> None:
    paths = sorted((test_data / "cases" / "hostile_pixels").glob("*.dcm"))
    assert paths
    (kept,) = (workspace / "phantoms").rglob("*.dcm")
    with broken(workspace) as server:
        visitor = WebVisitor(server, Right.LOOK)
        with ForgedPage(server, visitor, "quality") as page:
            upper, _ = page.parts("today")
            for path in paths:
                kept.write_bytes(path.read_bytes())
                assert pydicom.dcmread(path, stop_before_pixels=True)
                shown = page.ask(upper, "open", {"value": "1"})
                assert "The images are not shown" in shown
