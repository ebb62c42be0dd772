"""Name an element of a header: a keyword, a tag, a private tag, or a path into sequences.

``CTDIvol``, ``0018,9345``, ``(0018,9345)``, ``00189345``, ``CTExposureSequence/CTDIvol``,
``0019,1092[SIEMENS CT VA0  COAD]``.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace

from pydicom.datadict import (
    dictionary_VM,
    dictionary_VR,
    keyword_dict,
    keyword_for_tag,
    private_dictionary_VM,
    private_dictionary_VR,
    tag_for_keyword,
)

from workbench.dicom.record import INTEGER, NUMERIC
from workbench.errors import SettingsError
from workbench.language import mark

SEQUENCE = "SQ"
FIRST_IN_BLOCK = 0x1000  # elements below belong to no block of a private creator (PS3.5 7.8.1)
_STEP = re.compile(r"\s*([^/\[\]]*?)\s*(?:\[(.*?)\]\s*)?(?:/|\Z)")
_TAG = re.compile(r"\(?([0-9A-F]{4}) ?,? ?((?:[0-9A-F]{2}|XX)[0-9A-F]{2})\)?", re.IGNORECASE)
_EXAMPLES = mark('Examples: "CTDIvol", "0018,9345", "CTExposureSequence/CTDIvol".')
IN_HEXADECIMAL = mark(
    'Write gggg,eeee in hexadecimal. Examples: "CTDIvol", "0018,9345", '
    '"CTExposureSequence/CTDIvol".'
)
IN_PS3_6 = mark(
    'The keywords are in PS3.6. Examples: "CTDIvol", "0018,9345", "CTExposureSequence/CTDIvol".'
)


@dataclass(frozen=True)
class Step:
    """One element on the way.

    Attributes
    ----------
    group, element
        The tag; of a private element of a creator, the block in it is 10 whatever a header has.
    creator
        Private creator without blanks at its end; ``None`` where the element is in no block.
    """

    group: int
    element: int
    creator: str | None = None

    @property
    def tag(self) -> int:
        """The tag as one number."""
        return self.group << 16 | self.element

    @property
    def key(self) -> str:
        """The tag as DICOM JSON writes it: eight hexadecimal digits."""
        return f"{self.tag:08X}"

    @property
    def name(self) -> str:
        """The keyword of the standard, else the tag as ``gggg,eeee``."""
        keyword = keyword_for_tag(self.tag)
        if keyword and tag_for_keyword(keyword) == self.tag:  # 6002,0010 shares 6000,0010's
            return keyword
        return f"{self.group:04X},{self.element:04X}"

    def vr(self) -> str | None:
        """Return the value representation of pydicom's dictionaries (PS3.6), else ``None``."""
        try:
            if self.creator is None:
                return dictionary_VR(self.tag)
            return private_dictionary_VR(self.tag, self.creator)
        except KeyError:
            return None

    def vm(self) -> str:
        """Return the value multiplicity of pydicom's dictionaries; ``1-n`` for the unknown."""
        try:
            if self.creator is None:
                return dictionary_VM(self.tag)
            return private_dictionary_VM(self.tag, self.creator)
        except KeyError:
            return "1-n"


