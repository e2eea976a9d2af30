"""Finds the certificates that this system trusts.

The TLS library in a wheel was built on another system, and would look in that system's places. The list is that of Go's
``crypto/x509`` (root_linux.go, root_bsd.go) and of ``ssl.get_default_verify_paths``.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Gentoo, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # CentOS, RHEL 7
    "/etc/ssl/cert.pem",  # Alpine, macOS, OpenBSD
    "/usr/local/etc/ssl/cert.pem",  # FreeBSD
    "/usr/local/share/certs/ca-root-nss.crt",  # DragonFly
    "/data/data/com.termux/files/usr/etc/tls/cert.pem",  # Termux
)


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The certificates to verify peers with.

    Args:
        bundle: A file of certificates; ``None`` to leave the library its own default.
        folder: A folder of certificates that are named by their hash, in addition to the bundle.
        native: Whether to use the operating system's own store (Windows, macOS).
    """

    bundle: str | None = None
    folder: str | None = None
    native: bool = False


def trust_store(ca_file: str | os.PathLike[str] | None) -> TrustStore:
    """The store to use: ``ca_file``, else ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, else the system's.

    A requested file is used even if it doesn't exist, because trusting anything else would be worse than failing.
    """
    if ca_file is not None:
        return TrustStore(bundle=os.fspath(ca_file))
    bundle, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if bundle or folder:
        return TrustStore(bundle or None, folder or None)
    found = next(filter(os.path.isfile, _BUNDLES), None)
    return TrustStore(bundle=found, native=sys.platform in {"win32", "darwin"})
