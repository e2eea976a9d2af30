"""Parsers for the values of settings, called with the setting's name and value.

Invalid values are refused before anything starts, and messages don't repeat possible secrets.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from enum import Enum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import FIELD_NAME
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.names import Naming
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.transports.proxies import Proxy, UnusableProxyError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN_CHARACTERS = 40

Choice = TypeVar("Choice", bound=Enum)
Item = TypeVar("Item")


class Engine(StrEnum):
    """The transport to use."""

    AUTO = "auto"
    CURL = "curl"
    THREADS = "threads"
    SINGLE = "single"


def unknown(name: str, known: Iterable[str]) -> str:
    """The message of the ``TypeError`` for an unknown keyword."""
    from difflib import get_close_matches  # noqa: PLC0415 - needed for mistakes only

    near = get_close_matches(name, list(known), n=1)
    return f"there is no setting {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def reference(value: object) -> str:
    """A reference: text."""
    if not isinstance(value, str):
        raise _wrong("reference", "text", value)
    return value


def switch(name: str, value: object) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise _wrong(name, "True or False", value)
    return value


def switches(**values: object) -> None:
    """Refuses what is neither yes nor no among the values, which are given by their names."""
    for name, value in values.items():
        switch(name, value)


def callbacks(**values: object) -> None:
    """Refuses what can't be called among the values, which are given by their names; ``None`` stands for no call."""
    for name, value in values.items():
        if not (value is None or callable(value)):
            raise _wrong(name, "a function", value)


def token(value: object) -> CancelToken:
    """The token that stops the call: the given one, or else a new one."""
    if value is None:
        return CancelToken()
    if not isinstance(value, CancelToken):
        raise _wrong("cancel", "a CancelToken", value)
    return value


def above_zero(name: str, value: object, unit: str) -> float:
    """A number above zero.

    Args:
        name: The setting's name.
        value: The value.
        unit: The unit, as in "seconds".
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0:
        return value
    raise _wrong(name, f"a number of {unit} above zero", value)


def not_negative(name: str, value: object, unit: str) -> float:
    """A number that may be zero; the arguments are those of :func:`above_zero`."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return value
    raise _wrong(name, f"a number of {unit}, zero or more", value)


def count(name: str, value: object) -> int:
    """A number of connections."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _wrong(name, "a whole number above zero", value)
    return value


def count_or_none(name: str, value: object) -> int | None:
    """A number of connections, or ``None``."""
    return None if value is None else count(name, value)


def length(name: str, value: object) -> int | None:
    """A number of bytes, or ``None``."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(name, "a whole number of bytes", value)
    return value


def rate(name: str, value: object) -> float | RateLimiter | None:
    """Bytes a second, a :class:`RateLimiter`, or ``None``."""
    if value is None or isinstance(value, RateLimiter):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0:
        return value
    raise _wrong(name, "a number of bytes a second above zero, or None for no limit", value)


def text(name: str, value: object) -> str:
    """Text without control characters. Errors don't repeat it, because it may be a secret."""
    if not isinstance(value, str):
        raise _wrong(name, "text", type(value))
    if any(ord(character) < ord(" ") for character in value):
        raise ReferenceSyntaxError(f"{name}: there is a control character in it", hint="Check where it comes from.")
    return value


def text_or_none(name: str, value: object) -> str | None:
    """Text, or ``None``."""
    return None if value is None else text(name, value)


def proxy(name: str, value: object) -> str | None:
    """A proxy's URL, "" for none, or ``None``. Errors don't repeat it, because it may contain a password."""
    found = text_or_none(name, value)
    if found:
        try:
            Proxy.parse(found)
        except UnusableProxyError as error:
            raise ReferenceSyntaxError(
                f"{name}: {error}", hint="A proxy is an http, https, socks5 or socks5h URL, or '' for none."
            ) from None
    return found


def texts(name: str, value: object) -> tuple[str, ...]:
    """Any number of texts; a single one counts as such."""
    return tuple(text(name, one) for one in _each(name, value, str))


def mirrors(name: str, value: object) -> tuple[str, ...]:
    """URLs."""
    found = texts(name, value)
    for one in found:
        try:
            Url.parse(one.strip())
        except ValueError as error:
            raise ReferenceSyntaxError(f"not a mirror: {error}", hint="A mirror is an http or https URL.") from None
    return found


def peers(name: str, value: object) -> tuple[str, ...]:
    """URLs of servers."""
    found = texts(name, value)
    for one in found:
        peer(one)
    return found


def peer(text: str) -> Url:
    """The address of a server that lends files.

    Raises:
        ReferenceSyntaxError: It isn't one, or says more than where the server is.
    """
    hint = "A peer is an http or https URL without user or query, such as http://192.168.1.5:6800."
    try:
        url = Url.parse(text.strip())
    except ValueError as error:
        raise ReferenceSyntaxError(f"not a peer: {error}", hint=hint) from None
    if url.has_query or url.credentials is not None:
        raise ReferenceSyntaxError(f"not a peer: {url} has a user or a query", hint=hint)
    return url


