"""The keywords of the library's calls, as people write them, made into settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.engine.facts import Engine, Settings
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.names import Naming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.transports.limiter import RateLimiter

_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110, section 5.6.2."""
TWO_FOLDERS = "Leave the directory away: the type's folder is below the models root."


class GettingThere(TypedDict, total=False):
    """The keywords that say how to get there, and how fast."""

    connections: int | None
    max_connections: int
    engine: Engine | str
    limit_rate: float | RateLimiter | None
    headers: Mapping[str, str] | Sequence[tuple[str, str]]
    proxy: str | None
    ca_file: Path | str | None
    verify_tls: bool
    http3: bool


class Options(GettingThere, total=False):
    """The keywords of :func:`fetch`: the fields of :class:`Settings`, in the forms that people have them in."""

    output: Path | str | None
    directory: Path | str
    digests: Sequence[Digest | str]
    overwrite: bool
    take_over: bool
    adopt_partial: Path | str | None
    as_is: bool
    allow_unsafe: bool
    include: Sequence[str]
    exclude: Sequence[str]
    mirrors: Sequence[str]
    type: str
    models: Path | str | None
    extra_paths: Sequence[Path | str]
    naming: Naming | str
    folder: str
    links: bool
    sidecar: bool
    length: int | None


def settings_of(**options: Unpack[Options]) -> Settings:
    """Settings from keywords as people write them.

    Raises:
        ReferenceSyntaxError: A digest, a header or a name of something can't be read, or two folders are named.
    """
    output, ca_file, models = options.get("output"), options.get("ca_file"), options.get("models")
    if options.get("type") and options.get("directory"):
        raise ReferenceSyntaxError("a directory and a type are given, and each names a folder", hint=TWO_FOLDERS)
    try:
        return Settings(
            output=Path(output) if output is not None else None,
            directory=named_folder(options.get("directory")),
            digests=tuple(Digest.parse(str(digest)) for digest in options.get("digests", ())),
            connections=options.get("connections"),
            max_connections=options.get("max_connections", Settings().max_connections),
            engine=Engine(options.get("engine", Engine.AUTO)),
            limit_rate=options.get("limit_rate"),
            overwrite=options.get("overwrite", False),
            take_over=options.get("take_over", False),
            as_is=options.get("as_is", False),
            allow_unsafe=options.get("allow_unsafe", False),
            adopt_partial=options.get("adopt_partial"),
            headers=_fields(options.get("headers", ())),
            proxy=options.get("proxy"),
            ca_file=Path(ca_file) if ca_file is not None else None,
            verify_tls=options.get("verify_tls", True),
            http3=options.get("http3", False),
            include=tuple(options.get("include", ())),
            exclude=tuple(options.get("exclude", ())),
            mirrors=tuple(options.get("mirrors", ())),
            type=options.get("type", ""),
            models=Path(models) if models is not None else None,
            extra_paths=tuple(map(Path, options.get("extra_paths", ()))),
            naming=Naming(options.get("naming", Naming.PLAIN)),
            folder=options.get("folder", ""),
            links=options.get("links", True),
            sidecar=options.get("sidecar", False),
            length=options.get("length"),
        )
    except ValueError as error:
        raise ReferenceSyntaxError(str(error)) from None


def named_folder(folder: Path | str | None) -> Path:
    """The folder that a caller names; without a part only where none is named, so "here" is its absolute path."""
    if folder is None or folder == "":
        return Path()
    path = Path(folder)
    return path if path.parts else path.absolute()


def _fields(headers: object) -> tuple[tuple[str, str], ...]:
    """The fields that the caller wants to send; what is wrong with them is said without their values.

    Raises:
        ReferenceSyntaxError: They are neither a mapping nor pairs, or nothing that HTTP can carry.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    try:
        fields = tuple((name, value) for name, value in pairs)  # type: ignore[attr-defined] # what isn't iterable raises
    except (TypeError, ValueError):
        raise _no_fields("they are neither a mapping nor pairs") from None
    for name, value in fields:
        if not isinstance(name, str) or not isinstance(value, str):
            raise _no_fields("a name or a value isn't text")
        if not _FIELD_NAME.fullmatch(name):
            raise _no_fields("a name has characters that no header's has")
        if any(character in value for character in "\r\n\0"):
            raise _no_fields(f"the value of {name!r} has a line break in it")
    return fields


def _no_fields(reason: str) -> ReferenceSyntaxError:
    return ReferenceSyntaxError(
        f"the headers can't be sent: {reason}", hint="Expected {'Name': 'value'}, or a list of such pairs."
    )
