"""The keywords of the library's calls, as people write them, made into settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.engine.facts import Engine, Settings
from anymatix_fetcher.errors import ReferenceSyntaxError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.transports.limiter import RateLimiter


class Options(TypedDict, total=False):
    """The keywords of :func:`fetch`: the fields of :class:`Settings`; paths and digests may be text."""

    output: Path | str | None
    directory: Path | str
    digests: Sequence[Digest | str]
    connections: int | None
    max_connections: int
    engine: Engine | str
    limit_rate: float | RateLimiter | None
    overwrite: bool
    take_over: bool
    as_is: bool
    allow_unsafe: bool
    headers: Sequence[tuple[str, str]]
    proxy: str | None
    ca_file: Path | str | None
    verify_tls: bool
    http3: bool
    include: Sequence[str]
    exclude: Sequence[str]
    mirrors: Sequence[str]


def settings_of(**options: Unpack[Options]) -> Settings:
    """Settings from keywords as people write them.

    Raises:
        ReferenceSyntaxError: A digest or the engine's name can't be read.
    """
    output, ca_file = options.get("output"), options.get("ca_file")
    try:
        return Settings(
            output=Path(output) if output is not None else None,
            directory=Path(options.get("directory", "")),
            digests=tuple(Digest.parse(str(digest)) for digest in options.get("digests", ())),
            connections=options.get("connections"),
            max_connections=options.get("max_connections", Settings().max_connections),
            engine=Engine(options.get("engine", Engine.AUTO)),
            limit_rate=options.get("limit_rate"),
            overwrite=options.get("overwrite", False),
            take_over=options.get("take_over", False),
            as_is=options.get("as_is", False),
            allow_unsafe=options.get("allow_unsafe", False),
            headers=tuple(options.get("headers", ())),
            proxy=options.get("proxy"),
            ca_file=Path(ca_file) if ca_file is not None else None,
            verify_tls=options.get("verify_tls", True),
            http3=options.get("http3", False),
            include=tuple(options.get("include", ())),
            exclude=tuple(options.get("exclude", ())),
            mirrors=tuple(options.get("mirrors", ())),
        )
    except ValueError as error:
        raise ReferenceSyntaxError(str(error)) from None
