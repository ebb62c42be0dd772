"""A workspace as one file, and back: what ``workbench backup`` and ``workbench restore`` do.

Nothing has to be stopped.  Databases are copied as of one moment (SQLite's online backup), the
hospital's file before the catalogue: whatever its ledger says has come is in the catalogue then.
Parts never change, and those that the copied catalogue names are taken.  The last member of the
file lists all others with their digests, so that a file that is cut off or damaged is known.

The hospital's key is left out unless it is asked for: without it the file tells nobody's ID.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import quote

from workbench.collect.queue.hospital_file import FILE as HOSPITAL
from workbench.errors import SettingsError, StoreError
from workbench.file_modes import OWNER_FILE, sync_folder
from workbench.services.up_lock import LOCK as UP_LOCK
from workbench.settings import FILE as SETTINGS_FILE
from workbench.settings_file import read_settings
from workbench.stages.workspace_modes import JOURNALS
from workbench.store.catalogue import FILE as CATALOGUE
from workbench.store.opening import check_not_newer
from workbench.store.part_folder import FOLDER as PARTS
from workbench.store.part_folder import LOCK as PARTS_LOCK
from workbench.survey import KEY_FILE

MANIFEST = "workbench-backup.json"
FORMAT = 1
TURNS = 3  # an erasure may take a part away between the catalogue and the parts
BLOCK = 2**20  # bytes read at a time
DATABASES = (HOSPITAL, CATALOGUE)
NOT_TAKEN = frozenset(
    (UP_LOCK, PARTS_LOCK, *(name + end for name in DATABASES for end in JOURNALS))
)
COUNTED = {"patients": (HOSPITAL, "patient"), "objects": (CATALOGUE, "object")}


@dataclass(frozen=True)
class Backup:
    """What is in a backup.

    Attributes
    ----------
    files, size
        How many files it holds, and their bytes.
    patients, objects
        Rows of the queue and of the catalogue.
    schema
        Version of the catalogue's schema; ``None`` where it lies on a server, or is none yet.
    key
        Whether the hospital's key is in it, as it is: a locked one always is.
    problems
        What is missing or damaged, one sentence each.
    """

    files: int
    size: int
    patients: int
    objects: int
    schema: int | None
    key: bool
    problems: tuple[str, ...] = ()


class _PartGone(Exception):  # noqa: N818  it is no error: the backup begins again
    """A part was taken away after the catalogue had been copied."""


def back_up(folder: Path, out: Path, with_key: bool = False) -> Backup:
    """Write a workspace into one file, readable by its owner alone; whole, or not at all.

    Raises ``SettingsError`` where the file would lie in the workspace, ``StoreError`` where a
    database is damaged or something cannot be read or written.
    """
    settings = read_settings(folder)
    if out.resolve().is_relative_to(folder.resolve()):
        raise SettingsError(
            "a backup does not belong in its own workspace.", "Name a file on another disk."
        )
    on_server = bool(settings.store.catalogue)
    with _told("the backup could not be written."):
        for _ in range(TURNS):
            with tempfile.TemporaryDirectory(dir=out.parent, prefix=".workbench-") as scratch:
                writing = _Writing(folder, Path(scratch), with_key, on_server)
                with suppress(_PartGone):
                    made = writing.write(Path(scratch) / "tar")
                    (Path(scratch) / "tar").replace(out)
                    sync_folder(out.parent)
                    return made
    raise StoreError(
        "parts are taken away while they are copied.",
        "Let the erasure come to its end, then try again.",
    )


class _Writing:
    """One try to write a backup."""

    def __init__(self, folder: Path, scratch: Path, with_key: bool, on_server: bool) -> None:
        self._folder, self._scratch = folder, scratch
        self._with_key, self._on_server = with_key, on_server
        self._digests: dict[str, str] = {}
        self._size = 0
        self._problems: list[str] = []

    def write(self, target: Path) -> Backup:
        copied = {name: self._copy(name) for name in DATABASES}  # in this order
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE)
        with os.fdopen(descriptor, "wb") as opened:
            with tarfile.open(fileobj=opened, mode="w") as tar:
                for name in (name for name, there in copied.items() if there):
                    self._add(tar, name, self._scratch / name)
                self._add_parts(tar)
                self._add_others(tar)
                made = self._made()
                self._add_manifest(tar, made)
            opened.flush()
            os.fsync(opened.fileno())
        return made

    def _copy(self, name: str) -> bool:
        """Copy a database as of one moment; return whether there is one."""
        source, target = self._folder / name, self._scratch / name
        if not source.exists() or (name == CATALOGUE and self._on_server):
            return False
        try:
            with closing(_opened(source)) as origin, closing(sqlite3.connect(target)) as copy:
                origin.backup(copy)
                sound = copy.execute("PRAGMA quick_check").fetchone()[0] == "ok"
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole by itself
        except sqlite3.Error as error:
            raise _damaged(name) from error
        if not sound:
            raise _damaged(name)
        return True

    def _add_parts(self, tar: tarfile.TarFile) -> None:
        if self._on_server:
            return  # all files of the folder are taken with the others
        for file, digest in self._rows("SELECT file, sha256 FROM part WHERE retired_at IS NULL"):
            name = f"{PARTS}/{file}"
            try:
                self._add(tar, name, self._folder / name)
            except (FileNotFoundError, NotADirectoryError):
                if self._still_named(file):
                    self._problems.append(f"Part {file} is gone. Run: workbench store check")
                    continue
                raise _PartGone from None
            if self._digests[name] != digest:
                self._problems.append(f"Part {file} is damaged. Run: workbench store check")

    def _still_named(self, file: str) -> bool:
        query = "SELECT 1 FROM part WHERE file = ? AND retired_at IS NULL"
        with closing(_opened(self._folder / CATALOGUE)) as connection:
            return connection.execute(query, (file,)).fetchone() is not None

    def _add_others(self, tar: tarfile.TarFile) -> None:
        links = closed = 0
        for path in self._others():
            state = path.lstat()
            if stat.S_ISLNK(state.st_mode):
                links += 1
            elif stat.S_ISREG(state.st_mode):
                try:
                    self._add(tar, path.relative_to(self._folder).as_posix(), path)
                except FileNotFoundError:
                    continue  # deleted meanwhile
                except PermissionError:
                    closed += 1
        if links:
            self._problems.append(f"{links} links are left out: back up what they lead to.")
        if closed:
            self._problems.append(f"{closed} files may not be read, and are left out.")

    def _others(self) -> Iterator[Path]:
        """Yield what is neither database, part nor lock, by name."""
        for parent, folders, files in os.walk(self._folder):
            top = Path(parent) == self._folder
            folders.sort()
            links = [name for name in folders if (Path(parent) / name).is_symlink()]
            if top and not self._on_server and PARTS in folders:
                folders.remove(PARTS)
            for name in (*sorted(files), *links):
                if name.endswith(".partial") or (top and not self._is_taken(name)):
                    continue
                yield Path(parent) / name

    def _is_taken(self, name: str) -> bool:
        if name == KEY_FILE:
            return self._with_key
        return name not in NOT_TAKEN and name not in DATABASES

    def _add(self, tar: tarfile.TarFile, name: str, path: Path) -> None:
        with path.open("rb") as opened:
            member = tarfile.TarInfo(name)
            state = os.fstat(opened.fileno())
            member.size, member.mtime, member.mode = state.st_size, int(state.st_mtime), OWNER_FILE
            digesting = _Digesting(opened)
            tar.addfile(member, digesting)
        self._digests[name] = digesting.hexdigest()
        self._size += member.size

    def _made(self) -> Backup:
        counts = {
            name: int(next(self._rows(f"SELECT count(*) FROM {table}", file), (0,))[0])  # noqa: S608  our own names
            for name, (file, table) in COUNTED.items()
        }
        noted = next(self._rows("SELECT value FROM meta WHERE name = 'schema_version'"), None)
        return Backup(
            files=len(self._digests), size=self._size,
            schema=_schema(noted[0]) if noted else None,
            key=KEY_FILE in self._digests, problems=tuple(self._problems), **counts,
        )  # fmt: skip

    def _rows(self, query: str, file: str = CATALOGUE) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a copied database; none where it lacks the table."""
        if not (self._scratch / file).exists():
            return
        with closing(_opened(self._scratch / file)) as connection:
            try:
                rows = connection.execute(query).fetchall()
            except sqlite3.OperationalError:  # no such table: nobody has opened that file yet
                rows = []
        yield from rows

    def _add_manifest(self, tar: tarfile.TarFile, made: Backup) -> None:
        content = json.dumps({
            "format": FORMAT, "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "schema": made.schema, "digests": self._digests,
        }).encode()  # fmt: skip
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode = len(content), OWNER_FILE
        tar.addfile(member, BytesIO(content))


