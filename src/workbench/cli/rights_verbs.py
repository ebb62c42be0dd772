"""The verbs ``rights`` and ``credentials``: who may do what on the pages, and what we may send."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any

from workbench.cli.arguments import Input, NamedChoice
from workbench.cli.output import DONE, PROBLEMS, finish, say
from workbench.cli.secrets import new_passphrase
from workbench.cli.verb import Parser, workspace_of, workspace_verb
from workbench.rights import Right

STATES = {
    "address": "who has the address that workbench serve prints for it, new with every start",
    "password": "who knows its password",
    "nobody": "nobody",
}


def add_rights(verbs: Any) -> None:
    """Add the verbs of this module."""
    text = "say who may look, decide, collect and administer on the pages"
    rights: Parser = verbs.add_parser("rights", help=text, description=text)
    actions = rights.add_subparsers(title="actions", metavar="ACTION", required=True)
    workspace_verb(actions, "list", _list, "say how each right is proved")
    change = workspace_verb(actions, "set", _set, "give a right a password, or take it away")
    change.add_argument("right", choices=[str(right) for right in Right])
    proof = change.add_mutually_exclusive_group()
    proof.add_argument(
        "--password-file", "--passphrase-file", type=Input(), metavar="FILE",
        help="read the password from a file only you can read; otherwise it is asked for",
    )  # fmt: skip
    proof.add_argument("--address", action="store_true", help="by the address of each start again")
    proof.add_argument("--nobody", action="store_true", help="nobody has it")
    _add_credentials(verbs)


def _add_credentials(verbs: Any) -> None:
    text = "say for which address tokens, keys and passwords were given, or give them again"
    kept: Parser = verbs.add_parser("credentials", help=text, description=text)
    actions = kept.add_subparsers(title="actions", metavar="ACTION", required=True)
    workspace_verb(actions, "list", _credentials, "list them; no secret is shown")
    confirm = workspace_verb(actions, "confirm", _confirm, "let one go to the present address")
    confirm.add_argument("name", type=NamedChoice("credential", _names), metavar="NAME")


def _list(options: argparse.Namespace) -> int:
    from workbench.server.passwords import Passwords
    from workbench.settings_file import read_settings

    folder = workspace_of(options)
    read_settings(folder)
    passwords = Passwords(folder)
    states = {str(right): passwords.state(right) for right in Right}
    for right in Right:
        say(options, f"{right}: {STATES[states[right]]}. It allows: {right.words}.")
    return finish(options, {"rights": states}, "")


def _set(options: argparse.Namespace) -> int:
    from workbench.server.passwords import Passwords
    from workbench.settings_file import read_settings

    folder, right = workspace_of(options), Right(options.right)
    read_settings(folder)
    passwords = Passwords(folder)
    if options.nobody:
        passwords.switch_off(right)
    elif options.address:
        passwords.forget(right)
    else:
        passwords.set(right, new_passphrase(options.password_file))
    state = passwords.state(right)
    words = f"To {right} is for {STATES[state]}. It holds from the next workbench serve on."
    return finish(options, {"right": str(right), "state": state}, words)


def _names() -> Collection[str]:
    from workbench.credentials import WORDS

    return WORDS


def _credentials(options: argparse.Namespace) -> int:
    from workbench.credentials import WORDS, credentials
    from workbench.settings_file import read_settings

    folder = workspace_of(options)
    known = credentials(folder, read_settings(folder))
    for credential in known:
        state = credential.sentence if credential.moved else (
            f"{WORDS[credential.name]} goes to {credential.address}"
        )  # fmt: skip
        say(options, f"{credential.name}: {state}.")
    if not known:
        say(options, "The settings name no token, key or password.")
    rows = [
        {"name": credential.name, "address": credential.address,
         "given_for": credential.given_for, "moved": credential.moved}
        for credential in known
    ]  # fmt: skip
    finish(options, {"credentials": rows}, "")
    return PROBLEMS if any(credential.moved for credential in known) else DONE


def _confirm(options: argparse.Namespace) -> int:
    from workbench.credentials import WORDS, confirm
    from workbench.settings_file import read_settings

    folder = workspace_of(options)
    given = confirm(folder, read_settings(folder), options.name)
    words = f"{WORDS[given.name]} may go to {given.address} now."
    return finish(options, {"name": given.name, "address": given.address}, words)
