"""JPEG Extended of more than 8 bits a sample, by GDCM.

pydicom 3.0 never asks GDCM for it.  GDCM 3.2 gives the values DCMTK gives, when it is told that
a sample takes 16 bits (``tests/dicom/decoding/test_compressed_syntaxes.py``).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def decode_extended(frame: bytes, runner: Any) -> bytes:
    """Return the samples of one frame of 9 to 12 bits, as 16-bit numbers in little endian."""
    gdcm: Any = import_module("gdcm")
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(str(runner.photometric_interpretation))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    if runner.samples_per_pixel > 1:
        image.SetPlanarConfiguration(runner.planar_configuration)
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGExtendedProcess2_4))
    image.SetPixelFormat(gdcm.PixelFormat(runner.samples_per_pixel, 16, 12, 11, 0))
    # GDCM hands out char* as text.
    return bytes(image.GetBuffer().encode("utf-8", "surrogateescape"))
