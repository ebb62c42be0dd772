"""A credential goes to the address it was given for, and nowhere else until it is given again."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.remembered_disk import RememberedDisk
from tests.language.unmarked import wrong_in_text
from tests.mail.mail_server import mail_server
from workbench.collect.connections import peer_of, source_of
from workbench.collect.dicomweb.client import WebSource
from workbench.credentials import (
    FILE,
    MAIL_PASSWORD,
    PACS_KEY,
    PACS_TOKEN,
    WORDS,
    Credential,
    check_address,
    confirm,
    credentials,
    give_token,
    hold,
)
from workbench.errors import SettingsError
from workbench.language import use_language
from workbench.mail import Letter, MailState, Post
from workbench.settings import EntitySettings, MailSettings, Settings, TlsSettings

TOKEN = "a-bearer-token-of-the-hospital"
WEB = EntitySettings("PACS", "pacs.example", 104, retrieve="web", token_file="token",
                     url="https://pacs.example/dicom-web")  # fmt: skip
SAFE = EntitySettings("PACS", "pacs.example", 104, tls=True)
TLS = TlsSettings("our.pem", "our.key", "ca.pem")
MAIL = MailSettings("mail.example:587", user="wb", password_file="mail")
SET = {
    PACS_TOKEN: Settings(pacs=WEB),
    PACS_KEY: Settings(pacs=SAFE, tls=TLS),
    MAIL_PASSWORD: Settings(mail=MAIL),
}


def changed(settings: Settings, **values: Any) -> Settings:
    """Return settings with another address in ``[pacs]`` or ``[mail]``."""
    if settings.pacs is None:
        return replace(settings, mail=replace(settings.mail, **values))
    return replace(settings, pacs=replace(settings.pacs, **values))


MOVED: list[tuple[str, dict[str, Any]]] = [
    (PACS_TOKEN, {"url": "https://evil.example/dicom-web"}),
    (PACS_TOKEN, {"url": "http://pacs.example/dicom-web"}),
    (PACS_TOKEN, {"url": "https://pacs.example:8443/dicom-web"}),
    (PACS_TOKEN, {"url": "https://pacs.example/other"}),
    (PACS_KEY, {"host": "10.0.0.9"}), (PACS_KEY, {"port": 11112}), (PACS_KEY, {"title": "EVIL"}),
    (PACS_KEY, {"mover": "EVIL@10.0.0.9:104"}), (PACS_KEY, {"tls_name": "evil.example"}),
    (MAIL_PASSWORD, {"server": "evil.example:587"}),
    (MAIL_PASSWORD, {"server": "mail.example:25"}),
    (MAIL_PASSWORD, {"security": "none"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values"), MOVED)
def test_a_changed_address_asks_again(tmp_path: Path, name: str, values: dict[str, Any]) -> None:
    settings = SET[name]
    check_address(tmp_path, settings, name)
    other = changed(settings, **values)
    for _ in range(2):  # asking twice is no answer
        with pytest.raises(SettingsError, match=f"credentials confirm {name}") as refused:
            check_address(tmp_path, other, name)
    (kept,) = credentials(tmp_path, other)
    assert kept.moved
    assert kept.address in str(refused.value)
    assert kept.given_for in str(refused.value)
    check_address(tmp_path, settings, name)  # the old address is still right
    confirm(tmp_path, other, name)
    check_address(tmp_path, other, name)
    with pytest.raises(SettingsError):
        check_address(tmp_path, settings, name)


def test_what_does_not_change_the_address_asks_nothing(tmp_path: Path) -> None:
    check_address(tmp_path, SET[PACS_TOKEN], PACS_TOKEN)
    same = changed(SET[PACS_TOKEN], url=f"{WEB.url}/", port=11112, associations=2)
    check_address(tmp_path, same, PACS_TOKEN)
    check_address(tmp_path, SET[MAIL_PASSWORD], MAIL_PASSWORD)
    check_address(tmp_path, changed(SET[MAIL_PASSWORD], sender="b@x.org"), MAIL_PASSWORD)
    assert credentials(tmp_path, Settings()) == []


def test_a_first_change_on_a_page_does_not_take_the_credential_along(tmp_path: Path) -> None:
    settings = SET[PACS_TOKEN]
    hold(tmp_path, settings)  # never used before
    other = changed(settings, url="https://evil.example/")
    hold(tmp_path, other)
    with pytest.raises(SettingsError):
        check_address(tmp_path, other, PACS_TOKEN)


def test_neither_token_nor_key_reaches_another_address(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)

    def source(settings: Settings) -> object:
        return source_of(settings, tmp_path, lambda _: 0)

    assert isinstance(source(SET[PACS_TOKEN]), WebSource)
    with pytest.raises(SettingsError, match=r"evil\.example"):
        source(changed(SET[PACS_TOKEN], url="https://evil.example/dicom-web"))
    assert peer_of(SET[PACS_KEY], tmp_path).tls is not None
    away = changed(SET[PACS_KEY], host="10.0.0.9")
    refused: list[Callable[[], object]] = [lambda: peer_of(away, tmp_path), lambda: source(away)]
    for use in refused:
        with pytest.raises(SettingsError, match=r"10\.0\.0\.9"):
            use()


def test_the_password_of_a_mail_server_stays_with_it(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("the password")
    letter, to = Letter("alarm", ("a line",)), ("a@example.org",)
    with mail_server() as first, mail_server() as wrong, mail_server() as second:
        mail = MailSettings(first.address, "none", user="wb", password_file="mail")
        settings = Settings(mail=mail)
        assert Post(settings, tmp_path).send(letter, to).state is MailState.SENT
        assert "AUTH" in first.commands
        with pytest.raises(SettingsError, match="given for"):
            Post(changed(settings, server=wrong.address), tmp_path).send(letter, to)
        assert "AUTH" not in wrong.commands
        other = changed(settings, server=second.address)
        confirm(tmp_path, other, MAIL_PASSWORD)
        assert Post(other, tmp_path).send(letter, to).state is MailState.SENT


def test_who_types_the_token_says_where_it_goes(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("the-old-one")
    check_address(tmp_path, SET[PACS_TOKEN], PACS_TOKEN)
    other = changed(SET[PACS_TOKEN], url="https://new.example/dicom-web")
    for wrong in ("", "  ", "two\nlines"):
        with pytest.raises(SettingsError, match="no token"):
            give_token(tmp_path, other, wrong)
    before = os.umask(0)
    try:
        give_token(tmp_path, other, f" {TOKEN} ")
    finally:
        os.umask(before)
    check_address(tmp_path, other, PACS_TOKEN)
    assert (tmp_path / "token").read_text().strip() == TOKEN
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert TOKEN not in (tmp_path / FILE).read_text()
    with pytest.raises(SettingsError, match="no token"):
        give_token(tmp_path, Settings(), TOKEN)


def test_a_power_cut_takes_neither_token_nor_address_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = RememberedDisk(tmp_path, monkeypatch)
    disk.everything()
    for settings in (SET[PACS_TOKEN], changed(SET[PACS_TOKEN], url="https://new.example/")):
        given = give_token(tmp_path, settings, f"{TOKEN}-{settings.pacs and settings.pacs.url}")
        assert disk.left(tmp_path / "token") == (tmp_path / "token").read_bytes()
        assert given.address in (disk.left(tmp_path / FILE) or b"").decode()
    assert disk.torn == []


@pytest.mark.parametrize("text", ["", "[]", "{", "7"])
def test_when_the_file_is_damaged_nothing_is_sent(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(SettingsError, match="no credential is sent"):
        check_address(tmp_path, SET[PACS_TOKEN], PACS_TOKEN)


def test_there_is_nothing_to_confirm_where_nothing_is_set(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="credentials list"):
        confirm(tmp_path, Settings(), PACS_TOKEN)
    with pytest.raises(SettingsError, match="credentials list"):
        confirm(tmp_path, SET[PACS_TOKEN], "../passwords")


def test_why_none_is_sent_can_be_said_in_another_language() -> None:
    for name in WORDS:
        moved = Credential(name, "there:1", "here:1")
        assert moved.sentence == (
            f"{WORDS[name]} was given for here:1; the address is now there:1, so it is not sent"
        )
        with use_language("xx"):
            assert wrong_in_text(moved.sentence) == []
