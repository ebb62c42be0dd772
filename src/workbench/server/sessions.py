"""Who is logged in: a random cookie for each browser, kept in the server's memory only.

A cookie names a session by its hash, so that a picture of the memory gives nobody a way in.  When
somebody proves a further right, the cookie is a new one and the visitor stays the same.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

from workbench.rights import Right, Rights

KEY_BYTES = 32
LASTS_S = 12 * 3600.0  # a working day
MAX_SESSIONS = 10_000  # the oldest ends: scripts without a cookie make one a request


@dataclass(frozen=True)
class Session:
    """One browser: a random name for it, what it may do, and until when (monotonic, s)."""

    visitor: str
    rights: Rights
    ends: float


class Sessions:
    """The sessions of one server; ``tokens`` are the secrets in the addresses it printed."""

    def __init__(
        self, tokens: Mapping[Right, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tokens = dict(tokens)
        self._clock = clock
        self._sessions: dict[str, Session] = {}

    def granted(self, token: str) -> Rights:
        """Return what a token gives, all of them compared in the same time."""
        given = token.encode()
        return Rights.of([
            right for right, known in self._tokens.items()
            if secrets.compare_digest(known.encode(), given)
        ])  # fmt: skip

    def bearing(self, token: str) -> Session | None:
        """Return the session of a script that shows a token with each request.

        It lasts as long as the token, which is until the server ends.  Who bears another token is
        another visitor.
        """
        rights = self.granted(token)
        return Session(_name(token), rights, inf) if rights.given else None

    def open(self, rights: Rights, before: Session | None = None) -> tuple[str, Session]:
        """Begin a session, or give the one before further rights; return its new key, too."""
        if before is not None:
            rights = rights | before.rights
            self._sessions = {
                key: other for key, other in self._sessions.items() if other != before
            }
        visitor = before.visitor if before is not None else secrets.token_hex(16)
        session = Session(visitor, rights, self._clock() + LASTS_S)
        key = secrets.token_urlsafe(KEY_BYTES)
        while len(self._sessions) >= MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[_name(key)] = session
        return key, session

    def find(self, key: str) -> Session | None:
        """Return the session of a cookie; ``None`` when there is none, or no longer."""
        session = self._sessions.get(_name(key))
        if session is not None and session.ends < self._clock():
            del self._sessions[_name(key)]
            return None
        return session

    def close(self, key: str) -> None:
        """End a session."""
        self._sessions.pop(_name(key), None)

    def visitors(self) -> frozenset[str]:
        """Return who is logged in now."""
        now = self._clock()
        return frozenset(
            session.visitor for session in self._sessions.values() if session.ends >= now
        ) | frozenset(map(_name, self._tokens.values()))


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
