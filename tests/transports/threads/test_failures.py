"""The standard library's exceptions as failures."""

from __future__ import annotations

import errno
import ssl

import pytest

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.transports.threads.failures import lost, no_handshake, not_connected


def _refused_certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed for host.canary.example")
    error.verify_code = code
    return error


def _handshake_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "the text of OpenSSL, canary")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (9, "clock"),
        (10, "expired"),
        (18, "self-signed"),
        (20, "issuer"),
        (62, "another host"),
        (64, "another host"),
        (999, "isn't trusted"),
    ],
)
def test_a_refused_certificate_says_why(code: int, words: str) -> None:
    failure = no_handshake(_refused_certificate(code)).failure
    assert failure.kind is FailureKind.TLS
    assert words in failure.detail
    assert "canary" not in failure.detail


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (_handshake_error("WRONG_VERSION_NUMBER"), FailureKind.TLS),
        (_handshake_error("TLSV1_ALERT_PROTOCOL_VERSION"), FailureKind.TLS),
        (_handshake_error("SOMETHING_NEW"), FailureKind.TLS),
        (ssl.SSLEOFError(8, "EOF"), FailureKind.CONNECT),
        (ConnectionResetError(errno.ECONNRESET, "reset"), FailureKind.CONNECT),
        (TimeoutError("timed out"), FailureKind.CONNECT),
    ],
)
def test_a_handshake_that_was_cut_is_not_a_refused_certificate(error: OSError, kind: FailureKind) -> None:
    failure = no_handshake(error).failure
    assert failure.kind is kind
    assert "canary" not in failure.detail


@pytest.mark.parametrize(
    "error", [ConnectionResetError(errno.ECONNRESET, "x"), ssl.SSLEOFError(8, "EOF"), _handshake_error("BAD_MAC")]
)
def test_an_established_connection_is_lost(error: OSError) -> None:
    assert lost(error).failure.kind is FailureKind.LOST


def test_the_errno_of_a_failed_connect_is_kept() -> None:
    failure = not_connected(OSError(errno.ECONNREFUSED, "refused")).failure
    assert (failure.kind, failure.os_error) == (FailureKind.CONNECT, errno.ECONNREFUSED)
    assert "refused" in failure.detail.lower()
