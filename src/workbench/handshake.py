"""What a TLS handshake checks of a peer's name, and why it failed, with what to do.

A peer is known by the authority that signed its certificate and by the name in it (RFC 9525
section 6): the host as the settings write it, or the name that ``tls_name`` gives where they
differ.  Without the name every certificate of the authority, a workstation's too, could stand in
for the archive's.
"""

from __future__ import annotations

import ssl
from typing import Any

from workbench.language import Saying

# What a setting says where no name shall be compared: with a blank, so that no host is called so.
NOT_COMPARED = "not compared"
# OpenSSL, x509_vfy.h: X509_V_ERR_* of a certificate that is not (or no more) valid, that no
# authority of ours has signed, and that is another host's.
NOT_YET_VALID, EXPIRED = 9, 10
UNKNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21, 24, 26})
ANOTHER_HOST = frozenset({62, 64})
# OpenSSL's words for a peer of TLS 1.1 or older, for one that speaks no TLS, and for alerts about
# our own certificate (RFC 8446 section 6.2).
OLD = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "VERSION_TOO_LOW", "NO_PROTOCOLS")
PLAIN = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER", "PACKET_LENGTH", "EOF")
OURS = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "DECRYPT_ERROR")
CIPHERS_DIFFER = ("HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "INSUFFICIENT_SECURITY")


Refusal = tuple[Saying, Saying]  # what went wrong, to stand behind a title; and what to do


def expected_name(host: str, tls_name: str = "") -> str:
    """Return the name that a peer's certificate must hold; ``NOT_COMPARED`` where none must."""
    return (tls_name or host).strip().rstrip(".")


class CheckedSocket(ssl.SSLSocket):
    """A socket that leaves the reason why a handshake failed with its context.

    pynetdicom, as other clients, only tells that there is no connection.
    """

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands; raises ``OSError``."""
        try:
            super().do_handshake(block)
        except OSError as error:
            _keep(self.context, error)
            raise

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Read; in TLS 1.3 a peer says only here that it does not take our certificate."""
        try:
            return super().recv(buflen, flags)
        except ssl.SSLError as error:
            _keep(self.context, error)
            raise


class CheckedContext(ssl.SSLContext):
    """How a client speaks TLS; ``failure`` is why its last handshake failed."""

    failure: OSError | None = None
    sslsocket_class = CheckedSocket

    def wrap_socket(self, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        """Wrap as ``SSLContext`` does; a name that can be none is an ``OSError`` too."""
        try:
            return super().wrap_socket(*arguments, **options)
        except ValueError as error:
            self.failure = ssl.SSLError("INVALID_NAME")
            raise OSError("a name that no certificate can hold") from error


def _keep(context: ssl.SSLContext, error: OSError) -> None:
    if isinstance(context, CheckedContext):
        context.failure = error


def refusal(error: BaseException, name: str) -> Refusal | None:
    """Return what went wrong in a handshake, to stand behind the peer's title, and the remedy.

    ``name`` is the one that was expected.  ``None`` where the error is not one of TLS.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _not_verified(error.verify_code, name)
    if isinstance(error, ConnectionError | TimeoutError):
        return _broken_off()
    if not isinstance(error, ssl.SSLError):
        return None
    words = str(error).upper()  # OpenSSL's own name of the reason stands in it
    if "INVALID_NAME" in words:
        return (
            Saying('is called "{name}", which no certificate can hold', name=name),
            Saying("Mend host or tls_name of [pacs]."),
        )
    kinds = ((OLD, _old), (CIPHERS_DIFFER, _ciphers), (PLAIN, _broken_off), (OURS, _ours))
    said = (say() for known, say in kinds if any(word in words for word in known))
    return next(said, _no_agreement())


def _not_verified(code: int, name: str) -> Refusal:
    if code in ANOTHER_HOST:
        return (
            Saying('shows a certificate that does not name "{name}"', name=name),
            Saying(
                "Make sure that it is the right computer. Then have its certificate issued for "
                "this name, or set tls_name of [pacs] to the name in it "
                '("{not_compared}": any name).',
                not_compared=NOT_COMPARED,
            ),
        )
    if code == EXPIRED:
        return (
            Saying("shows a certificate that has expired"),
            Saying("Have its administrator renew it."),
        )
    if code == NOT_YET_VALID:
        return (
            Saying("shows a certificate that is not valid yet"),
            Saying("Check the clock of this computer, and that of the other."),
        )
    if code in UNKNOWN_AUTHORITY:
        return (
            Saying("shows a certificate of an authority that we do not know"),
            Saying(
                "Make sure that it is the right computer. Then add the authority's certificate to "
                "the authorities in [tls]."
            ),
        )
    return (
        Saying("shows a certificate that is not accepted (OpenSSL's code {code})", code=code),
        Saying("Have its administrator issue a new one."),
    )


def _old() -> Refusal:
    return (
        Saying("does not speak {old} or {new}", old="TLS 1.2", new="1.3"),
        Saying("Older versions are not secure: have its administrator switch on a newer one."),
    )


def _ciphers() -> Refusal:
    return (
        Saying("shares no cipher with us, or does not take our certificate"),
        Saying(
            "Have its administrator switch on the BCP 195 profile (ECDHE with AES-GCM), and accept "
            "the authority of our certificate."
        ),
    )


def _broken_off() -> Refusal:
    return (
        Saying("broke off while an encrypted connection was agreed on"),
        Saying(
            "It may not encrypt at this port, speak TLS older than {least} only, or not take our "
            "certificate.",
            least="1.2",
        ),
    )


def _no_agreement() -> Refusal:
    return (
        Saying("could not agree with us on an encrypted connection"),
        Saying("Check its certificate and that of its authority, and ours."),
    )


def _ours() -> Refusal:
    return (
        Saying("does not accept our certificate"),
        Saying(
            "Have its administrator accept the authority that issued it; check [tls] certificate."
        ),
    )
