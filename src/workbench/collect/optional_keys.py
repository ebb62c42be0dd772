"""Keys that a PACS need not understand: left out where it answers only without them.

Some PACS refuse a query with an optional key, answer nothing to it, or fall silent, and answer
well without that key (PS3.4 section C.2.2.1.3: an SCP may ignore it, but not all do).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom.association import Association

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
# Asked for only where the PACS does not mind (PS3.4 tables C.6-1 to C.6-5).
OPTIONAL = (
    "ModalitiesInStudy", "SOPClassesInStudy", "NumberOfStudyRelatedInstances",
    "NumberOfSeriesRelatedInstances", "IssuerOfPatientID", "PatientBirthDate",
)  # fmt: skip

Keys = Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """The answers to a query; ``None`` for one that cannot be read.

    Attributes
    ----------
    status
        Final DICOM status.
    left_out
        Keywords of optional keys without which alone the PACS answered.
    """

    answers: list[Dataset | None]
    status: int
    left_out: frozenset[str] = frozenset()

    @property
    def refused(self) -> bool:
        """Whether the PACS would not answer what was asked."""
        return not self.answers and self.status not in (SUCCESS, OUT_OF_RESOURCES)


def ask_with_fewer(ask: Callable[[Keys], Reply], keys: Keys, *, empty: bool = True) -> Reply:
    """Ask, and where nothing is answered ask again without optional keys.

    A key with a value narrows the answer to the patient meant: it is left out only where the
    query is refused.  ``empty``: an empty answer is not taken for all there is.
    """
    reply = ask(keys)
    if reply.answers or reply.status == OUT_OF_RESOURCES or not (reply.refused or empty):
        return reply
    optional = [name for name in OPTIONAL if name in keys]
    free = [name for name in optional if not keys[name]]
    tried = [free, *([optional] if reply.refused and len(free) < len(optional) else [])]
    for names in filter(None, tried):
        fewer = ask(without(keys, names))
        if fewer.answers:
            return _narrowed(ask, keys, names, fewer)
        if reply.refused and not fewer.refused:
            return replace(fewer, left_out=frozenset(names))
    return reply


def _narrowed(ask: Callable[[Keys], Reply], keys: Keys, names: list[str], fewer: Reply) -> Reply:
    """Return the reply that lacks one key only, where it is that one the PACS cannot stand."""
    for name in names if len(names) > 1 else ():
        reply = ask(without(keys, [name]))
        if reply.answers:
            return replace(reply, left_out=frozenset({name}))
    return replace(fewer, left_out=frozenset(names))


def without(keys: Keys, names: list[str]) -> dict[str, str]:
    """Return keys without some."""
    return {name: value for name, value in keys.items() if name not in names}


class WithoutOptional:
    """An association over which no optional key is asked for, for a PACS that falls silent."""

    def __init__(self, association: Association) -> None:
        self._association = association

    def __getattr__(self, name: str) -> Any:
        return getattr(self._association, name)

    def send_c_find(self, wanted: Dataset, root: str) -> Iterator[tuple[Dataset, Dataset | None]]:
        """Ask without those optional keys that only ask for more to be told."""
        fewer = Dataset()
        fewer.update({
            element.tag: element
            for element in wanted
            if element.keyword not in OPTIONAL or not element.is_empty
        })  # fmt: skip
        yield from self._association.send_c_find(fewer, root)
