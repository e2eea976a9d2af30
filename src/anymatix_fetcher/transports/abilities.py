"""What the engines of this installation are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Libcurl:
    """The libcurl that pycurl has brought, or has found.

    Args:
        version: libcurl's own.
        binding: pycurl's.
        tls: Its TLS library with its version; empty where it has none.
        http2: Whether it speaks HTTP/2.
        http3: Whether it speaks HTTP/3.
    """

    version: str
    binding: str
    tls: str
    http2: bool
    http3: bool


def libcurl() -> Libcurl | None:
    """The libcurl that the engine ``curl`` uses; ``None`` where pycurl can't be imported.

    It may be there and not work: its libcurl may be missing, or another one than it was built for.
    """
    try:
        import pycurl  # noqa: PLC0415 - it may be missing

        import anymatix_fetcher.transports.curl.transport  # noqa: F401, PLC0415 - what composition will import
    except ImportError:
        return None
    facts = pycurl.version_info()
    features = facts[4]
    return Libcurl(
        version=facts[1],
        binding=pycurl.version.partition(" ")[0].rpartition("/")[2],
        tls=(facts[5] or "").replace("/", " "),
        http2=bool(features & getattr(pycurl, "VERSION_HTTP2", 0)),
        http3=bool(features & getattr(pycurl, "VERSION_HTTP3", 0)),
    )


def python_tls() -> str | None:
    """The TLS library of the engine ``threads``; ``None`` where this Python was built without."""
    try:
        import ssl  # noqa: PLC0415 - takes time, and may be missing
    except ImportError:
        return None
    return ssl.OPENSSL_VERSION
