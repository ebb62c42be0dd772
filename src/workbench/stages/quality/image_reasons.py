"""Why an image was not measured: kept as a sentence, and as texts for other languages.

The texts lie in the image's ``header``, beside what lists show of the machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from workbench.language import Saying, Words, as_json, data, mark, t, use_language, words_of
from workbench.language.choice import ENGLISH
from workbench.store.quality_records import PhantomImage

WHY = "why"  # of the header
NO_PROFILE, NO_IMAGE = mark("no test profile selects it"), mark("it holds no image")
STATES = {
    "measured": mark("measured"), "unrecognised": mark("unrecognised"),
    "refused": mark("refused"), "quarantined": mark("quarantined"), "erased": mark("erased"),
}  # fmt: skip
REMEDY = mark("If it is no phantom: workbench qa erase --unselected.")
ERASED_FOR = mark("erased; {reason}")


def noted(
    path: Path, came: datetime, state: str, reason: Saying | None,
    measured: tuple[str, int | None] = ("", None), header: Mapping[str, str] | None = None,
) -> PhantomImage:  # fmt: skip
    """Return what became of an image, and why; without a reason it was measured.

    ``measured`` is by which test profile, and the number of the result.
    """
    why = {WHY: as_json(reason)} if reason else {}
    shown = {**(header or {}), **why}
    return PhantomImage(path.stem, came, state, str(reason or ""), *measured, shown or None)


def with_remedy(reason: str) -> Saying:
    """Return a reason with what can be done."""
    return Saying("{reason}. {remedy}", reason=reason, remedy=REMEDY)


def in_a_row(reasons: Sequence[Saying]) -> Saying:
    """Return reasons one after the other."""
    first, *others = reasons
    return Saying("{reason}; {more}", reason=first, more=in_a_row(others)) if others else first


def reason_words(image: PhantomImage) -> Words:
    """Return why an image was not measured; earlier versions kept the English sentence alone."""
    why = (image.header or {}).get(WHY)
    return words_of(why) if why is not None else data(image.reason)


def image_state_words(state: str) -> Words:
    """Return the words for what became of an image."""
    return t(STATES[state]) if state in STATES else data(state)


def erased_reason(image: PhantomImage) -> tuple[str, Mapping[str, object]]:
    """Return the reason of an image that is erased, without the remedy, and its header."""
    header = dict(image.header or {})
    why = header.get(WHY)
    if not isinstance(why, Mapping):
        # Of an earlier version: its sentence is all there is.
        return f"erased; {image.reason.removesuffix(REMEDY).strip().rstrip('.')}", header
    values = why.get("values", {})
    reason = values.get("reason", why) if "remedy" in values else why
    header[WHY] = {"text": str(ERASED_FOR), "values": {"reason": reason}}
    return str(_english(header[WHY])).rstrip("."), header


def _english(why: object) -> Words:
    with use_language(ENGLISH):
        return words_of(why)
