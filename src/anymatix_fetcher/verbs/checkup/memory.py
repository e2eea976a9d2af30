"""The state kept between runs: the index of files, facts about hosts, and partial downloads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import PART_SUFFIX
from anymatix_fetcher.library.prune import find_leftovers
from anymatix_fetcher.verbs.checkup.finding import note, ok
from anymatix_fetcher.verbs.checkup.folders import may_be_written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.storage.host_memory import HostMemory
    from anymatix_fetcher.verbs.checkup.finding import Finding


def examine_index(path: Path) -> Finding:
    """Checks the index at ``path`` without opening it, because opening would create or repair it."""
    if not path.exists():
        return _unmade("index", path, "no files are recorded yet", "XDG_DATA_HOME")
    try:
        from anymatix_fetcher.library.index_condition import condition_of  # noqa: PLC0415 - some Pythons lack SQLite
    except ImportError:
        return note("index", "unused: this Python has no SQLite")
    condition = condition_of(path)
    if condition.trouble:
        return note("index", f"{path}: {condition.trouble}; it will be set aside and rebuilt on its next use")
    if not (os.access(path, os.W_OK) and may_be_written(path.parent)):
        return note("index", f"{path} can't be written to: fetched files aren't recorded", _choose("XDG_DATA_HOME"))
    return ok("index", f"files recorded: {condition.files:,}, in {path}")


def examine_host_memory(memory: HostMemory, path: Path) -> Finding:
    """Checks the facts about hosts in the file at ``path``."""
    if not path.exists():
        return _unmade("hosts", path, "no hosts are recorded yet", "XDG_CACHE_HOME")
    if not may_be_written(path.parent):
        return note("hosts", f"{path} can't be written to: nothing about hosts is recorded", _choose("XDG_CACHE_HOME"))
    return ok("hosts", f"hosts recorded: {len(memory.read()):,}, in {path}")


def _unmade(name: str, path: Path, meaning: str, variable: str) -> Finding:
    if may_be_written(path.parent):
        return ok(name, f"{meaning} ({path})")
    return note(name, f"{meaning}, and {path} can't be created: nothing is recorded", _choose(variable))


def _choose(variable: str) -> str:
    return f"Set {variable} to a writable folder."


def examine_unfinished(here: Path, roots: Sequence[Path], disk: Disk) -> Finding:
    """Lists partial downloads among the models and in the folder ``here`` itself."""
    found = [one for one in find_leftovers([root for root in roots if root.is_dir()], disk) if one.is_ours]
    destinations = {one.destination: one.bytes_used for one in found}
    for name in sorted(disk.names(here)):
        path = here / name.removesuffix(PART_SUFFIX)
        if name.endswith(PART_SUFFIX) and (here / f"{name}.journal").is_file():
            destinations.setdefault(path, (here / name).stat().st_size)
    if not destinations:
        return ok("unfinished", "there are none")
    first = min(destinations)
    more = f" and {len(destinations) - 1} more" if len(destinations) > 1 else ""
    taken = sum(destinations.values()) / 1e9
    return note(
        "unfinished",
        f"{first}{more}, taking {taken:,.2f} GB",
        "Run the same commands again to continue, or remove the partial files by `anyfetch prune`.",
    )
