"""What is wrong in a workspace is told by every verb, and is no fault of the program."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_streams import FREE, SAID, filled, made, prepare  # noqa: F401  a fixture
from workbench.cli import main
from workbench.cli.output import BROKE_OFF

# They serve, wait or ask a person; what they open is what the others open.
LEFT_OUT = {
    "demo", "serve", "qa watch", "key restore", "receive", "report run", "credentials list",
    "credentials confirm", *FREE,
}  # fmt: skip
# Those that delete come last.
VERBS = sorted(set(SAID) - LEFT_OUT, key=lambda verb: ("delete" in verb, verb))


def garbage(name: str) -> Callable[[Path], object]:
    def write(workspace: Path) -> None:
        for file in workspace.glob(f"{name}*"):
            file.unlink()
        (workspace / name).write_bytes(b"\x00\xff no such thing\n" * 99)
        (workspace / name).chmod(0o600)

    return write


def a_folder(name: str) -> Callable[[Path], object]:
    def make(workspace: Path) -> None:
        for file in workspace.glob(f"{name}*"):
            file.unlink()
        (workspace / name).mkdir()

    return make


def parts_are_a_file(workspace: Path) -> None:
    shutil.rmtree(workspace / "parts")
    (workspace / "parts").write_text("")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "settings gone": lambda workspace: (workspace / "workbench.toml").unlink(),
    "settings garbage": garbage("workbench.toml"),
    "settings a folder": a_folder("workbench.toml"),
    "key gone": lambda workspace: (workspace / "hospital.key").unlink(),
    "key garbage": garbage("hospital.key"),
    "key a folder": a_folder("hospital.key"),
    "queue garbage": garbage("hospital.sqlite"),
    "queue a folder": a_folder("hospital.sqlite"),
    "catalogue garbage": garbage("catalogue.sqlite"),
    "parts a file": parts_are_a_file,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_verb_tells_what_is_wrong(
    damage: str, made: Path, tmp_path: Path, in_memory: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    place = Path(shutil.copytree(made, tmp_path / "x"))
    DAMAGES[damage](place / "w")
    wrong = []
    for verb in VERBS:
        words = filled(SAID[verb][0].replace("{patient}", "SITE-A"), place)
        with monkeypatch.context() as patch:
            prepare(verb, place, patch)
            capsys.readouterr()
            code = main([*verb.split(), *words, "-w", str(place / "w")])
        said = capsys.readouterr()
        if code == BROKE_OFF or "fault of the program" in said.err or "Traceback" in said.err:
            wrong.append((verb, code, said.err))
    assert wrong == []
