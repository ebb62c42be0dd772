"""The verb ``mail``: try the mail server."""

from __future__ import annotations

import argparse
from typing import Any

from workbench.cli.arguments import EmailAddress
from workbench.cli.output import DONE, PROBLEMS, finish
from workbench.cli.verb import Parser, workspace_of, workspace_verb

HELP = "send a letter to see whether mail arrives"


def add_mail(verbs: Any) -> None:
    """Add the verbs of this module."""
    mail: Parser = verbs.add_parser("mail", help=HELP, description=HELP)
    actions = mail.add_subparsers(title="actions", metavar="ACTION", required=True)
    test = workspace_verb(actions, "test", _test, "send one letter, and say what became of it")
    test.add_argument(
        "--to", type=EmailAddress(), required=True, metavar="ADDRESS", help="who gets it"
    )


def _test(options: argparse.Namespace) -> int:
    from workbench.settings_file import read_settings
    from workbench.stages.mail_test import send_test_mail

    folder = workspace_of(options)
    settings = read_settings(folder)
    outcome = send_test_mail(settings, folder, options.to)
    facts = {"server": settings.mail.server, "security": settings.mail.security,
             **outcome.as_json()}  # fmt: skip
    if outcome.error:
        again = " Another try may help." if outcome.retry else ""
        finish(options, facts, f"Not sent: {{problem}}{again}")
        return PROBLEMS
    finish(options, facts, "{server} ({security}) has taken the letter. Look whether it arrives.")
    return DONE
