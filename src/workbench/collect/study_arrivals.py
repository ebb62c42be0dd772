"""What of a study is here: by the names of its objects, else by the numbers that the PACS told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from workbench.collect.expected import ExpectedStudy
from workbench.collect.received import is_uid
from workbench.model import Verdict


class Holdings(Protocol):
    """What is here already, by the UIDs that the PACS uses; asked while objects arrive."""

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        """Return what became of SOP Instance UIDs: stored, or why not; absent: never came."""

    def stored_in(self, uid: str) -> int:
        """Return how many objects of a series or study are stored."""

    def aside(self) -> int:
        """Return how many objects have come so far and were put aside, whosever they are."""

    def partial(self, uids: Iterable[str]) -> int:
        """Return how many SOP Instance UIDs are stored without some of their values."""


def lacks_unlisted(study: ExpectedStudy, holdings: Holdings) -> bool:
    """Whether what the PACS did not name is not here in the number it told.

    A series of which it told no number, or under a UID that is none and that no object can have,
    is judged by the study's own count.
    """
    if not study.unlisted:
        return not study.listed
    by_study = False
    for uid, count in study.unlisted.items():
        if count is None or not is_uid(uid):
            by_study = True
        elif holdings.stored_in(uid) < count:
            return True
    return by_study and not reaches_count(study, holdings)


def is_counted(study: ExpectedStudy) -> bool:
    """Whether the PACS told numbers by which what it did not name can be judged."""
    if study.told is not None:
        return True
    return bool(study.unlisted) and all(
        count is not None and is_uid(uid) for uid, count in study.unlisted.items()
    )


def reaches_count(study: ExpectedStudy, holdings: Holdings) -> bool:
    """Whether as many objects of a study are here as it is said to have; put aside counts."""
    if study.told is None:
        return False
    return decided_in(study, holdings, holdings.fates(study.instances)) >= study.told


def decided_in(study: ExpectedStudy, holdings: Holdings, fates: Mapping[str, str]) -> int:
    """Return how many objects of a study are stored, or put aside where it is known whose."""
    aside = sum(fates.get(uid, Verdict.STORED) != Verdict.STORED for uid in study.instances)
    return holdings.stored_in(study.study.study_uid) + aside


def number_of(study: ExpectedStudy) -> int:
    """Return how many objects of a study are expected, as far as the PACS told."""
    if study.listed:
        return len(study.instances)
    told = study.told
    if told is None:
        told = sum(count or 0 for count in study.unlisted.values())
    return max(len(study.instances), told)


def is_malformed(study: ExpectedStudy) -> bool:
    """Whether the PACS names the study or a series of it by a UID that is none."""
    return not all(map(is_uid, (study.study.study_uid, *study.series)))
