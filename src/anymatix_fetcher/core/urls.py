"""URLs that can't be printed by accident: query, userinfo and fragment are secrets until proved otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}

MAX_URL_LENGTH = 65_536


class Origin(NamedTuple):
    """Scheme, host and port (RFC 9110, section 4.3.1): whom credentials belong to."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = DEFAULT_PORTS.get(self.scheme) == self.port
        return f"{self.scheme}://{host}" if default else f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http or https URL, kept verbatim, for re-encoding breaks signatures; printing it redacts it."""

    _text: str

    @classmethod
    def parse(cls, text: str) -> Url:
        """The URL, without its fragment.

        Raises:
            ValueError: It isn't an absolute http or https URL with a host; the message names no secret.
        """
        if len(text) > MAX_URL_LENGTH:
            raise ValueError("the URL is longer than 64 KiB")
        if any(character <= " " or character == "\x7f" for character in text):
            raise ValueError("the URL has a space or a control character in it")
        text = text.partition("#")[0]
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise ValueError("the URL's host or port can't be read") from None
        if parts.scheme.lower() not in DEFAULT_PORTS:
            raise ValueError(f"the scheme {parts.scheme[:20]!r} isn't http or https")
        if not parts.hostname or port == 0:
            raise ValueError("the URL names no host")
        return cls(text)

    def reveal(self) -> str:
        """The URL as it goes over the wire. Called where requests are sent, and nowhere that prints or writes."""
        return self._text

    def join(self, location: str) -> Url:
        """Where a redirect's ``Location`` leads, taken verbatim (RFC 9110, section 10.2.2; RFC 3986, section 5).

        Raises:
            ValueError: It leads to something that isn't http or https.
        """
        # Servers do send raw spaces and non-ASCII; only those are escaped, everything else stays as signed.
        escaped = "".join(
            character if "!" <= character <= "~" else "".join(f"%{byte:02X}" for byte in character.encode())
            for character in location.strip()
        )
        return Url.parse(urljoin(self._text, escaped))

    @property
    def origin(self) -> Origin:
        """Scheme, host and port, lower-cased and with the default port filled in."""
        parts = urlsplit(self._text)
        scheme = parts.scheme.lower()
        return Origin(scheme, (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS[scheme])

    @property
    def host(self) -> str:
        """The host, lower-cased."""
        return self.origin.host

    @property
    def has_query(self) -> bool:
        """Whether there is a query, which may hold a signature or a token."""
        return "?" in self._text

    @property
    def last_segment(self) -> str:
        """The path's last segment, percent-decoded once; may be empty. Not safe as a file name."""
        return unquote(urlsplit(self._text).path.rpartition("/")[2], errors="replace")

    @property
    def without_secrets(self) -> str:
        """Scheme, host, port and path: what may be shown and kept."""
        return f"{self.origin}{urlsplit(self._text).path}"

    @property
    def credentials(self) -> tuple[str, str] | None:
        """User and password of the URL's userinfo, percent-decoded; ``None`` where there is none."""
        parts = urlsplit(self._text)
        if parts.username is None:
            return None
        return unquote(parts.username), unquote(parts.password or "")

    def without_credentials(self) -> Url:
        """The same URL with its userinfo taken out."""
        netloc = urlsplit(self._text).netloc
        return Url(self._text.replace(netloc, netloc.rpartition("@")[2], 1))

    def __str__(self) -> str:
        return self.without_secrets + ("?..." if self.has_query else "")

    def __repr__(self) -> str:
        return f"Url({str(self)!r})"
