"""The least that receiving costs: a connection a file, one buffer, no proof: ``python receive.py FOLDER URL...``.

With ``-`` for the folder the bytes are kept nowhere.
"""

import os
import socket
import ssl
import sys
from pathlib import Path
from urllib.parse import urlsplit

BUFFER_BYTES = 1 << 20
HEAD_END = b"\r\n\r\n"


def connected(scheme: str, host: str, port: int) -> socket.socket:
    """A connection, with TLS for https."""
    plain = socket.create_connection((host, port))
    if scheme != "https":
        return plain
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    return context.wrap_socket(plain, server_hostname=host)


def receive(url: str, descriptor: int) -> bool:
    """Writes the body of ``url`` to ``descriptor``; whether it came whole."""
    parts = urlsplit(url)
    buffer = memoryview(bytearray(BUFFER_BYTES))
    with connected(parts.scheme, parts.hostname or "", parts.port or 80) as connection:
        request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        begun = b""
        while HEAD_END not in begun:
            begun += connection.recv(BUFFER_BYTES) or HEAD_END
        head, _, body = begun.partition(HEAD_END)
        fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
        left = int(fields["content-length"]) - os.write(descriptor, body)
        while left > 0 and (count := connection.recv_into(buffer)):
            left -= os.write(descriptor, buffer[:count])
    return left == 0


def main(folder: str, *urls: str) -> bool:
    """Receives one after the other, up to one that doesn't come whole; whether all came."""
    return all(_receive_to(os.devnull if folder == "-" else Path(folder, url.rpartition("/")[2]), url) for url in urls)


def _receive_to(path: str | Path, url: str) -> bool:
    with open(path, "wb", buffering=0) as file:  # noqa: PTH123 - a path or the null device's name
        return receive(url, file.fileno())


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
