"""The meaning of the standard library's exceptions. Their messages may contain hosts, so they aren't passed on."""

from __future__ import annotations

import os
import ssl

from anymatix_fetcher.core.values.failures import Failure, FailureKind

_CERTIFICATE_REASONS = {
    9: "the certificate isn't valid yet (is this computer's clock right?)",
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "the certificate is self-signed",
    20: "the certificate's issuer isn't trusted here",
    21: "the certificate's issuer isn't trusted here",
    23: "the certificate was revoked",
    62: "the certificate is for another host",
    64: "the certificate is for another host",
}
"""By OpenSSL's ``X509_V_ERR_*`` numbers (x509_vfy.h)."""

_HANDSHAKE_REASONS = {
    "UNSUPPORTED_PROTOCOL": "no common version of TLS",
    "TLSV1_ALERT_PROTOCOL_VERSION": "no common version of TLS",
    "NO_PROTOCOLS_AVAILABLE": "no common version of TLS",
    "WRONG_VERSION_NUMBER": "the port doesn't speak TLS",
    "RECORD_LAYER_FAILURE": "the port doesn't speak TLS",
    "PACKET_LENGTH_TOO_LONG": "the port doesn't speak TLS",
    "HTTP_REQUEST": "the port doesn't speak TLS",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the server refused the TLS handshake",
}


class BrokenExchangeError(Exception):
    """The exchange has failed; ``failure`` says why."""

    def __init__(self, kind: FailureKind, detail: str, os_error: int | None = None) -> None:
        self.failure = Failure(kind, detail, os_error)
        super().__init__(str(self.failure))


def lost(error: OSError) -> BrokenExchangeError:
    """The failure for an error of an established connection."""
    if isinstance(error, ssl.SSLEOFError):
        return BrokenExchangeError(FailureKind.LOST, "the TLS connection ended without notice")
    if isinstance(error, ssl.SSLError):
        return BrokenExchangeError(FailureKind.LOST, "the TLS connection broke")
    return BrokenExchangeError(FailureKind.LOST, f"the connection was lost{_because(error)}", error.errno)


def not_connected(error: OSError | None) -> BrokenExchangeError:
    """The failure if no address of a host accepted a connection; ``None`` stands for a timeout."""
    if error is None:
        return BrokenExchangeError(FailureKind.CONNECT, "no connection was made within the time")
    return BrokenExchangeError(FailureKind.CONNECT, f"no connection was made{_because(error)}", error.errno)


def no_handshake(error: OSError) -> BrokenExchangeError:
    """The failure for a TLS handshake. A peer that has closed the connection says nothing about its certificate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = _CERTIFICATE_REASONS.get(error.verify_code, "the certificate isn't trusted")
        return BrokenExchangeError(FailureKind.TLS, reason)
    if isinstance(error, TimeoutError):
        return not_connected(None)
    if not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError | ssl.SSLSyscallError):
        return BrokenExchangeError(FailureKind.CONNECT, "the connection was lost in the TLS handshake")
    return BrokenExchangeError(FailureKind.TLS, _HANDSHAKE_REASONS.get(error.reason, "the TLS handshake failed"))


def _because(error: OSError) -> str:
    return f" ({os.strerror(error.errno)})" if error.errno else ""
