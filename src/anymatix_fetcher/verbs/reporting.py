"""Results and errors as JSON, in the same form for the command line, the queue and the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.errors import (
    AccessDeniedError,
    DestinationLockedError,
    DownloadCancelled,
    IntegrityError,
    InternalError,
    NetworkError,
    NotFoundError,
    ReferenceSyntaxError,
    StorageError,
)

if TYPE_CHECKING:
    from datetime import datetime

    from anymatix_fetcher.engine.facts import Result
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.verbs.checked import Checked
    from anymatix_fetcher.verbs.ls import Listed
    from anymatix_fetcher.verbs.planning import Model
    from anymatix_fetcher.verbs.resolve import Located

_EXIT_CODES: tuple[tuple[type[FetchError], int], ...] = (
    (ReferenceSyntaxError, 2),
    (NotFoundError, 3),
    (AccessDeniedError, 4),
    (NetworkError, 5),
    (IntegrityError, 6),
    (StorageError, 7),
    (DestinationLockedError, 8),
    (DownloadCancelled, 130),
    (InternalError, 1),
)


def exit_code_of(error: FetchError) -> int:
    """The command's exit code for this error; 1, a bug, for an unknown kind."""
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), 1)


def error_object(error: FetchError) -> dict[str, object]:
    """The error as a JSON object."""
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "exit_code": exit_code_of(error),
    }


def result_object(result: Result, error: dict[str, object] | None) -> dict[str, object]:
    """The result as a JSON object.

    Args:
        result: The result of one file.
        error: Its error as a JSON object; ``None`` if it has none.
    """
    return {
        "reference": result.reference,
        "status": result.status.value,
        "path": None if result.path is None else str(result.path.absolute()),
        "size": result.size,
        "sha256": result.sha256,
        "verified": result.verified,
        "verified_at": None if result.verified_at is None else timestamp(result.verified_at),
        "bytes_downloaded": result.bytes_downloaded,
        "bytes_resumed": result.bytes_resumed,
        "seconds": round(result.seconds, 3),
        "requests": result.requests,
        "origin_requests": result.origin_requests,
        "renewals": result.renewals,
        "connections_peak": result.connections_peak,
        "engine": result.engine,
        "http_version": result.http_version,
        "error": error,
    }


def listed_object(one: Listed, *, is_set_aside: bool = False) -> dict[str, object]:
    """A local model, or one that a repair kept, as a JSON object."""
    return {
        "path": str(one.path),
        "name": one.name,
        "folder": one.folder,
        "size": one.size,
        "origin": one.origin or None,
        "source": one.source or None,
        "digests": {digest.algorithm: digest.hex for digest in one.digests},
        "verified": one.verified,
        "verified_at": None if one.verified_at is None else timestamp_of(one.verified_at),
        "damaged": one.is_damaged,
        "changed": one.is_changed,
        "duplicates": [str(path) for path in one.duplicates],
        "same_file": [str(path) for path in one.others],
        "set_aside": is_set_aside,
    }


def checked_object(one: Checked, error: dict[str, object] | None) -> dict[str, object]:
    """A verified file as a JSON object.

    ``bad`` lists each damaged span as its first byte and the byte after its last.
    """
    known = one.identified
    return {
        "path": str(one.path),
        "condition": one.condition.value,
        "size": one.size,
        "sha256": one.sha256,
        "verified": one.verified,
        "verified_at": None if one.verified_at is None else timestamp(one.verified_at),
        "recorded_by": one.by or None,
        "bad": None if one.bad is None else [[span.start, span.stop] for span in one.bad],
        "touched": one.is_touched,
        "bytes_downloaded": one.bytes_downloaded,
        "repaired_from": str(one.repaired_from) if one.repaired_from else None,
        "kept_as": str(one.kept_as) if one.kept_as else None,
        "identified": None
        if known is None
        else {"reference": known.reference, "title": known.title, "name": known.name, "type": known.type},
        "same_file": [str(path) for path in one.others],
        "error": error,
    }


def located_object(located: Located, error: dict[str, object] | None) -> dict[str, object]:
    """What a reference resolved to as a JSON object; ``error`` is its error in the same form."""
    about = located.about
    return {
        "reference": located.reference,
        "source": located.source,
        "name": located.name,
        "folder": "/".join(located.folder) or None,
        "url": located.url,
        "target": located.target,
        "size": located.length,
        "digests": {digest.algorithm: digest.hex for digest in located.digests},
        "ranged": located.ranged,
        "etag": located.etag,
        "expires_at": located.expires_at,
        "mirrors": list(located.mirrors),
        "title": about.title or None,
        "type": about.type or None,
        "base_model": about.base_model or None,
        "licence": about.licence or None,
        "page": about.page or None,
        "trigger_words": list(about.trigger_words),
        "remark": located.remark or None,
        "error": error,
    }


def model_object(model: Model, error: dict[str, object] | None) -> dict[str, object]:
    """A model that a workflow needs as a JSON object; ``error`` is its error in the same form."""
    need = model.need
    return {
        "name": need.name,
        "directory": need.directory,
        "state": model.state.value,
        "path": str(model.path) if model.path else None,
        "size": model.size,
        "url": str(need.url) if need.url else None,
        "digest": str(need.digest) if need.digest else None,
        "verified": model.proof or None,
        "nodes": [str(node) for node in need.nodes],
        "note": model.note or None,
        "error": error,
    }


def timestamp(moment: datetime) -> str:
    """The moment in UTC in the format of RFC 3339, to the second: ``2026-11-30T20:31:13Z``."""
    from datetime import UTC  # noqa: PLC0415 - costs start-up time, needed when something has ended

    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def timestamp_of(seconds: float) -> str:
    """The time in seconds since 1970 in the same format."""
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    return timestamp(datetime.fromtimestamp(seconds, UTC))
