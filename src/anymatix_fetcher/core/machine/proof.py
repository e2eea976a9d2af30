"""The expected digests, and what is suspected if they don't match.

A mismatch destroys nothing. First the disk is suspected: blocks are read back and compared with the journal. Then the
network: everything is fetched again over new connections and compared, see ``search``. If both fetches agree, the
digest itself is wrong.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import COLLISION_FREE, Digest, stated_digests, strongest
from anymatix_fetcher.errors import DigestMismatchError

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import ResponseHead


class Suspect(Enum):
    """The suspected cause of a wrong digest, in the order of the checks."""

    NONE = auto()
    DISK = auto()
    NETWORK = auto()
    DIGEST = auto()


_NEXT = {
    Suspect.NONE: Suspect.DISK,
    Suspect.DISK: Suspect.NETWORK,
    Suspect.NETWORK: Suspect.NETWORK,
    Suspect.DIGEST: Suspect.DIGEST,
}


class Proof:
    """The expected digests of a download.

    Args:
        digests: The digests that the user and the source state.
    """

    def __init__(self, digests: tuple[Digest, ...]) -> None:
        self.digests = digests
        self.suspect = Suspect.NONE
        self._expected: Digest | None = None
        self._actual: Digest | None = None

    def begin_anew(self, digests: tuple[Digest, ...]) -> None:
        """Starts over with other content, its digests, and no suspicion."""
        self.digests, self.suspect = digests, Suspect.NONE
        self._expected = self._actual = None

    def learn(self, head: ResponseHead) -> None:
        """Adds the digests that a response states about the representation.

        A weaker digest in addition to a collision-resistant one would take time and prove nothing.
        """
        settled, stated = self.settles, stated_digests(head.headers)
        self.add(tuple(digest for digest in stated if not settled or digest.algorithm in COLLISION_FREE))

    @property
    def settles(self) -> bool:
        """Whether a collision-resistant digest is known, so that the origin of the bytes doesn't matter."""
        return any(digest.algorithm in COLLISION_FREE for digest in self.digests)

    def add(self, digests: tuple[Digest, ...]) -> None:
        """Adds stated digests."""
        self.digests += tuple(digest for digest in digests if digest not in self.digests)

    def contradicts(self, digests: tuple[Digest, ...]) -> Digest | None:
        """The first of ``digests`` that contradicts a known one; ``None`` if there is none."""
        known = {digest.algorithm: digest for digest in self.digests}
        return next((digest for digest in digests if known.get(digest.algorithm, digest) != digest), None)

    def verdict(self, actual: tuple[Digest, ...], *, length_is_stated: bool) -> str | None:
        """What proves the file: an algorithm, "length" or "none"; ``None`` if a digest is wrong.

        Args:
            actual: The digests of the part file.
            length_is_stated: Whether anything has stated the length.
        """
        found = {digest.algorithm: digest for digest in actual}
        right = tuple(digest for digest in self.digests if found.get(digest.algorithm) == digest)
        wrong = [digest for digest in self.digests if digest.algorithm in found and digest not in right]
        best = strongest(right)
        if wrong:
            self._expected, self._actual = wrong[0], found[wrong[0].algorithm]
            settled = best is not None and best.algorithm in COLLISION_FREE
            self.suspect = Suspect.DIGEST if settled else _NEXT[self.suspect]
            return None
        return best.algorithm if best else "length" if length_is_stated else "none"

    def acquit(self) -> None:
        """Excludes the current suspect."""
        self.suspect = _NEXT[self.suspect]

    def mismatch(self, *, fickle: int, blocks: int) -> DigestMismatchError:
        """The error for a wrong digest that nothing explains.

        Args:
            fickle: The number of blocks that came differently each time.
            blocks: The number of all blocks.
        """
        what = f"the file's digest is {self._actual}, not {self._expected}"
        if fickle:
            return DigestMismatchError(
                f"{what}; {fickle} of {blocks} blocks came differently each time",
                hint="The server or the way to it spoils bytes: try another network or a mirror. What is here is kept.",
            )
        return DigestMismatchError(
            f"{what}; the disk is sound, and the server sends the same again",
            hint="Check where the digest comes from. What has arrived is kept beside the destination as a .part file.",
        )


def contradiction(stated: Digest, host: str) -> DigestMismatchError:
    """The error for a digest of ``host`` that contradicts a known one."""
    return DigestMismatchError(
        f"{host} says that the file's digest is {stated}, and another one was stated before",
        hint="Check where the digest comes from; a revision that moves may have moved. What is here is kept.",
    )
