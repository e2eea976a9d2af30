"""What the scan of a pickle has come to, and what follows from that: a refusal, a warning, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from anymatix_fetcher.core.values.filenames import PART_SUFFIX
from anymatix_fetcher.errors import UnsafeModelError
from anymatix_fetcher.formats.pickles import RUNS_CODE

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan has come to.

    Args:
        is_pickle: Whether there is anything that can run code at all.
        dangerous: Imports that do harm, as "module.name".
        suspicious: Imports that nobody knows.
        whole: Whether all of it could be scanned.
        what: What it is, where that isn't simply a pickle.
    """

    is_pickle: bool = False
    dangerous: tuple[str, ...] = ()
    suspicious: tuple[str, ...] = ()
    whole: bool = True
    what: str = ""

    def refusal(self, name: str) -> UnsafeModelError | None:
        """Why the file ``name`` isn't to be published; ``None`` where nothing speaks against it."""
        if not self.is_pickle or (self.whole and not self.dangerous):
            return None
        what = f"imports {_listed(self.dangerous)}" if self.dangerous else "can't be scanned as a whole"
        return UnsafeModelError(
            f"{name} is {self.what or 'a pickle that can run code when it is loaded'}, and it {what}",
            hint=f"Look for a safetensors file instead. This one is kept as {name}{PART_SUFFIX}, which anyfetch prune "
            "removes; who trusts it says --allow-unsafe.",
        )

    @property
    def warning(self) -> str:
        """What a person should know of a file that is published all the same; empty where nothing is to be said."""
        if not self.is_pickle:
            return "" if self.whole else "an archive that can't be read, and so it wasn't scanned"
        if self.dangerous:
            return f"{RUNS_CODE}, and it imports {_listed(self.dangerous)}"
        if self.suspicious:
            return f"{RUNS_CODE}, and it imports what isn't known to be harmless: {_listed(self.suspicious)}"
        return "" if self.whole else f"{RUNS_CODE}, and it can't be scanned as a whole"


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:MOST_SHOWN])
    return shown if len(names) <= MOST_SHOWN else f"{shown} and {len(names) - MOST_SHOWN} more"
