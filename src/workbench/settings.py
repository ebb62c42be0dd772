"""The settings of a workspace: one TOML file that a person can read and edit.

[survey]
name = "demo"
site = "SITE"

[local]            # our receiver; the PACS must know this title, address and port
title = "WORKBENCH"
host = "127.0.0.1"
port = 11113

[pacs]             # the hospital's archive
title = "PACS"
host = "127.0.0.1"
port = 104

docs/collect.md describes every table and key.  What a page changes is written back into the same
file; comments and order stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from workbench.file_modes import kept_mode, write_private
from workbench.model import ApplicationEntity
from workbench.rights import Right, needs

FILE = "workbench.toml"
Table = Mapping[str, Any]
LEAST = "least"  # in the metadata of a field: the smallest number that it may be


def _number(default: float, least: float) -> Any:
    """Return a field with a number that has a bound; infinity is none."""
    return field(default=default, metadata={LEAST: least})


@dataclass(frozen=True)
class SurveySettings:
    """``[survey]``: its name, its hospital, and the times of day it tells.

    Attributes
    ----------
    name
        Of the survey: pseudonyms depend on it.
    site
        Short code of the hospital, which its pseudonyms begin with.
    times
        What is told of times of day.
    issuer
        Who issued the patient IDs that name no issuer (IssuerOfPatientID); docs/collect.md.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    name: str = "survey"
    site: str = "SITE"
    times: Literal["exact", "hour", "removed"] = "exact"
    issuer: str = ""


@dataclass(frozen=True)
class EntitySettings:
    """``[local]`` and ``[pacs]``: AE title, address and port, and what goes with them.

    Attributes
    ----------
    phantom_title
        ``[local]`` only: images sent to this second AE title are kept whole, as phantom images.
    allow
        ``[local]`` only: who may send besides the PACS, as ``TITLE`` or ``TITLE@address``.
    retrieve
        ``[pacs]`` only: by C-MOVE, by C-GET, or by DICOMweb.
    url
        ``[pacs]`` only: root of its DICOMweb service.
    token_file
        ``[pacs]`` only: file with the bearer token of the DICOMweb service.
    mover
        ``[pacs]`` only: ``TITLE@host:port`` of the peer that takes retrieve requests, where it is
        another one than the one that answers queries.
    associations
        ``[pacs]`` only: how many studies of a patient may be fetched at the same time.
    tls
        Whether connections to (``[pacs]``) or from (``[local]``) peers are encrypted.
    tls_name, mover_tls_name
        ``[pacs]`` only: the name in its certificate and in that of ``mover``, where it is not the
        host; ``not compared`` where any name of a known authority shall do.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    title: str
    host: str = "127.0.0.1"
    port: int = 104
    phantom_title: str = ""
    allow: tuple[str, ...] = ()
    retrieve: Literal["move", "get", "web"] = "move"
    url: str = ""
    token_file: str = ""
    mover: str = ""
    associations: int = _number(1, 1)
    tls: bool = False
    tls_name: str = ""
    mover_tls_name: str = ""

    @classmethod
    def of(cls, entity: ApplicationEntity) -> Self:
        """Return the settings of a plain peer."""
        return cls(entity.title, entity.host, entity.port)

    @property
    def entity(self) -> ApplicationEntity:
        """The peer as the DICOM network knows it."""
        return ApplicationEntity(self.title, self.host, self.port)


@dataclass(frozen=True)
class CollectSettings:
    """``[collect]``: how the collector works through its queue.

    Attributes
    ----------
    pause_s
        Seconds between two patients, so that the archive is not disturbed.
    quiet_s
        A study is given up when nothing has come for so many seconds.
    answer_s, retrieve_s
        Seconds to wait for an answer to a query, and for the first sign of life of a retrieve
        request and between two answers to it: an archive may have to load a tape.
    stalled_s
        A retrieve request is given up when after its first object nothing has moved for so many
        seconds: no part of an object, no count.
    whole_s
        A retrieve request is given up after so many seconds in all, whatever it does.
    tries
        How often a patient is tried at most before a person must look.
    retry_minutes
        Minutes until the second try; doubled with each further one.
    dose_when_complete
        Whether ``workbench up`` maps and doses by itself once a patient has come.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    pause_s: float = _number(120.0, 0)
    quiet_s: float = _number(30.0, 0)
    answer_s: float = _number(60.0, 1)
    retrieve_s: float = _number(1800.0, 1)
    stalled_s: float = _number(300.0, 1)
    whole_s: float = _number(14400.0, 1)
    tries: int = _number(3, 1)
    retry_minutes: float = _number(60.0, 0)
    dose_when_complete: bool = True


