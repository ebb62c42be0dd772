"""Authorities and certificates for tests, made by openssl, and a peer that shows them."""

from __future__ import annotations

import ssl
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pynetdicom import AE, _config
from pynetdicom.sop_class import Verification

from workbench.collect.dimse.tls import TlsFiles


def openssl(folder: Path, *words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", 2)  # fmt: skip


def certificate(
    folder: Path, name: str, by: str, days: int = 2, names: str = "IP:127.0.0.1,DNS:localhost"
) -> TlsFiles:
    """Have ``by`` sign a certificate; ``names`` are its subject alternative names, or none."""
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName={names}\n" if names else "\n")
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out",
            f"{name}.csr", "-subj", f"/CN={name}")  # fmt: skip
    openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key",
        "-set_serial", len(name), "-out", f"{name}.pem", "-days", days, "-extfile", extensions,
    )  # fmt: skip
    return TlsFiles(folder / f"{name}.pem", folder / f"{name}.key", folder / f"{by}.pem")


class Pacs:
    """A peer that shows a certificate over TLS and takes everybody's."""

    def __init__(self, files: TlsFiles, oldest: bool = False) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(files.certificate, files.key)
        if oldest:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                self.context.minimum_version = ssl.TLSVersion.TLSv1_1
                self.context.maximum_version = ssl.TLSVersion.TLSv1_1
            self.context.set_ciphers("ALL:@SECLEVEL=0")

    @contextmanager
    def listening(self) -> Iterator[int]:
        _config.LOG_HANDLER_LEVEL = "none"
        node = AE(ae_title="PACS")
        node.add_supported_context(Verification)
        server = node.start_server(("127.0.0.1", 0), block=False, ssl_context=self.context)
        assert server is not None
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
