"""What is known of each compressed transfer syntax: its library and its kind of codestream.

One library each, so that a file has one reading.  pydicom would try all that are installed, one
after the other, and take what the most lenient of them makes of a damaged image.  A syntax that
does not stand here is neither checked nor decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec

from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

DECODERS = "workbench.dicom.decoding.frame_decoders"
OWN, PYDICOM = "decode_frame", "_decode_frame"  # what a module calls its function


class CodestreamKind(Enum):
    """How a frame begins and says its size (DICOM PS3.5 8.2 and A.4).

    ``DCT`` and ``LOSSLESS`` are ITU-T T.81, ``LS`` is T.87, ``JPEG_2000`` is T.800 and its
    high-throughput form T.814.
    """

    DCT = "JPEG with the cosine transform"
    LOSSLESS = "JPEG lossless"
    LS = "JPEG-LS"
    JPEG_2000 = "JPEG 2000"


@dataclass(frozen=True)
class DecoderLibrary:
    """Where a transfer syntax is decoded.

    Attributes
    ----------
    package
        What is imported.
    project
        What is installed to have it.
    module, function
        What is called for a frame.
    memory_safe
        Whether it is Python, which may fail and write nowhere it should not.
    """

    package: str
    project: str
    module: str
    function: str = PYDICOM
    memory_safe: bool = False

    @property
    def installed(self) -> bool:
        """Whether the package is there; it is not imported to find out."""
        return find_spec(self.package) is not None


@dataclass(frozen=True)
class CompressedSyntax:
    """A compressed transfer syntax.

    Attributes
    ----------
    library
        What decodes it.
    codestream
        What its frames are; ``None`` for RLE (PS3.5 annex G), whose frames do not say their size.
    """

    library: DecoderLibrary
    codestream: CodestreamKind | None


GDCM = DecoderLibrary("gdcm", "python-gdcm", "pydicom.pixels.decoders.gdcm")
EXTENDED = DecoderLibrary("gdcm", "python-gdcm", DECODERS, "_decode_extended")
OPENJPEG = DecoderLibrary("openjpeg", "pylibjpeg-openjpeg", DECODERS, "_decode_openjpeg")
RLE = DecoderLibrary("pydicom", "pydicom", "pydicom.pixels.decoders.rle", memory_safe=True)
COMPRESSED_SYNTAXES = {
    JPEGBaseline8Bit: CompressedSyntax(GDCM, CodestreamKind.DCT),
    JPEGExtended12Bit: CompressedSyntax(EXTENDED, CodestreamKind.DCT),
    JPEGLossless: CompressedSyntax(GDCM, CodestreamKind.LOSSLESS),
    JPEGLosslessSV1: CompressedSyntax(GDCM, CodestreamKind.LOSSLESS),
    JPEGLSLossless: CompressedSyntax(GDCM, CodestreamKind.LS),
    JPEGLSNearLossless: CompressedSyntax(GDCM, CodestreamKind.LS),
    JPEG2000Lossless: CompressedSyntax(GDCM, CodestreamKind.JPEG_2000),
    JPEG2000: CompressedSyntax(GDCM, CodestreamKind.JPEG_2000),
    HTJ2KLossless: CompressedSyntax(OPENJPEG, CodestreamKind.JPEG_2000),
    HTJ2KLosslessRPCL: CompressedSyntax(OPENJPEG, CodestreamKind.JPEG_2000),
    HTJ2K: CompressedSyntax(OPENJPEG, CodestreamKind.JPEG_2000),
    RLELossless: CompressedSyntax(RLE, None),
}


def compressed_syntax(syntax: str) -> CompressedSyntax | None:
    """Return what is known of a transfer syntax; ``None`` for one that we cannot decode."""
    return COMPRESSED_SYNTAXES.get(UID(syntax))
