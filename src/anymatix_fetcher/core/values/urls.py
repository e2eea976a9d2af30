"""URLs that aren't printed by accident: query, userinfo and fragment count as secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

DEFAULT_PORTS = {"http": 80, "https": 443}

MAX_URL_LENGTH = 65_536
MAX_PORT = 65_535

# Stricter than RFC 3986, section 3.2: a host that two parsers read differently could divert credentials.
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?P<authority>"
    r"(?:(?P<userinfo>[^/?\\]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+(?:%25[A-Za-z0-9._~-]+)?\]|[A-Za-z0-9._~-]+)"
    r"(?::(?P<port>[0-9]{0,5}))?"
    r")"
    r"(?P<path>/[^?]*|)(?P<query>\?.*)?"
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_AUTHORITY = re.compile(r"([^:/?]*://)([^/?]*)")
_LOOPBACK = re.compile(r"(?:.+\.)?localhost|127(?:\.[0-9]{1,3}){3}|::1")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Origin(NamedTuple):
    """Scheme, host and port (RFC 9110, section 4.3.1), to which credentials belong."""

    scheme: str
    host: str
    port: int

    @property
    def is_confidential(self) -> bool:
        """Whether traffic to it is confidential, by https or because it stays on this machine."""
        return self.scheme == "https" or _LOOPBACK.fullmatch(self.host) is not None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = DEFAULT_PORTS.get(self.scheme) == self.port
        return f"{self.scheme}://{host}" if default else f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http or https URL, kept verbatim because re-encoding breaks signatures; printing redacts it.

    It is ASCII: other characters and spaces that users type are percent-encoded, and a host's name is converted by
    IDNA.
    """

    _text: str

    @classmethod
    def parse(cls, text: str) -> Url:
        """The URL, without its fragment.

        Raises:
            ValueError: It isn't an absolute http or https URL with a host; the message contains no secret.
        """
        return cls(_checked(text))

    def reveal(self) -> str:
        """The URL as sent over the wire. Called only to send requests, never to print or to store it."""
        return self._text

    def join(self, location: str) -> Url:
        """The target of a redirect's ``Location``, kept verbatim (RFC 9110, section 10.2.2; RFC 3986, section 5.2).

        Only the dot segments of relative references are resolved. The standard library's ``urljoin`` also drops an
        empty query and an empty path parameter, and thereby breaks signatures.

        Raises:
            ValueError: The target isn't http or https.
        """
        # Servers send raw spaces and non-ASCII; only these are escaped, and everything else stays as signed.
        target = "".join(map(_escaped, location.strip(" \t"))).partition("#")[0]
        parts = self._parts
        site = f"{parts['scheme']}://{parts['authority']}"
        if _SCHEME.match(target):
            return Url.parse(target)
        if target.startswith("//"):
            return Url.parse(f"{parts['scheme']}:{target}")
        if not target:
            return self
        path, mark, query = target.partition("?")
        if not path:
            path = parts["path"]
        elif path.startswith("/"):
            path = _without_dots(path)
        else:
            path = _without_dots((parts["path"].rpartition("/")[0] or "") + "/" + path)
        return Url.parse(site + path + mark + query)

    @property
    def origin(self) -> Origin:
        """Scheme, host and port, in lower case and with the default port."""
        return _origin(self._text)

    @property
    def host(self) -> str:
        """The host, lower-cased."""
        return self.origin.host

    @property
    def has_query(self) -> bool:
        """Whether there is a query, which may contain a signature or a token."""
        return "?" in self._text

    @property
    def path(self) -> str:
        """The path as written, percent-encoded; may be empty."""
        return self._parts["path"]

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The query's names and values, decoded like HTML forms, in order. Values may be secrets."""
        return tuple(parse_qsl((self._parts["query"] or "")[1:], keep_blank_values=True))

    @property
    def last_segment(self) -> str:
        """The path's last segment, percent-decoded once; may be empty. Not safe as a file name."""
        return unquote(self._parts["path"].rpartition("/")[2], errors="replace")

    @property
    def without_secrets(self) -> str:
        """Scheme, host, port and path, which may be shown and stored."""
        return f"{self.origin}{self._parts['path']}"

    @property
    def credentials(self) -> tuple[str, str] | None:
        """The user and password in the URL's userinfo, percent-decoded; ``None`` if there are none."""
        user, _, password = (self._parts["userinfo"] or "").partition(":")
        return (unquote(user), unquote(password)) if user or password else None

    def without_credentials(self) -> Url:
        """The same URL without userinfo."""
        parts = self._parts
        if parts["userinfo"] is None:
            return self
        return Url(self._text[: parts.start("authority")] + self._text[parts.start("host") :])

    @property
    def _parts(self) -> re.Match[str]:
        return _parts(self._text)

    def __str__(self) -> str:
        return self.without_secrets + ("?..." if self.has_query else "")

    def __repr__(self) -> str:
        return f"Url({str(self)!r})"


