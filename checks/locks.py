"""Prove that each lock is complete by itself; ``make lock`` fails where one is not.

Set-up installs a lock with ``pip install --no-deps``, and conda lets pip resolve it with hashes:
either way, what a lock leaves out is missing or stops the installation.  So what the project and
every package in a lock require, for the extras anyone asks for, must be met by the lock itself.
What packages require is read from those installed here; no package index is asked.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
# Each lock, and the extras of pyproject.toml that it holds.
LOCKS = {
    "requirements.lock": frozenset({"build", "dask", "objects", "postgres", "quaac"}),
    "requirements-dev.lock": frozenset({"dev"}),
}
# Python as Debian 12, Ubuntu 24.04 and Debian 13 have it.
PYTHONS = ("3.11.2", "3.12.3", "3.13.5")
HERE = ".".join(str(part) for part in sys.version_info[:3])
PROJECT = "workbench"

Environment = Mapping[str, str]


@dataclass(frozen=True)
class Entry:
    """One package in a lock."""

    name: str
    version: Version
    requirement: Requirement


@dataclass(frozen=True)
class Need:
    """What is required, and by whom."""

    by: str
    requirement: Requirement


def entries(text: str) -> list[Entry]:
    """Read the packages of a lock."""
    lines = re.findall(r"^([a-z0-9].*?) *\\?$", text, re.MULTILINE)
    return [_entry(Requirement(line)) for line in lines]


def _entry(requirement: Requirement) -> Entry:
    (pin,) = requirement.specifier
    return Entry(canonicalize_name(requirement.name), Version(pin.version), requirement)


def linux(python: str) -> Environment:
    """Return what markers are judged by: CPython of this version on Linux, x86_64."""
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": "linux",
    }


def _holds(marker: Marker | None, there: Environment, extra: str) -> bool:
    if marker is None:
        return not extra
    return marker.evaluate({**there, "extra": extra})


class Lock:
    """A lock as one Python reads it, and what is known of the packages in it."""

    def __init__(self, text: str, extras: Iterable[str], python: str = HERE) -> None:
        self.python = python
        self.there = linux(python)
        self.packages = {
            each.name: each
            for each in entries(text)
            if _holds(each.requirement.marker, self.there, "")
        }
        self.wanted = Need("pyproject.toml", Requirement(f"{PROJECT}[{','.join(sorted(extras))}]"))

    def faults(self) -> list[str]:
        """Return what the lock does not meet, as sentences."""
        own = [Need("the lock", each.requirement) for each in self.packages.values()]
        unmet = (self._unmet(need) for need in self._needs([self.wanted, *own]))
        return sorted({fault for fault in unmet if fault} | set(self._other_pythons()))

    def superfluous(self) -> list[str]:
        """Return the packages that nothing asks for; exact for the Python that runs here."""
        needed = {_name(need) for need in self._needs([self.wanted])}
        return sorted(set(self.packages) - needed)

    def unknown(self) -> list[str]:
        """Return the packages not installed here in this version: what they require is unread."""
        return sorted(name for name, each in self.packages.items() if _installed(each) is None)

    def _needs(self, todo: list[Need]) -> Iterator[Need]:
        followed: set[tuple[str, str]] = set()
        while todo:
            need = todo.pop()
            yield need
            name = _name(need)
            for extra in {"", *need.requirement.extras}:
                if (name, extra) not in followed:
                    followed.add((name, extra))
                    todo += [Need(name, each) for each in self._required(name, extra)]

    def _required(self, name: str, extra: str) -> Iterable[Requirement]:
        if name == PROJECT:
            return declared(extra)
        known = _installed(self.packages[name]) if name in self.packages else None
        listed = [Requirement(each) for each in (known and known.requires) or ()]
        return [each for each in listed if _holds(each.marker, self.there, extra)]

    def _unmet(self, need: Need) -> str | None:
        name, asked = _name(need), need.requirement
        if name == PROJECT:
            return None
        if name not in self.packages:
            return f"{need.by} needs {asked}: not in the lock"
        version, extras = self.packages[name].version, self.packages[name].requirement.extras
        if not asked.specifier.contains(version, prereleases=True):
            return f"{need.by} needs {asked}: {version} is in the lock"
        if asked.extras - extras:  # pip would look for it on the index, and may find a newer one
            return f"{need.by} needs {asked}: the lock names no such extra"
        return None

    def _other_pythons(self) -> Iterator[str]:
        for name, each in self.packages.items():
            known = _installed(each)
            if known is None or "Requires-Python" not in known.metadata:
                continue
            bounds = SpecifierSet(known.metadata["Requires-Python"])
            if self.python not in bounds:
                yield f"{name} {each.version} needs Python {bounds}"


def _name(need: Need) -> str:
    return canonicalize_name(need.requirement.name)


def _installed(entry: Entry) -> Distribution | None:
    try:
        found = distribution(entry.name)
    except PackageNotFoundError:
        return None
    return found if Version(found.version) == entry.version else None


def declared(extra: str = "") -> list[Requirement]:
    """Return what pyproject.toml requires, or one of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [Requirement(each) for each in listed]


def main() -> int:
    """Print the faults of both locks; 1 if there are any."""
    found = [
        f"{name}, Python {python}: {fault}"
        for name, extras in LOCKS.items()
        for python in PYTHONS
        for fault in Lock((ROOT / name).read_text(encoding="utf-8"), extras, python).faults()
    ]
    print("\n".join(found) or "Each lock meets all that is required.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
