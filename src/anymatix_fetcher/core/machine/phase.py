"""The phases of a download, and the transitions between them."""

from __future__ import annotations

from enum import Enum, auto


class MachinePhase(Enum):
    """The phase of a download."""

    __hash__ = object.__hash__  # the default hash is that of the name, which is slow for a lookup at each event

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
        phase: The current phase.
        is_over: Whether it is a final one.
    """

    def __init__(self) -> None:
        self.phase = MachinePhase.OPENING
        self.is_over = False

    @property
    def is_fetching(self) -> bool:
        """Whether bytes are requested in this phase."""
        return self.phase in _FETCHING

    def enter(self, phase: MachinePhase) -> None:
        """Changes to ``phase``; the transition has to be valid."""
        if phase not in TRANSITIONS[self.phase]:
            raise AssertionError(f"no way from {self.phase} to {phase}")
        self.phase = phase
        self.is_over = not TRANSITIONS[phase]

    def go_back(self) -> None:
        """Returns to fetching bytes from any phase."""
        if not self.is_fetching:
            self.enter(MachinePhase.TRANSFERRING)
