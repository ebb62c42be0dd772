"""The unlocked copy of a locked key: in memory only, for its owner only, until a restart.

It lies in ``$XDG_RUNTIME_DIR/workbench`` (else ``/run/user/UID``), which a desktop or systemd
makes for one user on a tmpfs.  Anything else is refused: a copy on a disk would stay there.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import struct
import time
from contextlib import suppress
from pathlib import Path

from workbench.deidentify.pseudonym import KEY_BYTES
from workbench.errors import IdentityError
from workbench.language import mark

LOCKED_SUFFIX = ".locked"
FOLDER = "workbench"
IN_MEMORY = ("tmpfs", "ramfs")
MOUNTS = Path("/proc/self/mountinfo")  # proc(5)
# When its time is over, in seconds since the machine started (0: never), and of which locked key.
SEAL = struct.Struct(">Q32s")
OTHERS = stat.S_IRWXG | stat.S_IRWXO
NO_PLACE = mark(
    "Log in on the machine itself, or set XDG_RUNTIME_DIR to a folder of yours (mode 0700) on a "
    "tmpfs (docs/key.md)."
)


def locked_file(key_file: Path) -> Path:
    """Return where the locked form of a key file lies."""
    return key_file.with_name(key_file.name + LOCKED_SUFFIX)


def unlocked_file(key_file: Path) -> Path:
    """Return where the unlocked copy of a key file lies, whether it is there or not."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    place = hashlib.sha256(os.fsencode(locked_file(key_file).resolve())).hexdigest()
    return Path(runtime) / FOLDER / f"{place[:32]}.key"


def keep_unlocked(key_file: Path, key: bytes, hours: float | None = None) -> None:
    """Put an unlocked copy into memory, for ``hours`` or until the machine restarts.

    Raises ``IdentityError`` where there is no folder in memory that is the owner's alone.
    """
    target = unlocked_file(key_file)
    _check_runtime(target.parent.parent)
    until = 0 if hours is None else max(1, int(_clock() + hours * 3600))
    content = key + SEAL.pack(until, _digest(key_file))
    draft = target.with_suffix(f".{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        _check_private(target.parent)
        _write_private(draft, content)
        draft.replace(target)
    except OSError:
        raise IdentityError("the unlocked key cannot be kept in memory.", NO_PLACE) from None
    finally:
        draft.unlink(missing_ok=True)


def read_unlocked(key_file: Path) -> bytes | None:
    """Return the key of the unlocked copy; ``None`` where there is none that counts.

    It counts until its time is over, and only for the locked key that it was made of.

    Raises ``IdentityError`` when others may read the copy or it is not in memory.
    """
    target = unlocked_file(key_file)
    try:
        handle = os.open(target, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        _check_private(handle)
        content = file.read(KEY_BYTES + SEAL.size + 1)
    if len(content) != KEY_BYTES + SEAL.size:
        raise IdentityError("the unlocked key is damaged.", "Run: workbench key unlock")
    until, digest = SEAL.unpack(content[KEY_BYTES:])
    if digest == _digest(key_file) and (not until or _clock() < until):
        return content[:KEY_BYTES]
    with suppress(OSError):  # a service may read there and not write
        forget_unlocked(key_file)
    return None


def forget_unlocked(key_file: Path) -> bool:
    """Overwrite and remove the unlocked copy; say whether there was one."""
    target = unlocked_file(key_file)
    try:
        overwrite(target)
        target.unlink()
    except FileNotFoundError:
        return False
    return True


def hours_left(key_file: Path) -> float | None:
    """Return for how many hours the unlocked copy still serves; ``None``: until a restart."""
    until, _ = SEAL.unpack(unlocked_file(key_file).read_bytes()[KEY_BYTES:])
    return (until - _clock()) / 3600 if until else None


def overwrite(file: Path) -> None:
    """Write zeros over a small file; on flash and some file systems old blocks stay all the same.

    Raises ``FileNotFoundError`` where there is none.
    """
    with file.open("r+b") as opened:
        opened.write(bytes(os.fstat(opened.fileno()).st_size))
        opened.flush()
        os.fsync(opened.fileno())


def _digest(key_file: Path) -> bytes:
    return hashlib.sha256(locked_file(key_file).read_bytes()).digest()


def _clock() -> float:
    """Seconds since the machine started, sleep included: nobody sets this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _write_private(file: Path, content: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as opened:
        os.fchmod(handle, 0o600)
        opened.write(content)


def _check_runtime(folder: Path) -> None:
    if not folder.is_dir():
        raise IdentityError("there is no folder in memory for the unlocked key.", NO_PLACE)
    _check_private(folder)


def _check_private(place: Path | int) -> None:
    """Raise ``IdentityError`` unless a folder or open file is in memory and its owner's alone."""
    state = os.fstat(place) if isinstance(place, int) else place.lstat()
    if state.st_mode & OTHERS or state.st_uid not in (0, os.geteuid()):
        raise IdentityError("others may reach the place of the unlocked key.", NO_PLACE)
    if file_system(state.st_dev) not in IN_MEMORY:
        raise IdentityError("the place of the unlocked key is not in memory.", NO_PLACE)


def file_system(device: int) -> str:
    """Return the kind of file system of a device number; empty when it is not mounted here."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in MOUNTS.read_text("utf-8", "surrogateescape").splitlines():
        mount, _, source = line.partition(" - ")
        if mount.split()[2] == wanted:
            return source.split()[0]
    return ""
