"""The settings of a workspace: one small TOML file that a person can read.

[survey]
name = "demo"
site = "SITE"

[local]            our receiver
title = "WORKBENCH"
host = "127.0.0.1"
port = 11113

[pacs]             the hospital's archive
title = "PACS"
host = "127.0.0.1"
port = 104
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import SettingsError
from workbench.model import ApplicationEntity

FILE = "workbench.toml"


@dataclass(frozen=True)
class Settings:
    """What a workspace is told once.

    Attributes
    ----------
    survey
        Name of the epidemiological survey; pseudonyms differ from survey to survey.
    site
        Short code of the hospital; pseudonyms begin with it.
    local, pacs
        Our receiver and the archive we ask.
    pause_s
        Seconds between two patients, so that the archive is not disturbed.
    """

    survey: str = "survey"
    site: str = "SITE"
    local: ApplicationEntity = field(default=ApplicationEntity("WORKBENCH", port=11113))
    pacs: ApplicationEntity | None = None
    pause_s: float = 120.0

    def write(self, folder: Path) -> None:
        """Write the settings file of a workspace."""
        lines = [
            "[survey]", f"name = {_quoted(self.survey)}", f"site = {_quoted(self.site)}", "",
            "[collect]", f"pause_s = {self.pause_s}", "",
            *_entity("local", self.local),
            *(_entity("pacs", self.pacs) if self.pacs else ()),
        ]  # fmt: skip
        (folder / FILE).write_text("\n".join(lines), encoding="utf-8")


def read_settings(folder: Path) -> Settings:
    """Read the settings of a workspace; raises ``SettingsError`` with the remedy."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            "this folder is not a workspace", "Make one with: workbench init -w FOLDER"
        ) from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{FILE} cannot be read: {error}.", "Mend that line.") from error
    survey, default = tables.get("survey", {}), Settings()
    return Settings(
        survey=_word(survey, "name", default.survey),
        site=_word(survey, "site", default.site),
        local=_read_entity(tables, "local") or default.local,
        pacs=_read_entity(tables, "pacs"),
        pause_s=_number(tables.get("collect", {}), "pause_s", default.pause_s),
    )


def _read_entity(tables: dict[str, dict[str, object]], name: str) -> ApplicationEntity | None:
    table = tables.get(name)
    if table is None:
        return None
    title = _word(table, "title", "")
    port = int(_number(table, "port", 104))
    if not 0 < len(title) <= 16:  # PS3.5 6.2: AE has 16 characters at most
        raise SettingsError(f"[{name}] needs a title of 1 to 16 characters in {FILE}.")
    if not 0 < port < 65536:
        raise SettingsError(f"[{name}] needs a port between 1 and 65535 in {FILE}.")
    return ApplicationEntity(title, _word(table, "host", "127.0.0.1"), port)


def _word(table: dict[str, object], name: str, default: str) -> str:
    value = table.get(name, default)
    if not isinstance(value, str):
        raise SettingsError(f"{name} must be text in quotes in {FILE}.")
    return value


def _number(table: dict[str, object], name: str, default: float) -> float:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SettingsError(f"{name} must be a number in {FILE}.")
    return float(value)


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def _entity(name: str, entity: ApplicationEntity) -> list[str]:
    return [
        f"[{name}]", f"title = {_quoted(entity.title)}", f"host = {_quoted(entity.host)}",
        f"port = {entity.port}", "",
    ]  # fmt: skip