class _Digesting:
    """A file that is being read, and the digest of what was read."""

    def __init__(self, opened: BinaryIO) -> None:
        self._opened, self._sha256 = opened, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._opened.read(size)
        self._sha256.update(block)
        return block

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()


# --- back ----------------------------------------------------------------------------------------


@dataclass
class Restored:
    """What was brought back.

    Attributes
    ----------
    made_at
        When the backup was made, UTC.
    files
        How many files were brought back.
    key
        Whether the hospital's key is among them, open or locked.
    """

    made_at: str = ""
    files: int = 0
    key: bool = False
    digests: dict[str, str] = field(default_factory=dict, repr=False)


def restore(archive: Path, folder: Path) -> Restored:
    """Bring a workspace back from its backup into a folder that is new or empty.

    The folder is there whole or not at all.  Raises ``SettingsError`` where it holds something,
    and for a file that is no backup, is cut off or damaged; ``StoreError`` for one of a newer
    schema than this program knows, and where the folder cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(
            "the folder holds something already: nothing was restored.",
            "Name one that is empty or does not exist yet.",
        )
    with _told("the workspace could not be written."):
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".workbench-"))
        try:
            restored = _extract(archive, scratch)
            if folder.exists():
                folder.rmdir()
            scratch.rename(folder)
            sync_folder(folder.parent)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return restored


def _extract(archive: Path, scratch: Path) -> Restored:
    restored = Restored()
    manifest: Mapping[str, Any] = {}
    try:
        with tarfile.open(archive, mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if _is_ours(member) else None
                if content is None or member.name in restored.digests:
                    raise _no_backup()
                if member.name == MANIFEST:
                    manifest = json.loads(content.read())
                else:
                    restored.digests[member.name] = _written(content, scratch / member.name)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _no_backup() from error
    _check(manifest, restored, scratch)
    restored.made_at, restored.files = str(manifest["made_at"]), len(restored.digests)
    restored.key = any(name.startswith(KEY_FILE) for name in restored.digests)
    return restored


def _check(manifest: Mapping[str, Any], restored: Restored, scratch: Path) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _no_backup()
    if manifest.get("digests") != restored.digests or not (scratch / SETTINGS_FILE).is_file():
        raise _no_backup()
    if manifest["schema"] is not None:
        check_not_newer(int(manifest["schema"]))


def _is_ours(member: tarfile.TarInfo) -> bool:
    """Say whether a member may be written: a plain file below the folder."""
    path = PurePosixPath(member.name)
    return member.isreg() and not path.is_absolute() and ".." not in path.parts


def _written(content: Any, path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sha256 = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE)
    with os.fdopen(descriptor, "wb") as opened:
        while block := content.read(BLOCK):
            sha256.update(block)
            opened.write(block)
        opened.flush()
        os.fsync(opened.fileno())
    return sha256.hexdigest()


def _opened(file: Path) -> sqlite3.Connection:
    # Never made anew where it is gone; written to only as SQLite needs it beside a reader.
    return sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=rw", uri=True, timeout=60.0)


def _schema(noted: str) -> int:
    try:
        return int(noted)
    except ValueError:
        raise _damaged(CATALOGUE) from None


def _damaged(name: str) -> StoreError:
    return StoreError(
        "{file} is damaged or cannot be read: no backup was made.",
        "Keep the last good backup, and restore from it: workbench restore FILE -w FOLDER",
        file=name,
    )


def _no_backup() -> SettingsError:
    return SettingsError(
        "this file is no backup of a workspace, or is cut off or damaged: nothing was restored.",
        "Take another one.",
    )


@contextmanager
def _told(message: str) -> Iterator[None]:
    """Tell an error of the system in our words."""
    try:
        yield
    except OSError as error:
        raise StoreError(message, "Check disk space and rights.") from error
