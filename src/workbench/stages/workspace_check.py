"""Look over a workspace and say what is wrong with it, each with its remedy."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from workbench.credentials import credentials
from workbench.deidentify.patient_clock import PROMISES
from workbench.deidentify.switches import profile_of
from workbench.errors import WorkbenchError
from workbench.schema import TABLES
from workbench.stages.names_on_disk import name_problems
from workbench.stages.study_check import mapped_problems
from workbench.stages.workspace_modes import mode_problems, server_problems
from workbench.survey import Survey


def check(survey: Survey) -> list[str]:
    """Return one sentence for each problem of settings, key, store and file modes, or nothing.

    What nobody can look at here, ``workspace_modes.not_checked`` tells.
    """
    problems: list[str] = []
    looks = (
        _key, _profile, _fingerprints, _tables, mapped_problems, _pacs, _credentials,
        mode_problems, server_problems, name_problems,
    )  # fmt: skip
    for look in looks:
        problems += _said(look, survey)
    return problems


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


def _key(survey: Survey) -> list[str]:
    survey.pseudonyms()
    return []


def _profile(survey: Survey) -> list[str]:
    profile_of(survey.settings.protection, survey.folder)
    return []


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


def _pacs(survey: Survey) -> list[str]:
    if survey.settings.pacs is None:
        return ["No PACS is set. To collect, add a [pacs] table to workbench.toml."]
    return []


def _credentials(survey: Survey) -> list[str]:
    return [
        f"{credential.sentence}. If that is right, run: workbench credentials confirm "
        f"{credential.name}"
        for credential in credentials(survey.folder, survey.settings)
        if credential.moved
    ]
