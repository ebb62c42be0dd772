"""Which objects there are: one verdict each, decided in one place.

One SOP Instance UID, one object: the same content again is a duplicate; other content under the
same UID is put aside, and the first stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from workbench.errors import ReadError
from workbench.model import Finding, Verdict
from workbench.store.catalogue import OBJECTS, digest_of, erasures
from workbench.store.claims import Claim
from workbench.store.database import Database

SERIES_REMEMBERED = 10_000
T = TypeVar("T")
UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Origin:
    """Where an object came from: ``source`` is folder or network; ``digest`` names the place.

    The digest is keyed and stays in the catalogue; it lets a second import of the same file be
    recognised without keeping its path.  ``uid`` is the pseudonymous SOP Instance UID, where the
    sender announced one.  ``stamp`` tells a file that was changed in place: a number made of its
    time and size.
    """

    source: str
    digest: str | None = None
    uid: str | None = None
    stamp: int | None = None

    @property
    def place(self) -> bytes | None:
        """The place as the catalogue knows it."""
        return None if self.digest is None else digest_of(self.digest)


@dataclass(frozen=True)
class Taken:
    """One object at the border: its de-identified row, or the error that keeps it out.

    ``long_way`` says why its row was made without shortcuts, if it was; it is not stored.
    """

    origin: Origin
    row: Mapping[str, object] | None = None
    error: ReadError | None = None
    findings: Sequence[Finding] = ()
    long_way: str = ""


@dataclass(frozen=True)
class ObjectDecision:
    """What becomes of one object.

    Attributes
    ----------
    verdict
        Its verdict.
    number
        Its number, where it is stored.
    code, reason
        Why it is refused; empty where nothing is to be noted.
    """

    verdict: Verdict
    number: int = 0
    code: str = ""
    reason: str = ""

    @property
    def counted_as(self) -> str:
        """The code it counts by: one for each object that is not stored, also where none is noted.

        What was there before from the same place is ``unchanged``, and has no row of its own.
        """
        return self.code or ("" if self.verdict is Verdict.STORED else UNCHANGED)


class Objects:
    """The tables ``object``, ``series``, ``refused`` and ``finding`` of a catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._series: dict[tuple[str, str, str], int] = {}
        self._erasures = 0
        self.claim: Claim | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is written inside one unit, as the catalogue does.

        Where it is taken back, so are the rows of its series: their numbers are forgotten.
        """
        try:
            with self._database.transaction():
                yield
        except BaseException:
            self._series.clear()
            raise

    def atomically(self, work: Callable[[], T]) -> T:
        """Do ``work`` in a transaction, again where the connection was lost, as the catalogue does.

        Each time the numbers of series are asked for anew: those of a time before are not kept.
        """
        tried = False

        def attempt() -> T:
            nonlocal tried
            if tried:
                self._series.clear()
            tried = True
            return work()

        try:
            return self._database.atomically(attempt)
        except BaseException:
            self._series.clear()
            raise

    def reserve(self, count: int) -> int:
        """Return the first of ``count`` numbers that no other object gets."""
        row = self._database.one(
            "UPDATE counter SET value = value + ? WHERE name = ? RETURNING value", count, OBJECTS
        )
        assert row is not None  # it is made with the catalogue
        return int(row["value"]) - count + 1

    def decide(self, taken: Sequence[Taken], first: int) -> list[ObjectDecision]:
        """Return what becomes of objects, numbered from ``first``; writes nothing."""
        known = self._known(_sop(item.row) for item in taken if item.row is not None)
        decisions = []
        for number, item in enumerate(taken, first):
            decision = _decision(item, known, number)
            if decision.verdict is Verdict.STORED and item.row is not None:
                known[_sop(item.row)] = _KnownObject.of(item, number)
            decisions.append(decision)
        return decisions

    def _known(self, sops: Iterable[bytes]) -> dict[bytes, _KnownObject]:
        rows = self._database.all_among(
            "SELECT sop, number, content, origin, profile FROM object WHERE sop IN ({})", set(sops)
        )
        return {
            bytes(row["sop"]): _KnownObject(
                row["number"], bytes(row["content"]), row["origin"], row["profile"]
            )
            for row in rows
        }

    def note(self, taken: Sequence[Taken], decisions: Sequence[ObjectDecision]) -> None:
        """Write what was decided; to be called within ``transaction``.

        Raises ``StoreError`` when another key has been put in the claimed one's place meanwhile.
        """
        if self.claim is not None:
            self.claim.hold(self._database)
        self._forget_erased()
        for item, decision in zip(taken, decisions, strict=True):
            if decision.verdict is Verdict.STORED:
                self._insert(item, decision.number)
            elif decision.code:
                self._refuse(item.origin, decision)
            elif item.origin.stamp is not None:  # touched, and still the same
                self._database.write(
                    "UPDATE object SET stamp = ? WHERE origin = ?",
                    item.origin.stamp, item.origin.place,
                )  # fmt: skip

    def _forget_erased(self) -> None:
        """Forget numbers of series where another process has erased rows since."""
        erased = erasures(self._database)
        if erased != self._erasures:
            self._series.clear()
        self._erasures = erased

    def _insert(self, item: Taken, number: int) -> None:
        write, row, place = self._database.write, item.row or {}, item.origin.place
        if place is not None:
            # A file mended in place: what was said of it before no longer holds.
            write("DELETE FROM refused WHERE origin = ?", place)
            write("UPDATE object SET origin = NULL WHERE origin = ?", place)
        write(
            "INSERT INTO object (number, sop, content, series, origin, stamp, profile)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            number, _sop(row), _content(row), self._series_number(row), place, item.origin.stamp,
            _profile(row),
        )  # fmt: skip
        for finding in item.findings:
            told = {**finding.row(), "object_number": number}
            noted = json.dumps({name: value for name, value in told.items() if value is not None})
            write("INSERT INTO finding (object, content) VALUES (?, ?)", number, noted)

    def _series_number(self, row: Mapping[str, object]) -> int:
        key = _text(row, "SeriesInstanceUID"), _text(row, "StudyInstanceUID"), _text(row, "patient")
        number = self._series.get(key)
        if number is None:
            number = self._find_series(*key)
            if len(self._series) >= SERIES_REMEMBERED:
                self._series.clear()
            self._series[key] = number
        return number

    def _find_series(self, series: str, study: str, patient: str) -> int:
        self._database.write(
            "INSERT INTO series (series_uid, study_uid, patient) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            series, study, patient,
        )  # fmt: skip
        row = self._database.one(
            "SELECT number FROM series WHERE series_uid = ? AND study_uid = ? AND patient = ?",
            series, study, patient,
        )  # fmt: skip
        assert row is not None  # just made
        return int(row["number"])

    def _refuse(self, origin: Origin, decision: ObjectDecision) -> None:
        # What stood in that place before and was stored stays stored; the place is the new one's.
        self._database.write("UPDATE object SET origin = NULL WHERE origin = ?", origin.place)
        self._database.write(
            "INSERT INTO refused (number, verdict, code, reason, source, received_at, origin, sop)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (origin) WHERE origin IS NOT NULL"
            " DO UPDATE SET verdict = excluded.verdict, code = excluded.code,"
            " reason = excluded.reason, received_at = excluded.received_at, sop = excluded.sop"
            " WHERE refused.verdict <> excluded.verdict OR refused.code <> excluded.code"
            " OR refused.reason <> excluded.reason",
            decision.number, decision.verdict, decision.code, decision.reason, origin.source,
            now(), origin.place, None if origin.uid is None else digest_of(origin.uid),
        )  # fmt: skip

    # --- questions ---------------------------------------------------------------------------

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        """Return what became of SOP Instance UIDs (pseudonymous): stored, or the reason's code.

        Those that never came are not in the answer.
        """
        names = {digest_of(uid): uid for uid in uids}
        refused = self._database.all_among(
            "SELECT sop, max(code) AS code FROM refused WHERE sop IN ({}) GROUP BY sop", names
        )
        stored = self._database.all_among("SELECT sop FROM object WHERE sop IN ({})", names)
        fates = {names[bytes(row["sop"])]: str(row["code"]) for row in refused}
        return fates | {names[bytes(row["sop"])]: str(Verdict.STORED) for row in stored}

    def with_finding(self, uids: Iterable[str], code: str) -> set[str]:
        """Return those SOP Instance UIDs (pseudonymous) whose stored object has such a finding."""
        names = {digest_of(uid): uid for uid in uids}
        rows = self._database.all_among(
            "SELECT object.sop AS sop, finding.content AS content FROM object"
            " JOIN finding ON finding.object = object.number WHERE object.sop IN ({})",
            names,
        )
        return {
            names[bytes(row["sop"])] for row in rows if json.loads(row["content"])["code"] == code
        }

    def stored_in(self, uid: str) -> int:
        """Return how many objects of a series or study (pseudonymous UID) are kept."""
        row = self._database.one(
            "SELECT count(*) AS n FROM object WHERE series IN"
            " (SELECT number FROM series WHERE series_uid = ? OR study_uid = ?)",
            uid, uid,
        )  # fmt: skip
        return int(row["n"]) if row else 0

    def patients_of(self, study_uids: Iterable[str]) -> dict[str, str]:
        """Return the patient of each study (pseudonyms) of which anything is kept."""
        rows = self._database.all_among(
            "SELECT study_uid, min(patient) AS patient FROM series WHERE study_uid IN ({})"
            " GROUP BY study_uid",
            study_uids,
        )
        return {row["study_uid"]: row["patient"] for row in rows}

    def patients_among(self, patients: Iterable[str]) -> set[str]:
        """Return those patients (pseudonyms) of whom anything is kept."""
        rows = self._database.all_among(
            "SELECT DISTINCT patient FROM series WHERE patient IN ({})", set(patients)
        )
        return {row["patient"] for row in rows}

    def unchanged(self, origins: Iterable[Origin]) -> set[str]:
        """Return the digests of those places whose file is stored and was not changed since."""
        stamps = {place: origin for origin in origins if (place := origin.place) is not None}
        rows = self._database.all_among(
            "SELECT origin, stamp FROM object WHERE origin IN ({}) AND stamp IS NOT NULL", stamps
        )
        pairs = ((stamps[bytes(row["origin"])], row["stamp"]) for row in rows)
        return {origin.digest for origin, stamp in pairs if origin.stamp == stamp and origin.digest}


class _KnownObject(NamedTuple):
    """An object that is stored: its number, the digests of its content and place, its profile."""

    number: int
    content: bytes
    origin: bytes | None
    profile: int | None

    @classmethod
    def of(cls, item: Taken, number: int) -> _KnownObject:
        row = item.row or {}
        return cls(number, _content(row), item.origin.place, _profile(row))


def _decision(item: Taken, known: Mapping[bytes, _KnownObject], number: int) -> ObjectDecision:
    if item.error is not None:
        return ObjectDecision(Verdict(item.error.verdict), number, item.error.code, str(item.error))
    assert item.row is not None  # one of the two is there
    earlier = known.get(_sop(item.row))
    if earlier is None:
        return ObjectDecision(Verdict.STORED, number)
    first = earlier.number
    if earlier.content != _content(item.row):
        if earlier.profile != _profile(item.row):  # what differs may be the rules alone
            reason = f"object {first} has the same SOP Instance UID and was stored by other rules"
            return ObjectDecision(Verdict.DUPLICATE, number, "same_uid_other_rules", reason)
        reason = f"object {first} has the same SOP Instance UID, other content"
        return ObjectDecision(Verdict.QUARANTINED, number, "same_uid_other_content", reason)
    if item.origin.place is not None and item.origin.place != earlier.origin:
        return ObjectDecision(
            Verdict.DUPLICATE, number, "same_object", f"the same as object {first}"
        )
    return ObjectDecision(Verdict.DUPLICATE)


def _sop(row: Mapping[str, object]) -> bytes:
    return digest_of(str(row["SOPInstanceUID"]))


def _content(row: Mapping[str, object]) -> bytes:
    return digest_of(str(row["content_sha256"]))


def _profile(row: Mapping[str, object]) -> int | None:
    """Return the confidentiality profile of a row as a number, the first 32 bits of its digest."""
    digest = str(row.get("profile_sha256") or "")
    return int(digest[:8], 16) if re.fullmatch(r"[0-9a-f]{8,}", digest) else None


def _text(row: Mapping[str, object], name: str) -> str:
    return str(row[name] or "")


def now() -> str:
    """Return the moment, in UTC and without saying so, as tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat()
