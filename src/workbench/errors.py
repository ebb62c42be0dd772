"""Every error Workbench raises on purpose, as one tree.

    WorkbenchError
    ├── SettingsError        a setting, a rule file or a workspace is wrong
    ├── ReadError            a file or an object could not be taken
    │   ├── NotDicom         it is something else: rejected
    │   ├── NotWanted        it is sound, but the survey's filter leaves it out: rejected
    │   └── DamagedObject    it is DICOM, but cannot be trusted: quarantined
    ├── IdentityError        a key is missing or a name would leave the hospital
    ├── RightsError          somebody may not do this
    ├── StoreError           the store refused: locked, full, newer schema
    ├── NetworkError         a DICOM peer could not be reached or refused
    │   └── PeerBusy         it admits no more connections now
    ├── DoseError            a coefficient table may not be used
    ├── MeasurementError     an image cannot be measured as asked
    └── MissingTool          an optional program or package is not there

A message never holds a patient attribute, a file name or a header value: it names
an object by its number, says what is wrong and what to do about it.
"""

from __future__ import annotations

from workbench.language.saying import Saying, worded
from workbench.language.texts import Words, filled, sentences, t


class WorkbenchError(Exception):
    """Base of all: what is wrong, and in one sentence what a person can do.

    Both are English with ``{places}`` for ``values``, so that a page can say them in another
    language (``words``); ``str`` is for the command line and logs.

    Attributes
    ----------
    values
        What stands in the places.
    """

    def __init__(self, message: str, remedy: str = "", /, **values: object) -> None:
        super().__init__(message)
        self._remedy = remedy
        self.values = values

    @property
    def message(self) -> str:
        """What is wrong, without the remedy."""
        return filled(super().__str__(), self.values)

    @property
    def remedy(self) -> str:
        """What to do; may be empty."""
        return filled(self._remedy, self.values)

    def words(self) -> Words:
        """Return both in the language that is spoken."""
        values = {name: worded(value) for name, value in self.values.items()}
        said = t(super().__str__(), **values)
        return sentences(said, t(self._remedy, **values)) if self._remedy else said

    def saying(self) -> Saying:
        """Return both, to stand in another text or to be kept."""
        said = self.said()
        return Saying.joined(said, Saying(self._remedy, **self.values)) if self._remedy else said

    def said(self) -> Saying:
        """Return what is wrong without the remedy, to stand in another text or to be kept."""
        return Saying(super().__str__(), **self.values)

    def __str__(self) -> str:
        return sentences(Words(self.message), Words(self.remedy)) if self.remedy else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # As it was made: it may come from another process.
        return type(self), (super().__str__(), self._remedy), {"values": self.values}


class SettingsError(WorkbenchError):
    """A setting, a rule file or a workspace is wrong."""


class ReadError(WorkbenchError):
    """A file or an object could not be taken; ``code`` is a short fixed word."""

    verdict = "rejected"

    def __init__(self, code: str, message: str, remedy: str = "", /, **values: object) -> None:
        super().__init__(message, remedy, **values)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        kind, arguments, values = super().__reduce__()
        return kind, (self.code, *arguments), values  # type: ignore[misc]


class NotDicom(ReadError):
    """The bytes are something else than a DICOM object."""


class NotWanted(ReadError):
    """The object is sound, but the survey's filter leaves it out."""


class DamagedObject(ReadError):
    """The bytes are DICOM, but damaged or suspicious: kept aside, not used."""

    verdict = "quarantined"


class IdentityError(WorkbenchError):
    """A key is missing, or a name would have left the hospital."""


class RightsError(WorkbenchError):
    """Who is logged in may not do this."""


class StoreError(WorkbenchError):
    """The store refused: locked, full, damaged or of a newer schema."""


class NetworkError(WorkbenchError):
    """A DICOM peer could not be reached, or refused."""


class PeerBusy(NetworkError):
    """A DICOM peer admits no more connections now; it may a little later."""


class DoseError(WorkbenchError):
    """A coefficient table is unknown or may not be used."""


class MeasurementError(WorkbenchError):
    """A geometry file is wrong, or an image cannot be measured as asked."""


class MissingTool(WorkbenchError):
    """An optional program or package is not installed."""
