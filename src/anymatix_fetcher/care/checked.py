"""What checking a file comes to, in values and in words."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from anymatix_fetcher.care.repairing import origin_of
from anymatix_fetcher.core.disk_errors import storage_error
from anymatix_fetcher.errors import DigestMismatchError, StorageError
from anymatix_fetcher.library.evidence import bad_spans

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.care.identifying import Identified
    from anymatix_fetcher.core.spans import SpanSet
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.library.evidence import Evidence
    from anymatix_fetcher.library.reading import Reading


class Condition(Enum):
    """How a file was found."""

    INTACT = "intact"
    """It is what was recorded."""
    RECORDED = "recorded"
    """Nothing was recorded of it until now; the next time it can be checked."""
    DAMAGED = "damaged"
    """It isn't what was recorded."""
    REPAIRED = "repaired"
    """It wasn't what was recorded, and is now."""
    UNREADABLE = "unreadable"
    """We may not read it."""
    CHANGING = "changing"
    """It was written to while it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of checking one file.

    Args:
        path: The file.
        condition: How it was found, or how it is after its repair.
        size: Bytes of it.
        sha256: That it has, in hex; ``None`` where it can't be read.
        verified: The algorithm by which it was checked, "length", or "none".
        by: Who had recorded what it should be: "sidecar", "name" (of a blob in the Hugging Face cache), "index"; empty
            where nobody had.
        bad: Its bytes that aren't as they were, whole blocks of them; ``None`` where nobody knows which.
        is_touched: Whether a program has written to it since it was recorded; where none has, the disk itself has
            changed it. ``None`` where that isn't known.
        bytes_downloaded: That its repair took.
        repaired_from: The copy on this machine that it was mended by; ``None`` where it was fetched.
        identified: What it is by its digest, where somebody was asked and knows.
        error: What is wrong; ``None`` where nothing is.
        others: More names of the same file.
    """

    path: Path
    condition: Condition
    size: int
    sha256: str | None = None
    verified: str = "none"
    by: str = ""
    bad: SpanSet | None = None
    is_touched: bool | None = None
    bytes_downloaded: int = 0
    repaired_from: Path | None = None
    identified: Identified | None = None
    error: FetchError | None = None
    others: tuple[Path, ...] = ()


def damaged(found: Checked, evidence: Evidence, reading: Reading, copy: Path | None) -> Checked:
    """``found`` as the finding that the content isn't what it should be.

    Args:
        found: What is known of the file otherwise.
        evidence: What it should be.
        reading: What is in it.
        copy: Another file that should have the right content, where there is one.
    """
    result = replace(
        found,
        condition=Condition.DAMAGED,
        verified=evidence.algorithm([digest.algorithm for digest in reading.digests]) or "length",
        bad=bad_spans(evidence, reading),
        is_touched=_is_touched(evidence, reading),
    )
    return replace(result, error=_mismatch(result, evidence, copy))


def _is_touched(evidence: Evidence, reading: Reading) -> bool | None:
    """Whether somebody has written to the file since it was recorded; ``None`` where that can't be told."""
    if evidence.remembered is not None and evidence.remembered.digests:
        return not reading.state.is_unwritten_since(evidence.remembered.state)
    times = {sidecar.record.own.mtime_ns for sidecar in evidence.sidecars if sidecar.record.own}
    return reading.state.mtime_ns not in times if times else None


def _mismatch(found: Checked, evidence: Evidence, copy: Path | None) -> DigestMismatchError:
    teller = {"sidecar": "its sidecar says", "name": "its name says", "index": "was recorded"}[evidence.by or "sidecar"]
    size = next(iter(evidence.lengths), None)
    if found.verified == "length":
        what = f"{found.path} has {found.size:,} bytes, and {teller} {size:,}"
    else:
        what = f"{found.path} isn't what {teller}: its {found.verified} is another one"
    why = {
        True: "; it was written to since then",
        False: "; nobody has written to it since, so the disk or the memory has changed it",
        None: "",
    }[found.is_touched]
    return DigestMismatchError(f"{what}{why}", hint=_advice(found, evidence, copy))


def _advice(found: Checked, evidence: Evidence, copy: Path | None) -> str:
    name = shlex.quote(str(found.path))
    if not evidence.is_ours:
        return (
            "That sidecar was written elsewhere, so the file isn't replaced because of it: remove whichever is wrong, "
            "or fetch the file again with --overwrite."
        )
    if copy is not None:
        return f"`anyfetch verify --repair {name}` mends it by the copy {copy}."
    host = origin_of(evidence.sidecars)
    if host:
        return f"`anyfetch verify --repair {name}` fetches what is wrong with it again from {host}."
    if evidence.by == "index" and found.is_touched:
        return (
            f"If it is meant to be as it is now, `anyfetch verify --accept {name}` records that; else fetch it again."
        )
    return "Nobody has recorded where it came from: fetch it again, or take it from a backup."


def unreadable(path: Path, error: OSError) -> StorageError:
    """The error for a file that can't be read."""
    ours = storage_error(error, path)
    reason = error.strerror or type(error).__name__
    return type(ours)(f"{path} can't be read: {reason}", hint="Check the disk, and who may read the file.")
