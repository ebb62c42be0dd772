"""Under which name each scanner is shown: the one a person gave, else what its headers say.

A name stands for one machine and a machine has one name, wherever it is shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from workbench.language import mark
from workbench.scanners.device_signs import DeviceSigns, FoldedSigns
from workbench.scanners.machines import Doubt, doubts, machines
from workbench.scanners.scanner_file import NamedScanner

SCANNER = "scanner"  # the column
COLUMNS = ("manufacturer", "model", "station", "device_serial_number")
NOT_STATED = "not stated"
CLAIMED = mark("a sign that both names claim")


@dataclass(frozen=True)
class ShownScanner:
    """A scanner as people see it.

    Attributes
    ----------
    name
        Unlike that of every other.
    spellings
        What headers say of it, the most frequent first, each with its number of events.
    signs
        The same, folded.
    named
        Whether a person gave the name.
    """

    name: str
    spellings: tuple[tuple[DeviceSigns, int], ...]
    signs: tuple[FoldedSigns, ...]
    named: bool

    @property
    def events(self) -> int:
        """Number of events, of all spellings."""
        return sum(count for _, count in self.spellings)

    @property
    def serials(self) -> tuple[str, ...]:
        """Its serial numbers, folded, sorted: more than one only where a person merged."""
        return tuple(sorted({sign.serial for sign in self.signs if sign.serial}))


@dataclass(frozen=True)
class ScannerNames:
    """The scanners of a survey and their names.

    Attributes
    ----------
    scanners
        All of them, those with most events first.
    doubts
        What may be one scanner and is not taken for it.
    """

    scanners: tuple[ShownScanner, ...]
    doubts: tuple[Doubt, ...]
    _names: Mapping[FoldedSigns, str] = field(repr=False)
    _named: Sequence[NamedScanner] = field(repr=False)

    @classmethod
    def of(
        cls, counts: Mapping[DeviceSigns, int], named: Sequence[NamedScanner] = ()
    ) -> ScannerNames:
        """Return the names of all machines whose headers' signs are counted."""
        spellings: dict[FoldedSigns, list[DeviceSigns]] = defaultdict(list)
        for raw in counts:
            spellings[raw.folded].append(raw)
        given, claims = _given(spellings, named)
        groups: dict[str, list[FoldedSigns]] = defaultdict(list)
        for sign, name in given.items():
            groups[name].append(sign)
        taken = {name.casefold() for name in groups}
        automatic: dict[FoldedSigns, list[FoldedSigns]] = defaultdict(list)
        for sign, home in machines(spellings).items():
            if sign not in given:
                automatic[home].append(sign)
        scanners = [
            _shown(name, signs, spellings, counts, named=True) for name, signs in groups.items()
        ]
        unnamed = [
            _shown("", signs, spellings, counts, named=False) for signs in automatic.values()
        ]
        often = Counter(_best(scanner).casefold() for scanner in (*scanners, *unnamed))
        scanners += _unlike(unnamed, taken, often)
        names = {sign: scanner.name for scanner in scanners for sign in scanner.signs}
        open_ = [
            doubt for doubt in doubts(names)
            if doubt.first not in groups or doubt.second not in groups  # both named: decided
        ]  # fmt: skip
        order = sorted(scanners, key=lambda scanner: (-scanner.events, scanner.name))
        return cls(tuple(order), (*claims, *open_), names, named)

    @classmethod
    def of_events(cls, events: pl.DataFrame, named: Sequence[NamedScanner] = ()) -> ScannerNames:
        """Return the names of the machines of a frame with the columns ``COLUMNS``."""
        counted = events.group_by(COLUMNS).len().sort(COLUMNS)
        return cls.of({DeviceSigns(*row[:4]): row[4] for row in counted.iter_rows()}, named)

    def name_of(self, signs: DeviceSigns) -> str:
        """Return the name of a machine by its signs; what they say where it is not known."""
        sign = signs.folded
        if name := self._names.get(sign):
            return name
        for scanner in self._named:
            if any(pattern.fits(sign) for pattern in scanner.signs):
                return scanner.name
        home = machines([*self._names, sign])
        names = {name for known, name in self._names.items() if home[known] == home[sign]}
        return names.pop() if len(names) == 1 else str(signs)

    def scanner(self, name: str) -> ShownScanner | None:
        """Return the scanner of a name; ``None`` when there is none."""
        return next((scanner for scanner in self.scanners if scanner.name == name), None)

    def label(self, events: pl.DataFrame) -> pl.DataFrame:
        """Return events with the column ``scanner``, the name of the machine of each."""
        known = events.select(COLUMNS).unique()
        named = known.with_columns(
            pl.Series(
                SCANNER, [self.name_of(DeviceSigns(*row)) for row in known.iter_rows()], pl.String
            )
        )
        rest = events.drop(SCANNER, strict=False)
        return rest.join(
            named, on=COLUMNS, how="left", nulls_equal=True, maintain_order="left"
        )  # fmt: skip


