"""Write ``frames`` anew: needs DCMTK's ``dcmcjpeg`` and the package imagecodecs (OpenJPH).

Neither is needed by the tests; this says how the frames were made.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from pydicom import dcmread
from pydicom.encaps import generate_frames

from tests.dicom.decoding.compressed_images import FRAMES, KINDS, Kind, native, values

LOSSY_STEP = 0.0005  # of quantisation, as a part of the range


def main() -> None:
    """Write every frame that nobody else writes."""
    for kind in KINDS:
        if kind.frame:
            made = extended(kind) if kind.frame.endswith(".jpg") else high_throughput(kind)
            (FRAMES / kind.frame).write_bytes(made)


def extended(kind: Kind) -> bytes:
    """Return a frame of JPEG Extended."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "native.dcm"), Path(folder, "compressed.dcm")
        native(kind).save_as(before, enforce_file_format=True)
        subprocess.run(["dcmcjpeg", "+ee", str(before), str(after)], check=True)
        return next(generate_frames(dcmread(after).PixelData, number_of_frames=1))


def high_throughput(kind: Kind) -> bytes:
    """Return a frame of High-Throughput JPEG 2000."""
    import imagecodecs

    # OpenJPH's order of progression is RPCL, which suits all three transfer syntaxes.
    level = None if kind.lossless else LOSSY_STEP
    return bytes(imagecodecs.htj2k_encode(values(kind), level, reversible=kind.lossless))


if __name__ == "__main__":
    main()
