"""Whom we speak to over TLS: real peers with the right certificate, and with eight wrong ones."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pynetdicom.sop_class import Verification

from tests.collect.conftest import Keeper
from tests.collect.tls_peers import Pacs, authority, certificate, openssl
from workbench.collect.connections import peer_of, source_of
from workbench.collect.dicomweb.http import WebClient
from workbench.collect.dicomweb.web_access import WebAccess
from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.dimse.tls import TlsFiles
from workbench.collect.retrieval import Timeouts
from workbench.credentials import confirm
from workbench.errors import NetworkError
from workbench.handshake import NOT_COMPARED, expected_name, refusal
from workbench.model import ApplicationEntity
from workbench.settings import EntitySettings, Settings, TlsSettings

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
NAMED = "pacs.hospital.example"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TlsFiles]:
    """Certificates of one authority for several hosts, and of another."""
    folder = tmp_path_factory.mktemp("tls")
    for name in ("hospital", "stranger"):
        authority(folder, name)
    made = {
        "us": certificate(folder, "us", "hospital"),
        "right": certificate(folder, "right", "hospital", names="DNS:localhost"),
        "address": certificate(folder, "address", "hospital", names="IP:127.0.0.1"),
        "another host": certificate(folder, "another", "hospital", names=f"DNS:{NAMED}"),
        "another address": certificate(folder, "moved", "hospital", names="IP:127.0.0.2"),
        "address as a name": certificate(folder, "odd", "hospital", names="DNS:127.0.0.1"),
        "nameless": certificate(folder, "localhost", "hospital", names=""),
        "expired": certificate(folder, "expired", "hospital", days=-1),
        "stranger": certificate(folder, "foreign", "stranger"),
    }
    self_signed(folder, "pinned")
    made["pinned"] = TlsFiles(*(folder / f"pinned.{end}" for end in ("pem", "key", "pem")))
    return made


@pytest.fixture
def keeper() -> Keeper:
    """A place that keeps what a receiver is sent."""
    return Keeper()


def self_signed(folder: Path, name: str) -> None:
    """Make what many devices come with: a certificate that only its own key vouches for."""
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.pem", "-subj", "/CN=device 4711", "-days", 2)  # fmt: skip


def ask(port: int, host: str, ours: TlsFiles | None, tls_name: str = "") -> int:
    peer = Peer(
        "WORKBENCH", ApplicationEntity("PACS", host, port), Timeouts(connect=3.0), ours, tls_name
    )
    with associate(peer, (str(Verification),), 3.0) as association:
        return int(association.send_c_echo().Status)


@pytest.mark.parametrize(
    ("shown", "host", "tls_name"),
    [
        ("right", "localhost", ""),
        ("right", "LOCALHOST", ""),
        ("right", "127.0.0.1", "localhost"),
        ("address", "127.0.0.1", ""),
        ("address", "localhost", "127.0.0.1"),
        ("another host", "localhost", NAMED),
        ("another host", "127.0.0.1", NAMED.upper()),
        ("another host", "127.0.0.1", NOT_COMPARED),
        ("nameless", "localhost", ""),  # the common name counts where no other is (RFC 6125 6.4.4)
    ],
)
def test_a_peer_whose_certificate_holds_the_name_is_spoken_to(
    known: dict[str, TlsFiles], shown: str, host: str, tls_name: str
) -> None:
    with Pacs(known[shown]).listening() as port:
        assert ask(port, host, known["us"], tls_name) == 0


@pytest.mark.parametrize(
    ("shown", "host", "tls_name", "words"),
    [
        ("another host", "localhost", "", 'does not name "localhost"'),
        ("another host", "127.0.0.1", "", 'does not name "127.0.0.1"'),
        ("another host", "localhost", "hospital.example", "does not name"),
        ("another address", "127.0.0.1", "", "does not name"),
        ("address as a name", "127.0.0.1", "", "does not name"),
        ("right", "127.0.0.1", "", "does not name"),
        ("right", "localhost", NAMED, f'does not name "{NAMED}"'),
        ("address", "localhost", "", "does not name"),
        ("nameless", "127.0.0.1", "", "does not name"),
        ("expired", "localhost", "", "has expired"),
        ("expired", "localhost", NOT_COMPARED, "has expired"),
        ("stranger", "localhost", "", "an authority that we do not know"),
        ("stranger", "localhost", NOT_COMPARED, "an authority that we do not know"),
        ("pinned", "localhost", NOT_COMPARED, "an authority that we do not know"),
        ("right", "localhost", ".pacs", "no certificate can hold"),
        ("right", "localhost", "p" * 70, "no certificate can hold"),
    ],
)
def test_any_other_is_not_and_the_remedy_says_what_to_do(
    known: dict[str, TlsFiles], shown: str, host: str, tls_name: str, words: str
) -> None:
    with Pacs(known[shown]).listening() as port, pytest.raises(NetworkError) as caught:
        ask(port, host, known["us"], tls_name)
    assert words in caught.value.message
    assert caught.value.message.startswith("PACS ")
    assert caught.value.remedy
    if "does not name" in words:
        assert "tls_name" in caught.value.remedy


def test_a_pinned_certificate_without_a_fitting_name_needs_a_word(
    known: dict[str, TlsFiles],
) -> None:
    """The authorities' file is that very certificate; that its name shall not count is said."""
    us, pinned = known["us"], known["pinned"]
    trusting = TlsFiles(us.certificate, us.key, pinned.certificate)
    with Pacs(pinned).listening() as port:
        with pytest.raises(NetworkError, match="does not name"):
            ask(port, "localhost", trusting)
        assert ask(port, "localhost", trusting, NOT_COMPARED) == 0
        assert ask(port, "localhost", trusting, "device 4711") == 0, "or the name it has"


