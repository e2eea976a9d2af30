"""The sidecars of folders, each read once: the index caches their content until a sidecar changes.

Descriptions of models make sidecars long, and a folder may have thousands of them. The cache keeps what is often
needed: the references, the named file, and its claimed digests. The description and the original URL are read from the
sidecar.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.library.entering import as_row, key_of, state_of_row
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.identity import identity, left_by_first_fetcher
from anymatix_fetcher.library.names import is_sidecar_name
from anymatix_fetcher.library.sidecar_format import decode, encode
from anymatix_fetcher.library.sidecars import Sidecar, has_whole_model, read_sidecar

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.library.index import Index

GOOD_FOR_SECONDS = 2.0
"""The time for which a folder's listing is cached where speed matters."""


@dataclass(frozen=True, slots=True)
class Card:
    """The cached content of one sidecar.

    Args:
        state: The sidecar's state.
        content: Its shortened content; empty if it is invalid.
        identities: The identities of its references.
        is_ours: Whether this program has written it.
    """

    state: FileState
    content: bytes = b""
    identities: tuple[str, ...] = ()
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class _Folder:
    """The cards of one folder by sidecar name, and those names by identity, at one moment."""

    cards: Mapping[str, Card]
    seen_at: float
    speaking: Mapping[str, list[str]] = field(default_factory=dict)


class Catalog:
    """The sidecars of folders; any thread may use it.

    Args:
        index: Stores the cards.
        disk: The file system.
        clock: The monotonic time in seconds.
    """

    def __init__(self, index: Index, disk: Disk, clock: Callable[[], float] = time.monotonic) -> None:
        self._index = index
        self._disk = disk
        self._clock = clock
        self._folders: dict[Path, _Folder] = {}
        self._lock = RLock()

    def sidecars(self, folder: Path) -> list[Sidecar]:
        """The sidecars in ``folder``, sorted by name, without descriptions."""
        cards = self._looked_through(folder).cards
        records = ((folder / name, decode(cards[name].content)) for name in sorted(cards))
        return [Sidecar(path, record) for path, record in records if record is not None]

    def of_reference(self, folder: Path, reference: str, auth: str = "") -> Iterator[Sidecar]:
        """The sidecars of ``reference``, read again: first by name, then those that were written for other tokens.

        The latter come from a listing of some seconds ago, so that a large folder isn't listed for each of many
        downloads.
        """
        known = self._looked_through(folder, good_for_seconds=GOOD_FOR_SECONDS)
        stems = dict.fromkeys((identity(reference), *left_by_first_fetcher(reference, auth)))
        named = [name for stem in stems if os.path.lexists(folder / (name := f"{stem}.json"))]
        for name in dict.fromkeys((*named, *sorted(known.speaking.get(identity(reference), ())))):
            sidecar = read_sidecar(folder / name, self._disk)
            if sidecar is not None and (name in named or sidecar.says(reference)):
                yield sidecar

    def model_of(self, folder: Path, reference: str, auth: str = "") -> Sidecar | None:
        """A sidecar of ``reference`` with an existing model that looks complete without reading it."""
        return next(filter(has_whole_model, self.of_reference(folder, reference, auth)), None)

    def _looked_through(self, folder: Path, *, good_for_seconds: float = 0.0) -> _Folder:
        folder = Path(os.path.abspath(folder))  # noqa: PTH100 - removes "..", without following links
        with self._lock:
            known, now = self._folders.get(folder), self._clock()
            if known is not None and now - known.seen_at < good_for_seconds:
                return known
            seen = _seen(folder)
            before = {name: card.state.inode for name, card in known.cards.items()} if known is not None else None
            known = replace(known, seen_at=now) if known and before == seen else self._read(folder, seen, known, now)
            self._folders[folder] = known
            return known

    def _read(self, folder: Path, seen: Mapping[str, int], known: _Folder | None, now: float) -> _Folder:
        """Reads the cards of new and changed sidecars; the others come from memory or the index."""
        kept = _kept(folder, self._index) if known is None else known.cards
        cards: dict[str, Card] = {}
        new: dict[str, Card] = {}
        for name, inode in seen.items():
            card = kept.get(name)
            if known is None or card is None or card.state.inode != inode:
                state = _state_of(folder / name)
                if known is not None:  # another process may have read it since
                    card = _kept(folder, self._index, name).get(name)
                if state is None:
                    continue
                if card is None or not card.state.is_still(state):
                    card = new[name] = card_of(read_sidecar(folder / name, self._disk), state)
            cards[name] = card
        if new or kept.keys() - cards.keys():
            keep(folder, new, self._index, gone=kept.keys() - cards.keys())
        speaking: dict[str, list[str]] = {}
        for name, card in cards.items():
            for one in card.identities:
                speaking.setdefault(one, []).append(name)
        return _Folder(cards, now, speaking)


