"""Whether every verb that reads a setting will take it: each is read here by the same reader.

What is wrong is told now, and not at night by the verb that needs it.  Nobody is called and
nothing is written, so a setting may still be wrong in a way that only its peer knows:
``collect test`` asks.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from workbench.collect.connections import entity_of, reception_of, tls_of, web_access
from workbench.collect.dicomweb.http import WebClient
from workbench.collect.dimse.receiver import check_place
from workbench.collect.dimse.tls import client_context, server_context
from workbench.collect.filters import SurveyFilter
from workbench.collect.hours.schedule import read_timetable
from workbench.collect.hours.week_grid import WeekGrid
from workbench.deidentify.switches import profile_of
from workbench.errors import SettingsError, WorkbenchError
from workbench.handshake import NOT_COMPARED, expected_name
from workbench.mail import Post
from workbench.mail.letter import SENDER
from workbench.qa.geometry import geometry, geometry_names
from workbench.qa.profiles import profile_of as test_profile_of
from workbench.qa.registry import qa_test, settings_of
from workbench.report.notebooks import read_notebook
from workbench.settings import EntitySettings
from workbench.stages.plan_check import plan_problems
from workbench.stages.quality.alarms import Alarms
from workbench.stages.quality.desk import GEOMETRIES, QualityDesk
from workbench.stages.report_mail import mail_problems
from workbench.stages.reporting import TEMPLATES
from workbench.survey import Survey

# Keys that are read in one of the two tables only; in the other one nobody would ever see them.
OURS = ("phantom_title", "allow")
THEIRS = (
    "retrieve", "url", "token_file", "mover", "associations", "tls_name", "mover_tls_name",
)  # fmt: skip

Reader = Callable[[Survey], Iterator[str]]


def setting_problems(survey: Survey) -> list[str]:
    """Return what some verb would refuse, one sentence each with its remedy."""
    said: list[str] = []
    for reader in READERS:
        try:
            said += reader(survey)
        except WorkbenchError as error:
            said.append(str(error))
    return said


def setting_notes(survey: Survey) -> list[str]:
    """Return what is not set, and what nobody can do without it."""
    settings, notes = survey.settings, list[str]()
    if settings.pacs is None:
        notes.append(
            "No PACS is set, so nothing can be collected. To collect, add a [pacs] table to "
            "workbench.toml."
        )
    if settings.pacs is None and not settings.local.allow:
        notes.append(
            "Nobody may send to our receiver: neither [pacs] nor allow of [local] names a peer."
        )
    notes += _mail_notes(survey)
    with suppress(WorkbenchError):  # told as a problem
        if read_timetable(settings.schedule).query.grid == WeekGrid.never():
            notes.append("The week schedule is closed at all hours, so the PACS is never asked.")
    return notes


# --- who sends, and who is asked -----------------------------------------------------------------


def _misplaced(survey: Survey) -> Iterator[str]:
    usual = {setting.name: setting.default for setting in fields(EntitySettings)}
    local, pacs = survey.settings.local, survey.settings.pacs
    for table, entity, foreign, other in (
        ("pacs", pacs, OURS, "local"), ("local", local, THEIRS, "pacs"),
    ):  # fmt: skip
        for key in foreign:
            if entity is not None and getattr(entity, key) != usual[key]:
                yield f"{key} stands in [{table}], where nobody reads it. Move it to [{other}]."


def _receiver(survey: Survey) -> Iterator[str]:
    settings = survey.settings
    check_place(settings.local.entity)
    reception = reception_of(settings, survey.folder)
    if reception.tls:
        server_context(reception.tls)
    for peer in reception.peers:
        if peer.address and not _is_somewhere(peer.address):
            yield (
                f"{peer.title} of allow in [local] may send from an address that is none: it would "
                "always be refused. Write TITLE@192.0.2.7, TITLE@192.0.2.0/24 or a computer's name."
            )


def _archive(survey: Survey) -> Iterator[str]:
    settings, folder = survey.settings, survey.folder
    pacs = settings.pacs
    if pacs is None:
        return
    if pacs.retrieve == "web":
        with WebClient(web_access(settings, folder)) as client:
            yield from _calls(client.root.host, "url", pacs.tls_name)
        return
    if pacs.tls:
        client_context(tls_of(settings, folder), NOT_COMPARED)
    yield from _calls(pacs.host, "host", pacs.tls_name if pacs.tls else NOT_COMPARED)
    if pacs.mover:
        name = pacs.mover_tls_name if pacs.tls else NOT_COMPARED
        yield from _calls(entity_of(pacs.mover).host, "mover", name)


def _calls(host: str, key: str, tls_name: str) -> Iterator[str]:
    """Look at the host of a peer that is called, and at the name in its certificate."""
    if not _is_somewhere(host, networks=False):
        yield (
            f"No computer has the name that stands in {key} of [pacs]. Mend it, or write its IP "
            "address there."
        )
    name = expected_name(host, tls_name)
    if name != NOT_COMPARED and not _is_nameable(name):
        prefix = "mover_" if key == "mover" else ""
        yield (
            f'No certificate can hold the name "{name}". Mend {key} or {prefix}tls_name of [pacs].'
        )


def _is_nameable(name: str) -> bool:
    """Whether a certificate can be for this name, as OpenSSL judges when it calls."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=name)
    except ValueError:
        return False
    return True


