"""Verbs of the collector: ``collect run`` and what steers and shows it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workbench.cli.telling import DONE, PROBLEMS, finish, show_progress, tell
from workbench.cli.verbs import survey_of, workspace_verb


def add_collect(verbs: Any) -> None:
    """Add the verbs of this module."""
    collect = workspace_verb(verbs, "collect", _collect, "ask the PACS by patient list")
    collect.add_argument("action", choices=["run"])
    collect.add_argument("--patients", type=Path, required=True, help="patient IDs, one a line")


def _collect(options: argparse.Namespace) -> int:
    from workbench.collect.patient_list import read_patient_list
    from workbench.pipeline import collect

    collected = collect(survey_of(options), read_patient_list(options.patients), show_progress)
    finish(options, collected.as_json(), "")
    tell(collected.sentence())
    return DONE if collected.complete else PROBLEMS
