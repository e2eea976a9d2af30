"""Where a download stands, and where it may go from there."""

from __future__ import annotations

from enum import Enum, auto


class MachinePhase(Enum):
    """Where the download stands."""

    __hash__ = object.__hash__  # an enumeration's own one hashes the name: each event asks for the ways on

    OPENING = auto()
    TRANSFERRING = auto()
    VERIFYING = auto()
    PUBLISHING = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()


_ENDS = frozenset({MachinePhase.FAILED, MachinePhase.CANCELLED})
TRANSITIONS: dict[MachinePhase, frozenset[MachinePhase]] = {
    MachinePhase.OPENING: _ENDS | {MachinePhase.TRANSFERRING, MachinePhase.VERIFYING},
    MachinePhase.TRANSFERRING: _ENDS | {MachinePhase.VERIFYING},
    MachinePhase.VERIFYING: _ENDS | {MachinePhase.TRANSFERRING, MachinePhase.PUBLISHING},
    MachinePhase.PUBLISHING: _ENDS | {MachinePhase.TRANSFERRING, MachinePhase.DONE},
    MachinePhase.DONE: frozenset(),
    MachinePhase.FAILED: frozenset(),
    MachinePhase.CANCELLED: frozenset(),
}
