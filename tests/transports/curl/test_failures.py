"""libcurl's codes as failures."""

from __future__ import annotations

import errno

import pytest

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.transports.curl.failures import failure_of

HOST = "host.example.com"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, FailureKind.PROTOCOL),
        (3, FailureKind.UNUSABLE),
        (5, FailureKind.PROXY),
        (6, FailureKind.RESOLVE),
        (7, FailureKind.CONNECT),
        (16, FailureKind.HTTP2),
        (18, FailureKind.LOST),
        (28, FailureKind.CONNECT),
        (35, FailureKind.TLS),
        (52, FailureKind.LOST),
        (56, FailureKind.LOST),
        (60, FailureKind.TLS),
        (77, FailureKind.UNUSABLE),
        (92, FailureKind.HTTP2),
        (95, FailureKind.HTTP2),
        (97, FailureKind.PROXY),
        (100, FailureKind.PROTOCOL),
        (999, FailureKind.LOST),
    ],
)
def test_every_code_has_a_kind_and_passes_no_text_on(code: int, kind: FailureKind) -> None:
    failure = failure_of(code, f"could not do it to https://user:canary@{HOST}/?token=canary")
    assert failure.kind is kind
    assert failure.detail
    assert "canary" not in failure.detail
    assert HOST not in failure.detail


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        ("SSL certificate problem: certificate has expired", "the certificate has expired"),
        (
            "SSL certificate problem: certificate is not yet valid",
            "the certificate isn't valid yet (is this computer's clock right?)",
        ),
        ("SSL certificate problem: self-signed certificate", "the certificate is self-signed"),
        (
            "SSL certificate problem: unable to get local issuer certificate",
            "the certificate's issuer isn't trusted here",
        ),
        (
            f"SSL: no alternative certificate subject name matches target host name '{HOST}'",
            "the certificate is for another host",
        ),
    ],
)
def test_a_refused_certificate_says_why(message: str, detail: str) -> None:
    assert failure_of(60, message).detail == detail


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Recv failure: Connection reset by peer", FailureKind.CONNECT),
        ("Send failure: Broken pipe", FailureKind.CONNECT),
        ("TLS connect error: error:0A000126:SSL routines::unexpected eof while reading", FailureKind.CONNECT),
        ("TLS connect error: error:0A00042E:SSL routines::tlsv1 alert protocol version", FailureKind.TLS),
        ("TLS connect error: error:0A00010B:SSL routines::wrong version number", FailureKind.TLS),
    ],
)
def test_a_handshake_that_was_cut_is_not_a_refused_certificate(message: str, kind: FailureKind) -> None:
    assert failure_of(35, message).kind is kind


def test_what_happens_on_the_way_to_a_proxy_is_the_proxys() -> None:
    assert failure_of(7, "", proxied=True, os_error=errno.ECONNREFUSED).kind is FailureKind.PROXY
    assert failure_of(28, "", proxied=True).kind is FailureKind.PROXY
    assert failure_of(56, "", proxied=True, tunnel_status=503).detail == "the proxy refused the tunnel with status 503"
    assert failure_of(56, "", proxied=True, tunnel_status=200).kind is FailureKind.LOST


def test_a_timeout_before_there_was_an_address_is_the_resolvers() -> None:
    assert failure_of(28, "", resolved=False).kind is FailureKind.RESOLVE


def test_the_errno_of_a_failed_connect_is_kept() -> None:
    failure = failure_of(7, "", os_error=errno.ECONNREFUSED)
    assert failure.os_error == errno.ECONNREFUSED
    assert "refused" in failure.detail.lower()
