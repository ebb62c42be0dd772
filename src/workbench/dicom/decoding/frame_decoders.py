"""Which library decodes which transfer syntax: one each, so that a file has one reading.

pydicom would try all that are installed, one after the other, and take what the most lenient of
them makes of a damaged image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

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

FrameFunction = Callable[[bytes, Any], bytes | bytearray]
LABEL = "workbench"  # among pydicom's plug-ins
OWN, PYDICOM = "decode_frame", "_decode_frame"  # what a module calls its function


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


GDCM = DecoderLibrary("gdcm", "python-gdcm", "pydicom.pixels.decoders.gdcm")
EXTENDED = DecoderLibrary("gdcm", "python-gdcm", __name__, "_decode_extended")
OPENJPEG = DecoderLibrary("openjpeg", "pylibjpeg-openjpeg", __name__, "_decode_openjpeg")
RLE = DecoderLibrary("pydicom", "pydicom", "pydicom.pixels.decoders.rle", memory_safe=True)
LIBRARIES = {
    JPEGBaseline8Bit: GDCM, JPEGExtended12Bit: EXTENDED, JPEGLossless: GDCM, JPEGLosslessSV1: GDCM,
    JPEGLSLossless: GDCM, JPEGLSNearLossless: GDCM, JPEG2000Lossless: GDCM, JPEG2000: GDCM,
    HTJ2KLossless: OPENJPEG, HTJ2KLosslessRPCL: OPENJPEG, HTJ2K: OPENJPEG, RLELossless: RLE,
}  # fmt: skip
# What pydicom asks of a plug-in's module.
DECODER_DEPENDENCIES = {
    syntax: (library.project,) for syntax, library in LIBRARIES.items()
}  # fmt: skip


def is_available(syntax: str) -> bool:
    """Say whether frames of a transfer syntax can be decoded here."""
    library = LIBRARIES.get(UID(syntax))
    return library is not None and library.installed


class OutOfMemory(BaseException):  # pydicom swallows every Exception of a decoder
    """A decoder asked for more memory than it may have."""


def decode_frame(frame: bytes, runner: Any) -> bytearray:
    """Return the samples of one frame; ``runner`` is pydicom's, with the Image Pixel module."""
    library = LIBRARIES[runner.transfer_syntax]
    try:
        function: FrameFunction = getattr(import_module(library.module), library.function)
        return bytearray(function(frame, runner))  # pydicom changes it in place
    except MemoryError:
        raise OutOfMemory from None


def _decode_extended(frame: bytes, runner: Any) -> bytes | bytearray:
    if runner.bits_allocated > 8 or runner.bits_stored > 8:
        from workbench.dicom.decoding.extended_jpeg import decode_extended

        return decode_extended(frame, runner)
    from pydicom.pixels.decoders import gdcm

    decoded: bytes = getattr(gdcm, PYDICOM)(frame, runner)
    return decoded


def _decode_openjpeg(frame: bytes, runner: Any) -> bytes | bytearray:
    from pydicom.pixels.common import PhotometricInterpretation as Photometric

    openjpeg: Any = import_module(OPENJPEG.package)
    decoded: bytearray = openjpeg.decode_pixel_data(frame, version=2)
    if runner.photometric_interpretation in (Photometric.YBR_ICT, Photometric.YBR_RCT):
        runner.set_option("photometric_interpretation", Photometric.RGB)  # it undoes them itself
    # A sample takes as many whole bytes as the codestream says, whatever the header does.
    precision = runner.get_option("j2k_precision", runner.bits_stored)
    runner.set_option("bits_allocated", 8 if precision <= 8 else 16 if precision <= 16 else 32)
    return decoded
