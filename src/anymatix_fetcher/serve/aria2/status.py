"""A job in the form of aria2's download status: the same keys, all numbers as strings. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.facts import Phase
from anymatix_fetcher.queue.blocks import BlockState
from anymatix_fetcher.queue.jobs import JobState
from anymatix_fetcher.queue.secrecy import may_be_stored
from anymatix_fetcher.serve.aria2.standing import Aria2Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anymatix_fetcher.engine.facts import Progress
    from anymatix_fetcher.queue.blocks import BlockMap
    from anymatix_fetcher.queue.jobs import JobError, QueuedJob

PIECE_LENGTH = 1_048_576
"""The piece length of a file of unknown length: aria2's default."""

_PIECES = frozenset({"bitfield", "numPieces", "pieceLength"})
_STOPPED = frozenset({Aria2Status.COMPLETE, Aria2Status.ERROR, Aria2Status.REMOVED})
_BITS_A_DIGIT = 4
_BITS = bytes(ord("1" if state >= BlockState.STORED else "0") for state in range(256))

# aria2's exit statuses, which are its error codes as well.
_SUCCESS, _UNKNOWN, _REMOVED = 0, 1, 31
_CODES_BY_KIND = {
    "DiskFullError": 9,
    "DestinationLockedError": 11,
    "ConflictingJobError": 11,
    "DestinationExistsError": 13,
    "OutsideError": 18,
    "UnexpectedAnswerError": 22,
    "NotAModelError": 22,
}
_CODES_BY_EXIT_CODE = {2: 28, 3: 3, 4: 24, 5: 6, 6: 32, 7: 17, 8: 11}
"""Bad option, not found, authorization failed, network, checksum, input or output, the same file twice."""


@dataclass(frozen=True, slots=True)
class SeenJob:
    """A job with its present progress.

    Args:
        job: The job.
        standing: aria2's status of it.
        progress: The progress of a running download, or ``None``.
        blocks: The state of each block; ``None`` if not requested.
    """

    job: QueuedJob
    standing: Aria2Status
    progress: Progress | None = None
    blocks: BlockMap | None = None


def asks_for_pieces(keys: frozenset[str]) -> bool:
    """Whether the requested fields need the blocks; no keys request all fields."""
    return not keys or bool(keys & _PIECES)


def status(seen: SeenJob, keys: frozenset[str] = frozenset()) -> dict[str, object]:
    """The fields of a download.

    Args:
        seen: The download.
        keys: The requested fields; empty for all.
    """
    job, going = seen.job, seen.progress if seen.standing is Aria2Status.ACTIVE else None
    every: dict[str, object] = {
        "gid": job.id,
        "status": seen.standing.value,
        "totalLength": str(_length(seen)),
        "completedLength": str(_stored(seen)),
        "uploadLength": "0",
        "downloadSpeed": str(round(going.bytes_per_second) if going is not None else 0),
        "uploadSpeed": "0",
        "connections": str(going.connections if going is not None else 0),
        "dir": folder(job),
        "files": files(seen),
        **_pieces(seen),
        **_ending(seen),
        **_verifying(going),
    }
    return {key: value for key, value in every.items() if not keys or key in keys}


def files(seen: SeenJob) -> list[dict[str, object]]:
    """The files of a download: one, or several for a repository."""
    job = seen.job
    several = (job.result or {}).get("files")
    if isinstance(several, list):
        return [
            _file(number, str(one.get("path") or ""), size := int(one.get("size") or 0), size, [])
            for number, one in enumerate(several, start=1)
        ]
    return [_file(1, _path(seen), _length(seen), _stored(seen), uris(seen))]


def _file(number: int, name: str, length: int, stored: int, places: list[dict[str, object]]) -> dict[str, object]:
    return {
        "index": str(number),
        "path": name,
        "length": str(length),
        "completedLength": str(stored),
        "selected": "true",
        "uris": places,
    }


