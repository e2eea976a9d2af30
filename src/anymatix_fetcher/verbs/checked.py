"""What checking a file comes to, in values and in words."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from enum import Enum
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
    NO_MODEL = "no model"
    """Nothing was recorded of it, and it can't be what its name claims: nothing is recorded of it now."""
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
        verified_at: When it was read for that, in UTC; ``None`` where it wasn't, or nothing was there to compare.
        by: Who had recorded what it should be: "sidecar", "name" (of a blob in the Hugging Face cache), "index"; empty
            where nobody had.
        bad: Its bytes that aren't as they were, whole blocks of them; ``None`` where nobody knows which.
        is_touched: Whether a program has written to it since it was recorded; where none has, the disk itself has
            changed it. ``None`` where that isn't known.
        bytes_downloaded: That its repair took.
        repaired_from: The copy on this machine that it was mended by; ``None`` where it was fetched.
        kept_as: Where the file is that was there before its repair; ``None`` where it is gone.
        identified: What it is by its digest, where somebody was asked and knows.
        error: What is wrong; ``None`` where nothing is.
        others: More names of the same file.
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
    """Whether a damaged file may be right as it is: somebody may have changed it, and not its name says otherwise."""
    return found.by != "name" and found.is_touched is not False


def not_accepted(found: Checked) -> Checked:
    """The finding where it was asked to be accepted and can't be."""
    if found.error is None:
        raise AssertionError("what is damaged has an error")
    hint = (
        "It can't be accepted: in the Hugging Face cache a file is what its name says. Move it elsewhere to keep it."
        if found.by == "name"
        else f"It isn't accepted, since nothing has written to it: `touch {shlex.quote(str(found.path))}` first if it "
        f"was changed on purpose all the same. {found.error.hint}"
    )
    return replace(found, error=type(found.error)(found.error.message, hint=hint))


def _advice(found: Checked, evidence: Evidence, copy: Path | None) -> str:
    verify = f"anyfetch verify --{{}} {shlex.quote(str(found.path))}"
    accept = f"If it is meant to be as it is now, `{verify.format('accept')}` records that"
    if not evidence.is_ours:
        return f"{accept}. It isn't replaced for a sidecar that was written elsewhere: else fetch it with --overwrite."
    host = origin_of(evidence.sidecars)
    mends = (
        f"mends it by the copy {copy}" if copy else f"fetches what is wrong with it again from {host}" if host else ""
    )
    repair = f"`{verify.format('repair')}` {mends}"
    if is_acceptable(found):
        return f"{accept}; {f'{repair}, and keeps what is there now' if mends else 'else fetch it again'}."
    return f"{repair}." if mends else "Where it came from isn't recorded: fetch it again, or take it from a backup."


def unreadable(path: Path, error: OSError) -> StorageError:
    """The error for a file that can't be read."""
    ours = storage_error(error, path)
    reason = error.strerror or type(error).__name__
    return type(ours)(f"{path} can't be read: {reason}", hint="Check the disk, and who may read the file.")
