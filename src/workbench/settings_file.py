"""Read the settings of a workspace from its file, each mistake told with its table and remedy."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from workbench.errors import SettingsError
from workbench.language import Saying
from workbench.language.choice import is_language, languages
from workbench.settings import (
    FILE,
    LEAST,
    CollectSettings,
    EntitySettings,
    MailSettings,
    ProtectSettings,
    QualitySettings,
    ServerSettings,
    Settings,
    StoreSettings,
    SurveySettings,
    Table,
    TlsSettings,
)

T = TypeVar("T")
# Keys that stand elsewhere now, by table.
MOVED = {
    "quality": {
        "mail_server": "server", "mail_security": "security", "mail_from": "sender",
        "mail_user": "user", "mail_password_file": "password_file",
    },
}  # fmt: skip
NEW_TABLE = {"quality": "mail"}


def read_settings(folder: Path) -> Settings:
    """Read the settings of a workspace; raises ``SettingsError`` with the remedy."""
    return settings_of(read_tables(folder))


def mistakes(folder: Path) -> list[str]:
    """Return what is wrong in each table of the file, one sentence for each table that is wrong.

    Raises ``SettingsError`` where there is no such file.
    """
    said = []
    for name, table in read_tables(folder).items():
        try:
            settings_of({name: table})
        except SettingsError as error:
            said.append(str(error))
    return said


def read_tables(folder: Path) -> Table:
    """Read the tables of the file as they stand there; raises ``SettingsError``."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SettingsError(
            "this folder is not a workspace.", "Make one with: workbench init -w FOLDER"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "{file} cannot be read.", "Check its rights; save it as UTF-8.", file=FILE
        ) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            "{file} cannot be read: {why}.", "Mend that line.", file=FILE, why=error
        ) from error


def settings_of(tables: Table) -> Settings:
    """Return the settings that the tables of a file mean; raises ``SettingsError``."""
    known = [setting.name for setting in fields(Settings)]
    for name, table in tables.items():
        if name not in known or not isinstance(table, Mapping):
            raise SettingsError(
                "{file} has a table or key {name} that nobody reads.", "Known tables: {known}.",
                file=FILE, name=repr(name), known=", ".join(known),
            )  # fmt: skip
    default = Settings()
    server = read_table(tables, "server", ServerSettings, default.server)
    _check_language(server.language)
    local = read_table(tables, "local", EntitySettings, default.local)
    pacs = read_table(tables, "pacs", EntitySettings, None)
    for name, entity in (("local", local), ("pacs", pacs)):
        _check_entity(name, entity)
    return Settings(
        read_table(tables, "survey", SurveySettings, default.survey),
        local,
        pacs,
        read_table(tables, "collect", CollectSettings, default.collect),
        read_table(tables, "tls", TlsSettings, None),
        read_table(tables, "store", StoreSettings, default.store),
        read_table(tables, "protect", ProtectSettings, default.protect),
        read_table(tables, "quality", QualitySettings, default.quality),
        read_table(tables, "mail", MailSettings, default.mail),
        server,
        tables.get("filter", {}),
        tables.get("schedule", {}),
        tables.get("report", {}),
    )


def read_table(tables: Table, name: str, kind: type[Any], default: T) -> Any | T:
    """Return one table of the file as a dataclass, ``default`` without it.

    Raises ``SettingsError`` that names key and table, and says what may stand there.
    """
    if name not in tables:
        return default
    from pydantic import TypeAdapter, ValidationError

    _check_moved(tables, name)
    try:
        read = TypeAdapter(kind).validate_python(tables[name])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or Saying("the table")
        raise SettingsError(
            "{where} in [{table}] of {file}: {why}.", "Known keys: {known}.",
            where=where, table=name, file=FILE, why=first["msg"].lower(),
            known=", ".join(setting.name for setting in fields(kind)),
        ) from error  # fmt: skip
    _check_numbers(name, read)
    return read


def _check_moved(tables: Table, name: str) -> None:
    """Say where a key stands now."""
    for old, new in MOVED.get(name, {}).items():
        if old in tables[name]:
            raise SettingsError(
                "{old} in [{table}] of {file} stands in a table of its own now.",
                "Write it as {new} in [{new_table}], and the others that begin with mail_ too; "
                "mail_to stays.",
                old=old, table=name, file=FILE, new=new, new_table=NEW_TABLE[name],
            )  # fmt: skip


def _check_numbers(name: str, table: Any) -> None:
    for setting in fields(table):
        least, value = setting.metadata.get(LEAST), getattr(table, setting.name)
        if least is not None and not least <= value < math.inf:
            raise SettingsError(
                "{key} in [{table}] of {file} is no number from {least} up.",
                "It is {usual} where the line is left out.",
                key=setting.name, table=name, file=FILE, least=least, usual=f"{setting.default:g}",
            )  # fmt: skip


def _check_language(language: str) -> None:
    if not is_language(language):
        raise SettingsError(
            "language in [{table}] of {file} is none that there are texts in: '{language}'.",
            "Write one of these: {known}.",
            table="server", file=FILE, language=language, known=", ".join(languages()),
        )  # fmt: skip


def _check_entity(name: str, entity: EntitySettings | None) -> None:
    if entity is None:
        return
    for title in filter(None, (entity.title, entity.phantom_title)):
        # PS3.5 6.2: AE has 16 characters at most of the default repertoire, no backslash
        if len(title) > 16 or not title.isascii() or not title.isprintable() or "\\" in title:
            raise SettingsError(
                "[{table}] needs AE titles of 1 to 16 characters in {file}.", table=name, file=FILE
            )
    if not entity.title.strip():
        raise SettingsError(
            "[{table}] needs a title in {file}.", 'For example: title = "PACS"',
            table=name, file=FILE,
        )  # fmt: skip
    if entity.phantom_title.strip() == entity.title.strip():
        raise SettingsError(
            "phantom_title of [{table}] is its title in {file}: everything would be kept whole, "
            "with all names in it.",
            "Choose another title for phantom images.",
            table=name, file=FILE,
        )  # fmt: skip
    if not 0 < entity.port < 65536:
        raise SettingsError(
            "[{table}] needs a port between 1 and 65535 in {file}.", table=name, file=FILE
        )