def path(name: str, value: object) -> Path | None:
    """A path, or ``None``."""
    return None if value is None else _path(name, value)


def paths(name: str, value: object) -> tuple[Path, ...]:
    """Any number of paths; a single one counts as such."""
    return tuple(_path(name, one) for one in _each(name, value, str, os.PathLike))


def words(name: str, value: object) -> tuple[str, ...]:
    """Any number of references and paths as text; a single one counts as such."""
    return tuple(one if isinstance(one, str) else str(_path(name, one)) for one in _each(name, value, str, os.PathLike))


def exact(name: str, value: object) -> Path | None:
    """The path of a file, or ``None``."""
    if value is None:
        return None
    found = _path(name, value)
    if found.name in {"", ".."} or (isinstance(value, str) and value.endswith(("/", os.sep))):
        raise ReferenceSyntaxError(
            f"{name}: {str(value)!r} names no file", hint="Name a file, or a folder by directory instead."
        )
    return found


def named_file(name: str, value: object) -> Path:
    """The path of a file."""
    found = exact(name, value)
    if found is None:
        raise _wrong(name, "a path", value)
    return found


def folder(name: str, value: object) -> Path:
    """A folder; an empty path if none is named."""
    return Path() if value is None or value == "" else _path(name, value)


def partial(name: str, value: object) -> Path | str | None:
    """A partial file, "auto", or ``None``."""
    return "auto" if value == "auto" else path(name, value)


def engine(name: str, value: object) -> Engine:
    """The transport."""
    return _chosen(name, value, Engine)


def naming(name: str, value: object) -> Naming:
    """The naming scheme of files."""
    return _chosen(name, value, Naming)


def digests(name: str, value: object) -> tuple[Digest, ...]:
    """Any number of digests; a single one counts as such."""
    return tuple(_digest(one) for one in _each(name, value, str, Digest))


def sha256(name: str, value: object) -> Digest | None:
    """A SHA-256, with or without its algorithm's name, or ``None``."""
    if value is None:
        return None
    found = _digest(f"sha256:{value}" if isinstance(value, str) and ":" not in value else value)
    if found.algorithm != "sha256":
        raise ReferenceSyntaxError(f"{name}: this is a {found.algorithm}", hint=f"Give it as digests=[{str(found)!r}].")
    return found


def headers(_name: str, value: object) -> tuple[tuple[str, str], ...]:
    """Header fields. Errors don't repeat their values."""
    pairs = value.items() if isinstance(value, Mapping) else value
    try:
        found = tuple((name, text) for name, text in pairs)  # type: ignore[attr-defined] # raises for what isn't iterable
    except (TypeError, ValueError):
        raise _no_fields("they are neither a mapping nor pairs") from None
    for name, content in found:
        if not isinstance(name, str) or not isinstance(content, str):
            raise _no_fields("a name or a value isn't text")
        if not FIELD_NAME.fullmatch(name):
            raise _no_fields("a name has characters that no header's has")
        if any(character in content for character in "\r\n\0"):
            raise _no_fields(f"the value of {name!r} has a line break in it")
    return found


def _no_fields(reason: str) -> ReferenceSyntaxError:
    return ReferenceSyntaxError(
        f"the headers can't be sent: {reason}", hint="Expected {'Name': 'value'}, or a list of such pairs."
    )


def _path(name: str, value: object) -> Path:
    if not isinstance(value, str | os.PathLike):
        raise _wrong(name, "a path", value)
    found = os.fspath(value)
    if not isinstance(found, str):
        raise _wrong(name, "a path of text, not of bytes", value)
    if "\0" in found:
        raise ReferenceSyntaxError(f"{name}: there is a NUL in it", hint="No file system has such a path.")
    return Path(found)


def _digest(value: object) -> Digest:
    if isinstance(value, Digest):
        return value
    if not isinstance(value, str):
        raise _wrong("digests", "a digest as 'sha256:HEX'", value)
    try:
        return Digest.parse(value)
    except ValueError as error:
        raise ReferenceSyntaxError(str(error), hint="Copy it again: a digit may be missing.") from None


def several(name: str, value: Iterable[Item]) -> list[Item]:
    """The items of a list, or of whatever else can be iterated over."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise _wrong(name, "a list", type(value))
    return list(value)


def _each(name: str, value: object, *single: type) -> Iterator[object]:
    if isinstance(value, single):
        yield value
    elif isinstance(value, Iterable) and not isinstance(value, bytes | Mapping):
        yield from value
    else:
        raise _wrong(name, "a list", value)


def _chosen(name: str, value: object, choices: type[Choice]) -> Choice:
    try:
        return choices(value)
    except ValueError:
        raise _wrong(name, f"one of {', '.join(str(one.value) for one in choices)}", value) from None


def _wrong(name: str, expected: str, value: object) -> ReferenceSyntaxError:
    return ReferenceSyntaxError(
        f"{name}: {expected} is expected, not {value!r:.{_SHOWN_CHARACTERS}}",
        hint=f"The help() of the call, or of anymatix_fetcher.Settings, says what {name} means.",
    )
