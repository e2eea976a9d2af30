"""What becomes of a body whose head was accepted."""

from __future__ import annotations

from enum import Enum, auto


class Admission(Enum):
    """What becomes of an accepted body."""

    FLOWS = auto()
    WAITS = auto()
    """Until blocks have been compared: nothing proves yet that it is of the representation that is here."""
    UNNEEDED = auto()
    """What it would bring is here."""
