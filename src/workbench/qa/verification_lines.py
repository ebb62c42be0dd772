"""Lines of verification: what was asked of images, what was found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from workbench.language import texts_of

OK, WARNING, ERROR = "ok", "warning", "error"


@dataclass(frozen=True)
class VerificationLine:
    """One thing that was verified.

    Attributes
    ----------
    check
        What: a keyword of the DICOM dictionary, or a few words.
    wanted, found
        As a person reads them; what is no value of a header is marked, or a ``Saying``.
    severity
        ``ok``, ``warning`` or ``error``; after an error nothing is measured.
    words
        What differs, and what to do; empty where nothing does.
    """

    check: str
    wanted: str
    found: str
    severity: str = OK
    words: str = ""

    @property
    def refuses(self) -> bool:
        """Whether the images must not be measured."""
        return self.severity == ERROR

    def row(self) -> dict[str, Any]:
        """Return it as JSON types; ``texts`` are what other languages are made from."""
        row: dict[str, Any] = {name: str(value) for name, value in asdict(self).items()}
        texts = texts_of(vars(self))
        return {**row, "texts": texts} if texts else row


def checked(check: str, wanted: str, found: str, good: bool, words: str) -> VerificationLine:
    """Return a line that is ok or an error."""
    return (
        VerificationLine(check, wanted, found)
        if good
        else VerificationLine(check, wanted, found, ERROR, words)
    )
