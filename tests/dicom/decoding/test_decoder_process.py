"""Whatever a decoder does, the process that asked goes on and says in words what happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import psutil
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGExtended12Bit, RLELossless

from tests.dicom.decoding import bad_decoder as bad
from tests.dicom.decoding.compressed_images import FRAMES, KINDS, compressed, values
from workbench.dicom.decoding import decoder_process as module
from workbench.dicom.decoding import decoder_program
from workbench.dicom.decoding.decoder_limits import DecoderLimits
from workbench.dicom.decoding.decoder_process import DecoderProcess, DecodingRequest
from workbench.dicom.decoding.image_pixel import ImagePixel
from workbench.errors import DamagedObject, MissingTool

SMALL = ImagePixel(64, 64, 1, 1, 8, 8, False, False, "MONOCHROME2")
QUICK = DecoderLimits(frame_s=2, object_s=4)
BAD = module.START.replace("workbench.dicom.decoding.decoder_program",
                           "tests.dicom.decoding.bad_decoder")  # fmt: skip


@pytest.fixture
def decoder() -> Iterator[DecoderProcess]:
    decoder = DecoderProcess()
    yield decoder
    decoder.close()


@pytest.fixture
def misbehaving(monkeypatch: pytest.MonkeyPatch) -> Iterator[DecoderProcess]:
    assert BAD != module.START
    monkeypatch.setattr(module, "START", BAD)
    decoder = DecoderProcess(QUICK)
    yield decoder
    decoder.close()


def request(*frames: bytes, described: ImagePixel = SMALL) -> DecodingRequest:
    return DecodingRequest(str(RLELossless), described, encapsulate(list(frames)))


def code(decoder: DecoderProcess, *frames: bytes) -> str:
    with pytest.raises(DamagedObject) as caught:
        decoder.decode(request(*frames))
    assert "Jane" not in str(caught.value)
    return caught.value.code


def sound(decoder: DecoderProcess) -> bool:
    frames, photometric = decoder.decode(request(bad.SOUND))
    return frames.shape == (1, 64, 64) and bool((frames == 7).all()) and photometric != ""


def pid_in(decoder: DecoderProcess) -> int:
    frames, _ = decoder.decode(request(bad.PID))
    return int.from_bytes(frames.tobytes()[:8], "little")


def gone(pid: int) -> bool:
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (bad.CRASH, "decoder_crashed"), (bad.ABORT, "decoder_crashed"),
        (bad.LEAVE, "decoder_crashed"), (bad.SLEEP, "decoder_timeout"),
        (bad.SPIN, "decoder_timeout"), (bad.EAT, "decoder_memory"), (bad.FAIL, "pixels_damaged"),
        (bad.TALK, "pixels_damaged"), (bad.BABBLE, "pixels_damaged"),
    ],
)  # fmt: skip
def test_what_a_decoder_does_has_a_code_and_the_next_image_is_decoded(
    misbehaving: DecoderProcess, act: bytes, expected: str
) -> None:
    assert sound(misbehaving)
    assert code(misbehaving, act) == expected
    assert sound(misbehaving)
    assert not [child for child in psutil.Process().children()
                if child.status() == psutil.STATUS_ZOMBIE]  # fmt: skip


def test_a_real_decoder_crashes_on_a_real_image(decoder: DecoderProcess) -> None:
    kind = next(kind for kind in KINDS if kind.syntax == JPEGExtended12Bit)
    frame = bytearray((FRAMES / kind.frame).read_bytes())
    described = ImagePixel(48, 64, 1, 1, 16, 12, False, False, "MONOCHROME2")

    def asked(content: bytes) -> DecodingRequest:
        return DecodingRequest(str(kind.syntax), described, encapsulate([content]))

    frames, _ = decoder.decode(asked(bytes(frame)))
    near = np.abs(frames[0].astype(int) - values(kind)).max()
    assert near < 0.03 * (1 << 12)
    frame[102] = 0  # a table of T.81 B.2.4.2 that stands for no code at all
    with pytest.raises(DamagedObject) as caught:
        decoder.decode(asked(bytes(frame)))
    assert caught.value.code == "decoder_crashed"
    assert caught.value.verdict == "quarantined"


def test_a_process_is_kept_until_something_went_wrong(misbehaving: DecoderProcess) -> None:
    first = pid_in(misbehaving)
    assert first not in (0, os.getpid())
    assert pid_in(misbehaving) == first
    code(misbehaving, bad.TALK)  # it may have written anywhere in its memory
    second = pid_in(misbehaving)
    assert second != first
    short = DecodingRequest(str(RLELossless), SMALL, bytes(40))
    with pytest.raises(DamagedObject):
        misbehaving.decode(short)
    assert pid_in(misbehaving) == second  # no decoder has seen it


def test_an_image_is_not_blamed_for_the_one_before_it(misbehaving: DecoderProcess) -> None:
    misbehaving.decode(request(bad.POISON))
    assert sound(misbehaving)


def test_a_process_that_was_killed_while_idle_is_replaced(misbehaving: DecoderProcess) -> None:
    os.kill(pid_in(misbehaving), signal.SIGKILL)
    assert sound(misbehaving)


def test_frames_of_one_object_share_its_time(misbehaving: DecoderProcess) -> None:
    described = ImagePixel(64, 64, 3, 1, 8, 8, False, False, "MONOCHROME2")
    frames, _ = misbehaving.decode(request(bad.SOUND, bad.PID, bad.SOUND, described=described))
    assert frames.shape == (3, 64, 64)
    with pytest.raises(DamagedObject) as caught:
        misbehaving.decode(request(bad.SOUND, bad.SPIN, bad.SOUND, described=described))
    assert caught.value.code == "decoder_timeout"


def test_frames_that_are_each_in_time_are_not_so_together(misbehaving: DecoderProcess) -> None:
    described = ImagePixel(64, 64, 9, 1, 8, 8, False, False, "MONOCHROME2")
    slow = request(*[bad.DOZE] * 9, described=described)
    with pytest.raises(DamagedObject) as caught:
        misbehaving.decode(slow)
    # It was ended by us, in words that say what to do; it did not crash.
    assert caught.value.code == "decoder_timeout"
    assert "without compression" in str(caught.value)
    misbehaving.limits = DecoderLimits(frame_s=60, object_s=60)
    assert misbehaving.decode(slow)[0].shape == (9, 64, 64)


def test_a_process_without_parent_ends_by_its_own_clock() -> None:
    asked = request(bad.SOUND).message(QUICK)
    assert asked["seconds"] > QUICK.seconds(SMALL) + QUICK.grace_s


HARD = "import resource; resource.setrlimit(resource.RLIMIT_AS, ({hard}, {hard})); "


def limits_in(decoder: DecoderProcess) -> tuple[int, int]:
    values, _ = decoder.decode(request(bad.LIMITS))
    content = values.tobytes()
    return tuple(int.from_bytes(content[at : at + 8], "little", signed=True) for at in (0, 8))  # type: ignore[return-value]


def test_a_limit_of_the_site_is_not_passed_and_not_in_the_way(
    misbehaving: DecoderProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    hard = 16 << 30
    monkeypatch.setattr(module, "START", HARD.format(hard=hard) + BAD)
    narrow = limits_in(misbehaving)[1]
    assert 0 < narrow < hard
    # More than the site allows: as much as it allows, not what the request before was given.
    misbehaving.limits = DecoderLimits(spare_bytes=64 << 30, most_bytes=64 << 30)
    assert limits_in(misbehaving)[1] == hard
    assert bool((misbehaving.decode(request(bad.HOLD))[0] == 7).all())
    misbehaving.limits = QUICK
    assert limits_in(misbehaving)[1] < hard
    assert code(misbehaving, bad.HOLD) == "decoder_memory"


@pytest.mark.parametrize(("value", "hard", "soft"), [
    (5, 9, 5), (9, 5, 5), (-1, 5, 5), (5, -1, 5), (-1, -1, -1), (0, -1, 0), (5, 5, 5),
])  # fmt: skip
def test_the_lower_of_two_limits_holds_and_none_is_no_size(
    value: int, hard: int, soft: int
) -> None:
    assert decoder_program._lower(value, hard, -1) == soft


def test_the_process_knows_nothing_it_does_not_need(
    misbehaving: DecoderProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_TOKEN", "secret")
    frames, _ = misbehaving.decode(request(bad.ENVIRONMENT))
    environment = frames.tobytes()
    assert b"OMP_NUM_THREADS=1" in environment
    assert b"secret" not in environment
    command = " ".join(psutil.Process(misbehaving.pid).cmdline())
    assert "secret" not in command
    assert psutil.Process(misbehaving.pid).cwd() == os.sep


def test_pixels_cannot_be_written_to_a_file(misbehaving: DecoderProcess) -> None:
    frames, _ = misbehaving.decode(request(bad.WRITE))
    assert frames.tobytes().startswith(b"refused")


def test_several_threads_take_turns(misbehaving: DecoderProcess) -> None:
    results: list[bool] = []

    def many() -> None:
        results.extend(sound(misbehaving) for _ in range(5))

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 20


def test_an_idle_process_is_let_go(
    misbehaving: DecoderProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_S", 0.2)
    first = pid_in(misbehaving)
    assert gone(first)
    assert sound(misbehaving)


def test_without_a_process_nothing_is_said_of_the_image(
    decoder: DecoderProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START", "raise SystemExit(1)")
    with pytest.raises(MissingTool, match="could not be started"):
        decoder.decode(request(bad.SOUND))
    assert decoder.pid is None


PARENT = f"""
import sys, time
from tests.dicom.decoding.test_decoder_process import *
module.START = {BAD!r}
decoder = DecoderProcess(DecoderLimits(frame_s=3, object_s=3))
print(pid_in(decoder), flush=True)
if sys.argv[1] == "busy":
    decoder.decode(request(bad.SLEEP))
time.sleep(60 if sys.argv[1] == "idle" else 0)
"""


@pytest.mark.parametrize("state", ["idle", "busy", "leaving"])
def test_it_ends_with_its_parent_however_that_ends(state: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, state], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert child
    if state != "leaving":
        parent.kill()
    parent.wait(30)
    parent.stdout.close()
    assert gone(child)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_has_a_process_of_its_own() -> None:
    ours = module.decoder_process()
    kind = KINDS[-4]
    assert kind.syntax == RLELossless
    described = ImagePixel(48, 64, 1, 1, 16, 12, False, False, "MONOCHROME2")
    asked = DecodingRequest(str(kind.syntax), described, compressed(kind).PixelData)
    expected, _ = ours.decode(asked)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        theirs = module.decoder_process()
        frames, _ = theirs.decode(asked)
        same = theirs is not ours and bool((frames == expected).all())
        os.write(writing, b"y" if same and theirs.pid != ours.pid else b"n")
        theirs.close()
        os._exit(0)
    os.close(writing)
    assert os.read(reading, 1) == b"y"
    os.waitpid(pid, 0)
    os.close(reading)
    again, _ = ours.decode(asked)
    assert (again == expected).all()
