"""A compressed frame that is not what the header says reaches no decoder."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydicom.encaps import generate_frames
from pydicom.uid import (
    MPEG2MPML,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
)

from tests.dicom.decoding.compressed_images import KINDS, Kind, compressed
from workbench.dicom.decoding.codestream import CodestreamError, check_frame
from workbench.dicom.decoding.decoder_limits import REASONS
from workbench.dicom.decoding.image_pixel import ImagePixel, image_pixel

# Of the tests, not of what is tested: a syntax that is forgotten there must fail here.
CHECKED = [kind for kind in KINDS if kind.frames_are_compressed and kind.syntax != RLELossless]


def frame_of(kind: Kind) -> tuple[bytes, ImagePixel]:
    header = compressed(kind)
    return next(generate_frames(header.PixelData, number_of_frames=1)), image_pixel(header, 1 << 30)


def why(frame: bytes, kind: Kind, described: ImagePixel) -> str:
    with pytest.raises(CodestreamError) as caught:
        check_frame(frame, kind.syntax, described)
    return caught.value.why


@pytest.mark.parametrize("kind", CHECKED, ids=str)
def test_sizes_that_differ_are_seen_in_every_syntax(kind: Kind) -> None:
    frame, described = frame_of(kind)
    check_frame(frame, kind.syntax, described)
    check_frame(frame + bytes(3), kind.syntax, described)  # padded
    assert why(frame, kind, replace(described, rows=described.rows + 1)) == "size"
    assert why(frame, kind, replace(described, columns=described.columns * 2)) == "size"
    other = 4 - described.samples
    assert why(frame, kind, replace(described, samples=other)) == "size"
    if kind.bits > 8:
        assert why(frame, kind, replace(described, allocated=8)) == "bits"


@pytest.mark.parametrize("kind", CHECKED, ids=str)
def test_a_frame_that_is_cut_or_something_else_is_seen(kind: Kind) -> None:
    frame, described = frame_of(kind)
    assert why(frame[: len(frame) // 2].replace(b"\xff\xd9", b""), kind, described) == "cut"
    for other in (b"", b"\0" * 500, frame[1:], frame[:4], frame[:9], b"GIF89a" + frame[6:]):
        assert why(other, kind, described) in ("start", "size", "bits")


def test_the_kind_of_jpeg_is_that_of_the_transfer_syntax() -> None:
    lossless, described = frame_of(Kind(JPEGLosslessSV1, 8))
    assert why(lossless, Kind(JPEGBaseline8Bit, 8), described) == "start"
    assert why(lossless, Kind(JPEG2000Lossless, 8), described) == "start"


def test_fill_bytes_and_comments_before_the_size_are_passed() -> None:
    frame, described = frame_of(Kind(JPEGBaseline8Bit, 8))
    more = frame[:2] + b"\xff\xff\xff\xfe\0\6abcd" + frame[2:]
    check_frame(more, JPEGBaseline8Bit, described)


def test_depths_no_decoder_has_are_refused() -> None:
    frame, described = frame_of(Kind(JPEGBaseline8Bit, 8))
    place = frame.index(b"\xff\xc0") + 4
    for bits in (0, 7, 9, 24, 247):
        changed = frame[:place] + bytes((bits,)) + frame[place + 1 :]
        assert why(changed, Kind(JPEGBaseline8Bit, 8), replace(described, allocated=16)) == "bits"


def test_what_has_no_codestream_is_left_to_its_decoder() -> None:
    frame, described = frame_of(Kind(RLELossless))
    check_frame(frame, RLELossless, replace(described, rows=1))


def test_a_frame_of_a_syntax_that_is_not_known_is_refused() -> None:
    """Nobody has looked at it, so nobody says that it is as the header says."""
    frame, described = frame_of(Kind(JPEGBaseline8Bit, 8))
    for syntax in (MPEG2MPML, ExplicitVRLittleEndian, "1.2.3", ""):
        with pytest.raises(CodestreamError) as caught:
            check_frame(frame, syntax, described)
        assert caught.value.why == "syntax"
        assert caught.value.why in REASONS
