"""Sentences and figures that are shown as text and never as markup.

``ipywidgets.HTML`` would run what DICOM may hold, and ``ipywidgets.Label`` typesets it.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from workbench.errors import WorkbenchError

HERE = Path(__file__).parent
KINDS = ("title", "heading", "lead", "text", "note", "warning", "error", "fact")
Line = tuple[str, str] | tuple[str, str, str]


class Words(anywidget.AnyWidget):  # type: ignore[misc]
    """Lines of text, each with its kind.

    A line is ``(kind, text)`` with a kind of ``title``, ``heading``, ``lead``, ``text``,
    ``note``, ``warning`` or ``error``, or ``("fact", figure, what it is)``.
    """

    _esm = HERE / "words.js"
    _css = HERE / "words.css"

    lines = traitlets.List().tag(sync=True)

    def __init__(self, *lines: Line) -> None:
        super().__init__()
        self.say(*lines)

    def say(self, *lines: Line) -> None:
        """Say something else; raises ``ValueError`` for an unknown kind."""
        if unknown := {line[0] for line in lines} - set(KINDS):
            raise ValueError(f"no such kind of line: {', '.join(sorted(unknown))}")
        self.lines = [list(line) for line in lines]


def sentence(error: Exception) -> str:
    """Return what a person may be told of an error.

    Our own errors were written for people; the message of any other may quote a header value,
    so only its kind is told.
    """
    if isinstance(error, WorkbenchError):
        text = str(error)
        return text[:1].upper() + text[1:]
    return f"Something went wrong ({type(error).__name__}). Run the step again."


def progress_text(done: int, total: int | None, text: str) -> str:
    """Return progress in words."""
    return f"{text}: {done:,}" if total is None else f"{text}: {done:,} of {total:,}"
