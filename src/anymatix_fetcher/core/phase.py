"""Where a download stands, and where it may go from there."""

from __future__ import annotations

from enum import Enum, auto


class Phase(Enum):
    """Where the download stands."""

    __hash__ = object.__hash__  # an enumeration's own one hashes the name: each event asks for the ways on

    OPENING = auto()
    TRANSFERRING = auto()
    VERIFYING = auto()
    PUBLISHING = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()


_ENDS = frozenset({Phase.FAILED, Phase.CANCELLED})
TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    Phase.OPENING: _ENDS | {Phase.TRANSFERRING, Phase.VERIFYING},
    Phase.TRANSFERRING: _ENDS | {Phase.VERIFYING},
    Phase.VERIFYING: _ENDS | {Phase.TRANSFERRING, Phase.PUBLISHING},
    Phase.PUBLISHING: _ENDS | {Phase.TRANSFERRING, Phase.DONE},
    Phase.DONE: frozenset(),
    Phase.FAILED: frozenset(),
    Phase.CANCELLED: frozenset(),
}
