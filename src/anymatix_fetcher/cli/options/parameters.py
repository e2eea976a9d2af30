"""Parsers of option values: pure functions that raise ``ValueError`` with a message for the user.

No message repeats a possible secret: a header's value, or the password in a proxy's URL.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

import click

from anymatix_fetcher.cli.outside_arguments import given_line, given_lines
from anymatix_fetcher.core.values.http import FIELD_NAME
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.forms import peer
from anymatix_fetcher.errors import ReferenceSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CONNECTIONS = 256
"""The largest number of connections that can be asked for; more would be an attack on the server."""

_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([kmgt]?)(i?b)?(?:/s)?", re.IGNORECASE)
_DAYS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?d?", re.IGNORECASE)
_OWN_FIELDS = {
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "if-match",
    "if-range",
    "range",
    "te",
    "transfer-encoding",
    "upgrade",
}
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")

Value = TypeVar("Value")


def complete_type(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's
    """The model types that begin with ``incomplete``, for shell completion."""
    from anymatix_fetcher.library.types import ModelType  # noqa: PLC0415 - only shells that complete need it

    return [str(one) for one in ModelType if one.startswith(incomplete.lower())]


class Parsed(click.ParamType, Generic[Value]):  # type: ignore[type-arg] # generic in new versions of click only
    """A click type made from a parser.

    Args:
        name: The value's name in the help text.
        parse: The parser; its ``ValueError`` becomes a usage error.
        choices: Words for shell completion.
    """

    def __init__(self, name: str, parse: Callable[[str], Value], choices: tuple[str, ...] = ()) -> None:
        self.name = name
        self._parse = parse
        self._choices = choices

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Value:
        """The parsed value; a ``ValueError`` becomes a usage error."""
        try:
            return self._parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[click.shell_completion.CompletionItem]:
        """The choices that begin with ``incomplete``."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only shells that complete need it

        return [CompletionItem(choice) for choice in self._choices if choice.startswith(incomplete)]


class Folder(click.Path):
    """A click type: the path of a folder. The empty text that an unset shell variable leaves isn't the current one.

    Args:
        exists: Whether it has to exist.
        or_file: Whether a file that lists folders is allowed, too.
    """

    def __init__(self, *, exists: bool = False, or_file: bool = False) -> None:
        super().__init__(exists=exists, file_okay=or_file, readable=or_file, path_type=Path)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path. An empty one is a usage error."""
        if value == "":
            self.fail("the empty text names no folder; '.' is the current one", param, ctx)
        return Path(super().convert(value, param, ctx))  # type: ignore[arg-type] # click takes paths, too


class FileToBe(click.Path):
    """A click type: the path of a file to be written, not of a folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path. An empty one and a trailing separator are usage errors."""
        if value == "":
            self.fail("the empty text names no file", param, ctx)
        if str(value).endswith(("/", os.sep)):
            self.fail(f"{value!s} names a folder; name a file, or use --directory for a folder", param, ctx)
        return Path(super().convert(value, param, ctx))  # type: ignore[arg-type] # click takes paths, too


def parse_quantity(text: str) -> int:
    """A number of bytes: ``1048576``, ``1024K``, ``1.5M``, ``2GiB``; powers of 1024, at least 1."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or (not match.group(2) and (match.group(3) or "").lower() == "ib"):
        raise ValueError(f"not a number of bytes: {text[:40]!r}; expected a number with K, M or G, such as 20M")
    count = int(float(match.group(1)) * 1024 ** _POWERS[match.group(2).lower()])
    if count < 1:
        raise ValueError(f"less than one byte: {text[:40]!r}; leave out the option for no limit")
    return count


def parse_connections(text: str) -> int | str:
    """A number of connections, or ``auto``."""
    # Not None for "auto": click takes None for an option that wasn't given.
    return "auto" if text.strip().lower() == "auto" else parse_connection_count(text)


def parse_connection_count(text: str) -> int:
    """A number of connections."""
    if not re.fullmatch(r"\s*[0-9]{1,9}\s*", text) or not 1 <= int(text) <= MOST_CONNECTIONS:
        raise ValueError(f"not a number of connections: {text[:40]!r}; expected 1 to {MOST_CONNECTIONS}")
    return int(text)


def parse_days(text: str) -> float:
    """A number of days, 0 or more: ``7``, ``0.5``, ``30d``."""
    match = _DAYS.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a number of days: {text[:40]!r}; expected one such as 7, 0.5 or 0")
    return float(match.group(1))


def parse_header(text: str) -> tuple[str, str]:
    """A field ``Name: value`` (RFC 9110, section 5) without line breaks, other than those that the engine sets."""
    name, separator, value = text.partition(":")
    value = value.strip(" \t")
    if not separator or not FIELD_NAME.fullmatch(name):
        raise ValueError("not a header; expected 'Name: value', the name of letters, digits and dashes")
    if any(ord(character) < ord(" ") and character != "\t" for character in value) or "\x7f" in value:
        raise ValueError(f"the value of {name!r} contains a line break or a control character")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"the value of {name!r} contains characters that no header field can carry") from None
    if name.lower() in _OWN_FIELDS:
        raise ValueError(f"{name!r} can't be set: anyfetch sets it, so that the parts of a file fit together")
    return name, value


def parse_headers(text: str) -> tuple[tuple[str, str], ...]:
    """A field ``Name: value``, or all fields of ``@FILE``, one a line."""
    return tuple(map(parse_header, given_lines(text)))


def parse_proxy(text: str) -> str:
    """A proxy's URL, or "" for no proxy; ``@FILE`` reads it from a file."""
    text = given_line(text)
    if not text.strip():
        return ""
    try:
        parts = urlsplit(text)
        usable = parts.scheme.lower() in _PROXY_SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character <= " " for character in text):
        raise ValueError(f"not a proxy; expected a URL with one of {', '.join(_PROXY_SCHEMES)}, or '' for none")
    return text


def parse_url(text: str) -> str:
    """An absolute http or https URL; ``@FILE`` reads it from a file."""
    text = given_line(text).strip()
    Url.parse(text)
    return text


def parse_peer(text: str) -> str:
    """The address of a server that lends files."""
    try:
        peer(text)
    except ReferenceSyntaxError as error:
        raise ValueError(f"{error.message}; {error.hint}") from None
    return text


REFERENCE = Parsed("REFERENCE", given_line)
"""A reference. ``@FILE`` reads it from a file, because a URL with a signature or a token is a secret."""
