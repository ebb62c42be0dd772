"""Encrypted connections: TLS with certificates on both sides.

The settings are those of the BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile
(PS3.15 section B.12): TLS 1.2 or 1.3, forward secrecy and authenticated encryption only, and no
renegotiation or compression.  With ECDHE as the only key exchange they also keep to the Modified
BCP 195 RFC 8996, 9325 profile (section B.13), which asks for explicit lengths of DHE keys.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import SettingsError
from workbench.handshake import NOT_COMPARED, CheckedContext

# RFC 9325 section 4.2: the four recommended cipher suites of TLS 1.2, and those with ECDSA and
# ChaCha20-Poly1305 that are as strong; the suites of TLS 1.3 are all of this kind.
CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)
# RFC 5280 section 4.1.2.5: notBefore and notAfter, each a UTCTime or a GeneralizedTime.
TIME = rb"(?:\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z)"
VALIDITY = re.compile(TIME + TIME)
PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
KEY_MISMATCH = "KEY_VALUES_MISMATCH"


@dataclass(frozen=True)
class TlsFiles:
    """Our certificate and its key, and the authorities whose certificates peers must show (PEM)."""

    certificate: Path
    key: Path
    authorities: Path


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """Return how our receiver speaks TLS: a peer must show a certificate of our authorities.

    Raises ``SettingsError`` with the remedy.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _set_up(context, files)
    return context


def client_context(files: TlsFiles, name: str) -> CheckedContext:
    """Return how we speak TLS to a PACS whose certificate must hold ``name``.

    PS3.15 B.12 leaves to the site by what a peer is known.  Here it is the authority that signed
    its certificate and the name in it, as in RFC 9525, unless ``name`` is ``NOT_COMPARED``: the
    authority alone would let any of its machines stand in for the PACS.  An IP address is
    compared with the addresses in the certificate, never with its names.  Raises
    ``SettingsError`` with the remedy.
    """
    context = CheckedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = name != NOT_COMPARED
    _set_up(context, files)
    return context


def _set_up(context: ssl.SSLContext, files: TlsFiles) -> None:
    for name, file in vars(files).items():
        if not file.is_file():
            raise SettingsError(
                "the file of {name} in [tls] is not there.",
                "Name a PEM file, and check its path.",
                name=name,
            )
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(files.authorities)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(
            "the authorities in [tls] cannot be read.", "It must be a PEM file of certificates."
        ) from error
    try:
        context.load_cert_chain(files.certificate, files.key, _no_passphrase)
    except (ssl.SSLError, OSError) as error:
        if getattr(error, "reason", "") == KEY_MISMATCH:
            raise SettingsError(
                "the key in [tls] is not the key of the certificate.",
                "Name the key that the certificate was asked for with.",
            ) from error
        raise SettingsError(
            "certificate and key in [tls] cannot be read.",
            "They must be PEM files; the key without a passphrase.",
        ) from error
    _check_validity(files.certificate)


def _check_validity(certificate: Path) -> None:
    """Refuse a certificate of ours that peers would refuse; raises ``SettingsError``."""
    pem = PEM.search(certificate.read_text(encoding="latin-1"))
    match = VALIDITY.search(ssl.PEM_cert_to_DER_cert(pem.group())) if pem else None
    if match is None:
        return  # OpenSSL has read it, and will judge
    first, last = (_moment(digits) for digits in match.groups() if digits)
    now = datetime.now(UTC)
    if now > last:
        raise SettingsError(
            "our certificate in [tls] has expired on {day}.",
            "Have the authority issue a new one.",
            day=last.date(),
        )
    if now < first:
        raise SettingsError(
            "our certificate in [tls] is not valid before {day}.",
            "Check the clock of this computer.",
            day=first.date(),
        )


def _moment(digits: bytes) -> datetime:
    text = digits.decode("ascii")
    if len(text) == len("YYMMDDhhmmss"):  # RFC 5280 section 4.1.2.5.1
        text = ("19" if text >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _no_passphrase() -> str:
    """Answer in place of a question on the terminal: a service has nobody to ask."""
    return ""
