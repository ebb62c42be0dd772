"""Ask OSV which known vulnerabilities the packages of our locks have: ``make audit``.

Both locks of Python and the lock of npm are asked about, for every platform and Python they name,
at https://osv.dev or a mirror of its API (``OSV=https://...``).  Not a part of ``make check``: the
answer changes without us, and needs a network.

Exit codes: 0 all were asked about and nothing is known; 1 something is known; 2 the call or a
file of ours is wrong; 3 the service gave no answer, so that **nothing is known, good or bad**.

A vulnerability that does not touch us is accepted in ``checks/audit.toml``, with a reason and a
day until which that holds.  Releases of packages that we name ourselves, as
``docs/dependencies.md`` has them, are told when they are old: nobody may look after them any more.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from checks.locks import ROOT, entries

OSV = "https://api.osv.dev"  # https://google.github.io/osv.dev/api/
ACCEPTED = ROOT / "checks" / "audit.toml"
DEPENDENCIES = ROOT / "docs" / "dependencies.md"
LOCKS = ("requirements.lock", "requirements-dev.lock", "checks/javascript/package-lock.json")
MAX_QUERIES = 1000  # of a batch, by the API's documentation
MAX_PAGES = 50  # of one answer
TIMEOUT_S = 30.0
OLD_MONTHS = 24
FINE, KNOWN, WRONG, NOT_AUDITED = 0, 1, 2, 3
# The last column of a row of docs/dependencies.md: release, and year with or without month.
RELEASE = re.compile(
    r"^\| ([A-Za-z0-9@/._-]+) \|.*\| (\S+), (\d{4})(?:-(\d{2}))? \|$", re.MULTILINE
)


class NotAuditedError(Exception):
    """The service could not be asked, or its answer is not one; nothing is known."""


@dataclass(frozen=True, order=True)
class Pinned:
    """One release in a lock."""

    ecosystem: str
    name: str
    version: str


# Asked about in every batch: a service that knows nothing of it knows nothing (CVE-2014-1402).
CONTROL = Pinned("PyPI", "jinja2", "2.4.1")


@dataclass(frozen=True)
class Vulnerability:
    """What is known of a release; ``ids`` are all names of the same vulnerability."""

    release: Pinned
    ids: frozenset[str]
    summary: str
    fixed: tuple[str, ...]

    def sentence(self) -> str:
        """Return it for a person."""
        remedy = f"fixed in {', '.join(self.fixed)}" if self.fixed else "no release mends it yet"
        named = ", ".join(sorted(self.ids))
        return f"{self.release.name} {self.release.version}: {named}: {self.summary} ({remedy})"


def pinned(file: Path) -> set[Pinned]:
    """Return the releases in a lock; raises ``ValueError`` where it holds none."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        releases = set(_of_npm(json.loads(text)))
    else:
        releases = {Pinned("PyPI", each.name, str(each.version)) for each in entries(text)}
    if not releases:
        raise ValueError(f"{file.name} names no release")
    return releases


def _of_npm(lock: Mapping[str, Any]) -> Iterator[Pinned]:
    for place, package in lock["packages"].items():
        name = package.get("name") or place.rpartition("node_modules/")[2]
        if place and not package.get("link"):
            yield Pinned("npm", name, package["version"])


