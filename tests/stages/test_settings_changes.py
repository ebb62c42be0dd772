"""Settings that a page changes are taken over once; wrong ones are told once and left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from workbench.errors import SettingsError
from workbench.settings import FILE, CollectSettings, Settings
from workbench.stages.settings_changes import SettingsFile


def test_what_was_changed_is_returned_once(tmp_path: Path) -> None:
    Settings().write(tmp_path)
    file = SettingsFile(tmp_path)
    assert file.changed() is None
    changed = replace(Settings(), collect=CollectSettings(tries=7, stalled_s=60.0, whole_s=600.0))
    changed.write(tmp_path)
    assert file.changed() == changed
    assert file.changed() is None


@pytest.mark.parametrize(
    "text",
    ["not toml", "[collect]\ntries = 'many'", "[filter]\nmodality = ['CT']",
     "[schedule]\nquery = {monday = '#'}"],
)  # fmt: skip
def test_wrong_ones_are_told_once(tmp_path: Path, text: str) -> None:
    Settings().write(tmp_path)
    file = SettingsFile(tmp_path)
    (tmp_path / FILE).write_text(text)
    with pytest.raises(SettingsError):
        file.changed()
    assert file.changed() is None
