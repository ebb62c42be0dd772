"""A hospital in a folder, and its PACS on loopback, which stays until it is told to end.

The PACS is Orthanc where it is installed, otherwise Workbench's own.  What it was given once it
has after the next start too, so it is filled once.
"""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from workbench.collect.patient_list import ListedPatient, read_patient_list
from workbench.errors import NetworkError, SettingsError
from workbench.file_modes import write_private
from workbench.model import ApplicationEntity
from workbench.simulate.hospital import simulate_hospital
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import ChildPacs, OrthancPacs

StandingPacs = OrthancPacs | EmbeddedPacs
Tell = Callable[[str], None]
# Groups of patients in the folder, and the file that lists each; one is whole once it is listed.
LISTS = {"simulated": "patients.txt", "waiting": "waiting.txt"}


class HospitalFolder:
    """What stands for the hospital on this disk: simulated files, lists of patients, the PACS.

    Names of invented patients stand in it, and whatever else its PACS was given.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        """Whether patients were simulated here, to the end."""
        return any((self.folder / listed).is_file() for listed in LISTS.values())

    def make(self, group: str, seed: int, patients: int) -> bool:
        """Simulate a group of patients unless it is there; return whether it was made now."""
        listed = self.folder / LISTS[group]
        if listed.is_file():
            return False
        hospital = simulate_hospital(seed, patients)
        hospital.write(self.folder / group)
        listed.write_text("\n".join(hospital.patient_ids), "utf-8")
        return True

    def groups(self) -> list[str]:
        """Return the groups that are here."""
        return [group for group, listed in LISTS.items() if (self.folder / listed).is_file()]

    def files(self, group: str) -> list[Path]:
        """Return the files of a group."""
        return sorted(path for path in (self.folder / group).rglob("*") if path.is_file())

    def patients(self, group: str) -> list[ListedPatient]:
        """Return whom a group has."""
        return list(read_patient_list(self.folder / LISTS[group]))

    def pacs(
        self, entity: ApplicationEntity, destinations: Iterable[ApplicationEntity]
    ) -> StandingPacs:
        """Return the PACS of the hospital, not started yet, which knows the destinations.

        Raises ``SettingsError`` where another program has its port: that one would answer for it.
        """
        _must_be_free(entity)
        kind = OrthancPacs if OrthancPacs.available() else EmbeddedPacs
        return kind(
            entity, self.folder / kind.__name__, {each.title: each for each in destinations}
        )

    def fill(self, pacs: StandingPacs, group: str, files: Sequence[Path], tell: Tell) -> list[Path]:
        """Give the PACS the files of a group unless it has them; return those it refused."""
        note = self.folder / f"{type(pacs).__name__}.json"
        known = _noted(note)
        signature = _signature(files)
        if known.get(group, {}).get("signature") == signature:
            return [Path(path) for path in known[group]["refused"]]
        tell(f"Filling the PACS with {len(files)} files ...")
        refused = [str(path) for path in pacs.load(files).refused]
        known[group] = {"signature": signature, "refused": refused}
        write_private(note, json.dumps(known))
        return [Path(path) for path in refused]


def kind_of(pacs: StandingPacs) -> str:
    """Return what a PACS is, for a person."""
    return "Orthanc" if isinstance(pacs, OrthancPacs) else "embedded"


def must_answer(pacs: StandingPacs) -> None:
    """Raise ``NetworkError`` when a PACS of others has ended by itself."""
    if isinstance(pacs, ChildPacs) and pacs.ended:
        raise NetworkError(
            "{title} ({name}) has ended by itself.", "Read {log} in its folder; then start again.",
            title=pacs.entity.title, name=pacs.name, log=pacs.log,
        )  # fmt: skip


def _must_be_free(entity: ApplicationEntity) -> None:
    with socket.socket() as probe:
        # as a server does it: connections of one that has ended may linger
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((entity.host, entity.port))
        except OSError as error:
            raise SettingsError(
                "the port {port} of the PACS is taken.",
                "It may be running already: end it first. Or give it another port, [pacs] port in "
                "workbench.toml.",
                port=entity.port,
            ) from error


def _noted(note: Path) -> dict[str, dict[str, Any]]:
    try:
        known = json.loads(note.read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # filled again: what is there stays, and counts as taken
    return {group: each for group, each in known.items() if isinstance(each, dict)}


def _signature(files: Sequence[Path]) -> str:
    signature = hashlib.sha256()
    for path in files:
        stat = path.stat()
        signature.update(f"{path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return signature.hexdigest()
