"""How much room a store takes, in all and for one object."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from workbench.schema import INSTANCE
from workbench.store.database import Database
from workbench.store.tables import PartTables

WORTH_TELLING = 0.1  # of the catalogue: less free space comes and goes with every run
UNITS = ("B", "kB", "MB", "GB", "TB")
STEP = 1000  # SI prefixes


@dataclass(frozen=True)
class StoreSizes:
    """Room in bytes.

    Attributes
    ----------
    objects
        Objects stored.
    parts
        Files of all tables that count.
    instance_parts
        Of these, the files of the instance table.
    catalogue
        The catalogue, with its journal or its indexes.
    free
        What of the catalogue holds nothing; ``None`` where the engine does not say.
    """

    objects: int
    parts: int
    instance_parts: int
    catalogue: int
    free: int | None

    def an_object(self, size: int) -> float | None:
        """Return bytes for each object; ``None`` without any."""
        return size / self.objects if self.objects else None

    def sentence(self) -> str:
        """Say it for a person."""
        rest = f"catalogue {shown(self.catalogue)}{self._each(self.catalogue)}"
        if self.free is not None and self.free > WORTH_TELLING * self.catalogue:
            share = 100 * self.free / self.catalogue
            rest += f", {share:.0f} % of it free (workbench store compact gives that back)"
        return (
            f"{self.objects:,} objects: headers {shown(self.instance_parts)}"
            f"{self._each(self.instance_parts)}, all tables {shown(self.parts)}, {rest}."
        )

    def change_since(self, before: StoreSizes) -> str:
        """Say what was given back."""
        given = before.catalogue - self.catalogue
        if given < 0:
            return (
                "The catalogue has grown for a while: another program is reading it. Run it again."
            )
        return (
            f"{shown(given)} of the catalogue given back: it was {shown(before.catalogue)} and is "
            f"{shown(self.catalogue)}{self._each(self.catalogue)}."
        )

    def as_json(self) -> dict[str, object]:
        """Return it for a program."""
        sizes = {f"{name}_bytes": size for name, size in asdict(self).items() if name != "objects"}
        return {
            "objects": self.objects, **sizes,
            "instance_parts_bytes_an_object": self.an_object(self.instance_parts),
            "catalogue_bytes_an_object": self.an_object(self.catalogue),
        }  # fmt: skip

    def _each(self, size: int) -> str:
        each = self.an_object(size)
        return "" if each is None else f" ({each:,.0f} B an object)"


def store_sizes(database: Database, tables: PartTables) -> StoreSizes:
    """Measure a store; parts by what the catalogue noted when they were written."""
    row = database.one("SELECT count(*) AS n FROM object")
    parts = tables.parts()
    size = database.size()
    return StoreSizes(
        objects=int(row["n"]) if row else 0,
        parts=sum(part.size for part in parts),
        instance_parts=sum(part.size for part in parts if part.table is INSTANCE),
        catalogue=size.total,
        free=size.free,
    )


def shown(size: float) -> str:
    """Return a number of bytes for a person, with a prefix of the SI."""
    unit = 0
    while size >= STEP and unit < len(UNITS) - 1:
        size, unit = size / STEP, unit + 1
    return f"{size:,.0f} B" if unit == 0 else f"{size:,.1f} {UNITS[unit]}"