def test_tls_1_1_is_not_spoken(known: dict[str, TlsFiles]) -> None:
    old = Pacs(known["right"], oldest=True)
    with old.listening() as port, pytest.raises(NetworkError, match=r"TLS 1\.2") as caught:
        ask(port, "localhost", known["us"])
    assert caught.value.remedy


def test_a_peer_that_does_not_encrypt_is_not_spoken_to(
    known: dict[str, TlsFiles], keeper: Any
) -> None:
    us = ApplicationEntity("WORKBENCH", port=0)
    with Receiver(Reception(us, (AllowedPeer("WORKBENCH"),)), keeper.take) as plain:
        with pytest.raises(NetworkError, match="broke off") as caught:
            ask(plain.entity.port, "localhost", known["us"], "localhost")
        assert "may not encrypt" in caught.value.remedy


def test_a_peer_that_does_not_take_our_certificate_is_told_as_such(
    known: dict[str, TlsFiles], keeper: Any
) -> None:
    local = ApplicationEntity("WORKBENCH", port=0)
    reception = Reception(local, (AllowedPeer("WORKBENCH"),), tls=known["us"])
    stranger = known["stranger"]
    ours = TlsFiles(stranger.certificate, stranger.key, known["us"].authorities)
    with Receiver(reception, keeper.take) as hospital, pytest.raises(NetworkError) as caught:
        ask(hospital.entity.port, "localhost", ours)
    assert "our certificate" in str(caught.value)


