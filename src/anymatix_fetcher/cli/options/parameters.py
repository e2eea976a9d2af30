"""What options mean: text to values, each by a pure function that raises ``ValueError`` with a sentence for people.

No message repeats what may be a secret: the value of a header, the password in a proxy's URL.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

import click

from anymatix_fetcher.cli.outside_arguments import given_line, given_lines
from anymatix_fetcher.core.values.urls import Url

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CONNECTIONS = 256
"""More than that to one server is an attack, not a download."""

_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([kmgt]?)(i?b)?(?:/s)?", re.IGNORECASE)
_DAYS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?d?", re.IGNORECASE)
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
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
    """The types of models that begin so, for the shell to complete."""
    from anymatix_fetcher.library.types import ModelType  # noqa: PLC0415 - only shells that complete need it

    return [str(one) for one in ModelType if one.startswith(incomplete.lower())]


class Parsed(click.ParamType, Generic[Value]):  # type: ignore[type-arg] # generic in new versions of click only
    """A click type made of a function that reads text.

    Args:
        name: How the help calls the value.
        parse: Reads it; its ``ValueError`` becomes wrong usage.
        choices: Words that the shell may complete.
    """

    def __init__(self, name: str, parse: Callable[[str], Value], choices: tuple[str, ...] = ()) -> None:
        self.name = name
        self._parse = parse
        self._choices = choices

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Value:
        """The value; text that can't be read is wrong usage."""
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
        """The choices that begin so."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only shells that complete need it

        return [CompletionItem(choice) for choice in self._choices if choice.startswith(incomplete)]


class FileToBe(click.Path):
    """A click type: the path of a file that is to be made, and so no folder's name."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path; one that ends as a folder's does is wrong usage."""
        if str(value).endswith(("/", os.sep)):
            self.fail(f"{value!s} names a folder; name a file, or use --directory for a folder", param, ctx)
        return Path(super().convert(value, param, ctx))  # type: ignore[arg-type] # click takes paths, too


def parse_quantity(text: str) -> int:
    """Bytes: ``1048576``, ``1024K``, ``1.5M``, ``2GiB``; powers of 1024 as in curl, wget and aria2. At least 1."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or (not match.group(2) and (match.group(3) or "").lower() == "ib"):
        raise ValueError(f"not an amount of bytes: {text[:40]!r}; expected a number with K, M or G, such as 20M")
    count = int(float(match.group(1)) * 1024 ** _POWERS[match.group(2).lower()])
    if count < 1:
        raise ValueError(f"less than one byte: {text[:40]!r}; leave the option away for no limit")
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
    """A field ``Name: value`` (RFC 9110, section 5), without line breaks, and none that we decide ourselves."""
    name, separator, value = text.partition(":")
    value = value.strip(" \t")
    if not separator or not _FIELD_NAME.fullmatch(name):
        raise ValueError("not a header; expected 'Name: value', the name of letters, digits and dashes")
    if any(ord(character) < ord(" ") and character != "\t" for character in value) or "\x7f" in value:
        raise ValueError(f"the value of {name!r} has a line break or a control character in it")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"the value of {name!r} has characters that no header can carry") from None
    if name.lower() in _OWN_FIELDS:
        raise ValueError(f"{name!r} is decided by anyfetch itself, or parts of files wouldn't fit together")
    return name, value


def parse_headers(text: str) -> tuple[tuple[str, str], ...]:
    """A field ``Name: value``, or all of those that ``@FILE`` has, one a line."""
    return tuple(map(parse_header, given_lines(text)))


def parse_proxy(text: str) -> str:
    """The URL of a proxy, or "" for none at all; ``@FILE`` has it."""
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
    """An absolute http or https URL, as it was typed, or as ``@FILE`` has it."""
    text = given_line(text).strip()
    Url.parse(text)
    return text


REFERENCE = Parsed("REFERENCE", given_line)
"""A reference, or ``@FILE`` that has it: an address that carries a signature or a token is a secret."""