def uris(seen: SeenJob) -> list[dict[str, object]]:
    """The URIs of a download and its mirrors, without those that contain secrets."""
    first = "used" if seen.job.started_at is not None else "waiting"
    shown = addresses(seen.job)
    return [{"uri": uri, "status": first if number == 0 else "waiting"} for number, uri in enumerate(shown)]


def addresses(job: QueuedJob) -> list[str]:
    """The reference and the mirrors of a job. A reference with secrets is redacted, such mirrors are left out."""
    wanted = job.wanted
    first = wanted.reference if wanted.reference and may_be_stored(wanted.reference) else job.reference
    return [first, *filter(may_be_stored, wanted.mirrors)]


def folder(job: QueuedJob) -> str:
    """The folder as the client named it, because clients compare it; otherwise the chosen folder."""
    named = job.wanted.directory
    if PurePath(named).is_absolute() or named.startswith("/"):
        return named
    place = PurePath(job.place)
    return str(place.parents[len(PurePath(job.wanted.output).parts) - 1]) if job.wanted.output else str(place)


def _path(seen: SeenJob) -> str:
    """The file's path below the folder as the client named it; empty while unknown."""
    job, place = seen.job, PurePath(seen.job.place)
    if job.wanted.output:
        return _below(folder(job), job.wanted.output)
    known = job.path or (seen.progress.path if seen.progress is not None else None)
    if known is None:
        return ""
    found = PurePath(known)
    return _below(folder(job), found.relative_to(place).as_posix()) if found.is_relative_to(place) else str(known)


def _below(directory: str, name: str) -> str:
    return f"{directory.rstrip('/')}/{name}"


def _length(seen: SeenJob) -> int:
    known = seen.progress.length if seen.progress is not None else None
    return known or seen.job.size or 0


def _stored(seen: SeenJob) -> int:
    if seen.job.state is JobState.DONE:
        return seen.job.size or 0
    return seen.progress.bytes_stored if seen.progress is not None else seen.job.bytes_stored


def _pieces(seen: SeenJob) -> dict[str, object]:
    blocks, length = seen.blocks, _length(seen)
    if blocks is None:
        return {}
    if not blocks.block_size or len(blocks.blocks) != -(-length // blocks.block_size):
        return {"numPieces": "0", "pieceLength": str(PIECE_LENGTH)}
    return {
        "bitfield": bitfield(blocks.blocks),
        "numPieces": str(len(blocks.blocks)),
        "pieceLength": str(blocks.block_size),
    }


def bitfield(blocks: Sequence[BlockState]) -> str:
    """The stored blocks as hexadecimal digits; the highest bit is the first block, and spare bits are 0."""
    digits = -(-len(blocks) // 8) * 2
    bits = bytes(blocks).translate(_BITS).ljust(digits * _BITS_A_DIGIT, b"0")
    return f"{int(bits, 2):0{digits}x}" if bits else ""


def _ending(seen: SeenJob) -> dict[str, object]:
    if seen.standing not in _STOPPED:
        return {}
    error = seen.job.error if seen.standing is Aria2Status.ERROR else None
    code = {Aria2Status.COMPLETE: _SUCCESS, Aria2Status.REMOVED: _REMOVED}.get(seen.standing, error_code(error))
    return {"errorCode": str(code), "errorMessage": _message(error)}


def error_code(error: JobError | None) -> int:
    """aria2's code for an error."""
    if error is None:
        return _UNKNOWN
    return _CODES_BY_KIND.get(error.kind) or _CODES_BY_EXIT_CODE.get(error.exit_code, _UNKNOWN)


def _message(error: JobError | None) -> str:
    return "" if error is None else ". ".join(filter(None, (error.message.rstrip("."), error.hint)))


def _verifying(progress: Progress | None) -> Mapping[str, object]:
    if progress is None or progress.phase is not Phase.VERIFYING:
        return {}
    return {"verifiedLength": str(progress.bytes_verified)}
