"""The combined progress of a job with several files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.facts import Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.engine.facts import Progress


def summed(files: Sequence[Progress], whole: Progress) -> Progress:
    """The sum of the files' progress, or the progress of a single file.

    The length is known if every file's length is. The remaining time follows from the sum and the present rate.

    Args:
        files: The progress of each file; may be empty.
        whole: The progress of the whole job, which names the reference.
    """
    if len(files) <= 1:
        return files[0] if files else whole
    lengths = [file.length for file in files]
    known = [length for length in lengths if length is not None]
    length = sum(known) if len(known) == len(lengths) else None
    stored, rate = sum(file.bytes_stored for file in files), sum(file.bytes_per_second for file in files)
    rest = None if length is None else length - stored
    notes = [file.note for file in files if file.note]
    under_way = [file.phase for file in files if file.phase not in (Phase.DONE, Phase.FAILED, Phase.CANCELLED)]
    return replace(
        whole,
        name=f"{len(files)} files",
        phase=under_way[0] if under_way else files[-1].phase,
        length=length,
        bytes_stored=stored,
        bytes_resumed=sum(file.bytes_resumed for file in files),
        bytes_verified=sum(file.bytes_verified for file in files),
        bytes_per_second=rate,
        eta_seconds=rest / rate if rest is not None and rate > 0 else None,
        connections=sum(file.connections for file in files),
        seconds=max(file.seconds for file in files),
        note=notes[0] if len(notes) == len(under_way) and notes else "",
        path=_around([file.path for file in files if file.path is not None]),
    )


def _around(paths: Sequence[Path]) -> Path | None:
    """The innermost common folder; ``None`` if there is none."""
    try:
        return Path(os.path.commonpath([path.parent for path in paths])) if paths else None
    except ValueError:  # paths on different Windows drives
        return None