class Osv:
    """The API of OSV; raises ``NotAuditedError`` for whatever is no whole answer."""

    def __init__(self, address: str, client: httpx.Client) -> None:
        self._address = address.rstrip("/")
        self._client = client

    def known(self, releases: Iterable[Pinned]) -> list[Vulnerability]:
        """Return what is known of releases, each vulnerability once a release."""
        asked, known = sorted(set(releases)), list[Vulnerability]()
        for start in range(0, len(asked), MAX_QUERIES):
            some = asked[start : start + MAX_QUERIES]
            for release, ids in zip(some, self._ids(some), strict=True):
                known += _once(self._vulnerability(release, each) for each in sorted(ids))
        return known

    def _ids(self, releases: Sequence[Pinned]) -> list[set[str]]:
        ids: list[set[str]] = [set() for _ in releases]
        waiting = dict.fromkeys(range(len(releases)), "")
        for _ in range(MAX_PAGES):
            numbers = list(waiting)
            answer = self._said("/v1/querybatch", {
                "queries": [
                    *(_query(releases[number], waiting[number]) for number in numbers),
                    _query(CONTROL, ""),
                ]
            }).get("results")  # fmt: skip
            if not isinstance(answer, list) or len(answer) != len(numbers) + 1:
                raise NotAuditedError("it answered for another number of packages than asked")
            if not _named(answer.pop()):
                raise NotAuditedError(
                    f"it knows nothing of {CONTROL.name} {CONTROL.version}, which is vulnerable"
                )
            waiting = {}
            for number, result in zip(numbers, answer, strict=True):
                ids[number] |= _named(result)
                if token := result.get("next_page_token"):
                    waiting[number] = token
            if not waiting:
                return ids
        raise NotAuditedError("its answer has no end")

    def _vulnerability(self, release: Pinned, name: str) -> Vulnerability | None:
        entry = self._said(f"/v1/vulns/{name}")
        if entry.get("id") != name:
            raise NotAuditedError("it does not know what it named")
        if entry.get("withdrawn"):
            return None
        ids = frozenset((name, *(entry.get("aliases") or ())))
        first = (entry.get("summary") or entry.get("details") or "no summary").strip()
        return Vulnerability(release, ids, first.splitlines()[0][:200], _fixed(entry, release))

    def _said(self, path: str, question: Mapping[str, Any] | None = None) -> dict[str, Any]:
        method = "GET" if question is None else "POST"
        try:
            response = self._client.request(method, self._address + path, json=question)
            response.raise_for_status()
            answer = response.json()
        except httpx.HTTPStatusError as error:
            raise NotAuditedError(f"it answered HTTP {error.response.status_code}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotAuditedError(f"it could not be reached ({type(error).__name__})") from error
        except ValueError as error:
            raise NotAuditedError("its answer is no JSON") from error
        if not isinstance(answer, dict):
            raise NotAuditedError("its answer is of another form")
        return answer


def _named(result: Any) -> set[str]:
    """Return the names in the answer about one release; whatever is no answer is none."""
    if not isinstance(result, dict) or set(result) - {"vulns", "next_page_token"}:
        raise NotAuditedError("it answered with something else than vulnerabilities")
    known = result.get("vulns") or []
    if not isinstance(known, list) or not all(
        isinstance(each, dict) and isinstance(each.get("id"), str) for each in known
    ):
        raise NotAuditedError("it names vulnerabilities in another form")
    return {each["id"] for each in known}


def _query(release: Pinned, token: str) -> dict[str, Any]:
    package = {"ecosystem": release.ecosystem, "name": release.name}
    page = {"page_token": token} if token else {}
    return {"package": package, "version": release.version, **page}


def _fixed(entry: Mapping[str, Any], release: Pinned) -> tuple[str, ...]:
    events = (
        event
        for affected in entry.get("affected") or ()
        if affected.get("package", {}).get("name", "").lower() == release.name
        for span in affected.get("ranges") or ()
        if span.get("type") != "GIT"
        for event in span.get("events") or ()
    )
    return tuple(dict.fromkeys(event["fixed"] for event in events if "fixed" in event))


def _once(claims: Iterable[Vulnerability | None]) -> list[Vulnerability]:
    """Join what several databases say of the same vulnerability: they name each other."""
    whole: list[Vulnerability] = []
    for each in claims:
        if each is None:
            continue
        same = [other for other in whole if other.ids & each.ids]
        joined = frozenset().union(each.ids, *(other.ids for other in same))
        summary, fixed = (same[0].summary, same[0].fixed) if same else (each.summary, each.fixed)
        whole = [other for other in whole if other not in same]
        whole.append(Vulnerability(each.release, joined, summary, fixed or each.fixed))
    return whole


def accepted(file: Path, today: dt.date) -> frozenset[str]:
    """Return the names of vulnerabilities that are accepted today; raises ``ValueError``."""
    rows = (
        tomllib.loads(file.read_text(encoding="utf-8")).get("accepted", []) if file.exists() else []
    )
    for row in rows:
        if not (set(row) == {"id", "reason", "until"} and isinstance(row["until"], dt.date)):
            raise ValueError(f"{file.name}: each [[accepted]] has id, reason and until (a day)")
    return frozenset(row["id"] for row in rows if row["until"] >= today)


def old_releases(page: str, today: dt.date) -> list[str]:
    """Return a sentence for each release on the page that is older than ``OLD_MONTHS``.

    A year without a month counts from its end: a release is not called old before it surely is.
    """
    sentences = []
    for name, version, year, month in RELEASE.findall(page):
        months = (today.year - int(year)) * 12 + today.month - int(month or 12)
        if months > OLD_MONTHS:
            sentences.append(
                f"{name} {version} is of {year}: is there a newer one, is it cared for?"
            )
    return sentences


def audit(osv: Osv, locks: Iterable[Path], page: Path, today: dt.date) -> int:
    """Print what is known of the releases in some locks; return the exit code."""
    try:
        releases = set[Pinned]().union(*map(pinned, locks))
        passed = accepted(ACCEPTED, today)
        old = old_releases(page.read_text(encoding="utf-8"), today)
    except (OSError, ValueError, KeyError) as error:
        print(f"Not audited: a file of ours cannot be read: {error}")
        return WRONG
    print("".join(f"Old: {sentence}\n" for sentence in old), end="")
    try:
        known = osv.known(releases)
    except NotAuditedError as error:
        print(
            f"NOT AUDITED: the service for vulnerabilities failed: {error}. Nothing is known of "
            f"{len(releases)} releases, good or bad. Try where it can be reached, or name a "
            "mirror: make audit OSV=https://..."
        )
        return NOT_AUDITED
    open_ones = [each for each in known if not each.ids & passed]
    for each in known:
        print(f"{'Vulnerable' if each in open_ones else 'Accepted'}: {each.sentence()}")
    print(
        f"{len(releases)} releases asked about, {len(open_ones)} vulnerabilities known, "
        f"{len(known) - len(open_ones)} more accepted."
    )
    return KNOWN if open_ones else FINE


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit the locks of this checkout, or others; return the exit code."""
    parser = argparse.ArgumentParser(prog="checks.audit")
    parser.add_argument("--osv", default=OSV, help="address of OSV or of a mirror of its API")
    parser.add_argument(
        "locks", nargs="*", type=Path, help="other locks than those of this checkout"
    )
    options = parser.parse_args(arguments)
    locks = options.locks or [ROOT / name for name in LOCKS]
    with httpx.Client(timeout=TIMEOUT_S, follow_redirects=True) as client:
        today = dt.datetime.now(dt.UTC).date()
        return audit(Osv(options.osv or OSV, client), locks, DEPENDENCIES, today)


if __name__ == "__main__":
    sys.exit(main())
