"""The format of sidecars: the first AnymatixFetcher's fields, and our own under one key.

::

    {
        "url": "https://civitai.com/api/download/models/143906",    without tokens and signatures
        "file_name": "model_<sha256>.safetensors",                  in the sidecar's folder
        "file_size": 6938041050,
        "name": "model.safetensors",                                the server's name
        "data": null,                                               Civitai's description of the version
        "sha256": "...",                                            of the content
        "anyfetch": {"version": 1, "source": "civitai:143906", "identities": ["..."], "type": "checkpoint",
                     "digests": {"sha256": "..."}, "verified": "sha256", "verified_at": 1800000000.0, "mtime_ns": ...}
    }

Sidecars of other programs may lack fields, and their additional fields are kept.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.core.answers.secrecy import recordable
from anymatix_fetcher.core.values.digests import HEX_LENGTHS, Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN_KEY = "anyfetch"
VERSION = 1
MOST_BYTES = 8 << 20
"""Civitai's descriptions have up to some hundred kilobytes."""

_MOST_CHARACTERS = 8192
_MOST_COUNT = 1 << 63
_MOST_SECONDS = 253_402_300_800.0

_FIELDS = ("url", "file_name", "file_size", "name", "data", "sha256")


@dataclass(frozen=True, slots=True)
class Provenance:
    """The fields beyond those of the first fetcher.

    Args:
        source: The reference without secrets.
        identities: The identities of the reference and of its URL, see ``identity``.
        type: A :class:`~anymatix_fetcher.library.types.ModelType`, or empty.
        digests: The digests of the content.
        verified: What verified the content: an algorithm's name, ``length`` or ``none``.
        verified_at: When, in seconds since 1970; 0 if unknown.
        mtime_ns: The file's modification time at that moment; the digests hold while it is unchanged.
    """

    source: str = ""
    identities: tuple[str, ...] = ()
    type: str = ""
    digests: tuple[Digest, ...] = ()
    verified: str = "none"
    verified_at: float = 0.0
    mtime_ns: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """A sidecar's content; missing fields are ``None`` or empty.

    Args:
        url: The reference's URL, without secrets.
        file_name: The model's name, in the sidecar's folder.
        file_size: Its size in bytes.
        name: The server's name for it.
        data: Civitai's description of the model's version.
        sha256: The SHA-256 of the content, in hex.
        own: Our own fields, if this program has written it.
        rest: Additional fields of other programs.
    """

    url: str | None = None
    file_name: str | None = None
    file_size: int | None = None
    name: str | None = None
    data: Mapping[str, Any] | None = None
    sha256: str | None = None
    own: Provenance | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identities(self) -> tuple[str, ...]:
        """The identities of the references that led here, if this program has written it."""
        return self.own.identities if self.own else ()

    @property
    def digests(self) -> tuple[Digest, ...]:
        """The digests of the content."""
        found = {digest.algorithm: digest for digest in (self.own.digests if self.own else ())}
        if self.sha256:
            found.setdefault("sha256", Digest("sha256", self.sha256))
        return tuple(found.values())


def encode(record: Record) -> bytes:
    """The record as bytes, without possible secrets. ASCII, so that programs with any locale can read it."""
    try:
        return _encoded(record)
    except RecursionError:  # additional fields may be nested arbitrarily deep
        return _encoded(replace(record, data=None, rest={}))


def _encoded(record: Record) -> bytes:
    own = record.own
    content: dict[str, Any] = {
        **record.rest,
        "url": recordable(record.url) if record.url is not None else None,
        "file_name": record.file_name,
        "file_size": record.file_size,
        "name": record.name,
        "data": _without_secrets(record.data),
    }
    if record.sha256 is not None:
        content["sha256"] = record.sha256
    if own is not None:
        content[OWN_KEY] = {
            "version": VERSION,
            "source": recordable(own.source),
            "identities": list(own.identities),
            "type": own.type,
            "digests": {digest.algorithm: digest.hex for digest in own.digests},
            "verified": own.verified,
            "verified_at": own.verified_at,
            "mtime_ns": own.mtime_ns,
        }
    return json.dumps(content, indent=4).encode("ascii")


def decode(data: bytes) -> Record | None:
    """The valid part of a sidecar; ``None`` if it isn't one. Any program may have written it."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    record = Record(
        url=_text(content.get("url")),
        file_name=_component(content.get("file_name")),
        file_size=_count(content.get("file_size")),
        name=_text(content.get("name")),
        data=content["data"] if isinstance(content.get("data"), dict) else None,
        own=_provenance(content.get(OWN_KEY)),
        rest={key: value for key, value in content.items() if key not in (*_FIELDS, OWN_KEY)},
    )
    sha256 = _digest("sha256", content.get("sha256"))
    return replace(record, sha256=sha256.hex if sha256 else None)


def _provenance(value: object) -> Provenance | None:
    if not isinstance(value, dict):
        return None
    digests, identities = value.get("digests"), value.get("identities")
    stated = digests.items() if isinstance(digests, dict) else ()
    return Provenance(
        source=_text(value.get("source")) or "",
        identities=tuple(filter(_is_identity, identities)) if isinstance(identities, list) else (),
        type=_text(value.get("type")) or "",
        digests=tuple(digest for name, text in stated if (digest := _digest(name, text))),
        verified=_proof(value.get("verified")),
        verified_at=_seconds(value.get("verified_at")),
        mtime_ns=_count(value.get("mtime_ns")) or 0,
    )


def _without_secrets(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    is_url = isinstance(value, str) and value.lower().startswith(("http://", "https://"))
    return recordable(value) if is_url else value


def _component(value: object) -> str | None:
    """A name in the sidecar's own folder. A sidecar with ``../..`` must not cause the removal of other files."""
    if not isinstance(value, str) or value in ("", ".", "..") or set(value) & set("/\\\0"):
        return None
    try:
        value.encode("utf-8", "surrogateescape")  # system calls raise this error too, which isn't an OSError
    except UnicodeEncodeError:
        return None
    return value


def _text(value: object) -> str | None:
    """A text of a reasonable length that can be encoded."""
    if not isinstance(value, str) or len(value) > _MOST_CHARACTERS:
        return None
    return None if re.search("[\\ud800-\\udfff]", value) else value


def _is_identity(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _proof(value: object) -> str:
    return value if isinstance(value, str) and value in {*HEX_LENGTHS, "length"} else "none"


def _count(value: object) -> int | None:
    """A valid number of bytes or nanoseconds."""
    return value if type(value) is int and 0 <= value < _MOST_COUNT else None


def _seconds(value: object) -> float:
    """A time since 1970, before the year 10000."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < _MOST_SECONDS else 0.0  # type: ignore[operator, arg-type]


def _digest(algorithm: object, value: object) -> Digest | None:
    try:
        return Digest.parse(f"{algorithm}:{value}")
    except ValueError:
        return None
