"""What a sidecar says, to bytes and back: the first AnymatixFetcher's fields, and ours under one key of their own.

::

    {
        "url": "https://civitai.com/api/download/models/143906",    never with a token or a signature
        "file_name": "model_<sha256>.safetensors",                  beside the sidecar
        "file_size": 6938041050,
        "name": "model.safetensors",                                as the server calls it
        "data": null,                                               Civitai's description of the version
        "sha256": "...",                                            of the content
        "anyfetch": {"version": 1, "source": "civitai:143906", "identities": ["..."], "type": "checkpoint",
                     "digests": {"sha256": "..."}, "verified": "sha256", "verified_at": 1800000000.0, "mtime_ns": ...}
    }

Each field may be missing in what others have written, and fields that we don't know are kept.
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
"""Civitai's descriptions take up to some hundred kilobytes."""

_MOST_CHARACTERS = 8192
_MOST_COUNT = 1 << 63
_MOST_SECONDS = 253_402_300_800.0

_FIELDS = ("url", "file_name", "file_size", "name", "data", "sha256")


@dataclass(frozen=True, slots=True)
class Provenance:
    """What we know beyond the first fetcher's fields.

    Args:
        source: The reference as it may be written.
        identities: Of the reference and of the URL that it stands for, see ``identity``.
        type: A :class:`~anymatix_fetcher.library.types.ModelType`, or empty.
        digests: Of the content.
        verified: What proved the content: an algorithm's name, ``length`` or ``none``.
        verified_at: When, in seconds since 1970; 0 where that isn't known.
        mtime_ns: The file's modification time then: while it has this one, the digests hold.
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
    """A sidecar's content; ``None`` and empty where it doesn't say.

    Args:
        url: Of the reference, without secrets.
        file_name: The model's name, in the sidecar's folder.
        file_size: Its length in bytes.
        name: What the server calls it.
        data: Civitai's description of the model's version.
        sha256: Of the content, in hex.
        own: Ours, where we have written it.
        rest: What others have written besides.
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
        """Those of the references that led here, where we have written them."""
        return self.own.identities if self.own else ()

    @property
    def digests(self) -> tuple[Digest, ...]:
        """What it says of the content."""
        found = {digest.algorithm: digest for digest in (self.own.digests if self.own else ())}
        if self.sha256:
            found.setdefault("sha256", Digest("sha256", self.sha256))
        return tuple(found.values())


def encode(record: Record) -> bytes:
    """The record as bytes, with whatever may be a secret taken out of it; ASCII, for it is read by whatever locale."""
    try:
        return _encoded(record)
    except RecursionError:  # what others have written besides may be nested as deep as they please
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
    """What a sidecar says, as far as it makes sense; ``None`` where it isn't one: anybody may have written it."""
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


def _without_secrets(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    is_url = isinstance(value, str) and value.lower().startswith(("http://", "https://"))
    return recordable(value) if is_url else value


def _component(value: object) -> str | None:
    """A name in the sidecar's own folder. A sidecar with ``../..`` must not lead to the removal of other files."""
    if not isinstance(value, str) or value in ("", ".", "..") or set(value) & set("/\\\0"):
        return None
    try:
        value.encode("utf-8", "surrogateescape")  # as the system's calls do, which raise what isn't an OSError
    except UnicodeEncodeError:
        return None
    return value


def _text(value: object) -> str | None:
    """A text that is one: of a length that makes sense, and that can be written anywhere."""
    if not isinstance(value, str) or len(value) > _MOST_CHARACTERS:
        return None
    return None if re.search("[\\ud800-\\udfff]", value) else value


def _is_identity(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _proof(value: object) -> str:
    return value if isinstance(value, str) and value in {*HEX_LENGTHS, "length"} else "none"


def _count(value: object) -> int | None:
    """A number of bytes or nanoseconds that a file can have."""
    return value if type(value) is int and 0 <= value < _MOST_COUNT else None


def _seconds(value: object) -> float:
    """A moment since 1970, before the year 10000."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < _MOST_SECONDS else 0.0  # type: ignore[operator, arg-type]


def _digest(algorithm: object, value: object) -> Digest | None:
    try:
        return Digest.parse(f"{algorithm}:{value}")
    except ValueError:
        return None
