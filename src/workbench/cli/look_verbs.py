"""Verbs that look at what was put aside: ``look`` and ``quarantine``."""

from __future__ import annotations

import argparse
from typing import Any

from workbench.cli.arguments import Input, OutputFile
from workbench.cli.output import DONE, finish, print_json, say
from workbench.cli.verb import add_verb, survey_of, workspace_verb

MAX_FILE_BYTES = 64 << 20  # bytes of a file that are looked at
TOLD = 12  # lines of a file told at the keyboard


def add_look(verbs: Any) -> None:
    """Add the verbs of this module."""
    quarantine = workspace_verb(verbs, "quarantine", _quarantine, "a page on what was put aside")
    quarantine.add_argument("--out", type=OutputFile(), required=True, metavar="FILE")
    look = add_verb(verbs, "look", _look, "look at a file without opening it: elements, no values")
    look.add_argument("file", type=Input(), metavar="FILE")
    look.add_argument("--out", type=OutputFile(), metavar="FILE", help="a page with all of it")


def _quarantine(options: argparse.Namespace) -> int:
    from workbench.report.put_aside_page import refusals_page

    rejected = survey_of(options).rejected()
    options.out.write_text(refusals_page(rejected), "utf-8")
    counts = {"objects": rejected.height}
    return finish(options, counts, "{objects} objects were not stored; the page is written.")


def _look(options: argparse.Namespace) -> int:
    from workbench.dicom.anatomy import anatomy
    from workbench.report.put_aside_page import look_page

    with options.file.open("rb") as file:
        content = file.read(MAX_FILE_BYTES)
    dissected = anatomy(content)
    if options.out:
        options.out.write_text(look_page(dissected), "utf-8")
    say(
        options, f"{dissected.size:,} bytes, {dissected.syntax}, {len(dissected.lines):,} elements."
    )
    for line in dissected.lines[-TOLD:]:
        tag = f"({line.tag >> 16:04X},{line.tag & 0xFFFF:04X})"
        length = "undefined" if line.length is None else f"{line.length:,}"
        say(
            options,
            f"{line.offset:>12,} {line.depth:>3} {tag} {line.vr:2} {length:>14}  {line.name}",
        )
    say(
        options,
        f"Reading ended: {dissected.ends} ({dissected.code})."
        if dissected.ends
        else "Read to its end.",
    )
    if options.json:
        print_json(
            {"size": dissected.size, "elements": len(dissected.lines), "code": dissected.code}
        )
    return DONE
