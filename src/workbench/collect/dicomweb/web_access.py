"""Where a DICOMweb server is, whom to trust there, and how we prove who we are."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.collect.retrieval import Timeouts
from workbench.collect.time_limits import Interruption
from workbench.errors import SettingsError
from workbench.handshake import NOT_COMPARED

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True)
class WebAccess:
    """Where a DICOMweb server is and how we prove who we are.

    Attributes
    ----------
    url
        Root of its services, such as https://pacs.example/dicom-web.
    title
        What the server is called in messages.
    token
        File with a bearer token.
    password
        File with one line ``user:password``.
    authority
        File with the certificates to trust, instead of the system's.
    certificate, key
        Our own certificate and its key, for servers that ask for one (PS3.15 annex B).
    tls_name
        The name in the server's certificate, where it is not the host of ``url``;
        ``handshake.NOT_COMPARED`` takes any.
    proxy
        Address of a proxy; the environment's is not used.
    timeouts
        How long to wait for answers.
    interruption
        Says when a person wants an end.
    """

    url: str
    title: str = "the web server"
    token: Path | None = field(default=None, repr=False)
    password: Path | None = field(default=None, repr=False)
    authority: Path | None = field(default=None, repr=False)
    certificate: Path | None = field(default=None, repr=False)
    key: Path | None = field(default=None, repr=False)
    tls_name: str = ""
    proxy: str | None = field(default=None, repr=False)
    timeouts: Timeouts = field(default_factory=Timeouts)
    interruption: Interruption = field(default_factory=Interruption)


def root_of(access: WebAccess) -> httpx.URL:
    """Return the address of its services; raises ``SettingsError`` for one not to be used."""
    import httpx

    try:
        url = httpx.URL(access.url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
        raise SettingsError(
            "the address of the web server cannot be used.",
            "Write url of [pacs] as https://host/path, without user, password or question mark.",
        )
    secret = access.token or access.password
    if secret and url.scheme == "http" and not _loopback(url.host):
        raise SettingsError(
            "a token or password would cross the network unencrypted.", "Use an https address."
        )
    return url


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin_of(url: httpx.URL) -> tuple[str, str, int]:
    """Return scheme, host and port of an address (RFC 6454)."""
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def credentials_of(access: WebAccess, root: httpx.URL) -> dict[str, str]:
    """Return the headers of each request, the secret read from its file among them."""
    import base64

    headers = {"User-Agent": "Workbench", "Host": root.netloc.decode("ascii")}
    if access.token is not None:
        headers["Authorization"] = f"Bearer {_secret(access.token)}"
    elif access.password is not None:
        encoded = base64.b64encode(_secret(access.password).encode()).decode("ascii")
        headers["Authorization"] = f"Basic {encoded}"
    return headers


def _secret(file: Path) -> str:
    try:
        secret = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret or not secret.isprintable():
        raise SettingsError(
            "the file with the token or password cannot be used.",
            "It must exist, be readable by us alone, and hold one line.",
        )
    return secret


def trust_of(access: WebAccess) -> ssl.SSLContext:
    """Return whom to trust, and who we are: TLS 1.2 or newer (BCP 195)."""
    try:
        context = ssl.create_default_context(cafile=access.authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = access.tls_name != NOT_COMPARED
        if access.certificate is not None:
            context.load_cert_chain(access.certificate, access.key)
    except (OSError, ssl.SSLError):
        raise SettingsError(
            "a certificate or its key cannot be used.",
            "Check that the files exist, are in PEM form, and belong together.",
        ) from None
    return context
