"""One key a site: the fingerprint under which a site's objects are stored.

A patient would have two pseudonyms where two keys, or two names of one survey, were used.  The
first collector or import of a site notes its fingerprint in the catalogue; whatever comes later
under another one is refused.  While nothing of the site is stored, the note may change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.errors import StoreError
from workbench.store.database import Database

NOTE = "key_fingerprint "  # and the site: a name in the catalogue's table meta


@dataclass(frozen=True)
class Claim:
    """That a site's objects are stored under one key.

    Attributes
    ----------
    site
        The hospital's code, which its pseudonyms begin with.
    fingerprint
        Of its key in this survey.
    """

    site: str
    fingerprint: str

    def make(self, database: Database, stored_under: Callable[[], set[str]]) -> None:
        """Note the claim, within a transaction.

        ``stored_under`` reads the fingerprints out of the rows of a catalogue that has no note
        yet.  Raises ``StoreError`` when the site's objects came under another key.
        """
        noted = self._noted(database)
        if noted == self.fingerprint:
            return
        if self.site in sites_stored(database):
            known = stored_under() if noted is None else {noted}
            if known - {self.fingerprint}:
                raise _other_key()
        database.write(
            "INSERT INTO meta VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            NOTE + self.site, self.fingerprint,
        )  # fmt: skip

    def hold(self, database: Database) -> None:
        """Raise ``StoreError`` when another claim has taken this one's place."""
        if self._noted(database) != self.fingerprint:
            raise _other_key()

    def _noted(self, database: Database) -> str | None:
        row = database.one("SELECT value FROM meta WHERE name = ?", NOTE + self.site)
        return None if row is None else str(row["value"])


def claims(database: Database) -> dict[str, str]:
    """Return site to fingerprint of all claims."""
    rows = database.all("SELECT name, value FROM meta")
    return {
        row["name"].removeprefix(NOTE): row["value"] for row in rows if row["name"].startswith(NOTE)
    }


def sites_stored(database: Database) -> set[str]:
    """Return the sites of which anything is stored."""
    rows = database.all("SELECT DISTINCT patient FROM series")
    return {row["patient"].partition("-")[0] for row in rows}


def _other_key() -> StoreError:
    return StoreError(
        "this site's objects were stored under another key or survey name: nothing was stored.",
        "Put back the key file (workbench key restore) and [survey] name they came with; or "
        "collect them again into a new workspace (docs/key.md).",
    )
