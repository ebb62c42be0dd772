"""Encrypted connections: both sides show certificates of the hospital's own authority."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file
from pynetdicom.sop_class import Verification

from tests.collect.tls_peers import authority, certificate
from workbench.collect.dimse import tls
from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.dimse.tls import TlsFiles, client_context, server_context
from workbench.collect.retrieval import Timeouts
from workbench.errors import NetworkError, SettingsError
from workbench.model import ApplicationEntity

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
US = ApplicationEntity("WORKBENCH", port=0)
CT = str(get_testdata_file("CT_small.dcm", download=False))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TlsFiles]:
    folder = tmp_path_factory.mktemp("tls")
    for name in ("hospital", "stranger"):
        authority(folder, name)
    return {
        "ours": certificate(folder, "ours", "hospital"),
        "theirs": certificate(folder, "theirs", "hospital"),
        "foreign": certificate(folder, "foreign", "stranger"),
        "expired": certificate(folder, "expired", "hospital", days=-1),
    }


def receiver(files: TlsFiles, keeper: Any) -> Receiver:
    return Receiver(Reception(US, (AllowedPeer("MODALITY"),), tls=files), keeper.take)


def echo(us: Receiver, files: TlsFiles | None) -> bool:
    peer = Peer("MODALITY", us.entity, Timeouts(connect=3.0), files)
    try:
        with associate(peer, (str(Verification),), 3.0) as association:
            return association.send_c_echo().get("Status") == 0
    except NetworkError:
        return False


def test_a_peer_of_our_authority_is_heard_and_nobody_else(
    certificates: dict[str, TlsFiles], keeper: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver(certificates["ours"], keeper) as us:
        assert echo(us, certificates["theirs"])
        assert not echo(us, None), "plain text at an encrypted port"
        monkeypatch.setattr(tls, "_check_validity", lambda _: None)  # theirs, who do not look
        assert not echo(us, certificates["expired"])
        foreign = certificates["foreign"]
        trusting = TlsFiles(foreign.certificate, foreign.key, certificates["ours"].authorities)
        assert not echo(us, trusting)
        assert not echo(us, foreign), "and they do not take ours"
        assert echo(us, certificates["theirs"]), "the others have not hurt it"


def test_a_peer_that_shakes_no_hand_keeps_nobody_out(
    certificates: dict[str, TlsFiles], keeper: Any
) -> None:
    with receiver(certificates["ours"], keeper) as us:
        silent = [socket.create_connection(("127.0.0.1", us.entity.port)) for _ in range(10)]
        start = time.monotonic()
        assert echo(us, certificates["theirs"])
        assert time.monotonic() - start < 3.0
        for one in silent:
            one.close()


@pytest.mark.dcmtk
def test_dcmtk_sends_over_it_with_a_certificate_and_not_without(
    certificates: dict[str, TlsFiles], keeper: Any
) -> None:
    theirs = certificates["theirs"]
    with receiver(certificates["ours"], keeper) as us:
        command = ["/usr/bin/storescu", "-aet", "MODALITY", "-aec", "WORKBENCH"]
        trust = ["+cf", str(theirs.authorities)]
        place = ["127.0.0.1", str(us.entity.port), CT]
        shown = ["+tls", str(theirs.key), str(theirs.certificate)]
        sent = subprocess.run([*command, *shown, *trust, *place], timeout=60, check=False)
        assert sent.returncode == 0
        nothing = ["+tla"]
        others = [
            ["+tls", str(one.key), str(one.certificate)]
            for one in (certificates["foreign"], certificates["expired"])
        ]
        for words in (nothing, *others):
            refused = subprocess.run(
                [*command, *words, *trust, *place], timeout=60, check=False, capture_output=True
            )
            assert refused.returncode != 0
        plain = subprocess.run([*command, *place], timeout=60, check=False, capture_output=True)
        assert plain.returncode != 0
    assert len(keeper.objects) == 1


def test_old_versions_and_weak_ciphers_are_not_spoken(certificates: dict[str, TlsFiles]) -> None:
    for context in (
        server_context(certificates["ours"]),
        client_context(certificates["ours"], "pacs"),
    ):
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert context.verify_mode == ssl.CERT_REQUIRED
        for cipher in context.get_ciphers():
            name = cipher["name"]
            assert "GCM" in name or "CHACHA20" in name, name
            assert name.startswith(("TLS_", "ECDHE")), "forward secrecy"


def test_files_that_do_not_fit_are_told_with_a_remedy(
    certificates: dict[str, TlsFiles], tmp_path: Path
) -> None:
    ours, theirs = certificates["ours"], certificates["theirs"]
    nowhere = TlsFiles(tmp_path / "none.pem", ours.key, ours.authorities)
    for wrong, words in (
        (nowhere, "certificate in .* is not there"),
        (
            TlsFiles(ours.certificate, theirs.key, ours.authorities),
            "not the key of the certificate",
        ),
        (TlsFiles(ours.certificate, ours.key, ours.key), "authorities in .* cannot be read"),
        (
            TlsFiles(ours.key, ours.key, ours.authorities),
            "certificate and key in .* cannot be read",
        ),
    ):
        with pytest.raises(SettingsError, match=words) as told:
            server_context(wrong)
        assert "[tls]" in str(told.value)
        assert str(tmp_path) not in str(told.value)


def test_an_expired_certificate_of_ours_is_told_with_its_day(
    certificates: dict[str, TlsFiles],
) -> None:
    expired = certificates["expired"]
    words = ["openssl", "x509", "-in", str(expired.certificate), "-noout", "-enddate"]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    day = datetime.strptime(told.strip(), "notAfter=%b %d %H:%M:%S %Y GMT").date()  # noqa: DTZ007
    for context in (server_context, lambda files: client_context(files, "pacs")):
        with pytest.raises(SettingsError, match=f"expired on {day}"):
            context(expired)


@pytest.mark.parametrize(("days", "kind"), [(2, "UTCTime"), (365 * 40, "GeneralizedTime")])
def test_both_ways_to_write_a_date_are_understood(tmp_path: Path, days: int, kind: str) -> None:
    """Dates from 2050 on are written in another form (RFC 5280 section 4.1.2.5)."""
    authority(tmp_path, "hospital")
    server_context(certificate(tmp_path, kind, "hospital", days))
