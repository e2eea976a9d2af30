"""Whether the first bytes of a file that is here can be the beginning of what its name claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.errors import NotAModelError
from anymatix_fetcher.formats.triage import triage

if TYPE_CHECKING:
    from pathlib import Path

FIRST_BYTES = 64 << 10
MOST_FIRST_BYTES = 16 << 20
"""Headers are smaller; what isn't told by then is left alone."""


def impossible(path: Path) -> NotAModelError | None:
    """Why the file can't be what its name claims; ``None`` where it may be, as far as can be told.

    Raises:
        OSError: It can't be read.
    """
    with path.open("rb") as file:
        length = path.stat().st_size
        first = file.read(FIRST_BYTES)
        found = triage(first, name=path.name, length=length)
        while len(first) < found.needs <= MOST_FIRST_BYTES and (piece := file.read(found.needs - len(first))):
            first += piece
            found = triage(first, name=path.name, length=length)
    if found.refusal is None:
        return None
    return NotAModelError(found.refusal.message, hint=f"Fetch it again, or give {path} the name of what it is.")
