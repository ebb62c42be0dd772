"""Look over a workspace and say what is wrong with it, each with its remedy.

*Wrong* is what some verb refuses, or what must not be so; *not set* is told as a note, for nobody
has to collect, to send mail or to encrypt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from workbench.credentials import credentials
from workbench.deidentify.patient_clock import PROMISES
from workbench.deidentify.switches import profile_of
from workbench.errors import SettingsError, WorkbenchError
from workbench.schema import TABLES
from workbench.settings import FILE
from workbench.settings_file import mistakes
from workbench.stages.names_on_disk import name_notes, name_problems, phantoms_of
from workbench.stages.quality.unselected import PhantomCount
from workbench.stages.settings_check import setting_notes, setting_problems
from workbench.stages.study_check import dosed_problems, mapped_problems
from workbench.stages.workspace_modes import mode_problems, not_checked, server_problems
from workbench.survey import Survey, open_survey

REST = "All that needs the settings or the store. Mend what is told above, then check again."


@dataclass(frozen=True)
class Checked:
    """What was found in a workspace.

    Attributes
    ----------
    problems
        What is wrong.
    notes
        What is not set, or is as somebody chose it to be, and worth knowing.
    not_checked
        What nobody could look at here.
    promises
        What the settings promise of what leaves.
    phantoms
        What lies at the phantom title; ``None`` where the store could not be opened.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    promises: list[str] = field(default_factory=list)
    phantoms: PhantomCount | None = None


def check_workspace(folder: Path) -> Checked:
    """Look over the workspace in a folder; raises ``SettingsError`` where there is none."""
    try:
        wrong = mistakes(folder)
    except SettingsError as error:
        if not (folder / FILE).exists():
            raise
        wrong = [str(error)]
    if wrong:
        return Checked(wrong, not_checked=[REST])
    try:
        survey = open_survey(folder)
    except WorkbenchError as error:
        return Checked([str(error)], not_checked=[REST])
    try:
        problems = check(survey)
        notes = [*name_notes(survey), *setting_notes(survey)]
        others, promised = not_checked(survey.settings), promises(survey)
        return Checked(problems, notes, others, promised, phantoms_of(survey))
    finally:
        survey.close()


def check(survey: Survey) -> list[str]:
    """Return one sentence for each problem of settings, key, store and file modes, or nothing.

    What nobody can look at here, ``workspace_modes.not_checked`` tells.
    """
    problems: list[str] = []
    looks = (
        setting_problems, _fingerprints, _tables, mapped_problems, dosed_problems, _credentials,
        mode_problems, server_problems, name_problems, _scanners,
    )  # fmt: skip
    for look in looks:
        problems += _said(look, survey)
    return list(dict.fromkeys(problems))


def promises(survey: Survey) -> list[str]:
    """Return what the survey's settings promise of what leaves, one sentence each."""
    try:
        times = profile_of(survey.settings.protection, survey.folder).times
    except WorkbenchError:
        return []  # told by ``check``
    return [f"{PROMISES[times]}"]


def _said(look: Callable[[Survey], list[str]], survey: Survey) -> list[str]:
    try:
        return look(survey)
    except WorkbenchError as error:
        return [str(error)]


def _fingerprints(survey: Survey) -> list[str]:
    stored = survey.lazy("instance").select(pl.col("key_fingerprint").unique()).collect()
    others = set(stored["key_fingerprint"]) - {survey.pseudonyms().fingerprint}
    if not others:
        return []
    return [(
        "Some objects were pseudonymised under another key or survey name. Put back the key they "
        "came with, or collect them again into a new workspace."
    )]  # fmt: skip


def _tables(survey: Survey) -> list[str]:
    for name in TABLES:
        survey.lazy(name).select(pl.len()).collect()
    return []


def _scanners(survey: Survey) -> list[str]:
    survey.scanner_names()
    return []


def _credentials(survey: Survey) -> list[str]:
    return [
        f"{credential.sentence}. If that is right, run: workbench credentials confirm "
        f"{credential.name}"
        for credential in credentials(survey.folder, survey.settings)
        if credential.moved
    ]
