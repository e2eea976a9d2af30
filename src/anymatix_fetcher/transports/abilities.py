"""The versions and features of the libraries that the transports use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Libcurl:
    """The libcurl that pycurl contains or has found.

    Args:
        version: The version of libcurl.
        binding: The version of pycurl.
        tls: Its TLS library and version; empty if it has none.
        http2: Whether it supports HTTP/2.
        http3: Whether it supports HTTP/3.
    """

    version: str
    binding: str
    tls: str
    http2: bool
    http3: bool


def libcurl() -> Libcurl | None:
    """The libcurl that the transport ``curl`` uses; ``None`` if pycurl can't be imported.

    An installed pycurl may fail to import if its libcurl is missing, or isn't the one that it was built for.
    """
    try:
        import pycurl  # noqa: PLC0415 - optional

        import anymatix_fetcher.transports.curl.transport  # noqa: F401, PLC0415 - imported by the composition root
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
    """The TLS library of the transport ``threads``; ``None`` if this Python was built without one."""
    try:
        import ssl  # noqa: PLC0415 - takes time, and may be missing
    except ImportError:
        return None
    return ssl.OPENSSL_VERSION
