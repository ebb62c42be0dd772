"""What decoding in another process costs: milliseconds an image, beside decoding in this one.

``python -m benchmarks.decoding``.  A CT slice and a mammogram, once the process is warm; the
peer decodes the same bytes with the same library here, as it must not be done with images of
others.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    UID,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.dicom.decoding.compressed_images import Kind, native, with_gdcm
from workbench.dicom.decoding.stored_values import stored_values

SYNTAXES = (JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless)
SIZES = {"CT slice": (512, 512), "mammogram": (2294, 1914)}
MAX_BYTES = 1 << 30
REPEATS = 21


@dataclass(frozen=True)
class DecodingTime:
    """Milliseconds an image, here and in the other process."""

    image: str
    syntax: UID
    here_ms: float
    there_ms: float

    @property
    def more_ms(self) -> float:
        """What the other process costs."""
        return self.there_ms - self.here_ms


def measured(repeats: int = REPEATS, sizes: tuple[str, ...] = ("CT slice",)) -> list[DecodingTime]:
    """Return times of every syntax, the least of alternating repeats."""
    return [_timed(size, syntax, repeats) for size in sizes for syntax in SYNTAXES]


def _timed(size: str, syntax: UID, repeats: int) -> DecodingTime:
    header = image(SIZES[size], syntax)
    decoder = get_decoder(syntax)
    expected, _ = decoder.as_array(header)
    if not (stored_values(header, max_bytes=MAX_BYTES).frames[0] == expected).all():
        raise AssertionError("the two ways differ")
    times: dict[str, list[float]] = {"here": [], "there": []}
    for _ in range(repeats):
        times["here"].append(_seconds(lambda: decoder.as_array(header)))
        times["there"].append(_seconds(lambda: stored_values(header, max_bytes=MAX_BYTES)))
    here, there = (1000 * min(each) for each in times.values())
    return DecodingTime(size, syntax, here, there)


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def image(shape: tuple[int, int], syntax: UID) -> Dataset:
    """Return a compressed image of waves with noise, as a detector has it."""
    header: Dataset = native(Kind(syntax))
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    noise = np.random.default_rng(1).normal(0, 5, shape)
    values = 1200 * np.sin(rows / 90) * np.cos(columns / 110) + 2000 + noise
    header.Rows, header.Columns = shape
    header.PixelData = np.clip(values, 0, 4095).astype("<u2").tobytes()
    if syntax == RLELossless:
        header.compress(RLELossless, generate_instance_uid=False)
        return header
    compressed: Dataset = with_gdcm(header, syntax)
    return compressed


def main() -> None:
    """Print a line an image and syntax."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args()
    for each in measured(options.repeats, tuple(SIZES)):
        print(
            f"{each.image}, {each.syntax.name}: {each.here_ms:.1f} ms here, "
            f"{each.there_ms:.1f} ms there, {each.more_ms:+.1f} ms"
        )


if __name__ == "__main__":
    main()
