"""Trying the connections: what fails is named, with what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.collect.tls_peers import Pacs, authority, certificate
from tests.stages.stubborn_peers import (
    NAME,
    PATIENT,
    OtherCaller,
    hurried,  # noqa: F401
    misbehaving,
    stand,
    told,
)
from workbench.collect.dimse.tls import TlsFiles, client_context
from workbench.credentials import confirm
from workbench.handshake import NOT_COMPARED
from workbench.settings import EntitySettings, Settings, TlsSettings
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import free_port
from workbench.simulate.quirks import Quirks
from workbench.stages.connection_test import STEPS, Trial, trials
from workbench.survey import Survey, create_survey

pytestmark = pytest.mark.usefixtures("hurried")

NAMED = "pacs.hospital.example"
ECHO, SENDS, ROUND = (name for name, _ in STEPS[2:])


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TlsFiles]:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    authority(folder, "hospital")
    authority(folder, "strange")
    return {
        "us": certificate(folder, "us", "hospital", names="DNS:workbench.hospital.example"),
        "pacs": certificate(folder, "pacs", "hospital", names=f"DNS:{NAMED}"),
        "stranger": certificate(folder, "stranger", "strange", names=f"DNS:{NAMED}"),
    }


def tls_table(files: dict[str, TlsFiles]) -> TlsSettings:
    us = files["us"]
    return TlsSettings(str(us.certificate), str(us.key), str(us.authorities))


@pytest.fixture
def survey(files: dict[str, TlsFiles], tmp_path: Path) -> Iterator[Survey]:
    local = EntitySettings("WORKBENCH", port=free_port(), tls=True)
    survey = create_survey(tmp_path / "w", Settings(local=local, tls=tls_table(files)))
    yield survey
    survey.close()


def tried(survey: Survey, port: int, **more: str) -> dict[str, Trial]:
    pacs = EntitySettings("PACS", "127.0.0.1", port, tls=True, retrieve="get")
    survey.settings = replace(survey.settings, pacs=replace(pacs, **more))
    return outcomes(survey)


def outcomes(survey: Survey) -> dict[str, Trial]:
    """Each trial by its name; none of them names anybody."""
    tried = {trial.name: trial for trial in trials(survey)}
    assert PATIENT not in str(tried)
    assert NAME not in str(tried)
    return tried


def test_the_name_that_a_certificate_does_not_hold_is_said(
    survey: Survey, files: dict[str, TlsFiles]
) -> None:
    with Pacs(files["pacs"]).listening() as port:
        wrong = tried(survey, port)[ECHO]
        assert not wrong.passed
        assert 'does not name "127.0.0.1"' in wrong.text
        assert "tls_name of [pacs]" in wrong.text
        moved = tried(survey, port, tls_name=NAMED)[ECHO]
        assert "credentials confirm pacs-key" in moved.text
        confirm(survey.folder, survey.settings, "pacs-key")
        assert tried(survey, port, tls_name=NAMED)[ECHO].passed


def test_our_own_receiver_is_tried_encrypted_where_it_is(
    survey: Survey, files: dict[str, TlsFiles]
) -> None:
    with Pacs(files["pacs"]).listening() as port:
        assert tried(survey, port)[ROUND] == Trial(
            ROUND, True, "It did; the made-up name in it did not pass."
        )


def test_without_a_pacs_the_other_trials_run(survey: Survey) -> None:
    tried_alone = outcomes(survey)
    for name in (ECHO, SENDS):
        assert not tried_alone[name].passed
        assert "[pacs]" in tried_alone[name].text
    assert tried_alone["Settings"].passed
    assert tried_alone["Disk"].passed


def test_a_receiver_that_only_scanners_send_to_is_tried_too(tmp_path: Path) -> None:
    local = EntitySettings("WORKBENCH", port=free_port(), allow=("CT1@192.0.2.7",))
    survey = create_survey(tmp_path / "w", Settings(local=local))
    assert outcomes(survey)[ROUND].passed, "it is we who send, whoever else may"
    survey.close()


def test_progress_is_told_while_it_goes_on(tmp_path: Path) -> None:
    with stand(tmp_path) as (survey, _):
        said: list[str] = []
        begun = trials(survey, said.append)
        for name, _step in STEPS[:3]:
            assert next(begun).name == name
        assert said == [], "each trial is told when it has ended, and not all at the end"
        assert next(begun).passed
        assert [text.split()[0] for text in said] == ["looking", "ordered"]


# --- a stranger sets it up wrongly ---------------------------------------------------------------


class Strict(EmbeddedPacs):
    """Answers to its own title only."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._node.require_called_aet = True


class Encrypting(EmbeddedPacs):
    """Sends encrypted, whoever it sends to."""

    files: TlsFiles

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        connect = self._node.connect

        def encrypted(addr: Any, port: int, options: dict[str, Any]) -> Any:
            context = client_context(self.files, NOT_COMPARED)
            return connect(addr, port, {**options, "tls_args": (context, "us")})

        self._node.connect = encrypted  # type: ignore[method-assign]


class ToPhantoms(EmbeddedPacs):
    """Calls us by the title for phantom images."""

    called = "WB_PHANTOM"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        connect = self._node.connect
        self._node.connect = lambda addr, port, options: connect(  # type: ignore[method-assign]
            addr, port, {**options, "ae_title": self.called}
        )


@dataclass(frozen=True)
class Mistake:
    """One way to set it up wrongly.

    ``ours`` are keys of the settings, ``theirs`` what the archive believes of us, ``right`` what
    puts it right.  ``cause`` and ``remedy`` must be read.
    """

    name: str
    failing: str
    cause: str
    remedy: str
    kind: Any = EmbeddedPacs
    ours: dict[str, dict[str, Any]] | None = None
    theirs: dict[str, Any] | None = None
    right: dict[str, dict[str, Any]] | None = None


