"""A certificate authority of our own and a certificate by it, made with the ``openssl`` command."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """PEM files: the authority's certificate, and a server's certificate and key for localhost and 127.0.0.1."""

    authority: Path
    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """What a server in this process needs to speak TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_tls_material(folder: Path, *, names: str = "DNS:localhost,IP:127.0.0.1", days: int = 30) -> TlsMaterial:
    """A new authority, and a certificate by it for ``names``."""
    material = TlsMaterial(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    authority_key, request, extensions = folder / "authority.key", folder / "server.csr", folder / "extensions"
    extensions.write_text(f"subjectAltName={names}\n", encoding="ascii")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl(
        "req", "-x509", *curve, "-days", "30", "-subj", "/CN=AnymatixFetcher test authority",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        "-keyout", authority_key, "-out", material.authority,
    )  # fmt: skip
    _openssl("req", "-new", *curve, "-subj", "/CN=localhost", "-keyout", material.key, "-out", request)
    _openssl(
        "x509", "-req", "-in", request, "-CA", material.authority, "-CAkey", authority_key, "-CAcreateserial",
        "-days", str(days), "-extfile", extensions, "-out", material.certificate,
    )  # fmt: skip
    return material


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
