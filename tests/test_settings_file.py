"""Reading the settings: what is wrong is named, what is at its limit is good."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import SettingsError
from workbench.settings import FILE
from workbench.settings_file import read_settings, settings_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[pacs", "cannot be read"),
        ("[packs]\ntitle = 'A'", "'packs'"),
        ("pacs = 3", "'pacs'"),
        ("[pacs]\nport = 104", "title"),
        ("[pacs]\ntitle = ''", "title"),
        ("[pacs]\ntitle = 'PACS'\nport = 0", "port"),
        ("[pacs]\ntitle = 'PACS'\nport = 65536", "port"),
        ("[pacs]\ntitle = 'SEVENTEEN_LETTERS'", "1 to 16"),
        ("[pacs]\ntitle = 'A\\B'", "1 to 16"),
        ("[local]\ntitle = 'A'\nphantom_title = 'SEVENTEEN_LETTERS'", "1 to 16"),
        ("[collect]\ntries = 'many'", "tries"),
        ("[collect]\npauze_s = 3", "pauze_s"),
        ("[protect]\ndates = 'shown'", "dates"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(SettingsError, match=said):
        read_settings(tmp_path)


@pytest.mark.parametrize("title", ["A", "SIXTEEN_LETTERS_"])
@pytest.mark.parametrize("port", [1, 65535])
def test_titles_and_ports_at_their_limits_are_good(title: str, port: int) -> None:
    told = settings_of({"pacs": {"title": title, "port": port}})
    assert told.pacs is not None
    assert (told.pacs.entity.title, told.pacs.entity.port) == (title, port)


def test_a_folder_without_settings_is_said_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="workbench init"):
        read_settings(tmp_path)
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="UTF-8"):
        read_settings(tmp_path)
