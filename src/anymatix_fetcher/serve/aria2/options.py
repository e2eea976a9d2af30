"""Parses aria2's options and converts them to job requests. Pure."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.queue.jobs import JobWanted
from anymatix_fetcher.queue.secrecy import may_be_stored
from anymatix_fetcher.serve.aria2.messages import RpcFault
from anymatix_fetcher.serve.aria2.option_table import DOWNLOAD_DEFAULTS, GLOBAL_DEFAULTS, KNOWN, may_be_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from anymatix_fetcher.queue.jobs import QueuedJob

_QUANTITY = re.compile(r"(\d{1,15})([KkMm]?)")
_FACTORS = {"": 1, "k": 1 << 10, "m": 1 << 20}
_GID = re.compile(r"[0-9a-f]{16}")
_LISTS = frozenset({"header", "index-out"})
_UNREADABLE = "We encountered a problem while processing the option '--{}'."
_DECIDED_HERE = frozenset({"range", "if-range", "accept-encoding", "host", "connection", "content-length"})
"""Header fields that browser extensions pass on but that the engine sets itself."""


def quantity(text: str) -> int:
    """A number of bytes such as ``500K`` or ``20M``, in powers of 1024.

    Raises:
        ValueError: ``text`` is not a quantity.
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a quantity: {text[:40]!r}")
    return int(match[1]) * _FACTORS[match[2].lower()]


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1 << 16:
        raise ValueError(f"not a count: {text[:40]!r}")
    return number


def _switch(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f"neither true nor false: {text[:40]!r}")
    return text == "true"


def _digest(text: str) -> Digest | None:
    """The digest of ``sha-256=HEX``; ``None`` for an empty text."""
    return Digest.parse(text.replace("=", ":", 1)) if text else None


def _gid(text: str) -> str:
    if not _GID.fullmatch(text):
        raise ValueError(f"not 16 hexadecimal digits: {text[:40]!r}")
    return text


_FORMS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(("split", "max-connection-per-server", "max-concurrent-downloads"), _count),
    **dict.fromkeys(("max-download-limit", "max-overall-download-limit", "min-split-size"), quantity),
    **dict.fromkeys(("continue", "allow-overwrite", "pause", "auto-file-renaming", "rpc-always-active"), _switch),
    "checksum": _digest,
    "gid": _gid,
}
"""The options with validated values; all others are accepted as they are."""

RPC_ALWAYS_ACTIVE = "rpc-always-active"
"""The only option that aria2 itself doesn't have."""


def read_options(given: Mapping[str, object]) -> dict[str, str]:
    """The known options as text. Unknown options and values of other types are ignored, as in aria2.

    Raises:
        RpcFault: A value is invalid.
    """
    found: dict[str, str] = {}
    for name, value in given.items():
        text = _text(name, value)
        if text is None or name not in KNOWN | {RPC_ALWAYS_ACTIVE}:
            continue
        try:
            _FORMS.get(name, str)(text)
        except ValueError:
            raise RpcFault(_UNREADABLE.format(name)) from None
        found[name] = text
    return found


def _text(name: str, value: object) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return value.encode(errors="replace").decode()
        case list() if name in _LISTS:
            return "\n".join(entry for entry in value if isinstance(entry, str)).encode(errors="replace").decode()
        case _:
            return None


def wanted_of(uris: Sequence[str], options: Mapping[str, str]) -> JobWanted:
    """The job request for a download; the first URI is the reference, the others are mirrors.

    Args:
        uris: At least one URI; all lead to the same file.
        options: The options, as returned by :func:`read_options`.
    """
    digest = _digest(options.get("checksum", ""))
    return JobWanted(
        reference=uris[0],
        mirrors=tuple(uris[1:]),
        directory=options.get("dir", ""),
        output=options.get("out", ""),
        digests=(str(digest),) if digest is not None else (),
        max_connections=_connections(options),
        limit_rate=quantity(options.get("max-download-limit", "0")) or None,
        headers=_headers(uris[0], options),
        proxy=_proxy(uris[0], options),
        overwrite=options.get("allow-overwrite") == "true",
    )


def _connections(options: Mapping[str, str]) -> int | None:
    """The limit of connections: the lower one of the two options, if given."""
    names = ("split", "max-connection-per-server")
    said = (options.get(name, "") for name in names if options.get(name) != DOWNLOAD_DEFAULTS[name])
    return min((_count(text) for text in said if text), default=None)


def _headers(reference: str, options: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    fields = [line.partition(":") for line in options.get("header", "").splitlines() if line.strip()]
    found = [(name.strip(), value.strip()) for name, separator, value in fields if separator]
    if options.get("referer"):
        found.append(("Referer", reference if options["referer"] == "*" else options["referer"]))
    if options.get("user-agent"):
        found.append(("User-Agent", options["user-agent"]))
    if options.get("http-user"):
        login = f"{options['http-user']}:{options.get('http-passwd', '')}"
        found.append(("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}"))
    unique = {name.lower(): (name, value) for name, value in found if name.lower() not in _DECIDED_HERE}
    return tuple(unique.values())


def _proxy(reference: str, options: Mapping[str, str]) -> str:
    """The proxy for a URI, with its credentials; empty for the one from the environment."""
    for kind in (f"{reference.partition(':')[0].lower()}-proxy", "all-proxy"):
        address = options.get(kind, "").strip()
        if not address:
            continue
        scheme, separator, rest = address.partition("://")
        if not separator:
            scheme, rest = "http", address
        user, password = options.get(f"{kind}-user", ""), options.get(f"{kind}-passwd", "")
        return f"{scheme}://{user}:{password}@{rest}" if user and "@" not in rest else f"{scheme}://{rest}"
    return ""


def shown_options(job: QueuedJob, given: Mapping[str, str], directory: str) -> dict[str, str]:
    """All options of a download, without secrets.

    Args:
        job: The job; its present values take precedence.
        given: The options as the client gave them.
        directory: The folder as the client named it.
    """
    wanted = job.wanted
    own = {
        "dir": directory,
        "out": wanted.output,
        "checksum": next(map(_checksum, wanted.digests), ""),
        "all-proxy": wanted.proxy if may_be_stored(wanted.proxy) else "",
        **{name.lower(): value for name, value in wanted.headers if name.lower() in {"referer", "user-agent"}},
    }
    always = {
        "allow-overwrite": "true" if wanted.overwrite else "false",
        "max-download-limit": str(round(wanted.limit_rate or 0)),
    }
    kept = {name: value for name, value in given.items() if _lasts(name, value)}
    return {**DOWNLOAD_DEFAULTS, **kept, **{name: value for name, value in own.items() if value}, **always}


def _lasts(name: str, value: str) -> bool:
    """Whether an option belongs to a download and may be shown."""
    is_of_download = name not in GLOBAL_DEFAULTS and name not in {"pause", "gid"}
    return is_of_download and may_be_shown(name) and may_be_stored(value)


def _checksum(digest: str) -> str:
    algorithm, _, value = digest.partition(":")
    return f"{algorithm.replace('sha', 'sha-')}={value}"
