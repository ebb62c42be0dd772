"""Making an image fit to be shown to a person at the hospital.

In this order: the pixels must be readable; a plain acquisition that carries no burned-in text is
shown as it is; fixed banners of the device are filled; the words of the header are looked for in
the picture and filled.  Where looking was not possible, or found nothing although the object says
that its pixels identify, the whole image is withheld unless a fixed banner covers it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.deidentify.burned_in.banners import banners, written
from workbench.deidentify.burned_in.boxes import Box
from workbench.deidentify.burned_in.grey import Layout, filled, layout, pictures
from workbench.deidentify.burned_in.ocr import OcrLimits, Word, read_words
from workbench.deidentify.burned_in.stored_pixels import MAX_BYTES, decoded
from workbench.deidentify.burned_in.text_lines import covered
from workbench.deidentify.burned_in.word_matching import Matcher
from workbench.deidentify.burned_in.words import Sought, sought
from workbench.errors import MissingTool, ReadError
from workbench.model import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

MAX_FRAMES = 24  # frames that differ; each takes a second or two
SAME = 4.0  # grey values by which two pictures differ on average and are still one
# CT, Enhanced CT, MR, Enhanced MR and PET Image Storage, PS3.4 table B.5-1: slices.  Projections,
# ultrasound, nuclear medicine and captures of screens are always looked at.
SLICES = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{last}" for last in ("2", "2.1", "4", "4.1", "128", "130")
)


@dataclass(frozen=True, repr=False)
class ShownImage:
    """What a person may be shown of an image; never printed with its pixels.

    Attributes
    ----------
    pixels
        The stored values with rectangles filled, of the shape and type they came in; None when
        the image is withheld.
    masked
        The rectangles that were filled, the same in every frame.
    findings
        What was not looked for, what was found, why an image is withheld.
    fit
        Whether nothing known speaks against showing it to a person of the hospital.
    """

    pixels: NDArray[Any] | None = field(default=None)
    masked: tuple[Box, ...] = ()
    findings: tuple[Finding, ...] = ()
    fit: bool = False


def shown(
    pixels: NDArray[Any] | None, header: Dataset, limits: OcrLimits | None = None
) -> ShownImage:
    """Return an image with the text that identifies its patient filled.

    Parameters
    ----------
    pixels
        Stored values as the header lays them out: (row, column), frames in front, three colours
        behind.  None decodes those of ``header``.  Never changed.
    header
        The object, not de-identified: its own words are what is looked for.
    limits
        What one reading of a picture may use.

    Nothing is raised for what an image or a header holds; it is withheld with a finding.
    """
    try:
        pixels, how = _readable(pixels, header)
    except ReadError as error:
        return ShownImage(findings=(_finding(error.code, str(error), "error"),))
    fixed = banners(header)
    if not fixed and is_plain_acquisition(header):
        notes = (_finding("text-not-expected", "A plain acquisition: text was not looked for.",
                          "note"),)  # fmt: skip
        return ShownImage(filled(pixels, (), how), (), notes, fit=True)
    text_boxes, problem = _looked_for(pixels, how, header, limits or OcrLimits())
    boxes = tuple(dict.fromkeys((*fixed, *text_boxes)))
    findings = tuple(_findings(header, fixed, text_boxes, problem))
    if any(finding.severity == "error" for finding in findings):
        return ShownImage(findings=findings)
    return ShownImage(filled(pixels, boxes, how), boxes, findings, fit=True)


def is_plain_acquisition(header: Dataset) -> bool:
    """Say whether an image is a slice as it was acquired, and does not say it holds text."""
    kinds = written(header, "ImageType").upper().split("\\")
    return (
        written(header, "SOPClassUID") in SLICES
        and [kind.strip() for kind in kinds[:2]] == ["ORIGINAL", "PRIMARY"]
        and not _says_burned_in(header)
    )


def _says_burned_in(header: Dataset) -> bool:
    # Whatever is not a plain NO or absent: a misspelt YES is one.
    return written(header, "BurnedInAnnotation").strip().upper() not in ("", "NO")


def _readable(pixels: NDArray[Any] | None, header: Dataset) -> tuple[NDArray[Any], Layout]:
    photometric = ""
    if pixels is None:
        pixels, photometric = decoded(header)
    if pixels.nbytes > MAX_BYTES:
        raise ReadError("pixels-too-large", "The pixels need more memory than is allowed.")
    how = layout(header, photometric)
    rows, columns = how.frames(pixels).shape[1:3]
    sizes = written(header, "Rows"), written(header, "Columns")
    if not pixels.size or any(
        text and text != str(size) for text, size in zip(sizes, (rows, columns), strict=True)
    ):
        raise ReadError("pixel-shape", "The pixels do not have the shape the header says.")
    return pixels, how


def _looked_for(
    pixels: NDArray[Any], how: Layout, header: Dataset, limits: OcrLimits
) -> tuple[tuple[Box, ...], str]:
    """Return the rectangles of what was found, and why looking was not possible."""
    words = sought(header)
    problem = _not_searchable(words)
    if problem:
        return (), problem
    matcher = Matcher(words)
    boxes: list[Box] = []
    try:
        for frame in _different(how.frames(pixels)):
            for reading in _readings(how.brightness(frame), limits):
                boxes += covered(reading, matcher)
    except MissingTool:
        return (), "Text was not looked for: Tesseract is not installed."
    except ReadError as error:
        return (), f"Text was not looked for: {error}"
    return tuple(dict.fromkeys(boxes)), ""


def _not_searchable(words: Sought) -> str:
    if words.too_many:
        return "Text was not looked for: the header names too many people."
    if words.unreadable:
        return "Text was not looked for: the patient's name has no Latin letters."
    if not words.words:
        return "Text was not looked for: the header names nobody."
    return ""


def _different(frames: NDArray[Any]) -> Iterator[NDArray[Any]]:
    seen: set[bytes] = set()
    for frame in frames:
        digest = hashlib.sha256(frame.tobytes()).digest()
        if digest in seen:
            continue
        seen.add(digest)
        if len(seen) > MAX_FRAMES:
            raise ReadError("too-many-frames", "The image has too many different frames.")
        yield frame


def _readings(brightness: NDArray[np.float64], limits: OcrLimits) -> Iterator[list[Word]]:
    """Yield the words of each picture of a frame, placed in the frame."""
    before: list[NDArray[np.uint8]] = []
    for scale, picture in pictures(brightness):
        if any(_same(picture, earlier) for earlier in before):
            continue
        before.append(picture)
        words = read_words(picture, limits=limits)
        yield [Word(word.text, word.box.shrunk(scale), word.line) for word in words]


def _same(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bool:
    return first.shape == second.shape and np.abs(first.astype(np.int16) - second).mean() < SAME


def _findings(
    header: Dataset, fixed: tuple[Box, ...], text_boxes: tuple[Box, ...], problem: str
) -> Iterator[Finding]:
    if fixed:
        yield _finding("banner-filled", f"{len(fixed)} fixed banners of the device filled.", "note")
    if problem:
        yield _finding("text-not-looked-for", problem, "warning" if fixed else "error")
    elif text_boxes:
        yield _finding("text-filled", f"{len(text_boxes)} rectangles with names filled.", "note")
    elif _says_burned_in(header) and not fixed:
        yield _finding(
            "text-not-found",
            "The object says that its pixels identify somebody, but no name was found.", "error",
        )  # fmt: skip
    else:
        yield _finding("nothing-found", "No word of the header was found in the pixels.", "note")


def _finding(code: str, detail: str, severity: str) -> Finding:
    return Finding("deidentify", code, detail, severity)