def labelled(events: pl.DataFrame) -> pl.DataFrame:
    """Return events with the column ``scanner``: as it stands there, else by headers alone."""
    return events if SCANNER in events.columns else ScannerNames.of_events(events).label(events)


def _given(
    spellings: Iterable[FoldedSigns], named: Sequence[NamedScanner]
) -> tuple[dict[FoldedSigns, str], list[Doubt]]:
    """Return sign -> the name a person gave its machine, and what two names claim.

    A sign that nobody wrote down belongs to the one named scanner whose machine it is; where a
    person made two of that machine, it is neither's.
    """
    known = sorted(spellings)
    given: dict[FoldedSigns, str] = {}
    claims: list[Doubt] = []
    for sign in known:
        names = [
            scanner.name for scanner in named
            if any(pattern.fits(sign) for pattern in scanner.signs)
        ]  # fmt: skip
        if names:
            given[sign] = names[0]
            claims += [Doubt(names[0], other, CLAIMED) for other in names[1:]]
    owners: dict[FoldedSigns, set[str]] = defaultdict(set)
    home = machines(known)
    for sign, name in given.items():
        owners[home[sign]].add(name)
    for sign in known:
        names_there = owners.get(home[sign], set())
        if sign not in given and len(names_there) == 1:
            given[sign] = next(iter(names_there))
    return given, list(dict.fromkeys(claims))


def _shown(
    name: str, signs: Sequence[FoldedSigns], spellings: Mapping[FoldedSigns, list[DeviceSigns]],
    counts: Mapping[DeviceSigns, int], *, named: bool,
) -> ShownScanner:  # fmt: skip
    raw = [(spelling, counts[spelling]) for sign in signs for spelling in spellings[sign]]
    raw.sort(key=lambda pair: (-pair[1], str(pair[0]), pair[0].serial or ""))
    return ShownScanner(name, tuple(raw), tuple(sorted(signs)), named)


def _unlike(
    scanners: Sequence[ShownScanner], taken: set[str], often: Mapping[str, int]
) -> list[ShownScanner]:
    """Give scanners that nobody named what their headers say, each unlike all others.

    ``often`` counts what headers say, of named scanners as well: that one gets a name does not
    change the other's.
    """
    plain = [_best(scanner) for scanner in scanners]
    shown = []
    for scanner, name in sorted(
        zip(scanners, plain, strict=True), key=lambda pair: (pair[1], pair[0].signs)
    ):
        unlike = name
        if often[name.casefold()] > 1 or name.casefold() in taken:
            serial = ", ".join(scanner.serials) or NOT_STATED
            unlike = f"{name}, serial number {serial}"
        number = 2
        while unlike.casefold() in taken:
            unlike, number = f"{name} ({number})", number + 1
        taken.add(unlike.casefold())
        shown.append(ShownScanner(unlike, scanner.spellings, scanner.signs, named=False))
    return shown


def _best(scanner: ShownScanner) -> str:
    """Return what the most frequent spelling says, of those that name a station if any does."""
    texts = [spelling for spelling, _ in scanner.spellings]
    return str(next((text for text in texts if text.folded.station), texts[0]))
