"""Every transfer syntax gives the values it was made of: exactly, or as near as it was written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    JPEG2000,
    MPEG2MPML,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    RLELossless,
    UID_dictionary,
)

from tests.dicom.decoding.compressed_images import KINDS, LOSSY, Kind, compressed, file_of, native
from tests.dicom.decoding.compressed_images import values as made_of
from workbench.dicom.decoding import frame_decoders
from workbench.dicom.decoding.compressed_syntaxes import (
    COMPRESSED_SYNTAXES,
    CompressedSyntax,
    DecoderLibrary,
)
from workbench.dicom.decoding.stored_values import cannot_decode, stored_values
from workbench.dicom.image_object import read_image_object
from workbench.dicom.pixels import images_of
from workbench.errors import ReadError

MAX_BYTES = 1 << 30
JPEG_2000 = (JPEG2000Lossless, JPEG2000)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_values_are_those_it_was_made_of(kind: Kind) -> None:
    stored = stored_values(read_image_object(file_of(compressed(kind))), max_bytes=MAX_BYTES)
    expected = made_of(kind)
    assert stored.frames.shape == (1, *expected.shape)
    assert stored.frames.dtype == expected.dtype
    assert stored.colours == (kind.samples == 3)
    far = np.abs(stored.frames[0].astype(int) - expected).max()
    assert far <= (0 if kind.lossless else LOSSY * (1 << kind.bits))


@pytest.mark.dcmtk
@pytest.mark.parametrize("options", [["+ee"], ["+ee", "+q", "60"], ["+ee", "+bt"]])
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_jpeg_extended_is_read_as_dcmtk_reads_it(
    tmp_path: Path, bits: int, options: list[str]
) -> None:
    before, after, again = (tmp_path / name for name in ("a.dcm", "b.dcm", "c.dcm"))
    kind = Kind(JPEGExtended12Bit, bits)
    native(kind).save_as(before, enforce_file_format=True)
    subprocess.run(["dcmcjpeg", *options, str(before), str(after)], check=True)
    subprocess.run(["dcmdjpeg", str(after), str(again)], check=True)
    header = dcmread(after)
    assert header.file_meta.TransferSyntaxUID == JPEGExtended12Bit
    ours = stored_values(header, max_bytes=MAX_BYTES).frames[0]
    assert (ours == dcmread(again).pixel_array).all()


def test_each_transfer_syntax_has_one_library() -> None:
    for syntax, known in COMPRESSED_SYNTAXES.items():
        assert frame_decoders.DECODER_DEPENDENCIES[syntax] == (known.library.project,)
        assert frame_decoders.is_available(syntax) == known.library.installed
    assert not frame_decoders.is_available("1.2.840.10008.1.2.1")
    # Each is tried above, and none that is tried there is absent.
    assert set(COMPRESSED_SYNTAXES) == {kind.syntax for kind in KINDS if kind.frames_are_compressed}


def test_what_cannot_be_decoded_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = DecoderLibrary("no_such_package", "pylibjpeg-openjpeg", "no_such_package")
    for kind in (kind for kind in KINDS if kind.frames_are_compressed):
        monkeypatch.setitem(COMPRESSED_SYNTAXES, kind.syntax, CompressedSyntax(absent, None))
        with pytest.raises(ReadError) as caught:
            stored_values(compressed(kind), max_bytes=MAX_BYTES)
        assert caught.value.code == "no_decoder"
        assert kind.syntax.name in caught.value.message
        assert caught.value.remedy == "Install pylibjpeg-openjpeg."


def test_videos_and_unknown_syntaxes_are_no_images() -> None:
    for syntax in (MPEG2MPML, "1.2.840.10008.1.2.4.94", "1.2.3"):
        header = compressed(Kind(RLELossless))
        header.file_meta.TransferSyntaxUID = syntax
        with pytest.raises(ReadError) as caught:
            images_of(header)
        assert caught.value.code == "no_decoder"
    encapsulated = {
        uid for uid, (_, kind, *_) in UID_dictionary.items()
        if kind == "Transfer Syntax" and uid.startswith("1.2.840.10008.1.2.")
    } - set(COMPRESSED_SYNTAXES)  # fmt: skip
    assert all(cannot_decode(uid) for uid in encapsulated)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.syntax in JPEG_2000], ids=str)
def test_where_header_and_image_differ_in_sign_it_is_as_pydicom_says(kind: Kind) -> None:
    """JPEG 2000 says in itself whether samples are signed; PS3.5 8.2.4 lets it differ."""
    header = compressed(kind)
    header.PixelRepresentation = 1 - header.PixelRepresentation
    ours = stored_values(header, max_bytes=MAX_BYTES).frames[0]
    theirs, _ = get_decoder(kind.syntax).as_array(header)
    assert ours.dtype == theirs.dtype
    assert (ours == theirs).all()
