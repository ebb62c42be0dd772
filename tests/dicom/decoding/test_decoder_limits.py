"""What decoding may take: more for larger images, never without end, and what went beyond it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.dicom.decoding.decoder_limits import OUTCOMES, REASONS, DecoderLimits, refusal
from workbench.dicom.decoding.image_pixel import ImagePixel
from workbench.errors import DamagedObject

LIMITS = DecoderLimits()
SMALL = ImagePixel(48, 64, 1, 1, 16, 12, False, False, "MONOCHROME2")
BIG = replace(SMALL, rows=20_000, columns=20_000)
TOMOSYNTHESIS = replace(SMALL, rows=2457, columns=1890, frames=60)


def test_memory_grows_with_the_image_and_has_an_end() -> None:
    assert LIMITS.spare_bytes < LIMITS.memory(SMALL, 1000) < LIMITS.memory(SMALL, 100_000)
    assert LIMITS.memory(BIG, 1) == LIMITS.most_bytes


@pytest.mark.parametrize("frames", [1, 2, 15, 500, 5000])
def test_many_small_frames_that_are_slow_do_not_add_up(frames: int) -> None:
    seconds = LIMITS.seconds(replace(SMALL, frames=frames))
    assert LIMITS.frame_s <= seconds <= LIMITS.frame_s + 48 * 64 * frames / LIMITS.slow_samples_s


def test_time_grows_with_what_there_is_to_decode_and_has_an_end() -> None:
    assert LIMITS.seconds(SMALL) == LIMITS.frame_s
    assert LIMITS.seconds(BIG) == LIMITS.frame_s  # a frame has no more, however large
    some, more = (replace(TOMOSYNTHESIS, frames=frames) for frames in (10, 20))
    assert LIMITS.frame_s < LIMITS.seconds(some) < LIMITS.seconds(more) < LIMITS.object_s
    assert LIMITS.seconds(TOMOSYNTHESIS) == LIMITS.object_s


def test_every_outcome_has_words_and_an_unknown_one_is_a_crash() -> None:
    for code, words in OUTCOMES.items():
        assert (refusal(code).code, refusal(code).message) == (code, words)
    for why, words in REASONS.items():
        assert refusal("pixels_damaged", why).message == words
    assert refusal("Jane Doe", "Jane Doe").code == "decoder_crashed"
    assert "Jane" not in str(refusal("Jane Doe", "Jane Doe"))


@pytest.mark.parametrize("code", ["decoder_timeout", "decoder_memory"])
def test_what_went_beyond_a_limit_says_what_to_do(code: str) -> None:
    error = refusal(code)
    assert isinstance(error, DamagedObject)
    assert "without compression" in error.remedy
    assert str(error).endswith(error.remedy)
