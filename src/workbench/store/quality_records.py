"""What image quality leaves behind: test profiles, results, decisions, events, phantom images.

Nothing here is changed or deleted: a profile gets a new version, a decision is followed by
another one.  What a result was judged by is kept with it (its content), so that a later profile
does not change the past.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workbench.errors import StoreError
from workbench.language import Saying
from workbench.rights import Right, needs
from workbench.store.database import Database, Row

TABLES = """
CREATE TABLE IF NOT EXISTS test_profile (
    number {serial},
    name TEXT NOT NULL, version BIGINT NOT NULL, made_at TEXT NOT NULL, made_by TEXT NOT NULL,
    reason TEXT NOT NULL, content TEXT NOT NULL, sha256 TEXT NOT NULL, UNIQUE (name, version)
);
CREATE TABLE IF NOT EXISTS test_result (
    number {serial},
    profile TEXT NOT NULL, profile_version BIGINT NOT NULL, images TEXT NOT NULL,
    acquired_at TEXT, measured_at TEXT NOT NULL, content TEXT NOT NULL,
    UNIQUE (profile, profile_version, images)
);
CREATE TABLE IF NOT EXISTS test_decision (
    number {serial},
    result BIGINT NOT NULL, decision TEXT NOT NULL, decided_at TEXT NOT NULL,
    decided_by TEXT NOT NULL, comment TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS test_decision_result ON test_decision (result);
CREATE TABLE IF NOT EXISTS test_event (
    number {serial},
    profile TEXT NOT NULL, kind TEXT NOT NULL, happened_at TEXT NOT NULL,
    noted_at TEXT NOT NULL, noted_by TEXT NOT NULL, content TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS phantom_image (
    number {serial},
    image TEXT NOT NULL UNIQUE, came_at TEXT NOT NULL, looked_at TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, profile TEXT NOT NULL, result BIGINT,
    header TEXT NOT NULL
);
"""
WAITING, ACCEPTED, REJECTED = "waiting", "accepted", "rejected"


@dataclass(frozen=True)
class StoredProfile:
    """One version of a test profile; ``content`` is what ``qa.profile`` reads."""

    name: str
    version: int
    made_at: datetime
    made_by: str
    reason: str
    content: Mapping[str, Any]
    sha256: str


@dataclass(frozen=True)
class Decision:
    """What a person said of a result."""

    decision: str
    decided_at: datetime
    decided_by: str
    comment: str


@dataclass(frozen=True)
class NewResult:
    """A measured result, before it has a number; ``images`` are digests of image files."""

    profile: str
    profile_version: int
    images: tuple[str, ...]
    acquired_at: datetime | None
    content: Mapping[str, Any]


@dataclass(frozen=True)
class StoredResult(NewResult):
    """A result that is kept, with the decisions made on it, the last one counts."""

    number: int
    measured_at: datetime
    decisions: tuple[Decision, ...]

    @property
    def decision(self) -> str:
        """``waiting``, ``accepted`` or ``rejected``."""
        return self.decisions[-1].decision if self.decisions else WAITING


@dataclass(frozen=True)
class StoredEvent:
    """Something that happened to a machine, or a baseline that begins."""

    number: int
    profile: str
    kind: str
    happened_at: datetime
    noted_at: datetime
    noted_by: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class PhantomImage:
    """An image that came to the phantom title, and what became of it.

    ``image`` is the digest that names its file; ``header`` holds what is shown in lists;
    ``looked_at`` is when that was last noted (UTC).
    """

    image: str
    came_at: datetime
    state: str
    reason: str = ""
    profile: str = ""
    result: int | None = None
    header: Mapping[str, Any] | None = None
    looked_at: datetime | None = field(default=None, compare=False)


class Quality:
    """The tables of image quality in the catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- profiles ------------------------------------------------------------------------------

    @needs(Right.DECIDE)
    def save_profile(
        self, name: str, content: Mapping[str, Any], by: str, reason: str = "",
        seen: int | None = None,
    ) -> StoredProfile:  # fmt: skip
        """Keep a profile as its next version; the same content again is no new version.

        ``seen`` is the version that was changed, 0 for a new profile: where there is another one
        by now, ``StoreError`` is raised and nothing is kept.  ``None`` takes it as it is.
        """
        text = json.dumps(content, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()

        def save() -> int:
            last = self.profile(name)
            if last and last.sha256 == digest:
                return last.version
            version = last.version + 1 if last else 1
            if seen is not None and seen != version - 1:
                raise StoreError(
                    "this test profile has version {version} meanwhile; nothing was kept.",
                    "Look at that version, then change it, or give the profile another name.",
                    version=version - 1,
                )
            self._database.write(
                "INSERT INTO test_profile"
                " (name, version, made_at, made_by, reason, content, sha256)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                name, version, _now(), by, reason, text, digest,
            )  # fmt: skip
            return version

        return self._known(name, self._database.atomically(save))

    def profile(self, name: str, version: int | None = None) -> StoredProfile | None:
        """Return a version of a profile, the newest by default; ``None`` where there is none."""
        row = self._database.one(
            "SELECT * FROM test_profile WHERE name = ? AND (? = 0 OR version = ?)"
            " ORDER BY version DESC",
            name, version or 0, version or 0,
        )  # fmt: skip
        return None if row is None else _profile(row)

    def profiles(self) -> list[StoredProfile]:
        """Return the newest version of every profile, by name."""
        rows = self._database.all("SELECT * FROM test_profile ORDER BY name, version")
        return list({row["name"]: _profile(row) for row in rows}.values())

    def versions(self, name: str) -> list[StoredProfile]:
        """Return all versions of a profile, oldest first."""
        rows = self._database.all(
            "SELECT * FROM test_profile WHERE name = ? ORDER BY version", name
        )
        return [_profile(row) for row in rows]

    def _known(self, name: str, version: int) -> StoredProfile:
        profile = self.profile(name, version)
        assert profile is not None
        return profile

    # --- results -------------------------------------------------------------------------------

    @needs(Right.DECIDE)
    def add_result(self, new: NewResult) -> int:
        """Keep a result; return its number, that of the first one when it is known already."""
        images = json.dumps(new.images)

        def add() -> int:
            self._database.write(
                "INSERT INTO test_result"
                " (profile, profile_version, images, acquired_at, measured_at, content)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                new.profile, new.profile_version, images,
                new.acquired_at.isoformat() if new.acquired_at else None,
                _now(), json.dumps(new.content, allow_nan=False),
            )  # fmt: skip
            row = self._database.one(
                "SELECT number FROM test_result"
                " WHERE profile = ? AND profile_version = ? AND images = ?",
                new.profile, new.profile_version, images,
            )  # fmt: skip
            return int(row["number"])  # type: ignore[index]

        return self._database.atomically(add)

    def result(self, number: int) -> StoredResult:
        """Return one result; raises ``StoreError`` for a number nobody has."""
        for result in self._results("WHERE number = ?", number):
            return result
        raise StoreError(
            "there is no result {number}.", "workbench qa results lists them.", number=number
        )

    def results(self, profile: str = "") -> list[StoredResult]:
        """Return the results of a profile, or all, in the order of acquisition."""
        return self._results("WHERE (? = '' OR profile = ?)", profile, profile)

    @needs(Right.DECIDE)
    def decide(
        self, number: int, decision: str, by: str, comment: str = "", seen: int | None = None
    ) -> None:
        """Note that a person accepts or rejects a result; a rejection needs a comment.

        ``seen`` is how many decisions on it the person has seen.  Raises ``StoreError`` without
        a name, for an unknown word or number, and where somebody has decided meanwhile.
        """
        if decision not in (ACCEPTED, REJECTED) or not by.strip():
            raise StoreError("a decision is accepted or rejected, by a name.", "Say who decides.")
        if decision == REJECTED and not comment.strip():
            raise StoreError("a rejection needs a comment.", "Say why the result does not count.")
        with self._database.transaction():
            result = self.result(number)
            if seen is not None and len(result.decisions) != seen:
                raise StoreError(
                    "result {number} was {decision} meanwhile; nothing was noted.",
                    "Look at that decision; decide again if yours is another.",
                    number=number,
                    decision=Saying(result.decision),
                )
            self._database.write(
                "INSERT INTO test_decision (result, decision, decided_at, decided_by, comment)"
                " VALUES (?, ?, ?, ?, ?)",
                number, decision, _now(), by.strip(), comment.strip(),
            )  # fmt: skip

    def _results(self, where: str, *values: object) -> list[StoredResult]:
        with self._database.snapshot():
            rows = self._database.all(
                f"SELECT * FROM test_result {where} ORDER BY acquired_at, number",  # noqa: S608
                *values,
            )
            decided = self._database.all_among(
                "SELECT * FROM test_decision WHERE result IN ({}) ORDER BY number",
                [row["number"] for row in rows],
            )
        decisions: dict[int, list[Decision]] = {}
        for row in decided:
            decisions.setdefault(row["result"], []).append(_decision(row))
        return [_result(row, decisions.get(row["number"], ())) for row in rows]

    # --- events and baselines ------------------------------------------------------------------

    @needs(Right.DECIDE)
    def note_event(
        self, profile: str, kind: str, at: datetime, by: str, content: Mapping[str, Any]
    ) -> None:
        """Note what happened to a machine (``service``, ``new tube``), or a new baseline."""
        self._database.write(
            "INSERT INTO test_event (profile, kind, happened_at, noted_at, noted_by, content)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            profile, kind, at.isoformat(), _now(), by, json.dumps(content),
        )  # fmt: skip

    def events(self, profile: str = "") -> list[StoredEvent]:
        """Return the events of a profile, or all, in their order."""
        rows = self._database.all(
            "SELECT * FROM test_event WHERE (? = '' OR profile = ?) ORDER BY happened_at, number",
            profile, profile,
        )  # fmt: skip
        return [_event(row) for row in rows]

    # --- phantom images ------------------------------------------------------------------------

    def note_images(self, images: Sequence[PhantomImage]) -> None:
        """Note what became of images; of one that is known, what became of it since."""
        rows = [
            (
                image.image, image.came_at.isoformat(), _now(), image.state, image.reason,
                image.profile, image.result, json.dumps(image.header or {}),
            )
            for image in images
        ]  # fmt: skip
        self._database.many(
            "INSERT INTO phantom_image"
            " (image, came_at, looked_at, state, reason, profile, result, header)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (image) DO UPDATE SET"
            " looked_at = excluded.looked_at, state = excluded.state,"
            " reason = excluded.reason, profile = excluded.profile,"
            " result = excluded.result, header = excluded.header",
            rows,
        )

    @needs(Right.DECIDE)
    def forget_images(self, states: Sequence[str]) -> int:
        """Forget what became of images in these states; return how many there were."""
        return self._database.change_among(
            "DELETE FROM phantom_image WHERE state IN ({})", list(states)
        )

    def images(self) -> list[PhantomImage]:
        """Return the images that came, in their order."""
        return [_image(row) for row in self._database.all("SELECT * FROM phantom_image ORDER BY 1")]


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _profile(row: Row) -> StoredProfile:
    return StoredProfile(
        row["name"], row["version"], _moment(row["made_at"]), row["made_by"], row["reason"],
        json.loads(row["content"]), row["sha256"],
    )  # fmt: skip


def _decision(row: Row) -> Decision:
    return Decision(row["decision"], _moment(row["decided_at"]), row["decided_by"], row["comment"])


def _result(row: Row, decisions: Sequence[Decision]) -> StoredResult:
    return StoredResult(
        profile=row["profile"], profile_version=row["profile_version"],
        images=tuple(json.loads(row["images"])),
        acquired_at=_moment(row["acquired_at"]) if row["acquired_at"] else None,
        content=json.loads(row["content"]), number=row["number"],
        measured_at=_moment(row["measured_at"]), decisions=tuple(decisions),
    )  # fmt: skip


def _event(row: Row) -> StoredEvent:
    return StoredEvent(
        row["number"], row["profile"], row["kind"], _moment(row["happened_at"]),
        _moment(row["noted_at"]), row["noted_by"], json.loads(row["content"]),
    )  # fmt: skip


def _image(row: Row) -> PhantomImage:
    return PhantomImage(
        row["image"], _moment(row["came_at"]), row["state"], row["reason"], row["profile"],
        row["result"], json.loads(row["header"]), _moment(row["looked_at"]),
    )  # fmt: skip
