"""The outcome of verifying a file, as values and as messages."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import storage_error
from anymatix_fetcher.errors import DigestMismatchError, StorageError
from anymatix_fetcher.library.evidence import bad_spans, differing
from anymatix_fetcher.verbs.repair import origin_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from anymatix_fetcher.core.values.spans import SpanSet
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.library.evidence import Evidence
    from anymatix_fetcher.library.reading import Reading
    from anymatix_fetcher.verbs.identifying import Identified


class Condition(StrEnum):
    """The state of a verified file."""

    INTACT = "intact"
    """The content is as recorded."""
    RECORDED = "recorded"
    """Nothing was recorded before. The digest is recorded now."""
    DAMAGED = "damaged"
    """The content is not as recorded."""
    REPAIRED = "repaired"
    """The content was not as recorded, and is now."""
    NO_MODEL = "no model"
    """Nothing was recorded before, and the content contradicts the name. Nothing is recorded now."""
    UNREADABLE = "unreadable"
    """The file can't be read."""
    CHANGING = "changing"
    """The file was written to while it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The outcome of verifying one file.

    Args:
        path: The file.
        condition: Its state, after a repair if there was one.
        size: In bytes.
        sha256: In hex; ``None`` if the file can't be read.
        verified: The algorithm that it was verified by, "length", or "none".
        verified_at: When it was read, in UTC; ``None`` if it wasn't, or if there was nothing to compare with.
        by: The origin of the expected digest: "sidecar", "name" (of a blob in the Hugging Face cache), "index"; empty
            if there was none.
        bad: The damaged bytes, in whole blocks; ``None`` if unknown.
        is_touched: Whether a program has written to the file since its digest was recorded. If not, the disk has
            changed it. ``None`` if unknown.
        bytes_downloaded: The bytes fetched for the repair.
        repaired_from: The local copy that the repair used; ``None`` if the content was fetched.
        kept_as: Where the file was kept that the repair replaced; ``None`` if it wasn't kept.
        identified: What the file's digest identifies it as, if Civitai was asked and knows it.
        error: What is wrong; ``None`` if nothing is.
        others: Other names of the same file.
    """

    path: Path
    condition: Condition
    size: int
    sha256: str | None = None
    verified: str = "none"
    verified_at: datetime | None = None
    by: str = ""
    bad: SpanSet | None = None
    is_touched: bool | None = None
    bytes_downloaded: int = 0
    repaired_from: Path | None = None
    kept_as: Path | None = None
    identified: Identified | None = None
    error: FetchError | None = None
    others: tuple[Path, ...] = ()


def damaged(found: Checked, evidence: Evidence, reading: Reading, copy: Path | None) -> Checked:
    """``found`` with the finding that the content is not as recorded.

    Args:
        found: The outcome so far.
        evidence: The expected content.
        reading: The actual content.
        copy: Another file with the expected content, if there is one.
    """
    result = replace(
        found,
        condition=Condition.DAMAGED,
        verified="none",
        bad=bad_spans(evidence, reading),
        is_touched=evidence.was_touched(reading.state),
    )
    what = _mismatch(found, evidence, differing(evidence, reading) or "length")
    return replace(
        result, error=DigestMismatchError(what + _WHY[result.is_touched], hint=_advice(result, evidence, copy))
    )


_WHY = {
    True: "; it was written to since then",
    False: "; nothing has written to it since, so the disk or the memory has changed it",
    None: "",
}


def _mismatch(found: Checked, evidence: Evidence, algorithm: str) -> str:
    teller = {"sidecar": "its sidecar says", "name": "its name says", "index": "was recorded"}[evidence.by or "sidecar"]
    if algorithm == "length":
        size = next(iter(evidence.lengths), None)
        return f"{found.path} has {found.size:,} bytes, and {teller} {size:,}"
    return f"{found.path} isn't what {teller}: its {algorithm} is another one"


def is_acceptable(found: Checked) -> bool:
    """Whether a damaged file may be accepted: it may have been changed on purpose, and its name isn't a digest."""
    return found.by != "name" and found.is_touched is not False


def not_accepted(found: Checked) -> Checked:
    """The outcome if acceptance was asked for and isn't possible."""
    if found.error is None:
        raise AssertionError("a damaged file has no error")
    hint = (
        "It can't be accepted, because names in the Hugging Face cache are digests. Move it elsewhere to keep it."
        if found.by == "name"
        else "It isn't accepted, because no program has written to it. If it was changed on purpose all the "
        f"same, run `touch {shlex.quote(str(found.path))}` first. {found.error.hint}"
    )
    return replace(found, error=type(found.error)(found.error.message, hint=hint))


def _advice(found: Checked, evidence: Evidence, copy: Path | None) -> str:
    verify = f"anyfetch verify --{{}} {shlex.quote(str(found.path))}"
    accept = f"If the change is intended, run `{verify.format('accept')}`"
    if not evidence.is_ours:
        return (
            f"{accept}. It isn't replaced on the word of a sidecar that was written elsewhere: to fetch it "
            "anew, use --overwrite."
        )
    host = origin_of(evidence.sidecars)
    mends = f"restores it from the copy {copy}" if copy else f"fetches the damaged parts from {host}" if host else ""
    repair = f"`{verify.format('repair')}` {mends}"
    if is_acceptable(found):
        return f"{accept}; {f'{repair}, and keeps the present file' if mends else 'otherwise fetch it again'}."
    return f"{repair}." if mends else "Its origin isn't recorded: fetch it again, or restore it from a backup."


def unreadable(path: Path, error: OSError) -> StorageError:
    """The error for a file that can't be read."""
    ours = storage_error(error, path)
    reason = error.strerror or type(error).__name__
    return type(ours)(f"{path} can't be read: {reason}", hint="Check the disk and the file's permissions.")
