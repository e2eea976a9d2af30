"""The meaning of libcurl's result codes. Its messages may contain hosts and URLs, so they aren't passed on.

Codes: https://curl.se/libcurl/c/libcurl-errors.html. They are written as numbers, because older builds of pycurl have
names for only some of them.
"""

from __future__ import annotations

import os

from anymatix_fetcher.core.values.failures import Failure, FailureKind

_COULDNT_CONNECT = 7
_OPERATION_TIMEDOUT = 28
_SSL_CONNECT_ERROR = 35
_RECV_ERROR = 56
_PEER_FAILED_VERIFICATION = 60

_FAILURES: dict[int, tuple[FailureKind, str]] = {
    1: (FailureKind.PROTOCOL, "the answer isn't HTTP"),
    2: (FailureKind.UNUSABLE, "libcurl couldn't be initialised"),
    3: (FailureKind.UNUSABLE, "the URL can't be read"),
    4: (FailureKind.UNUSABLE, "this build of libcurl lacks a feature that was asked for"),
    5: (FailureKind.PROXY, "the proxy's name wasn't resolved"),
    6: (FailureKind.RESOLVE, "the host's name wasn't resolved"),
    _COULDNT_CONNECT: (FailureKind.CONNECT, "no connection was made"),
    8: (FailureKind.PROTOCOL, "the answer breaks the rules of HTTP"),
    16: (FailureKind.HTTP2, "the HTTP/2 connection failed"),
    18: (FailureKind.LOST, "the body ended before its promised length"),
    27: (FailureKind.UNUSABLE, "out of memory"),
    _OPERATION_TIMEDOUT: (FailureKind.CONNECT, "no connection was made within the time"),
    _SSL_CONNECT_ERROR: (FailureKind.TLS, "the TLS handshake failed"),
    43: (FailureKind.UNUSABLE, "libcurl refuses an option"),
    48: (FailureKind.UNUSABLE, "libcurl doesn't know an option"),
    52: (FailureKind.LOST, "the connection was closed without an answer"),
    53: (FailureKind.TLS, "no crypto engine"),
    54: (FailureKind.TLS, "the crypto engine failed"),
    55: (FailureKind.LOST, "the connection was lost while sending"),
    _RECV_ERROR: (FailureKind.LOST, "the connection was lost while receiving"),
    58: (FailureKind.TLS, "the client's certificate can't be used"),
    59: (FailureKind.TLS, "no common cipher"),
    _PEER_FAILED_VERIFICATION: (FailureKind.TLS, "the certificate isn't trusted"),
    61: (FailureKind.PROTOCOL, "an unknown transfer coding"),
    64: (FailureKind.TLS, "TLS was refused"),
    77: (FailureKind.UNUSABLE, "the file of trusted certificates can't be read"),
    80: (FailureKind.LOST, "the TLS connection's end failed"),
    82: (FailureKind.UNUSABLE, "the revocation list can't be read"),
    83: (FailureKind.TLS, "the certificate's issuer is another one"),
    90: (FailureKind.TLS, "the public key isn't the pinned one"),
    91: (FailureKind.TLS, "the certificate's status is invalid"),
    92: (FailureKind.HTTP2, "the HTTP/2 stream failed"),
    94: (FailureKind.PROXY, "the proxy's authentication failed"),
    95: (FailureKind.HTTP2, "the HTTP/3 connection failed"),
    96: (FailureKind.HTTP2, "no QUIC connection was made"),
    97: (FailureKind.PROXY, "the proxy refused or broke the handshake"),
    98: (FailureKind.TLS, "the server wants a client certificate"),
    100: (FailureKind.PROTOCOL, "a field of the answer is too long"),
    101: (FailureKind.TLS, "encrypted ClientHello was required"),
}

_CERTIFICATE_REASONS = (
    ("has expired", "the certificate has expired"),
    ("not yet valid", "the certificate isn't valid yet (is this computer's clock right?)"),
    ("self-signed", "the certificate is self-signed"),
    ("self signed", "the certificate is self-signed"),
    ("unable to get local issuer", "the certificate's issuer isn't trusted here"),
    ("subject name", "the certificate is for another host"),
    ("revoked", "the certificate was revoked"),
)

_HANDSHAKE_WAS_CUT = ("Send failure", "Recv failure", "SYSCALL", "unexpected eof", "lib(0)")
"""Messages of libcurl and OpenSSL for a peer that closed during the handshake, which says nothing about its
certificate."""

_HANDSHAKE_REASONS = (
    ("unsupported protocol", "no common version of TLS"),
    ("protocol version", "no common version of TLS"),
    ("wrong version number", "the port doesn't speak TLS"),
    ("packet length too long", "the port doesn't speak TLS"),
    ("http request", "the port doesn't speak TLS"),
    ("handshake failure", "the server refused the TLS handshake"),
)

_OK = 200


def failure_of(
    code: int, message: str, *, os_error: int = 0, proxied: bool = False, tunnel_status: int = 0, resolved: bool = True
) -> Failure:
    """The failure for a transfer that ended with ``code``.

    Args:
        code: A ``CURLcode`` other than 0.
        message: libcurl's error text, for codes with several meanings; it isn't passed on.
        os_error: The errno of the last failed connect; 0 for none.
        proxied: Whether the connection went through a proxy, or would have.
        tunnel_status: The proxy's response status to CONNECT; 0 if none was sent.
        resolved: Whether the name was resolved, which distinguishes timeouts.
    """
    if tunnel_status not in (0, _OK):
        return Failure(FailureKind.PROXY, f"the proxy refused the tunnel with status {tunnel_status}")
    kind, detail = _FAILURES.get(code, (FailureKind.LOST, f"libcurl's code {code}"))
    if code == _OPERATION_TIMEDOUT and not resolved:
        kind, detail = FailureKind.RESOLVE, "the host's name wasn't resolved within the time"
    elif code in (_COULDNT_CONNECT, _OPERATION_TIMEDOUT) and proxied:
        kind, detail = FailureKind.PROXY, "the proxy can't be reached"
    elif code == _SSL_CONNECT_ERROR:
        kind, detail = _handshake_failure(message)
    elif code == _RECV_ERROR and "chunk" in message.lower():
        kind, detail = FailureKind.PROTOCOL, "a chunk of the body can't be read"
    elif code == _PEER_FAILED_VERIFICATION:
        detail = _first(_CERTIFICATE_REASONS, message) or detail
    if os_error and kind in (FailureKind.CONNECT, FailureKind.PROXY):
        return Failure(kind, f"{detail} ({os.strerror(os_error)})", os_error)
    return Failure(kind, detail)


def _handshake_failure(message: str) -> tuple[FailureKind, str]:
    if any(sign in message for sign in _HANDSHAKE_WAS_CUT):
        return FailureKind.CONNECT, "the connection was lost in the TLS handshake"
    return FailureKind.TLS, _first(_HANDSHAKE_REASONS, message) or _FAILURES[_SSL_CONNECT_ERROR][1]


def _first(reasons: tuple[tuple[str, str], ...], message: str) -> str:
    return next((clause for sign, clause in reasons if sign in message), "")
