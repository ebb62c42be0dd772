"""Peers with certificates of another host, met by the verbs as a person runs them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.attacks.open_verbs import run
from tests.collect.tls_peers import Pacs, authority, certificate
from workbench.settings import EntitySettings, TlsSettings
from workbench.settings_file import read_settings


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
@pytest.mark.parametrize(("names", "answers"), [
    ("IP:127.0.0.1", True), ("DNS:pacs.elsewhere.example", False), ("IP:127.0.0.2", False),
    ("DNS:127.0.0.1", False),
])  # fmt: skip
def test_another_host_of_the_same_authority_is_not_spoken_to_by_the_verbs(
    tmp_path: Path, names: str, answers: bool
) -> None:
    authority(tmp_path, "hospital")
    us = certificate(tmp_path, "us", "hospital")
    assert run(tmp_path, "init", "-w", "w").returncode == 0
    tls = TlsSettings(str(us.certificate), str(us.key), str(us.authorities))
    with Pacs(certificate(tmp_path, "peer", "hospital", names=names)).listening() as port:
        settings = read_settings(tmp_path / "w")
        pacs = EntitySettings("PACS", "127.0.0.1", port, tls=True)
        replace(settings, pacs=pacs, tls=tls).write(tmp_path / "w")
        done = run(tmp_path, "collect", "test", "-w", "w", "--json")
    told = done.stdout + done.stderr
    assert "Traceback" not in told
    assert ("does not name" in told) != answers
    assert ("tls_name" in told) != answers
