"""From the settings to connections: our receiver, and the way to the hospital's archive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from workbench.collect.filters import SurveyFilter
from workbench.collect.network import Peer, Timeouts
from workbench.collect.receiver import ReceivedObject, Receiver
from workbench.collect.retrieve import MoveSource, Source
from workbench.errors import SettingsError
from workbench.model import ApplicationEntity
from workbench.settings import Settings

Take = Callable[[ReceivedObject], int]


def source_of(settings: Settings, folder: Path, take: Take) -> Source:
    """Return the way to the archive that ``[pacs]`` names, with the survey's filter.

    ``take`` is given what comes by C-GET or DICOMweb.  Raises ``SettingsError``.
    """
    pacs = settings.pacs
    if pacs is None:
        raise SettingsError("no PACS is set.", "Add a [pacs] table to workbench.toml.")
    wanted = SurveyFilter.from_settings(settings.filter)
    peer = peer_of(settings, folder)
    return MoveSource(peer, wanted, settings.local.title)


def peer_of(settings: Settings, folder: Path) -> Peer:
    """Return who asks the archive, with how much patience; raises ``SettingsError``."""
    pacs = settings.pacs
    if pacs is None:
        raise SettingsError("no PACS is set.", "Add a [pacs] table to workbench.toml.")
    timeouts = Timeouts(answer=settings.collect.answer_s, retrieve=settings.collect.retrieve_s)
    return Peer(settings.local.title, pacs.entity, timeouts)


def open_receiver(settings: Settings, folder: Path, take: Take) -> Receiver:
    """Return our receiver: the archive and the peers of ``allow`` may send to it."""
    local, pacs = settings.local, settings.pacs
    named = {text.partition("@")[0] for text in local.allow}
    if pacs is not None:
        named |= {pacs.title}
    return Receiver(local.entity, take, frozenset(named))


def entity_of(text: str) -> ApplicationEntity:
    """Read ``TITLE@host:port``; raises ``SettingsError``."""
    title, at, place = text.partition("@")
    host, colon, port = place.rpartition(":")
    if not (at and colon and port.isdecimal() and 0 < len(title) <= 16):
        raise SettingsError("mover of [pacs] is not understood.", "Write TITLE@host:port.")
    return ApplicationEntity(title, host, int(port))
