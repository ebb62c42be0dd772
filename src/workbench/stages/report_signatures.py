"""Who has signed a report: name, role, when, and what was signed.

What is signed is the digest of the file (FIPS 180-4, SHA-256) with the fingerprint of its data.
Signatures lie beside the dated copy; a file that was changed later has another digest, and the
signature is shown as broken.  They say who took responsibility; they prove nothing against
somebody who may write into the workspace.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from workbench.errors import SettingsError
from workbench.file_modes import write_private
from workbench.rights import Right, needs
from workbench.stages.dated_copies import HISTORY, REPORTS, SIGNATURES, dated_copy, signature_file
from workbench.store.report_runs import DONE, PlanRun

MAX_NAME = 80  # characters of a name, and of a role
MAX_SIGNATURES = 20  # of one report


@dataclass(frozen=True, kw_only=True)
class ReportSignature:
    """One signature.

    Attributes
    ----------
    name, role
        Of the person, as she wrote them.
    signed_at
        ISO 8601, UTC.
    sha256, fingerprint
        Digest of the file and fingerprint of its data, as they were when it was signed.
    holds
        Whether the file is still the one that was signed.
    """

    name: str
    role: str
    signed_at: str
    sha256: str
    fingerprint: str
    holds: bool = True


@needs(Right.DECIDE)
def sign_report(folder: Path, run: PlanRun, who: tuple[str, str], now: datetime) -> ReportSignature:
    """Sign the copy of a run; ``who`` is name and role, ``folder`` that of the workspace.

    Raises ``SettingsError`` for no name, for a file that is not there, and for one that is not
    what the run has written: nobody signs what somebody has changed.
    """
    name, role = (" ".join(text.split())[:MAX_NAME] for text in who)
    if not name or not role or not (name + role).isprintable():
        raise SettingsError("a signature needs a name and a role.", "Type both, then sign.")
    copy = dated_copy(folder, run)
    if run.state != DONE or not copy.is_file():
        raise SettingsError("there is no file to sign.", "Make the report again, then sign it.")
    digest = _digest(copy)
    if digest != run.sha256:
        raise SettingsError(
            "the file was changed after it was made; it was not signed.",
            "Make the report again, then sign it.",
        )
    before = _stored(copy)
    if len(before) >= MAX_SIGNATURES:
        raise SettingsError(
            "the report has {count} signatures.", "No more can be added.", count=len(before)
        )
    made = ReportSignature(
        name=name, role=role, signed_at=now.isoformat(timespec="seconds"), sha256=digest,
        fingerprint=run.fingerprint,
    )  # fmt: skip
    kept = [_as_stored(each) for each in (*before, made)]
    write_private(signature_file(copy), json.dumps(kept, ensure_ascii=False, indent=1))
    return made


def report_signatures(folder: Path, run: PlanRun) -> list[ReportSignature]:
    """Return the signatures of a run, oldest first, each saying whether it still holds.

    None holds where the file is gone, or the catalogue knows another digest of it.
    """
    copy = dated_copy(folder, run)
    stored = _stored(copy)
    if not stored:
        return []
    digest = _digest(copy) if copy.is_file() else ""
    return [
        replace(
            each,
            holds=each.sha256 == digest == run.sha256 and each.fingerprint == run.fingerprint,
        )
        for each in stored
    ]


def signers(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield name and role of everybody who has signed a report here, each pair once."""
    seen = set()
    for file in sorted((folder / REPORTS / HISTORY).glob(f"*/*{SIGNATURES}")):
        for each in _read(file):
            if (each.name, each.role) not in seen:
                seen.add((each.name, each.role))
                yield each.name, each.role


def _stored(copy: Path) -> list[ReportSignature]:
    file = signature_file(copy)
    return _read(file) if file.is_file() else []


def _read(file: Path) -> list[ReportSignature]:
    """Return what a file holds; what somebody has spoilt is a signature that does not hold."""
    names = {each.name for each in fields(ReportSignature)} - {"holds"}
    try:
        rows = json.loads(file.read_text("utf-8"))
        return [_read_row({name: str(row[name]) for name in names}) for row in rows]
    except (OSError, ValueError, TypeError, KeyError):
        return [ReportSignature(name="?", role="?", signed_at="", sha256="", fingerprint="")]


def _read_row(row: Mapping[str, str]) -> ReportSignature:
    return ReportSignature(
        name=row["name"], role=row["role"], signed_at=row["signed_at"], sha256=row["sha256"],
        fingerprint=row["fingerprint"],
    )  # fmt: skip


def _as_stored(signature: ReportSignature) -> dict[str, str]:
    return {name: text for name, text in asdict(signature).items() if name != "holds"}


def _digest(copy: Path) -> str:
    return sha256(copy.read_bytes()).hexdigest()
