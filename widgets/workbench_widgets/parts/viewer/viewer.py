"""A viewer of 16-bit images for JupyterLab and Voila; see docs/viewer.md for its keys."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from workbench.dicom.image import Image
from workbench.language import best_language, current_language, settle_language, t
from workbench.model import Region
from workbench.report.html_tables import PRINTED_UNITS
from workbench_widgets.parts.viewer.viewer_words import viewer_words

HERE = Path(__file__).parent
# One module of four files: plain ES modules cannot find each other inside a notebook.
FILES = ("pixels.js", "shapes.js", "input.js", "viewer.js")
IMPORT = re.compile(r"^import .*\n", re.MULTILINE)  # of each other, for tools and readers
UNITS = {**PRINTED_UNITS, "[hnsf'U]": "HU"}
SENT = ("int8", "uint8", "int16", "uint16")
PANES = (1, 2, 4)


def joined(files: Sequence[str]) -> str:
    """Return scripts as one module, without their imports of each other."""
    return IMPORT.sub("", "\n".join((HERE / name).read_text("utf-8") for name in files))


class Viewer(anywidget.AnyWidget):
    """Images to look at: window, zoom, pan, scroll, measure.

    Parameters
    ----------
    images
        Frames, in the order of scrolling.
    regions
        Drawn on the images that their ``image`` numbers name.
    labels
        A line of text on each image; nothing of a header is shown by itself.

    Attributes
    ----------
    index
        Which image is shown (in the first pane).
    window
        (centre, width) in physical units; empty: most of the first image's range.
    panes
        1, 2 or 4; panes show images that follow each other, and move together.
    measured
        What was measured on the page: kind, image, places as (row, column), and values.
    """

    _esm = joined(FILES)
    _css = HERE / "viewer.css"

    frames: Any = traitlets.List().tag(sync=True)
    regions: Any = traitlets.List().tag(sync=True)
    version = traitlets.Int().tag(sync=True)
    index = traitlets.Int().tag(sync=True)
    window: Any = traitlets.List().tag(sync=True)
    panes = traitlets.Int(1).tag(sync=True)
    measured: Any = traitlets.List().tag(sync=True)
    words: Any = traitlets.Dict().tag(sync=True)

    def __init__(
        self, images: Sequence[Image] = (), regions: Sequence[Region] = (),
        labels: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._images: tuple[Image, ...] = ()
        self._regions: tuple[Region, ...] = ()
        super().__init__(words=viewer_words())
        self.layout.width = "100%"
        self.on_msg(self._answer)
        self.show(images, regions, labels)

    def show(
        self, images: Sequence[Image], regions: Sequence[Region] = (), labels: Sequence[str] = (),
        window: Sequence[float] = (),
    ) -> None:  # fmt: skip
        """Show other images in the same place, in a window (centre, width) of physical values."""
        self._images, self._regions = tuple(images), tuple(regions)
        with self.hold_sync():
            self.index = 0
            self.window = list(window) or (_preset(images[0]) if images else [])
            self.measured = []
            self.regions = [_drawn(region) for region in regions]
            self.frames = [
                _about(image, labels[number] if number < len(labels) else "")
                for number, image in enumerate(images)
            ]
            self.version += 1

    def speak(self) -> None:
        """Say everything in the language that is spoken now."""
        self.words = viewer_words()
        self.regions = [_drawn(region) for region in self._regions]

    @traitlets.validate("panes")
    def _panes(self, proposal: Mapping[str, Any]) -> int:
        return proposal["value"] if proposal["value"] in PANES else 1

    def _answer(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        language = message.get("language")
        if message.get("ask") == "words" and isinstance(language, str):
            settle_language(best_language(language, current_language()))
            self.speak()
        number = message.get("index")
        wanted = message.get("ask") == "frame" and message.get("version") == self.version
        if wanted and isinstance(number, int) and 0 <= number < len(self._images):
            pixels = sendable(self._images[number].stored)
            self.send({"type": "frame", "index": number, "version": self.version}, [pixels.data])


def sendable(stored: NDArray[Any]) -> NDArray[Any]:
    """Return stored values in a form a browser has: 8 or 16 bits, else 32-bit reals."""
    little = stored.dtype.newbyteorder("<")
    kind = little if stored.dtype.name in SENT else np.dtype("<f4")
    return np.ascontiguousarray(stored, kind)


def _drawn(region: Region) -> dict[str, Any]:
    row = region.row()
    return {**row, "label": t(region.label) if region.label else ""}


def _about(image: Image, label: str) -> dict[str, Any]:
    rows, columns = image.stored.shape
    return {
        "rows": rows, "columns": columns, "dtype": sendable(image.stored[:1]).dtype.name,
        "slope": image.slope, "intercept": image.intercept,
        "unit": UNITS.get(image.unit, image.unit),
        "spacing": list(image.spacing) if image.spacing else None, "label": label,
        "inverted": image.header.get("PhotometricInterpretation") == "MONOCHROME1",
    }  # fmt: skip


def _preset(image: Image) -> list[float]:
    """Return the window the object proposes (PS3.3 C.11.2.1.2), empty where it proposes none."""
    window = []
    for keyword in ("WindowCenter", "WindowWidth"):
        value = image.header.get(keyword)
        several = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        try:
            window.append(float(several[0]))
        except (TypeError, ValueError, IndexError):
            return []
    return window if np.isfinite(window).all() and window[1] >= 1 else []
