"""Who may read and change the files of a workspace, and what is not looked at: for ``check``.

No name of a file is told but those that Workbench gives itself: others may name patients.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from workbench.collect.connections import PHANTOMS
from workbench.collect.queue.hospital_file import FILE as HOSPITAL
from workbench.credentials import FILE as CREDENTIALS
from workbench.deidentify.unlocked_key import LOCKED_SUFFIX
from workbench.file_modes import GROUP_FOLDER, OTHERS, OWNER_FOLDER
from workbench.rights import PASSWORDS_FILE
from workbench.scanners.scanner_file import FILE as SCANNERS
from workbench.services.up_lock import LOCK as UP_LOCK
from workbench.settings import FILE as SETTINGS_FILE
from workbench.settings import Settings
from workbench.store.catalogue import FILE as CATALOGUE
from workbench.store.part_folder import FOLDER as PARTS
from workbench.store.part_folder import LOCK
from workbench.survey import KEY_FILE, Survey

REPORTS, EXPORTS = "reports", "exports"
JOURNALS = ("-wal", "-shm", "-journal")  # SQLite's own beside a database
# What only the owner may read even where a group shares the folder: the key, and patient IDs.
SECRETS = (
    KEY_FILE, KEY_FILE + LOCKED_SUFFIX, HOSPITAL, *(HOSPITAL + end for end in JOURNALS),
    PASSWORDS_FILE, CREDENTIALS,
)  # fmt: skip
SHARED = (
    SETTINGS_FILE, SCANNERS, CATALOGUE, *(CATALOGUE + end for end in JOURNALS),
    PARTS, LOCK, UP_LOCK, PHANTOMS, REPORTS, EXPORTS,
)  # fmt: skip
NAMED = frozenset((*SECRETS, *SHARED))
ELSE = "other files"
CHANGES = stat.S_IWGRP | stat.S_IWOTH
LOCAL_HOSTS = frozenset(("", "localhost", "127.0.0.1", "::1"))


@dataclass
class Seen:
    """What a walk through a workspace found: for each name below its folder, how many files.

    Attributes
    ----------
    readable, changeable
        Others than the owner (and the group that shares the folder) may read, or change.
    foreign
        They belong to somebody else.
    leaving
        Symbolic links that lead out of the workspace, or nowhere.
    closed
        Folders that could not be looked into.
    """

    readable: Counter[str] = field(default_factory=Counter)
    changeable: Counter[str] = field(default_factory=Counter)
    foreign: Counter[str] = field(default_factory=Counter)
    leaving: Counter[str] = field(default_factory=Counter)
    closed: int = 0


def mode_problems(survey: Survey) -> list[str]:
    """Return one sentence for each kind of wrong mode, owner or link, each with its remedy."""
    if os.name != "posix":
        return []
    folder, settings = survey.folder.resolve(), survey.settings
    group = _group(settings)
    if settings.store.group and group is None:
        return [
            (
                "[store] group names no group of this computer. Name one that `getent group` "
                "lists, or take the line out."
            )
        ]
    seen = _walked(folder, group)
    return [*_of_folder(folder, group), *_of_files(seen, group), *_named_files(settings, folder)]


def not_checked(settings: Settings) -> list[str]:
    """Return what nobody has looked at, one sentence each: it is not said to be fine."""
    sentences = ["The bytes of parts are not read here. Run: workbench store check"]
    if os.name != "posix":
        sentences.append(
            "Who may open the folder is not checked on this system: see in its properties that "
            "only you may."
        )
    if settings.store.parts:
        sentences.append(
            "Parts lie in a bucket: who may read it is not checked here. Ask its administrator."
        )
    if settings.store.catalogue:
        sentences.append(
            "The catalogue lies on a server: who may connect is not checked here. Ask its "
            "administrator."
        )
    return sentences


def server_problems(survey: Survey) -> list[str]:
    """Say where a catalogue's server could be another machine than it seems.

    libpq checks neither certificate nor host unless told ``sslmode=verify-full`` (PostgreSQL
    documentation, "SSL Support", table of modes).
    """
    if not survey.settings.store.catalogue:
        return []
    known = _connection(survey.settings.store.catalogue)
    # Without a host a socket of this machine is taken; a service's file may name any host.
    hosts = f"{known.get('hostaddr', '')},{known.get('host', '')}".split(",")
    local = all(host in LOCAL_HOSTS or host.startswith(("/", "@")) for host in hosts)
    if known.get("sslmode") == "verify-full" or (local and "service" not in known):
        return []
    return [
        (
            "Nobody checks that the server of the catalogue is the right one, or that the way to "
            "it is encrypted. Write ?sslmode=verify-full behind [store] catalogue, with "
            "sslrootcert=FILE of its authority."
        )
    ]


def _connection(url: str) -> dict[str, str]:
    """Return what libpq makes of an address and the environment (its sections 32.1.2, 32.15)."""
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.pq import Conninfo

    usual = {
        option.keyword.decode(): option.val.decode()
        for option in Conninfo.get_defaults()
        if option.val
    }
    return usual | {name: str(value) for name, value in conninfo_to_dict(url).items()}


# --- the walk ------------------------------------------------------------------------------------


def _walked(folder: Path, group: int | None) -> Seen:
    seen, owner = Seen(), folder.stat().st_uid
    for path, state in _below(folder, seen):
        within = path.relative_to(folder)
        name = within.parts[0] if within.parts[0] in NAMED else ELSE
        if stat.S_ISLNK(state.st_mode):
            target = Path(os.path.realpath(path))
            seen.leaving[name] += not (target.exists() and target.is_relative_to(folder))
            continue
        shared = group is not None and state.st_gid == group and name not in SECRETS
        loose = state.st_mode & (stat.S_IRWXO if shared else OTHERS)
        seen.changeable[name] += bool(loose & CHANGES)
        seen.readable[name] += bool(loose) and not loose & CHANGES
        # In a shared folder its members' files belong to them; the group says whose they are.
        seen.foreign[name] += state.st_uid != owner and not shared
    return seen


def _below(folder: Path, seen: Seen) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield what lies below a folder with its state, links as links."""
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as listed:
                entries = list(listed)
        except PermissionError:
            seen.closed += 1
            continue
        except FileNotFoundError:
            continue  # it went meanwhile
        for entry in entries:
            with suppress(FileNotFoundError):
                try:
                    state = entry.stat(follow_symlinks=False)
                except PermissionError:  # its folder can be listed, and not searched
                    seen.closed += 1
                    break
                yield Path(entry.path), state
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))


