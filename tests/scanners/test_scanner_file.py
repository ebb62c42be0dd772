"""``scanners.toml``: what a person writes there is understood, what is wrong is told."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from workbench.errors import SettingsError
from workbench.scanners.device_signs import DeviceSigns
from workbench.scanners.scanner_file import (
    FILE,
    NamedScanner,
    SignPattern,
    changing,
    checked_name,
    read_scanners,
    write_scanners,
)

WRITTEN = """# ours
[[scanner]]
name = "CT 1, emergency"  # as everybody says
signs = [ { maker = "SIEMENS", model = "SOMATOM Force", serial = "75512" } ]
"""


def test_what_a_person_wrote_fits_every_spelling(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(WRITTEN)
    (scanner,) = read_scanners(tmp_path).scanners
    assert scanner.name == "CT 1, emergency"
    (pattern,) = scanner.signs
    assert pattern.fits(DeviceSigns("Siemens Healthcare", "somatom  FORCE", "any", "75512").folded)
    assert not pattern.fits(DeviceSigns("SIEMENS", "SOMATOM Force", "any", "75513").folded)
    assert not pattern.fits(DeviceSigns("SIEMENS", "SOMATOM Force", "any", None).folded)


def test_an_empty_text_fits_only_what_is_not_said() -> None:
    pattern = SignPattern(maker="ACME", serial="")
    assert pattern.fits(DeviceSigns("acme", "x", "y", None).folded)
    assert pattern.fits(DeviceSigns("acme", "x", "y", "0000").folded)
    assert not pattern.fits(DeviceSigns("acme", "x", "y", "1").folded)


def test_no_file_names_nobody(tmp_path: Path) -> None:
    assert read_scanners(tmp_path).scanners == ()


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("[[scanner]", "Mend"), ("scanner = 3", "Take out"), ("[other]\nx = 1", "Take out"),
        ('[[scanner]]\nname = "x"', "signs"), ("[[scanner]]\nsigns = []", "name"),
        ('[[scanner]]\nname = ""\nsigns = []', "1 to 60"),
        ('[[scanner]]\nname = "x"\nsigns = [{ ae = "x" }]', "maker, model, station, serial"),
        ('[[scanner]]\nname = "x"\nsigns = [{ serial = 7 }]', "texts"),
        ('[[scanner]]\nname = "x"\nsigns = [{}]', "texts"),
        ('[[scanner]]\nname = "x"\nsigns = [3]', "texts"),
        ('[[scanner]]\nname = "X"\nsigns = []\n[[scanner]]\nname = "x"\nsigns = []', "together"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_remedy(tmp_path: Path, text: str, remedy: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(SettingsError, match=remedy) as told:
        read_scanners(tmp_path)
    assert FILE in str(told.value) or "scanner needs a name" in str(told.value)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="Mend"):
        read_scanners(tmp_path)


def test_comments_of_what_stays_are_kept_and_all_comes_back(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(WRITTEN)
    before = read_scanners(tmp_path)
    new = NamedScanner("CT 2", (SignPattern("A", 'M "x"\\', "", ""), SignPattern(serial="1")))
    write_scanners(tmp_path, [*before.scanners, new])
    text = (tmp_path / FILE).read_text()
    assert "# ours" in text
    assert "# as everybody says" in text
    after = read_scanners(tmp_path)
    assert after.scanners == (*before.scanners, new)
    assert after.digest != before.digest
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) & 0o077 in (0, 0o044)
    write_scanners(tmp_path, [])
    assert read_scanners(tmp_path).scanners == ()


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    write_scanners(tmp_path, [NamedScanner("CT 1", (SignPattern(serial="1"),))])
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_change_after_somebody_elses_is_refused(tmp_path: Path) -> None:
    seen = read_scanners(tmp_path).digest
    with changing(tmp_path, seen):
        write_scanners(tmp_path, [NamedScanner("CT 1", (SignPattern(serial="1"),))])
    with pytest.raises(SettingsError, match="somebody else"), changing(tmp_path, seen):
        pytest.fail("it was changed meanwhile")
    with changing(tmp_path, read_scanners(tmp_path).digest) as present:
        assert present.scanners[0].name == "CT 1"


def test_two_hands_at_once_lose_nothing(tmp_path: Path) -> None:
    def add(number: int) -> None:
        with changing(tmp_path, None) as present:
            new = NamedScanner(f"CT {number}", (SignPattern(serial=str(number)),))
            write_scanners(tmp_path, [*present.scanners, new])

    hands = [threading.Thread(target=add, args=(number,)) for number in range(12)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(read_scanners(tmp_path).scanners) == 12


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x07b", "a\u202eb"])
def test_a_name_is_a_short_text_that_can_be_read(name: str) -> None:
    with pytest.raises(SettingsError, match="1 to 60"):
        checked_name(name)
    assert checked_name(" CT  1 ") == "CT 1"
