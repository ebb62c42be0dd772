"""From the settings to connections: our receiver, and the way to the hospital's archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from pynetdicom.association import Association

from workbench.collect.dicomweb.bulk import Needs
from workbench.collect.dicomweb.client import WebSource
from workbench.collect.dicomweb.http import WebClient
from workbench.collect.dicomweb.query import WebQuery
from workbench.collect.dicomweb.web_access import WebAccess
from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.dimse.get import GetSource
from workbench.collect.dimse.move import MoveSource
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.dimse.tls import TlsFiles
from workbench.collect.expected import Expected, ExpectedStudy
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import FIND_CLASSES
from workbench.collect.patient_list import ListedPatient
from workbench.collect.phantom_folder import PhantomFolder
from workbench.collect.received import ReceivedObject
from workbench.collect.retrieval import RetrieveOutcome, Source, Timeouts
from workbench.collect.time_limits import Interruption
from workbench.collect.trial_box import TrialBox
from workbench.credentials import PACS_KEY, PACS_TOKEN, check_address
from workbench.deidentify.switches import profile_of
from workbench.errors import SettingsError
from workbench.model import ApplicationEntity
from workbench.settings import EntitySettings, Settings

PHANTOMS = "phantoms"
Take = Callable[[ReceivedObject], int]


def source_of(
    settings: Settings, folder: Path, take: Take, interruption: Interruption | None = None
) -> Source:
    """Return the way to the archive that ``[pacs]`` names, with the survey's filter.

    ``take`` is given what comes by C-GET or DICOMweb; ``interruption`` says when a person wants
    an end.  Raises ``SettingsError``.
    """
    interruption = interruption or Interruption()
    pacs = settings.pacs
    if pacs is None:
        raise SettingsError("no PACS is set.", "Add a [pacs] table to workbench.toml.")
    wanted = SurveyFilter.from_settings(settings.filter)
    if pacs.retrieve == "web":
        _check_credentials(settings, folder)
        access = replace(web_access(settings, folder), interruption=interruption)
        return WebSource(access, wanted, take, needs=needs_of(settings, folder))
    peer = replace(peer_of(settings, folder), interruption=interruption)
    if pacs.retrieve == "get":
        return GetSource(peer, wanted, take)
    if pacs.mover:
        mover = MoveSource(mover_of(settings, folder), wanted, settings.local.title)
        return TwoPeers(MoveSource(peer, wanted, settings.local.title), mover)
    return MoveSource(peer, wanted, settings.local.title)


@dataclass(frozen=True)
class TwoPeers:
    """An archive where one application entity answers queries and another one sends."""

    asked: Source
    sender: Source

    def expect(self, patient: ListedPatient) -> Expected:
        """Ask the first; raises ``NetworkError``."""
        return self.asked.expect(patient)

    def fetch(self, study: ExpectedStudy, missing: frozenset[str]) -> list[RetrieveOutcome]:
        """Have the second send; raises ``NetworkError``."""
        return self.sender.fetch(study, missing)

    def echo(self) -> None:
        """Test both; raises ``NetworkError``."""
        self.asked.echo()
        self.sender.echo()


def needs_of(settings: Settings, folder: Path) -> Needs:
    """Return which values of a header are kept or filtered by; raises ``SettingsError``."""
    profile = profile_of(settings.protection, folder)
    conditions = SurveyFilter.from_settings(settings.filter).conditions
    asked = {
        (condition.creator, number.group, number.element & 0xFF)
        if condition.creator
        else ("", number.group, number.element)
        for condition in conditions
        if (number := condition.number()) is not None
    }

    def needs(tag: int, creator: str) -> bool:
        group, element = tag >> 16, tag & 0xFFFF
        if not creator:
            return tag in profile.rules or ("", group, element) in asked
        place = creator, group, element & 0xFF
        return place in profile.private or place in asked

    return needs


def timeouts_of(settings: Settings) -> Timeouts:
    """Return how long to wait for the archive."""
    collect = settings.collect
    return Timeouts(
        answer=collect.answer_s,
        retrieve=collect.retrieve_s,
        stalled=collect.stalled_s,
        whole=collect.whole_s,
    )


def web_access(settings: Settings, folder: Path) -> WebAccess:
    """Return where the DICOMweb service is, and who we are there; raises ``SettingsError``."""
    pacs = settings.pacs
    if pacs is None or not pacs.url:
        raise SettingsError("[pacs] needs the url of its DICOMweb service.")
    tls = tls_of(settings, folder) if pacs.tls else None
    return WebAccess(
        pacs.url,
        title=pacs.title,
        token=folder / pacs.token_file if pacs.token_file else None,
        authority=tls.authorities if tls else None,
        certificate=tls.certificate if tls else None,
        key=tls.key if tls else None,
        tls_name=pacs.tls_name,
        timeouts=timeouts_of(settings),
    )


@contextmanager
def queries(settings: Settings, folder: Path) -> Iterator[Association]:
    """Hold what queries are asked over, an association or what stands for it on the web.

    Raises ``SettingsError`` and ``NetworkError``.
    """
    if settings.pacs is not None and settings.pacs.retrieve == "web":
        _check_credentials(settings, folder)
        with WebClient(web_access(settings, folder)) as client:
            yield cast("Association", WebQuery(client))
        return
    peer = peer_of(settings, folder)
    with associate(peer, FIND_CLASSES, peer.timeouts.answer) as association:
        yield association


def peer_of(settings: Settings, folder: Path) -> Peer:
    """Return who asks the archive, with how much patience; raises ``SettingsError``."""
    pacs = settings.pacs
    if pacs is None:
        raise SettingsError("no PACS is set.", "Add a [pacs] table to workbench.toml.")
    tls = _key_for_pacs(settings, folder)
    return Peer(settings.local.title, pacs.entity, timeouts_of(settings), tls, pacs.tls_name)


def mover_of(settings: Settings, folder: Path) -> Peer:
    """Return who asks the peer that takes retrieve requests; raises ``SettingsError``."""
    peer = peer_of(settings, folder)
    pacs = settings.pacs
    if pacs is None or not pacs.mover:
        return peer
    return replace(peer, pacs=entity_of(pacs.mover), tls_name=pacs.mover_tls_name)


def _check_credentials(settings: Settings, folder: Path) -> None:
    """Raise ``SettingsError`` where a credential would go to an address it was not given for."""
    _key_for_pacs(settings, folder)
    if settings.pacs is not None and settings.pacs.token_file:
        check_address(folder, settings, PACS_TOKEN)


def _key_for_pacs(settings: Settings, folder: Path) -> TlsFiles | None:
    """Return who we are for the archive; raises ``SettingsError`` for an address it is not for."""
    if settings.pacs is None or not settings.pacs.tls:
        return None
    check_address(folder, settings, PACS_KEY)
    return tls_of(settings, folder)


def open_receiver(settings: Settings, folder: Path, take: Take) -> Receiver:
    """Return our receiver, not yet listening; phantom images go into the workspace."""
    return receiver_of(reception_of(settings, folder), folder, take)


def receiver_of(reception: Reception, folder: Path, take: Take) -> Receiver:
    """Return the receiver of a workspace; what a connection test waits for is dropped there."""
    box, keep = TrialBox(folder), PhantomFolder(folder / PHANTOMS).keep
    return Receiver(reception, box.before(take), box.before(keep, whole=True))


def reception_of(settings: Settings, folder: Path) -> Reception:
    """Return what our receiver is: the archive and the peers of ``allow`` may send to it."""
    local, pacs = settings.local, settings.pacs
    named = [allowed_peer(text) for text in local.allow]
    if pacs is not None:
        named += [AllowedPeer(pacs.title), *(AllowedPeer(peer.title) for peer in _movers(pacs))]
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
