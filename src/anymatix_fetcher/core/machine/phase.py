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
_FETCHING = frozenset({MachinePhase.OPENING, MachinePhase.TRANSFERRING})


class Stage:
    """The phase of one download.

    Attributes:
        phase: Where it stands.
        is_over: Whether nothing will come any more.
    """

    def __init__(self) -> None:
        self.phase = MachinePhase.OPENING
        self.is_over = False

    @property
    def is_fetching(self) -> bool:
        """Whether bytes are asked for in this phase."""
        return self.phase in _FETCHING

    def enter(self, phase: MachinePhase) -> None:
        """Goes on to ``phase``, to which there has to be a way from here."""
        if phase not in TRANSITIONS[self.phase]:
            raise AssertionError(f"no way from {self.phase} to {phase}")
        self.phase = phase
        self.is_over = not TRANSITIONS[phase]

    def go_back(self) -> None:
        """Bytes are to be fetched again, whichever phase this is."""
        if not self.is_fetching:
            self.enter(MachinePhase.TRANSFERRING)