def _tls(survey: Survey) -> Iterator[str]:
    """Look at files that are named, though nobody may use them yet."""
    if survey.settings.tls is not None:
        server_context(tls_of(survey.settings, survey.folder))
    yield from ()


def _is_somewhere(address: str, *, networks: bool = True) -> bool:
    """Whether an address is one, or a name that a computer has now."""
    try:
        if networks:
            ipaddress.ip_network(address, strict=False)
        else:
            ipaddress.ip_address(address)
    except ValueError:
        try:
            return bool(socket.getaddrinfo(address, None))
        except (OSError, UnicodeError):
            return False
    return True


# --- when, what, and under which names -----------------------------------------------------------


def _hours(survey: Survey) -> Iterator[str]:
    read_timetable(survey.settings.schedule)
    yield from ()


def _filter(survey: Survey) -> Iterator[str]:
    SurveyFilter.from_settings(survey.settings.filter)
    yield from ()


def _names(survey: Survey) -> Iterator[str]:
    survey.pseudonyms()
    yield from ()


def _profile(survey: Survey) -> Iterator[str]:
    profile_of(survey.settings.protection, survey.folder)
    yield from ()


# --- image quality, and reports ------------------------------------------------------------------


def _test_profiles(survey: Survey) -> Iterator[str]:
    desk = QualityDesk(survey)
    for kept in desk.quality.profiles():
        try:
            profile = test_profile_of(kept.content)
            settings_of(qa_test(profile.test), profile.settings)
            desk.geometry(profile.phantom)
        except SettingsError as error:
            yield f"Test profile {kept.name}, version {kept.version}: {error}"


def _geometries(survey: Survey) -> Iterator[str]:
    own = survey.folder / GEOMETRIES
    for name in sorted(set(geometry_names((own,))) - set(geometry_names())):
        try:
            geometry(name, (own,))
        except SettingsError as error:
            yield str(error)


def _mail_notes(survey: Survey) -> Iterator[str]:
    mail = survey.settings.mail
    if not mail.server and survey.store.quality.profiles():
        yield (
            "No mail server is set, so alarms stand on the page only. To have them sent, set "
            "server of [mail]."
        )
    if mail.server and mail.security == "none" and mail.user:
        yield (
            "The password of the mail server is sent without encryption: security of [mail] is "
            "none. Where the server can, take that line out."
        )
    if mail.server and not mail.sender:
        yield f"No sender of [mail] is set, so mail is from {SENDER}, which many servers refuse."


def _mail(survey: Survey) -> Iterator[str]:
    mail, quality = survey.settings.mail, survey.settings.quality
    post = Post(survey.settings, survey.folder)
    if post.ready:
        post.check([mail.sender or SENDER])
        yield from _recipients("mail_to of [quality]", post, quality.mail_to)
        for kept in survey.store.quality.profiles():
            own = kept.content.get("recipients", ())
            yield from _recipients(f"The test profile {kept.name}", post, own)
            if not own and not quality.mail_to:
                yield (
                    f"Nobody is named to be told of alarms of {kept.name}. Set mail_to of "
                    "[quality], or recipients in the test profile."
                )
        return
    keys = [f"{key} of [mail]" for key in ("sender", "user", "password_file", "ca_file")
            if getattr(mail, key)]  # fmt: skip
    keys += ["mail_to of [quality]"] if quality.mail_to else []
    if keys:
        yield (
            f"{keys[0]} is set and no server of [mail] is, so nothing is sent. Set "
            'server = "host:port" there, or take the line out.'
        )


def _recipients(where: str, post: Post, recipients: Sequence[str]) -> Iterator[str]:
    try:
        if recipients:
            post.check(recipients)
    except SettingsError as error:
        yield f"{where}: {error}"


def _alarms(survey: Survey) -> Iterator[str]:
    """Look for alarms that somebody should have been told of, and was not."""
    untold = Alarms(survey.store.quality, survey.settings, survey.folder).untold()
    if untold:
        last = max(untold.values(), key=lambda state: state.tried_at)
        yield (
            f"{len(untold)} alarms of image quality did not reach everybody who is to be told. "
            f"The last one: {last.problem}"
        )


def _reports(survey: Survey) -> Iterator[str]:
    own = survey.folder / TEMPLATES
    for file in sorted(own.glob("*.ipynb")) if own.is_dir() else ():
        yield from _notebook(file, own)


def _notebook(file: Path, own: Path) -> Iterator[str]:
    try:
        read_notebook(file.stem, own)
    except (SettingsError, OSError, UnicodeDecodeError) as error:
        why = str(error) if isinstance(error, SettingsError) else "it cannot be read."
        yield f"A notebook in {TEMPLATES} is none that a report can be made of: {why}"


READERS: tuple[Reader, ...] = (
    _names, _profile, _misplaced, _receiver, _archive, _tls, _hours, _filter, _test_profiles,
    _geometries, _mail, _alarms, _reports, plan_problems,
    mail_problems,
)  # fmt: skip
