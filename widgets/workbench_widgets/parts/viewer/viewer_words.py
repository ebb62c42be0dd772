"""What the viewer says, in the language that is spoken.

Texts with ``{places}`` are filled in on the page, where the numbers are.
"""

from __future__ import annotations

from typing import Any

from workbench.language import Marked, Words, current_language, figures, mark, t
from workbench.language.pseudo import PSEUDO

TOOLS = {
    "window": (mark("Window"), "W"), "pan": (mark("Pan"), "P"),
    "distance": (mark("Distance"), "D"), "angle": (mark("Angle"), "A"),
    "circle": (mark("Circle"), "C"), "rectangle": (mark("Rectangle"), "R"),
}  # fmt: skip
OTHERS = {
    "fit": (mark("Fit"), mark("Fit into the pane (F)")),
    "one": ("1:1", mark("One pixel a pixel (O)")),
    "invert": (mark("Invert"), mark("Invert (I)")),
    "panes1": ("1", mark("1 pane (1)")),
    "panes2": ("2", mark("2 panes (2)")),
    "panes4": ("4", mark("4 panes (4)")),
    "regions": (mark("Regions"), mark("Show or hide regions (G)")),
    "keys": ("?", mark("Keys")),
}
HELP = (
    (mark("Drag"), mark("use the chosen tool")),
    (mark("Right drag, or Shift and drag"), mark("pan")),
    (mark("Wheel"), mark("next image; with one image, or with Ctrl: zoom")),
    (mark("Two fingers"), mark("zoom and pan")),
    ("W P D A C R", mark("tools: window, pan, distance, angle, circle, rectangle")),
    (mark("↑ ↓, Page up, Page down"), mark("image before and after")),
    (mark("Home, End"), mark("first and last image")),
    ("+ −", mark("zoom")),
    (mark("Shift and arrows"), mark("pan")),
    ("[ ]", mark("narrower, wider window")),
    (", .", mark("darker, lighter")),
    ("F", mark("fit into the pane")),
    ("O", mark("one pixel of the image a pixel of the screen")),
    ("I", mark("invert")),
    ("1 2 4", mark("panes")),
    ("G", mark("show or hide regions")),
    (mark("Backspace"), mark("take the last measure away")),
    (mark("Escape"), mark("take all measures away")),
    ("?", mark("this list")),
)
SAID = {
    "viewer": mark("Image viewer. Press ? for its keys."),
    "image": mark("Image"),
    "empty": mark("There is no image to show. Choose a series, or a result with its images."),
    "below": mark("{number} of {all}   C {centre}  W {width}"),
    "pointed": mark("row {row}, column {column}: {value} {unit}"),
    "pixels": mark("{value} pixels"),
    "mean": mark("mean {value} {unit}"),
    "sd": mark("sd {value}"),
    "range": mark("{low} to {high}"),
}


def _said(words: str) -> str:
    """Return what is marked in the language; keys and signs as they are."""
    return str(t(words)) if isinstance(words, Marked) else words


def viewer_words() -> dict[str, Any]:
    """Return all words of the viewer, as the page reads them."""
    tools = {
        name: [str(t(words)), str(t("{tool} ({key})", tool=t(words), key=Words(key)))]
        for name, (words, key) in TOOLS.items()
    }
    others = {name: [_said(words), str(t(title))] for name, (words, title) in OTHERS.items()}
    return {
        **{name: str(t(text)) for name, text in SAID.items()},
        "point": "." if current_language() == PSEUDO else str(figures(".")),
        "buttons": {**tools, **others},
        "help": [[_said(key), str(t(words))] for key, words in HELP],
    }
