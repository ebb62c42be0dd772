"""From the settings to connections: our receiver, and the way to the hospital's archive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from workbench.collect.filters import SurveyFilter
from workbench.collect.get import GetSource
from workbench.collect.network import Peer, Timeouts
from workbench.collect.receiver import AllowedPeer, ReceivedObject, Reception
from workbench.collect.retrieve import MoveSource, Source
from workbench.collect.tls import TlsFiles
from workbench.collect.web import WebSource
from workbench.errors import SettingsError
from workbench.model import ApplicationEntity
from workbench.settings import EntitySettings, Settings

Take = Callable[[ReceivedObject], int]


def source_of(settings: Settings, folder: Path, take: Take) -> Source:
    """Return the way to the archive that ``[pacs]`` names, with the survey's filter.

    ``take`` is given what comes by C-GET or DICOMweb.  Raises ``SettingsError``.
    """
    pacs = settings.pacs
    if pacs is None:
        raise SettingsError("no PACS is set.", "Add a [pacs] table to workbench.toml.")
    wanted = SurveyFilter.from_settings(settings.filter)
    if pacs.retrieve == "web":
        if not pacs.url:
            raise SettingsError("[pacs] needs the url of its DICOMweb service.")
        return WebSource(pacs.url, wanted, take)
    peer = peer_of(settings, folder)
    if pacs.retrieve == "get":
        return GetSource(peer, wanted, take)
    return MoveSource(peer, wanted, settings.local.title)


def peer_of(settings: Settings, folder: Path) -> Peer:
    """Return who asks the archive, with how much patience; raises ``SettingsError``."""
    pacs = settings.pacs
    if pacs is None:
        raise SettingsError("no PACS is set.", "Add a [pacs] table to workbench.toml.")
    timeouts = Timeouts(answer=settings.collect.answer_s, retrieve=settings.collect.retrieve_s)
    tls = tls_of(settings, folder) if pacs.tls else None
    return Peer(settings.local.title, pacs.entity, timeouts, tls)


def reception_of(settings: Settings, folder: Path) -> Reception:
    """Return what our receiver is: the archive and the peers of ``allow`` may send to it."""
    local, pacs = settings.local, settings.pacs
    named = [allowed_peer(text) for text in local.allow]
    if pacs is not None:
        named += [AllowedPeer(pacs.title), *(AllowedPeer(one.title) for one in _movers(pacs))]
    tls = tls_of(settings, folder) if local.tls else None
    return Reception(local.entity, tuple(named), local.phantom_title, tls)


def allowed_peer(text: str) -> AllowedPeer:
    """Read ``TITLE`` or ``TITLE@address``; raises ``SettingsError``."""
    title, _, address = text.partition("@")
    if not 0 < len(title.strip()) <= 16:
        raise SettingsError(
            "a peer in allow of [local] is not understood.", "Write TITLE or TITLE@address."
        )
    return AllowedPeer(title.strip(), address.strip())


def tls_of(settings: Settings, folder: Path) -> TlsFiles:
    """Return the files of ``[tls]``; raises ``SettingsError`` where there is no such table."""
    tls = settings.tls
    if tls is None:
        raise SettingsError(
            "encryption is asked for, but there is no [tls] table.",
            "Name certificate, key and authorities there.",
        )
    return TlsFiles(folder / tls.certificate, folder / tls.key, folder / tls.authorities)


def _movers(pacs: EntitySettings) -> list[ApplicationEntity]:
    return [entity_of(pacs.mover)] if pacs.mover else []


def entity_of(text: str) -> ApplicationEntity:
    """Read ``TITLE@host:port``; raises ``SettingsError``."""
    title, at, place = text.partition("@")
    host, colon, port = place.rpartition(":")
    if not (at and colon and port.isdecimal() and 0 < len(title) <= 16):
        raise SettingsError("mover of [pacs] is not understood.", "Write TITLE@host:port.")
    return ApplicationEntity(title, host, int(port))