def card_of(sidecar: Sidecar | None, state: FileState, *, is_ours: bool = False) -> Card:
    """The cacheable content of a sidecar."""
    if sidecar is None:
        return Card(state)
    record = sidecar.record
    by_url = (identity(record.url),) if record.url is not None else ()
    content = encode(replace(record, data=None, rest={}))
    return Card(state, content, record.identities or by_url, is_ours)


def keep(folder: Path, cards: Mapping[str, Card], index: Index, gone: Collection[str] = ()) -> None:
    """Stores cards of sidecars in ``folder``, by name, and deletes those of ``gone``."""
    key = key_of(folder)
    rows = [_row(key, name, card) for name, card in cards.items()]

    def change(connection: sqlite3.Connection) -> None:
        connection.executemany(_KEEP, rows)
        connection.executemany("DELETE FROM sidecars WHERE folder = ? AND name = ?", [(key, name) for name in gone])

    index.database.write(change)


_KEEP = "INSERT OR REPLACE INTO sidecars VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def _row(folder: bytes, name: str, card: Card) -> tuple[object, ...]:
    return (folder, name, *as_row(card.state), card.is_ours, " ".join(card.identities), card.content)


def keeping_ours(sidecars: Iterable[Sidecar]) -> Callable[[sqlite3.Connection], None]:
    """A change of the index: records that this program has just written the sidecars."""
    states = [(one, state) for one in sidecars if (state := _state_of(one.path)) is not None]
    rows = [_row(key_of(one.path.parent), one.path.name, card_of(one, state, is_ours=True)) for one, state in states]

    def change(connection: sqlite3.Connection) -> None:
        connection.executemany(_KEEP, rows)

    return change


def is_ours(path: Path, index: Index) -> bool:
    """Whether the sidecar at ``path`` is still the one that this program has written; others may have equal content."""
    card, state = _kept(path.parent, index, path.name).get(path.name), _state_of(path)
    return card is not None and state is not None and card.is_ours and card.state.is_still(state)


def _state_of(path: Path) -> FileState | None:
    try:
        return FileState.of(path.lstat())
    except OSError:
        return None


def _seen(folder: Path) -> dict[str, int]:
    """The sidecars in ``folder`` by name, with their inodes, which change when a sidecar is replaced."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.inode() for entry in entries if is_sidecar_name(entry.name)}
    except OSError:
        return {}


def _kept(folder: Path, index: Index, name: str | None = None) -> dict[str, Card]:
    """The stored cards of ``folder``, or the one with this name."""
    query = """SELECT name, device, inode, size, mtime_ns, ctime_ns, is_ours, identities, content
               FROM sidecars WHERE folder = ?"""
    values: tuple[object, ...] = (key_of(folder),)
    if name is not None:
        query, values = f"{query} AND name = ?", (*values, name)
    none: list[tuple[Any, ...]] = []
    rows = index.database.read(lambda connection: connection.execute(query, values).fetchall(), none)
    return {
        found: Card(state_of_row(state), content, tuple(identities.split()), bool(ours))
        for found, *state, ours, identities, content in rows
    }
