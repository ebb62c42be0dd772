"""Run every verb that reads or writes tables, as a program of its own.

``python every_verb.py WORKSPACE FILES OUT``: prints one JSON object, the words of each verb to its
exit code and what it says with ``--json``.  With ``ADDED_TO`` in the environment every program
started beside it has one column more in those tables (``sitecustomize``).
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from workbench.cli import main
from workbench.schema import TABLES

ADDED = "added_mgy"
REPORTED = ("", "irradiation_event")  # a report takes as long as all the others
SITE = f"""
import os

if os.environ.get("ADDED_TO"):
    from dataclasses import replace

    from workbench import schema

    column = schema.Column({ADDED!r}, "real", "A column of tomorrow", "mGy")
    for old in map(schema.TABLES.get, os.environ["ADDED_TO"].split()):
        new = replace(old, columns=(*old.columns, column))
        name = next(name for name, value in vars(schema).items() if value is old)
        setattr(schema, name, new)
        schema.TABLES[old.name] = new
"""
Told = dict[str, tuple[int, dict[str, Any]]]


def every_verb(workspace: Path, files: Path, folder: Path, added_to: str = "") -> Told:
    """Return what each verb says of a copy of a workspace, with a column more in some tables."""
    (folder / "site").mkdir(parents=True)
    (folder / "site" / "sitecustomize.py").write_text(SITE)
    shutil.copytree(workspace, folder / "w")
    paths = [str(folder / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "ADDED_TO": added_to}
    done = subprocess.run(
        [sys.executable, __file__, folder / "w", files, folder], env=environment,
        check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    told: Told = json.loads(done.stdout)
    return told


def verbs(files: Path, out: Path) -> list[list[str]]:
    """Return the verbs, in the order in which a person would come to them."""
    reports = int(os.environ["ADDED_TO"] in REPORTED)
    tables = [["table", name, "--out", str(out / f"{name}.parquet")] for name in TABLES]
    before = [["table", name, "--out", str(out / f"before-{name}.parquet")] for name in TABLES]
    return [
        ["check"], ["store", "check"], *before, ["map"], ["dose"], *tables, ["map"], ["dose"],
        ["table", "irradiation_event", "--out", str(out / "event.csv")],
        ["import", str(files)], ["map"], ["dose"], ["store", "compact"],
        ["qa", "profiles"], ["qa", "due"], ["qa", "look"],
        ["quarantine", "--out", str(out / "put-aside.html")], ["collect", "list"],
        ["store", "check"], ["store", "upgrade"], ["check"],
        *[["report", "run", "dose_by_protocol", "--out", str(out / "r.html")]][:reports],
    ]  # fmt: skip


def run(words: list[str], workspace: str) -> tuple[int, dict[str, Any]]:
    """Run one verb in this program."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = main([*words, "-w", workspace, "--json"])
    lines = said.getvalue().splitlines()
    counts = json.loads(lines[-1]) if lines else {}
    # A report says when it was made, and bytes depend on the number of columns.
    return code, {name: count for name, count in counts.items()
                  if name != "sha256" and "bytes" not in name}  # fmt: skip


def _everything(workspace: str, files: str, out: str) -> Told:
    told: Told = {}
    for number, words in enumerate(verbs(Path(files), Path(out))):
        told[f"{number} {' '.join(words[:2])}"] = run(words, workspace)
    code, counted = run(["table", "patient", "--out", f"{out}/patients.csv"], workspace)
    patient = (Path(out) / "patients.csv").read_text("utf-8-sig").splitlines()[1].split(",")[0]
    told["table patient"] = code, counted
    told["store erase"] = run(["store", "erase", patient, "--yes", "--at-once"], workspace)
    told["store check"] = run(["store", "check"], workspace)
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_everything(*sys.argv[1:])))
