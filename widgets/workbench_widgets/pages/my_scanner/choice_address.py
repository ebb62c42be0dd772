"""My scanner's choice in the address of the page: a bookmark and a reload lead back to it.

An address goes through proxies and into histories, so it names nothing of a patient: a protocol,
whose text comes from headers, stands there as a digest, and no event and no exam does at all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from workbench.report.follow_up import FollowUp
from workbench_widgets.pages.my_scanner import scanner_frames as frames
from workbench_widgets.pages.my_scanner.scanner_frames import ScannerChoice

KEYS = (
    "scanner", "region", "protocol", "levels", "weeks", "beside", "beside_weeks", "view",
)  # fmt: skip
CHARTS, EXAMS = "charts", "exams"
VIEWS = (CHARTS, EXAMS)
WEEKS = re.compile(r"(\d{0,4})-(\d{0,4})", re.ASCII)
DIGEST_LETTERS = 12  # of hexadecimal: protocols of one scanner are hundreds at most


def written(choice: ScannerChoice, view: str, first: ScannerChoice) -> dict[str, str]:
    """Return every key with its text: empty where it is as in ``first``, what is shown first."""
    texts = {
        "scanner": choice.scanner or "",
        "region": choice.region or "",
        "protocol": _digest(choice.protocol) if choice.protocol else "",
        "levels": f"{choice.country} {choice.year}",
        "weeks": _weeks(choice.weeks),
        "beside": choice.beside or "",
        "beside_weeks": _weeks(choice.beside_weeks) if choice.beside else "",
        "view": view,
    }
    defaults = {
        "scanner": first.scanner or "", "levels": f"{first.country} {first.year}", "view": CHARTS,
    }  # fmt: skip
    return {key: "" if text == defaults.get(key) else text for key, text in texts.items()}


def read(
    address: Mapping[str, str], first: ScannerChoice, events: pl.DataFrame,
    sets: Mapping[str, tuple[str, int]],
) -> tuple[ScannerChoice, str]:  # fmt: skip
    """Return the choice and the view that an address names, held to what the page offers.

    ``events`` and ``sets`` (labels of reference levels) are what it offers.  Of what is not among
    it ``first`` is taken: addresses are written by anybody.
    """
    known = [name for name, _ in frames.scanners(events)]
    scanner = _among(address.get("scanner"), known) or first.scanner
    country, year = sets.get(address.get("levels", ""), (first.country, first.year))
    region = _among(address.get("region"), frames.regions(events, scanner))
    wanted = address.get("protocol", "")
    protocols = frames.protocols(events, scanner, region)
    protocol = next((name for name in protocols if wanted and _digest(name) == wanted), None)
    choice = replace(
        first, scanner=scanner, region=region, protocol=protocol, country=country, year=year,
        weeks=_read_weeks(address.get("weeks")), beside=_among(address.get("beside"), known),
        beside_weeks=_read_weeks(address.get("beside_weeks")),
    )  # fmt: skip
    return choice, _among(address.get("view"), VIEWS) or CHARTS


def _among(text: str | None, known: list[str] | tuple[str, ...]) -> str | None:
    return text if text and text in known else None


def _digest(protocol: str) -> str:
    return hashlib.sha256(protocol.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LETTERS]


def _weeks(weeks: FollowUp) -> str:
    if not weeks.limited:
        return ""
    first, last = ("" if end is None else str(end) for end in (weeks.first, weeks.last))
    return f"{first}-{last}"


def _read_weeks(text: str | None) -> FollowUp:
    match = WEEKS.fullmatch(text or "")
    return FollowUp.read(*match.groups()) if match else FollowUp()
