"""Open the survey of a workspace, or make one."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from workbench.deidentify.key import create_key
from workbench.errors import SettingsError
from workbench.file_modes import (
    GROUP_FOLDER,
    OTHERS,
    OWNER_FOLDER,
    is_shared,
    make_private_folder,
)
from workbench.settings import FILE, Settings, SurveySettings
from workbench.store.database_wait import RETRY_LIMIT_S
from workbench.survey.survey import KEY_FILE, Survey

NEW_SURVEY = SurveySettings(times="hour")  # older ones keep what they began with


def open_survey(
    folder: str | Path, *, answered: bool = False, wait_s: float = RETRY_LIMIT_S
) -> Survey:
    """Open the survey of a workspace folder; raises ``SettingsError`` with the remedy.

    ``answered``: whoever asks for it has had it open, so a database server that does not answer
    now is away for a while, and is waited for.  ``wait_s``: for how long a catalogue is waited for
    that is locked or away; a page takes less, for it shows nothing new meanwhile.
    """
    survey = Survey(Path(folder), answered)
    survey.store.waits.limit_s = wait_s
    return survey


def _make_folder(workspace: Path, group: str) -> None:
    """Make the folder of a workspace, or see that one that is there is closed to others.

    An empty folder of ours is closed; one that holds other things is its owner's to close.
    """
    if not workspace.is_dir():
        if group:
            workspace.parent.mkdir(parents=True, exist_ok=True)  # which the group must pass
        make_private_folder(workspace)
    state = workspace.stat()
    ours = state.st_uid == os.geteuid()
    loose = state.st_mode & (stat.S_IRWXO if group else OTHERS)
    if loose and not (ours and not any(workspace.iterdir())):
        raise SettingsError(
            "others may open this folder, and there is something in it or it is not yours.",
            "Close it: chmod 700 FOLDER; or name a folder that does not exist yet.",
        )
    if group:
        _share(workspace, group)
    elif ours:
        workspace.chmod(OWNER_FOLDER)


def _share(workspace: Path, group: str) -> None:
    try:
        shutil.chown(workspace, group=group)
        workspace.chmod(GROUP_FOLDER)
        shared = is_shared(workspace)  # the system takes the bit away from one who is no member
    except (LookupError, OSError):
        shared = False
    if not shared:
        raise SettingsError(
            "the folder cannot be given to that group.",
            "Name a group of this computer that you are a member of (id -Gn lists them).",
        )


def create_survey(folder: str | Path, settings: Settings | None = None) -> Survey:
    """Make a workspace: settings, an empty store and the hospital's key.

    A new survey tells times of day to the hour only, where its settings say nothing else.  The
    folder becomes its owner's alone, or the ``[store] group``'s.  Raises ``SettingsError`` where
    there is a workspace already, and where a folder is not ours to close to others.
    """
    workspace = Path(folder)
    if (workspace / FILE).exists():
        raise SettingsError("there is a workspace in this folder already.", "Choose another.")
    _make_folder(workspace, settings.store.group if settings else "")
    create_key(workspace / KEY_FILE)
    (settings or Settings(survey=NEW_SURVEY)).write(workspace)
    return Survey(workspace)
