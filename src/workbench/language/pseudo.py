"""A language that nobody speaks: every text that went through the door is seen at once.

Vowels bear accents, brackets stand around each text, and it is a third longer, as German is.
What is ``data`` stands between « and ».  So a walk over the pages finds what was forgotten.
"""

from __future__ import annotations

import re
from gettext import NullTranslations

PSEUDO = "xx"
BEGIN, END = "⟦", "⟧"
DATA_BEGIN, DATA_END = "«", "»"
PADDING = "·"
LONGER = 3  # a third of the letters are added
ACCENTS = str.maketrans("aeiouyAEIOUYcnCN", "àéîöûýÀÉÎÖÛÝçñÇÑ")
# Places, and what a text holds of another language: commands and code.
KEPT = re.compile(r"\{\w*\}|`[^`]*`")


class PseudoTranslations(NullTranslations):
    """Makes the texts of the language from the English ones."""

    def gettext(self, message: str) -> str:
        """Return a text in the language."""
        parts, end = [], 0
        for kept in KEPT.finditer(message):
            parts += [message[end : kept.start()].translate(ACCENTS), kept[0]]
            end = kept.end()
        parts.append(message[end:].translate(ACCENTS))
        return f"{BEGIN}{''.join(parts)}{PADDING * (len(message) // LONGER)}{END}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the text for a number."""
        return self.gettext(msgid1 if n == 1 else msgid2)