def _escaped(character: str) -> str:
    """A header's character, escaped for a URL. Up to U+00FF it is a byte of the wire in an unknown encoding."""
    if "!" <= character <= "~":
        return character
    code = ord(character)
    raw = bytes([code]) if code <= 0xFF else character.encode("utf-8", "surrogatepass")  # noqa: PLR2004 - a byte
    return "".join(f"%{byte:02X}" for byte in raw)


def _in_ascii(text: str) -> str:
    """A typed URL in ASCII: other characters are encoded in UTF-8 and percent-encoded, the host's name by IDNA."""
    authority = _AUTHORITY.match(text)
    if authority is None:
        raise ValueError("the URL names no host")
    userinfo, at, place = authority.group(2).rpartition("@")
    host, colon, port = place.partition(":")
    try:
        host = host if host.isascii() else host.encode("idna").decode("ascii")
        rest = _percent_encoded(text[authority.end() :])
        return authority.group(1) + _percent_encoded(userinfo) + at + host + colon + port + rest
    except UnicodeError:
        raise ValueError("the URL's host or characters can't be read") from None


def _percent_encoded(text: str) -> str:
    # On command lines, bytes that aren't UTF-8 arrive as surrogates.
    raw = text.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)  # noqa: PLR2004 - ASCII


def _without_dots(path: str) -> str:
    """An absolute path without "." and ".." (RFC 3986, section 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


# Outside of Url for the caches, because these are called very often.


@lru_cache(maxsize=1024)
def _checked(text: str) -> str:
    """The text of a valid URL, in ASCII and without its fragment.

    Raises:
        ValueError: As ``Url.parse``.
    """
    if len(text) > MAX_URL_LENGTH:
        raise ValueError("the URL is longer than 64 KiB")
    if _CONTROL.search(text):
        raise ValueError("the URL has a control character in it")
    text = text.partition("#")[0].rstrip(" ").replace(" ", "%20")
    scheme = _SCHEME.match(text)
    if scheme is None or scheme.group(1).lower() not in DEFAULT_PORTS:
        raise ValueError(f"the scheme {scheme.group(1)[:20] if scheme else ''!r} isn't http or https")
    text = text if text.isascii() else _in_ascii(text)
    authority = _AUTHORITY.match(text)
    if authority is None or not authority.group(2).rpartition("@")[2]:
        raise ValueError("the URL names no host")
    parts = _URL.fullmatch(text)
    port = int(parts["port"]) if parts and parts["port"] else None
    if parts is None or (port is not None and not 0 < port <= MAX_PORT):
        raise ValueError("the URL's host or port can't be read")
    return text


@lru_cache(maxsize=1024)
def _parts(text: str) -> re.Match[str]:
    parts = _URL.fullmatch(text)
    if parts is None:
        raise AssertionError("a URL is made by parse only")
    return parts


@lru_cache(maxsize=1024)
def _origin(text: str) -> Origin:
    parts = _parts(text)
    scheme, host, port = parts["scheme"].lower(), parts["host"].strip("[]").lower(), parts["port"]
    return Origin(scheme, host, int(port) if port else DEFAULT_PORTS[scheme])
