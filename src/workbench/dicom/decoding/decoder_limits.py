"""What decoding may take, and the words for what went beyond it."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.dicom.decoding.image_pixel import ImagePixel
from workbench.errors import DamagedObject
from workbench.language import mark

REASONS = {
    "size": mark("the compressed image has another size than the header says"),
    "bits": mark("the compressed image has another depth than the header says"),
    "cut": mark("the compressed image ends early"),
    "start": mark("the compressed image does not begin as its transfer syntax says"),
    "syntax": mark("the transfer syntax is not one of images we can decode"),
    "frames": mark("there are not as many frames as the header says"),
    "made_up": mark("the compressed image is damaged, and the decoder made up a part of it"),
}
OUTCOMES = {
    "pixels_damaged": mark("the pixels could not be decoded"),
    "decoder_crashed": mark("the pixels are damaged: the decoder crashed on them"),
    "decoder_timeout": mark("the pixels are damaged, or too slow to decode: it took too long"),
    "decoder_memory": mark("the pixels are damaged, or too large: decoding took too much memory"),
}
# What needs no decoder has neither limit.
UNCOMPRESSED = mark(
    "If it opens elsewhere, have it sent without compression (Explicit VR Little Endian)."
)
REMEDIES = {"decoder_timeout": UNCOMPRESSED, "decoder_memory": UNCOMPRESSED}


@dataclass(frozen=True)
class DecoderLimits:
    """What decoding one object may take.

    Attributes
    ----------
    frame_s
        Seconds for each frame, by the clock.
    slow_samples_s
        Samples that a slow and busy machine decodes in a second.  All frames of an object have
        ``frame_s`` and the time that their samples take at this rate, so that many small ones
        which are each slow do not add up.
    object_s
        Seconds for all frames of the largest object, by the clock and of the processor.
    grace_s
        Seconds more for handing an object over.
    spare_bytes, sample_bytes
        Memory beyond what the idle process has: so much, so much a sample of one frame, and
        three times the compressed bytes.  OpenJPEG holds a sample in 4 bytes, several times.
    most_bytes
        Never more than this.
    """

    frame_s: int = 8
    slow_samples_s: int = 1_000_000
    object_s: int = 120
    grace_s: int = 2
    spare_bytes: int = 256 << 20
    sample_bytes: int = 32
    most_bytes: int = 4 << 30

    def memory(self, described: ImagePixel, encoded: int) -> int:
        """Return the bytes one object may take."""
        needed = self.spare_bytes + self.sample_bytes * described.frame_samples + 3 * encoded
        return min(needed, self.most_bytes)

    def seconds(self, described: ImagePixel) -> int:
        """Return the seconds one object may take."""
        samples = described.frame_samples * described.frames
        whole = self.frame_s + samples // self.slow_samples_s
        return min(self.frame_s * described.frames, whole, self.object_s)


def refusal(code: str, why: str = "") -> DamagedObject:
    """Return the error for an outcome of decoding; what is not known counts as a crash."""
    known = code if code in OUTCOMES else "decoder_crashed"
    return DamagedObject(known, REASONS.get(why, OUTCOMES[known]), REMEDIES.get(known, ""))
