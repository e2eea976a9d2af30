"""The destinations written by one call, so that one of its downloads never overwrites another's file."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.queries import differ_in_query_only
from anymatix_fetcher.errors import DestinationExistsError

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk


class Brought:
    """The destinations of the succeeded downloads of one call. Any thread may use it.

    Args:
        disk: Tells whether two paths name one file, as file systems may ignore case and Unicode normalization.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._by_name: dict[str, list[tuple[Path, str]]] = {}

    def add(self, destination: Path, reference: str) -> None:
        """Records that the file of ``reference`` is at ``destination``."""
        self._by_name.setdefault(_folded(destination), []).append((destination, reference))

    def check(self, destination: Path, reference: str) -> None:
        """Checks that ``destination`` wasn't written by another reference of the same call.

        Raises:
            DestinationExistsError: It was.
        """
        for path, other in self._by_name.get(_folded(destination), ()):
            if other != reference and (path == destination or self._disk.same_file(path, destination)):
                which = ", which differs in its query only" if differ_in_query_only(other, reference) else ""
                raise DestinationExistsError(
                    f"{destination} was brought just now by another reference of the same run{which}",
                    hint="Give each a name of its own with -o, or folders of their own with -d or --folder.",
                )


def _folded(path: Path) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()
