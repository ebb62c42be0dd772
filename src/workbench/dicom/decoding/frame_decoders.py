"""What pydicom calls for a frame: the one library of its transfer syntax."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from workbench.dicom.decoding.compressed_syntaxes import (
    COMPRESSED_SYNTAXES,
    OPENJPEG,
    PYDICOM,
    compressed_syntax,
)

FrameFunction = Callable[[bytes, Any], bytes | bytearray]
LABEL = "workbench"  # among pydicom's plug-ins
# What pydicom asks of a plug-in's module.
DECODER_DEPENDENCIES = {
    syntax: (known.library.project,) for syntax, known in COMPRESSED_SYNTAXES.items()
}


def is_available(syntax: str) -> bool:
    """Say whether frames of a transfer syntax can be decoded here."""
    known = compressed_syntax(syntax)
    return known is not None and known.library.installed


class OutOfMemory(BaseException):  # pydicom swallows every Exception of a decoder
    """A decoder asked for more memory than it may have."""


def decode_frame(frame: bytes, runner: Any) -> bytearray:
    """Return the samples of one frame; ``runner`` is pydicom's, with the Image Pixel module."""
    library = COMPRESSED_SYNTAXES[runner.transfer_syntax].library
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
