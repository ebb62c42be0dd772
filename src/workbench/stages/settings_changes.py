"""Settings that a page changes while a program works: read again once their file is another one."""

from __future__ import annotations

from pathlib import Path

from workbench.collect.filters import SurveyFilter
from workbench.collect.hours.schedule import read_timetable
from workbench.settings import FILE, Settings
from workbench.settings_file import read_settings


class SettingsFile:
    """The settings file of a workspace, as it was seen last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = self._state()

    def changed(self) -> Settings | None:
        """Return the settings where the file was changed since it was seen last, else ``None``.

        Raises ``SettingsError``, once, where they are wrong: schedule and filter are looked at too.
        """
        state = self._state()
        if state == self._seen:
            return None
        self._seen = state
        read = read_settings(self._folder)
        read_timetable(read.schedule)
        SurveyFilter.from_settings(read.filter)
        return read

    def _state(self) -> tuple[int, int]:
        state = (self._folder / FILE).stat()
        return state.st_mtime_ns, state.st_size