@dataclass(frozen=True)
class TagPath:
    """An element of a header: the last step, found in the sequences of the steps before."""

    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str, creator: str | None = None) -> TagPath:
        """Return the path that a text names; ``creator`` is the private creator of its last step.

        Raises ``SettingsError``, with the remedy, for an unknown keyword, a malformed tag, a
        private tag without its creator and a step through what is no sequence.
        """
        parts = _parts(text)
        if creator is not None:
            within = parts[-1][1]
            if within is not None and within.rstrip(" ") != creator.rstrip(" "):
                raise SettingsError("two private creators are named for one tag.", "Name one.")
            parts[-1] = parts[-1][0], creator
        steps = tuple(_step(name, owner) for name, owner in parts)
        for step in steps[:-1]:
            if step.vr() not in (None, SEQUENCE, "UN"):
                raise SettingsError(
                    "{name} is not a sequence.", "Name a sequence before /.", name=step.name
                )
        return cls(steps)

    @property
    def name(self) -> str:
        """Steps by keyword, else as ``gggg,eeee``, joined with ``/``: the name of the column."""
        return "/".join(step.name for step in self.steps)

    @property
    def nested(self) -> bool:
        """Whether the element is inside of a sequence."""
        return len(self.steps) > 1

    def kind(self) -> str:
        """Return the kind of column that suits the dictionary's VR and VM.

        Numbers: ``real`` or ``integer`` of one value, ``reals`` of several; a date: ``date``; a
        sequence: ``json``; others ``text`` or ``texts``.  Inside of sequences, lists.  An unknown
        private element: ``texts``, because that holds any value as it is.
        """
        last = self.steps[-1]
        vr = last.vr()
        if vr == SEQUENCE:
            return "json"
        several = self.nested or vr is None or last.vm() != "1"
        alternatives = set((vr or "").split(" or "))
        if alternatives <= NUMERIC:
            single = "integer" if alternatives <= INTEGER else "real"
            return "reals" if several else single
        if several:
            return "texts"
        return "date" if vr == "DA" else "text"


def _parts(text: str) -> list[tuple[str, str | None]]:
    """Return name and creator of each step; a creator may hold a slash."""
    parts: list[tuple[str, str | None]] = []
    start = 0
    while start <= len(text):
        step = _STEP.match(text, start)
        if step is None or not step[1]:
            raise SettingsError("this is no path to an element.", _EXAMPLES)
        parts.append((step[1], step[2]))
        if not step[0].endswith("/"):
            break
        start = step.end()
    return parts


def _step(name: str, creator: str | None) -> Step:
    step, any_block = _tag(name)
    private = step.group % 2 == 1
    in_block = private and (any_block or step.element >= FIRST_IN_BLOCK)
    if creator is None:
        if in_block:
            raise SettingsError(
                "{name} is private: another maker means something else by it.",
                'Name its creator: "0019,1092[SIEMENS CT VA0  COAD]", or creator="...".',
                name=step.name,
            )
        return step
    if not in_block:
        raise SettingsError(
            "{name} belongs to no private creator.", "Leave it out.", name=step.name
        )
    if not creator.rstrip(" "):
        raise SettingsError("the private creator is empty.", "Name the text that reserves a block.")
    return replace(step, element=FIRST_IN_BLOCK | step.element & 0xFF, creator=creator.rstrip(" "))


def _tag(name: str) -> tuple[Step, bool]:
    """Return a step by keyword or number, and whether it was written for any block (xx)."""
    number = _TAG.fullmatch(name)
    if number is not None:
        any_block = number[2][:2].upper() == "XX"
        element = int("10" + number[2][2:] if any_block else number[2], 16)
        step = Step(int(number[1], 16), element)
        if any_block and step.group % 2 == 0:
            raise SettingsError("only a private tag is written with xx.", _EXAMPLES)
        return step, any_block
    tag = tag_for_keyword(name)
    if tag is not None:
        return Step(tag >> 16, tag & 0xFFFF), False
    if re.search(r"[^A-Za-z0-9]|\A[0-9]", name):
        raise SettingsError("this is no tag.", IN_HEXADECIMAL)
    raise _no_keyword(name)


def _no_keyword(name: str) -> SettingsError:
    keywords = {keyword.lower(): keyword for keyword in keyword_dict if keyword}
    near = difflib.get_close_matches(name.lower(), keywords, n=3)
    if not near:
        return SettingsError("{name} is no keyword of the standard.", IN_PS3_6, name=name)
    return SettingsError(
        "{name} is no keyword of the standard.", "Did you mean {near}?",
        name=name, near=", ".join(keywords[keyword] for keyword in near),
    )  # fmt: skip
