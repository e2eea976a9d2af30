"""The admission of a body after its head was accepted."""

from __future__ import annotations

from enum import Enum, auto


class Admission(Enum):
    """What happens to an accepted body."""

    FLOWS = auto()
    WAITS = auto()
    """It waits until blocks were compared, because nothing proves yet that it is of the same representation."""
    UNNEEDED = auto()
    """All its bytes are stored already."""
