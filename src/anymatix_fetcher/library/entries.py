"""What the index says of files, in values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.core.values.blocks import BlockChecksums
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.library.file_state import FileState

STRONG = {"sha256", "sha384", "sha512", "blake3"}
"""The algorithms by which a file may replace another one: no two files with the same digest can be made."""


UNPROVED = {"length", "none"}
"""What stands for a proof where no digest is one."""


class HowKnown(StrEnum):
    """How it is known that a file has a digest."""

    HASHED = "hashed"
    """We have read it, when it was in the state that is recorded."""
    CLAIMED = "claimed"
    """A sidecar or a name says so, or we have read it in another state."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A file that is to be entered.

    Args:
        path: Where it is.
        state: When its digests were computed.
        digests: Of its content.
        proof: Whether they were computed here; a claim's state doesn't matter.
        identities: Those of the references that led to it.
        verified: What has proved the content: an algorithm's name, ``length`` or ``none``; empty where nothing new has.
        read_at: When it was read, in seconds since 1970; now where that isn't given.
        blocks: The checksums of its blocks.
    """

    path: Path
    state: FileState
    digests: tuple[Digest, ...]
    proof: HowKnown
    identities: tuple[str, ...] = ()
    verified: str = ""
    read_at: float | None = None
    blocks: BlockChecksums | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was found when a file was read here, unseen whether it still holds.

    Args:
        state: The file's, at that time.
        digests: Of the content then.
        read_at: When that was, in seconds since 1970; ``None`` where it was never read.
        verified: What has proved that content to be the right one: an algorithm's name, ``length`` or ``none``.
        blocks: The checksums of its blocks then, where they are known and were asked for.
        refuted: The state in which it was found to be another one than it should be; ``None`` where it wasn't.
    """

    state: FileState
    digests: tuple[Digest, ...] = ()
    read_at: float | None = None
    verified: str = "none"
    blocks: BlockChecksums | None = None
    refuted: FileState | None = None

    def holds(self, state: FileState) -> bool:
        """Whether a file in ``state`` surely is what was read."""
        return state.is_still(self.state) and not self.is_refuted(state)

    def is_refuted(self, state: FileState) -> bool:
        """Whether a file in ``state`` was found to be another one than it should be."""
        return self.refuted is not None and state.is_still(self.refuted)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that is there now and should have the digest that is asked for."""

    path: Path
    state: FileState
    proof: HowKnown
