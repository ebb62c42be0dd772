"""For which address each credential was given: it is sent nowhere else until it is given again.

A token, a password or our key lies in a file that the settings name, beside the address it is for.
Whoever may change the address must not get the credential with it.  ``credentials.json`` in the
workspace says for which address each was given; the first use, or the first change on a page, says
so for the address that stands there then.  It holds addresses only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import SettingsError
from workbench.file_modes import write_private
from workbench.language import Saying, Words, mark
from workbench.settings import Settings

FILE = "credentials.json"
PACS_TOKEN, PACS_KEY, MAIL_PASSWORD = "pacs-token", "pacs-key", "mail-password"
WORDS = {
    PACS_TOKEN: "the token of the DICOMweb service",
    PACS_KEY: "our certificate for the PACS",
    MAIL_PASSWORD: "the password of the mail server",
}
# Why each is not sent; without a full stop.
MOVED = {
    PACS_TOKEN: mark(
        "the token of the DICOMweb service was given for {given_for}; the address is now "
        "{address}, so it is not sent"
    ),
    PACS_KEY: mark(
        "our certificate for the PACS was given for {given_for}; the address is now {address}, so "
        "it is not sent"
    ),
    MAIL_PASSWORD: mark(
        "the password of the mail server was given for {given_for}; the address is now {address}, "
        "so it is not sent"
    ),
}


@dataclass(frozen=True)
class Credential:
    """A credential that the settings name.

    Attributes
    ----------
    name
        One of ``WORDS``.
    address
        Where it would go now.
    given_for
        Where it may go; empty while it was never used.
    """

    name: str
    address: str
    given_for: str = ""

    @property
    def moved(self) -> bool:
        """Whether its address is another one than it was given for."""
        return bool(self.given_for) and self.given_for != self.address

    @property
    def said(self) -> Saying:
        """What has changed, without a full stop."""
        return Saying(MOVED[self.name], given_for=self.given_for, address=self.address)

    @property
    def sentence(self) -> Words:
        """What has changed, without a full stop, in the language that is spoken."""
        return self.said.words()


def credentials(folder: Path, settings: Settings) -> list[Credential]:
    """Return what the settings name, with where each may go; raises ``SettingsError``."""
    given = _given(folder)
    return [
        Credential(name, address, given.get(name, ""))
        for name, address in _addresses(settings).items()
    ]


def check_address(folder: Path, settings: Settings, name: str) -> None:
    """Raise ``SettingsError`` where a credential was given for another address than the present.

    Called before each use; the first one is noted.
    """
    hold(folder, settings)
    for credential in credentials(folder, settings):
        if credential.name == name and credential.moved:
            raise SettingsError(
                "{changed}.",
                "Give it again under Settings of the collector's page, or run: workbench "
                "credentials confirm {name}",
                changed=credential.said,
                name=name,
            )


def hold(folder: Path, settings: Settings) -> None:
    """Note for what address each credential is, where that was never noted.

    A page does so before it changes an address.
    """
    given = _given(folder)
    new = {name: address for name, address in _addresses(settings).items() if name not in given}
    if new:
        _write(folder, {**given, **new})


def confirm(folder: Path, settings: Settings, name: str) -> Credential:
    """Let a credential go to the present address; raises ``SettingsError`` when there is none."""
    address = _addresses(settings).get(name)
    if address is None:
        raise SettingsError(
            "the settings name no {name}.", "Run: workbench credentials list", name=name
        )
    _write(folder, {**_given(folder), name: address})
    return Credential(name, address, address)


def give_token(folder: Path, settings: Settings, token: str) -> Credential:
    """Take a token that somebody typed: who knows it may say where it goes.

    Raises ``SettingsError`` when it is none, or when the settings name no file for it.
    """
    file = settings.pacs.token_file if settings.pacs else ""
    if not token.strip() or not token.isprintable() or not file:
        raise SettingsError("that is no token.", "Type it, or paste it, on one line.")
    write_private(folder / file, token.strip() + "\n")
    return confirm(folder, settings, PACS_TOKEN)


def _addresses(settings: Settings) -> dict[str, str]:
    """Return each credential that is set, and where it goes by the settings."""
    pacs, mail = settings.pacs, settings.mail
    addresses = {}
    if pacs and pacs.token_file and pacs.url:
        addresses[PACS_TOKEN] = pacs.url.rstrip("/")
    if pacs and pacs.tls and settings.tls:
        peer = f"{pacs.title}@{pacs.host}:{pacs.port}"
        peer += f" ({pacs.tls_name})" if pacs.tls_name else ""
        places = (peer, pacs.mover, pacs.url.rstrip("/"))
        addresses[PACS_KEY] = " and ".join(filter(None, places))
    if mail.user and mail.server:
        # The same server without encryption is another address: who listens there is not known.
        addresses[MAIL_PASSWORD] = f"{mail.server} ({mail.security})"
    return addresses


def _given(folder: Path) -> Mapping[str, str]:
    try:
        given = json.loads((folder / FILE).read_text("utf-8"))
        return {str(name): str(address) for name, address in given.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise SettingsError(
            "{file} cannot be read, so no credential is sent.",
            "Remove it, then: workbench credentials confirm NAME",
            file=FILE,
        ) from error


def _write(folder: Path, given: Mapping[str, str]) -> None:
    write_private(folder / FILE, json.dumps(given, indent=1) + "\n")
