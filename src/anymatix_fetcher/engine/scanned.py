"""The result of a pickle scan, and its consequence: a refusal, a warning, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from anymatix_fetcher.core.values.filenames import PART_SUFFIX
from anymatix_fetcher.errors import UnsafeModelError
from anymatix_fetcher.formats.pickles import RUNS_CODE

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Scanned:
    """The result of a scan.

    Args:
        is_pickle: Whether the file can run code.
        dangerous: Harmful imports, as "module.name".
        suspicious: Unknown imports.
        whole: Whether all of it could be scanned.
        what: What the file is, unless it is simply a pickle.
    """

    is_pickle: bool = False
    dangerous: tuple[str, ...] = ()
    suspicious: tuple[str, ...] = ()
    whole: bool = True
    what: str = ""

    def refusal(self, name: str) -> UnsafeModelError | None:
        """The refusal to publish the file ``name``, or ``None``."""
        if not self.is_pickle or (self.whole and not self.dangerous):
            return None
        what = f"imports {_listed(self.dangerous)}" if self.dangerous else "can't be scanned as a whole"
        return UnsafeModelError(
            f"{name} is {self.what or 'a pickle that can run code when it is loaded'}, and it {what}",
            hint=f"Look for a safetensors file instead. This one is kept as {name}{PART_SUFFIX}, which anyfetch prune "
            "removes. If you trust it, use --allow-unsafe.",
        )

    @property
    def warning(self) -> str:
        """A warning about a file that is published anyway; otherwise empty."""
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