@dataclass(frozen=True)
class TlsSettings:
    """``[tls]``: our certificate and key, and the authorities whose certificates we accept.

    Files in PEM; a relative path begins at the workspace.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    certificate: str
    key: str
    authorities: str


@dataclass(frozen=True)
class ProtectSettings:
    """``[protect]``: what of a header leaves the hospital; docs/deidentify.md explains each.

    Attributes
    ----------
    profile
        A confidentiality profile of your own instead of the built-in one; from the workspace.
    patient_details
        Whether sex, age, size and weight of the patient leave.
    devices
        Whether station name, serial number and the like leave.
    institution
        Whether name, address and department of the hospital leave.
    dates
        Moved by a secret number of days a patient, kept as they are, or removed.
    times
        Of day: ``exact``, true to the ``hour``, or ``removed``; else as ``[survey]`` says.
    descriptions
        Of studies, series, protocols: cleaned of names and numbers, reduced to known words, or
        removed.
    report_texts
        Whether texts of dose reports leave, cleaned; their numbers leave anyway.
    private
        Whether the listed private attributes of makers leave.
    words
        File with words that are known besides the vocabulary; from the workspace.
    keep, drop
        Keywords of attributes that leave besides those of the profile, or not.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    profile: str = ""
    patient_details: bool = True
    devices: bool = True
    institution: bool = False
    dates: Literal["moved", "kept", "removed"] = "moved"
    times: Literal["", "exact", "hour", "removed"] = ""
    descriptions: Literal["cleaned", "known words", "removed"] = "cleaned"
    report_texts: bool = True
    private: bool = True
    words: str = ""
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoreSettings:
    """``[store]``: where catalogue and parts lie, if not in the workspace folder.

    Attributes
    ----------
    catalogue
        ``postgresql://user@host/database``; the password belongs into ``~/.pgpass``.
    schema
        The schema of that database which is this survey's own.
    parts
        ``s3://bucket/prefix``; keys belong into the environment (``AWS_ACCESS_KEY_ID`` ...).
    group
        The group whose members share the workspace folder; without one it is its owner's alone.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    catalogue: str = ""
    schema: str = "workbench"
    parts: str = ""
    group: str = ""


@dataclass(frozen=True)
class QualitySettings:
    """``[quality]``: how phantom images are measured by themselves, and who is told of alarms.

    Attributes
    ----------
    quiet_s
        A series is measured when none of its images has come for so many seconds.
    unselected_days
        Whole objects at the phantom title that no test profile selects are erased so many days
        after they were told of, for they may be patients'; 0 is never.
    mail_to
        Addresses of whom to tell of alarms besides a profile's own recipients; ``[mail]`` says
        how mail is sent.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    quiet_s: float = _number(30.0, 0)
    unselected_days: int = _number(14, 0)
    mail_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class MailSettings:
    """``[mail]``: the server that takes our mail; docs/mail.md.

    Attributes
    ----------
    server
        ``host:port`` of an SMTP server; without one nothing is sent.
    security
        Encrypted from the start (``tls``), by ``starttls``, or not (``none``).
    sender
        The address that mail is from.
    user, password_file
        For servers that ask; a relative path begins at the workspace.
    ca_file
        Certificates of the authorities of the server, in PEM, where they are the hospital's own:
        no others are accepted then; a relative path begins at the workspace.
    timeout_s
        Seconds to wait for each answer of the server.
    max_attachment_mb
        A larger file is not attached; 1 MB is 10^6 bytes.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    server: str = ""
    security: Literal["tls", "starttls", "none"] = "starttls"
    sender: str = ""
    user: str = ""
    password_file: str = ""
    ca_file: str = ""
    timeout_s: float = _number(20.0, 1)
    max_attachment_mb: float = _number(5.0, 0)


@dataclass(frozen=True)
class ServerSettings:
    """``[server]``: how much of the machine the pages may take.

    Attributes
    ----------
    kernels
        How many dashboards may be open at once; who comes then is told to wait.
    kernels_per_visitor
        How many of them one visitor may have; the last place is always another's.
    kernel_memory_mb
        A dashboard that takes more memory than this is ended, and its visitor is told.
    language
        Code (ISO 639-1) of the language of pages and reports, for who asks for no other.
    address
        Where readers of mails find the pages, such as ``https://host``; empty: no links.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    kernels: int = _number(16, 1)
    kernels_per_visitor: int = _number(4, 1)
    kernel_memory_mb: int = _number(2000, 1)
    language: str = "en"
    address: str = ""


@dataclass(frozen=True)
class Settings:
    """What a workspace is told.

    ``filter``, ``schedule`` and ``report`` are kept as written: ``collect.filters``,
    ``collect.schedule`` and ``plans.report_plan`` say what they mean.
    """

    survey: SurveySettings = field(default_factory=SurveySettings)
    local: EntitySettings = field(default=EntitySettings("WORKBENCH", port=11113))
    pacs: EntitySettings | None = None
    collect: CollectSettings = field(default_factory=CollectSettings)
    tls: TlsSettings | None = None
    store: StoreSettings = field(default_factory=StoreSettings)
    protect: ProtectSettings = field(default_factory=ProtectSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    mail: MailSettings = field(default_factory=MailSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    filter: Table = field(default_factory=dict)
    schedule: Table = field(default_factory=dict)
    report: Table = field(default_factory=dict)

    @property
    def protection(self) -> ProtectSettings:
        """``[protect]`` with the times of the survey where it says nothing of them."""
        return replace(self.protect, times=self.protect.times or self.survey.times)

    @needs(Right.COLLECT)
    def write(self, folder: Path) -> None:
        """Write the settings into the file of a workspace, durable when this returns.

        Comments that stand there stay, and so does the mode that its owner gave the file.
        """
        import tomlkit

        file = folder / FILE
        document = tomlkit.parse(file.read_text("utf-8")) if file.exists() else tomlkit.document()
        for name, values in self._tables().items():
            _put(document, name, values)
        write_private(file, tomlkit.dumps(document), kept_mode(file))

    def _tables(self) -> dict[str, Table | None]:
        named = {setting.name: getattr(self, setting.name) for setting in fields(self)}
        return {
            name: value if value is None or isinstance(value, Mapping) else _told(value)
            for name, value in named.items()
        }


def _told(table: Any) -> Table:
    """Return a table's values without those that are as they would be anyway."""
    usual = {setting.name: setting.default for setting in fields(table)}
    always = ("name", "site", "title", "host", "port", "pause_s")
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(table).items()
        if name in always or value != usual[name]
    }


def _put(document: Any, name: str, values: Table | None) -> None:
    if not values:
        document.pop(name, None)
        return
    if name not in document:
        document.add(name, values)
        return
    table = document[name]
    for key in [key for key in table if key not in values]:
        del table[key]
    for key, value in values.items():
        if table.get(key) != value:
            table[key] = value
