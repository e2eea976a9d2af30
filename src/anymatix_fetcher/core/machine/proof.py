"""What the whole file has to be, and the search for the culprit when it isn't.

Nothing is destroyed on a mismatch. First the disk is suspected: blocks are read back against the journal. Then the
network: everything is fetched again over new connections and compared, see ``search``. Where both fetches agree, the
digest itself is what is wrong.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import COLLISION_FREE, Digest, stated_digests, strongest
from anymatix_fetcher.errors import DigestMismatchError

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import ResponseHead


class Suspect(Enum):
    """Who is to blame for a wrong digest, in the order in which they are asked."""

    NOBODY = auto()
    DISK = auto()
    NETWORK = auto()
    DIGEST = auto()


_NEXT = {
    Suspect.NOBODY: Suspect.DISK,
    Suspect.DISK: Suspect.NETWORK,
    Suspect.NETWORK: Suspect.NETWORK,
    Suspect.DIGEST: Suspect.DIGEST,
}


class Proof:
    """The digests that a download has to have.

    Args:
        digests: What the user and the source state.
    """

    def __init__(self, digests: tuple[Digest, ...]) -> None:
        self.digests = digests
        self.suspect = Suspect.NOBODY
        self._expected: Digest | None = None
        self._actual: Digest | None = None

    def begin_anew(self, digests: tuple[Digest, ...]) -> None:
        """Other content comes, with these digests; nothing is suspected of it."""
        self.digests, self.suspect = digests, Suspect.NOBODY
        self._expected = self._actual = None

    def learn(self, head: ResponseHead) -> None:
        """Takes up the digests that a response states of the representation.

        A weaker one beside one that settles everything would cost time and prove nothing.
        """
        settled, stated = self.settles, stated_digests(head.headers)
        self.add(tuple(digest for digest in stated if not settled or digest.algorithm in COLLISION_FREE))

    @property
    def settles(self) -> bool:
        """Whether a digest is known that leaves no doubt: then it doesn't matter whom the bytes come from."""
        return any(digest.algorithm in COLLISION_FREE for digest in self.digests)

    def add(self, digests: tuple[Digest, ...]) -> None:
        """Adds stated digests."""
        self.digests += tuple(digest for digest in digests if digest not in self.digests)

    def contradicts(self, digests: tuple[Digest, ...]) -> Digest | None:
        """The one of ``digests`` that can't be right together with what is known; ``None`` where all can."""
        known = {digest.algorithm: digest for digest in self.digests}
        return next((digest for digest in digests if known.get(digest.algorithm, digest) != digest), None)

    def verdict(self, actual: tuple[Digest, ...], *, length_is_stated: bool) -> str | None:
        """What the file is proved by: an algorithm, "length" or "none"; ``None`` where a digest is wrong.

        Args:
            actual: The digests of what is here.
            length_is_stated: Whether anybody has told the length that it has.
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
        """The suspect was innocent: the next one is asked."""
        self.suspect = _NEXT[self.suspect]

    def mismatch(self, *, fickle: int, blocks: int) -> DigestMismatchError:
        """What to tell when nothing makes the digest right.

        Args:
            fickle: How many blocks came differently each time.
            blocks: Of so many.
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
    """What to tell when ``host`` states another digest than the one that is known."""
    return DigestMismatchError(
        f"{host} says that the file's digest is {stated}, and another one was stated before",
        hint="Check where the digest comes from; a revision that moves may have moved. What is here is kept.",
    )