def _of_folder(folder: Path, group: int | None) -> Iterator[str]:
    state = folder.stat()
    wanted = GROUP_FOLDER if group is not None else OWNER_FOLDER
    if state.st_mode & (stat.S_IRWXO if group is not None else OTHERS):
        yield f"Others may open the workspace folder. Run: chmod {wanted:o} FOLDER"
    if group is not None and (state.st_gid != group or not state.st_mode & stat.S_ISGID):
        yield (
            "The workspace folder is not set up for the group of [store] group. Run: "
            f"chgrp GROUP FOLDER && chmod {wanted:o} FOLDER"
        )
    if os.geteuid() not in (0, state.st_uid) and group is None:
        yield "The workspace folder belongs to another user. Work as that user, or make your own."
    for above, parent in enumerate(folder.parents, 1):
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            place = "/".join([".."] * above)
            yield (
                "Everybody may put another folder in the place of the workspace: a folder above "
                f"it is open to all. In the workspace folder, run: chmod o-w {place}"
            )


def _of_files(seen: Seen, group: int | None) -> Iterator[str]:
    whom = "the owner" if group is None else "the owner and the group"
    for counts, verb in ((seen.changeable, "change"), (seen.readable, "read")):
        if names := _listed(counts):
            yield (
                f"Others than {whom} may {verb}: {names}. In the workspace folder, run: "
                f"{_closing(counts, group)}"
            )
    if names := _listed(seen.foreign):
        yield (
            f"Some files belong to another user: {names}. Have an administrator run: "
            "chown -R OWNER FOLDER"
        )
    if names := _listed(seen.leaving):
        yield (
            f"Symbolic links lead out of the workspace, or nowhere: {names}. Nothing is checked "
            "there: put the files themselves into the workspace, or mount a disk there."
        )
    if seen.closed:
        yield (
            f"{seen.closed} folders of the workspace cannot be looked into. Work as the user who "
            "made them."
        )


def _listed(counts: Counter[str]) -> str:
    """Return names with how many files, those of ours first."""
    some = sorted((name == ELSE, name, number) for name, number in counts.items() if number)
    return ", ".join(name if number == 1 else f"{name} ({number})" for _, name, number in some)


def _closing(counts: Counter[str], group: int | None) -> str:
    """Return the command that closes files: ``chmod`` for what is named, or for everything."""
    names = sorted(name for name, number in counts.items() if number)
    if group is None:
        return "chmod -R go= ." if ELSE in names else f"chmod -R go= {' '.join(names)}"
    secrets = [name for name in names if name in SECRETS]
    others = ["chgrp -R GROUP . && chmod -R o= ."] if len(names) > len(secrets) else []
    return " && ".join([*others, *([f"chmod go= {' '.join(secrets)}"] if secrets else [])])


# --- what the settings name ----------------------------------------------------------------------


def _group(settings: Settings) -> int | None:
    import grp

    try:
        return grp.getgrnam(settings.store.group).gr_gid if settings.store.group else None
    except KeyError:
        return None


def _secret_files(settings: Settings) -> dict[str, str]:
    """Return the keys of settings that name a file with a secret, and the file."""
    return {
        "[pacs] token_file": settings.pacs.token_file if settings.pacs else "",
        "[mail] password_file": settings.mail.password_file,
        "[tls] key": settings.tls.key if settings.tls else "",
    }


def _named_files(settings: Settings, folder: Path) -> Iterator[str]:
    """Look at what settings name: a secret is read by its owner, and rules changed by nobody."""
    for key, name in _secret_files(settings).items():
        yield from _named_file(key, folder / name if name else None, OTHERS, "chmod 600")
    rules = {
        "[protect] profile": settings.protect.profile,
        "[protect] words": settings.protect.words,
        "[mail] ca_file": settings.mail.ca_file,
        "[tls] authorities": settings.tls.authorities if settings.tls else "",
        "[tls] certificate": settings.tls.certificate if settings.tls else "",
    }
    for key, name in rules.items():
        yield from _named_file(key, folder / name if name else None, CHANGES, "chmod go-w")


def _named_file(key: str, file: Path | None, loose: int, remedy: str) -> Iterator[str]:
    if file is None:
        return
    try:
        state = file.stat()
    except OSError:
        yield f"The file of {key} is not there, or cannot be looked at. Check its path."
        return
    if state.st_mode & loose:
        may = "read or change" if loose == OTHERS else "change"
        yield f"Others than its owner may {may} the file of {key}. Run on it: {remedy}"
    if state.st_uid not in (0, os.geteuid(), _owner(file.parent)):
        yield f"The file of {key} belongs to another user. Put a copy of your own in its place."


def _owner(folder: Path) -> int:
    return folder.stat().st_uid
