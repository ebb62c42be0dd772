"""Settings become peers: who may send, who is asked, and what is not understood is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.collect.connections import (
    allowed_peer,
    entity_of,
    peer_of,
    reception_of,
    source_of,
    tls_of,
)
from workbench.collect.dimse.admission import AllowedPeer
from workbench.errors import SettingsError
from workbench.model import ApplicationEntity
from workbench.settings import EntitySettings, Settings, TlsSettings

PACS = EntitySettings("PACS", "10.0.0.1", 104)


@pytest.mark.parametrize(
    ("text", "peer"),
    [("CT1", AllowedPeer("CT1")), ("CT1@10.0.0.2", AllowedPeer("CT1", "10.0.0.2")),
     (" CT1 @ 10.0.0.0/8 ", AllowedPeer("CT1", "10.0.0.0/8")),
     ("SIXTEEN_LETTERS_", AllowedPeer("SIXTEEN_LETTERS_"))],
)  # fmt: skip
def test_who_may_send_is_a_title_and_perhaps_an_address(text: str, peer: AllowedPeer) -> None:
    assert allowed_peer(text) == peer


@pytest.mark.parametrize("text", ["", " ", "@10.0.0.2", "SEVENTEEN_LETTERS"])
def test_what_is_no_title_admits_nobody(text: str) -> None:
    with pytest.raises(SettingsError, match="TITLE@address"):
        allowed_peer(text)


def test_a_mover_is_title_host_and_port() -> None:
    assert entity_of("MOVER@[::1]:104") == ApplicationEntity("MOVER", "[::1]", 104)
    for wrong in ("MOVER", "MOVER@host", "MOVER@host:x", "@host:104", f"{'M' * 17}@host:104"):
        with pytest.raises(SettingsError, match="mover"):
            entity_of(wrong)


def test_the_pacs_its_mover_and_those_named_may_send_and_nobody_else(tmp_path: Path) -> None:
    local = EntitySettings("US", port=0, allow=("CT1@10.0.0.2",), phantom_title="QA")
    pacs = EntitySettings("PACS", mover="MOVER@10.0.0.9:104")
    reception = reception_of(Settings(local=local, pacs=pacs), tmp_path)
    assert set(reception.peers) == {
        AllowedPeer("PACS"), AllowedPeer("MOVER"), AllowedPeer("CT1", "10.0.0.2"),
    }  # fmt: skip
    assert reception.titles == {"US", "QA"}
    assert reception.tls is None
    assert reception_of(Settings(local=EntitySettings("US")), tmp_path).peers == ()


def test_encryption_without_its_files_is_refused(tmp_path: Path) -> None:
    for told in (Settings(local=EntitySettings("US", tls=True), pacs=PACS),):
        with pytest.raises(SettingsError, match=r"\[tls\]"):
            reception_of(told, tmp_path)
    files = tls_of(Settings(tls=TlsSettings("a.pem", "/etc/b.key", "c.pem")), tmp_path)
    assert (files.certificate, files.key) == (tmp_path / "a.pem", Path("/etc/b.key"))


def test_the_peer_asked_is_the_pacs_and_we_are_we(tmp_path: Path) -> None:
    peer = peer_of(Settings(pacs=PACS), tmp_path)
    assert peer.pacs == ApplicationEntity("PACS", "10.0.0.1", 104)
    assert peer.local_title == Settings().local.title
    assert peer.tls is None


def test_without_a_pacs_there_is_nobody_to_ask(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="pacs"):
        source_of(Settings(), tmp_path, lambda _: 0)