@contextmanager
def storescp(files: TlsFiles, folder: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    words = ["/usr/bin/storescp", "-aet", "PACS", "+tls", files.key, files.certificate, "+cf",
             files.authorities, "-ic", "-od", folder, port]  # fmt: skip
    with subprocess.Popen([*map(str, words)], stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                if process.poll() is not None or listens(port):
                    break
                threading.Event().wait(0.05)
            yield port
        finally:
            process.terminate()


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.dcmtk
@pytest.mark.parametrize(
    ("shown", "host", "tls_name", "words"),
    [
        ("right", "localhost", "", ""),
        ("address", "127.0.0.1", "", ""),
        ("another host", "127.0.0.1", NAMED, ""),
        ("another host", "localhost", "", "does not name"),
        ("right", "127.0.0.1", "", "does not name"),
        ("stranger", "localhost", "", "authority that we do not know"),
    ],
)
def test_storescp_of_dcmtk_by_its_name(
    known: dict[str, TlsFiles], tmp_path: Path, shown: str, host: str, tls_name: str, words: str
) -> None:
    with storescp(known[shown], tmp_path) as port:
        if not words:
            assert ask(port, host, known["us"], tls_name) == 0
            return
        with pytest.raises(NetworkError, match=words):
            ask(port, host, known["us"], tls_name)


# --- DICOMweb ------------------------------------------------------------------------------------


@contextmanager
def web_server(files: TlsFiles) -> Iterator[int]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # a client that breaks off the handshake

    server = Quiet(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def get(port: int, host: str, authorities: Path, tls_name: str) -> int:
    access = WebAccess(
        f"https://{host}:{port}/dicom-web", "PACS", authority=authorities, tls_name=tls_name
    )
    with WebClient(access) as client, client.get("/studies", "application/dicom+json") as answer:
        return answer.status


@pytest.mark.parametrize(
    ("shown", "host", "tls_name", "words"),
    [
        ("right", "localhost", "", ""),
        ("address", "127.0.0.1", "", ""),
        ("another host", "127.0.0.1", NAMED, ""),
        ("another host", "127.0.0.1", NOT_COMPARED, ""),
        ("another host", "localhost", "", 'does not name "localhost"'),
        ("right", "127.0.0.1", "", "does not name"),
        ("right", "localhost", NAMED, f'does not name "{NAMED}"'),
        ("expired", "localhost", "", "has expired"),
        ("stranger", "localhost", NOT_COMPARED, "authority that we do not know"),
    ],
)
def test_a_web_server_by_its_name(
    known: dict[str, TlsFiles], shown: str, host: str, tls_name: str, words: str
) -> None:
    authorities = known["us"].authorities
    with web_server(known[shown]) as port:
        if not words:
            assert get(port, host, authorities, tls_name) == 204
            return
        with pytest.raises(NetworkError) as caught:
            get(port, host, authorities, tls_name)
    assert words in caught.value.message
    assert caught.value.__cause__ is None


# --- settings ------------------------------------------------------------------------------------


def settings(known: dict[str, TlsFiles], port: int, **more: Any) -> Settings:
    us = known["us"]
    files = TlsSettings(str(us.certificate), str(us.key), str(us.authorities))
    pacs = EntitySettings("PACS", "127.0.0.1", port, tls=True, **more)
    return Settings(pacs=pacs, tls=files)


def test_settings_without_a_choice_compare_the_host(
    known: dict[str, TlsFiles], tmp_path: Path
) -> None:
    with Pacs(known["another host"]).listening() as port:
        with pytest.raises(NetworkError, match=r"tls_name of \[pacs\]"):
            source_of(settings(known, port), tmp_path, lambda _: 0).echo()
        named = settings(known, port, tls_name=NAMED)
        confirm(tmp_path, named, "pacs-key")  # another name is another address
        source_of(named, tmp_path, lambda _: 0).echo()
    assert peer_of(named, tmp_path).tls_name == NAMED


def test_the_peer_that_sends_has_a_name_of_its_own(
    known: dict[str, TlsFiles], tmp_path: Path
) -> None:
    with Pacs(known["address"]).listening() as asked, Pacs(known["another host"]).listening() as b:
        two = settings(known, asked, mover=f"MOVER@127.0.0.1:{b}")
        with pytest.raises(NetworkError, match="MOVER shows a certificate") as caught:
            source_of(two, tmp_path, lambda _: 0).echo()
        assert "tls_name" in caught.value.remedy
        named = settings(known, asked, mover=f"MOVER@127.0.0.1:{b}", mover_tls_name=NAMED)
        confirm(tmp_path, named, "pacs-key")
        source_of(named, tmp_path, lambda _: 0).echo()


def test_the_expected_name_is_the_host_or_what_is_set() -> None:
    assert expected_name("pacs.hospital.example.") == NAMED
    assert expected_name("10.0.0.1", NAMED) == NAMED
    assert expected_name("10.0.0.1", NOT_COMPARED) == NOT_COMPARED


def test_what_is_no_matter_of_tls_is_not_explained_as_such() -> None:
    assert refusal(OSError("no route"), NAMED) is None
    assert refusal(ssl.SSLError("?"), NAMED) is not None