REGISTERED = "register the AE title WORKBENCH with address 127.0.0.1, port {port}"
MISTAKES = (
    Mistake("we are not known", SENDS, "0xA801 (title unknown", REGISTERED,
            theirs={"title": "OLDNAME"}),
    Mistake("another port", SENDS, "does not know WORKBENCH, or does not reach it", REGISTERED,
            theirs={"port": 9}),
    Mistake("another address", SENDS, "does not know WORKBENCH, or does not reach it", REGISTERED,
            theirs={"host": "127.0.0.3"}),
    Mistake("our title misspelt", ECHO, "refused the association",
            "register the AE title WORKBNECH", ours={"local": {"title": "WORKBNECH"}}),
    Mistake("its title misspelt", ECHO, "does not answer to this title", "Mend title of [pacs]",
            kind=Strict, ours={"pacs": {"title": "PASC"}}),
    Mistake("its port wrong", ECHO, "could not be reached", "Check its address and port",
            ours={"pacs": {"port": 9}}),
    Mistake("its host misspelt", ECHO, "no computer has the name that stands in its host",
            "Mend the name",
            ours={"pacs": {"host": "pacs.invalid"}}),
    Mistake("C-MOVE where C-GET is offered", SENDS, "does not offer C-MOVE to WORKBENCH, but C-GET",
            'Set retrieve = "get"', kind=misbehaving(Quirks(services=frozenset({"find", "get"}))),
            right={"pacs": {"retrieve": "get"}}),
    Mistake("C-GET where C-MOVE is offered", SENDS, "does not offer C-GET",
            'Set retrieve = "move"', kind=misbehaving(Quirks(services=frozenset({"find", "move"}))),
            ours={"pacs": {"retrieve": "get"}}),
    Mistake("it sends under another title", SENDS, "PACSSTORE at 127.0.0.1 called",
            'write allow = ["PACSSTORE"] in [local]', kind=OtherCaller,
            right={"local": {"allow": ("PACSSTORE",)}}),
    Mistake("orders go to a peer that is not there", SENDS, "MOVER could not be reached",
            "Check its address and port", ours={"pacs": {"mover": "MOVER@127.0.0.1:9"}}),
    Mistake("our address is another computer's", SENDS, "this computer has no such address",
            "host of [local]", ours={"local": {"host": "192.0.2.77"}}),
    Mistake("we listen where it does not send", SENDS,
            "calls it from 127.0.0.1, but listens at 127.0.0.2", 'host = "127.0.0.1" in [local]',
            ours={"local": {"host": "127.0.0.2"}}),
    Mistake("it calls us by the phantom title", SENDS, "came to WB_PHANTOM, the title for phantom",
            "register this title", kind=ToPhantoms, ours={"local": {"phantom_title": "WB_PHANTOM"}},
            right={"local": {"phantom_title": ""}}),
    Mistake("a plain archive called encrypted", ECHO, "broke off while an encrypted connection",
            "may not encrypt at this port", ours={"pacs": {"tls": True}}),
    Mistake("a plain archive, our receiver encrypts", SENDS,
            "a peer that does not encrypt at 127.0.0.1 called, and tls = true",
            "take tls out of [local]",
            ours={"local": {"tls": True}}),
    Mistake("an archive that encrypts, our receiver does not", SENDS,
            "a peer that encrypts at 127.0.0.1 called, and our receiver does not",
            "Set tls = true in [local]", kind=Encrypting, right={"local": {"tls": True}}),
)  # fmt: skip


@contextmanager
def mistaken(
    mistake: Mistake, folder: Path, files: dict[str, TlsFiles]
) -> Iterator[tuple[Survey, Callable[[], None]]]:
    """A workspace and an archive with the mistake in it, and what mends it."""
    kind: Any = mistake.kind
    if kind is Encrypting:
        Encrypting.files = files["pacs"]
    with stand(folder, kind, tls=tls_table(files)) as (survey, pacs):
        known = dict(pacs.destinations)
        if mistake.theirs:
            (us,) = known.values()
            wrong = replace(us, **mistake.theirs)
            pacs.destinations = {wrong.title: wrong}
        good = survey.settings
        told(survey, **(mistake.ours or {}))

        def mend() -> None:
            pacs.destinations = known
            survey.settings = good
            told(survey, **(mistake.right or {}))

        yield survey, mend


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_told_with_its_cause_and_remedy_and_passes_when_mended(
    tmp_path: Path, files: dict[str, TlsFiles], mistake: Mistake
) -> None:
    with mistaken(mistake, tmp_path, files) as (survey, mend):
        wrong = outcomes(survey)[mistake.failing]
        remedy = mistake.remedy.format(port=survey.settings.local.port)
        assert not wrong.passed, wrong
        assert mistake.cause in wrong.text
        assert remedy in wrong.text
        mend()
        right = outcomes(survey)
        assert list(right) == [name for name, _ in STEPS]
        failed = [trial for trial in right.values() if not trial.passed]
        assert failed == [], "put right, everything passes"


def test_a_certificate_of_a_strange_authority_is_told(
    tmp_path: Path, files: dict[str, TlsFiles]
) -> None:
    Encrypting.files = files["stranger"]
    with stand(tmp_path, Encrypting, tls=tls_table(files)) as (survey, _):
        told(survey, local={"tls": True})
        wrong = outcomes(survey)[SENDS]
        assert not wrong.passed
        assert "port " in wrong.text
        assert "certificate" in wrong.text
