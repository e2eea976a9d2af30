"""What the sidecars in folders say, each read once: the index keeps it for as long as the sidecar is the same file.

Descriptions of models make sidecars long, and there may be thousands in a folder. What is kept of one is what many
questions need: which references it is of, which file it names, and what it claims of that. Who needs the description,
or the address as it was written, reads the sidecar itself.
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
    from collections.abc import Callable, Collection, Iterator, Mapping

    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.library.index import Index

GOOD_FOR_SECONDS = 2.0
"""How long a folder counts as it was when it was looked through, where that has to be quick."""


@dataclass(frozen=True, slots=True)
class Card:
    """What is kept of one sidecar.

    Args:
        state: Of the sidecar.
        content: What it says, shortened; empty where that makes no sense.
        identities: Of the references that it is of, as far as its content tells.
        is_ours: Whether we have written it.
    """

    state: FileState
    content: bytes = b""
    identities: tuple[str, ...] = ()
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class _Folder:
    """The cards of one folder, by the sidecars' names, as of a moment; and these names by what they speak of."""

    cards: Mapping[str, Card]
    seen_at: float
    speaking: Mapping[str, list[str]] = field(default_factory=dict)


class Catalog:
    """The sidecars of folders; any thread may ask.

    Args:
        index: Keeps the cards.
        disk: To read sidecars.
        clock: Seconds, never going back.
    """

    def __init__(self, index: Index, disk: Disk, clock: Callable[[], float] = time.monotonic) -> None:
        self._index = index
        self._disk = disk
        self._clock = clock
        self._folders: dict[Path, _Folder] = {}
        self._lock = RLock()

    def sidecars(self, folder: Path) -> list[Sidecar]:
        """Those in ``folder``, in the order of their names, without descriptions."""
        cards = self._looked_through(folder).cards
        records = ((folder / name, decode(cards[name].content)) for name in sorted(cards))
        return [Sidecar(path, record) for path, record in records if record is not None]

    def of_reference(self, folder: Path, reference: str, auth: str = "") -> Iterator[Sidecar]:
        """Those that are of ``reference``, read anew: first by their names, then what was written for other tokens.

        The latter as of some seconds ago, for a folder of thousands isn't looked through for each of many downloads.
        """
        known = self._looked_through(folder, good_for_seconds=GOOD_FOR_SECONDS)
        stems = dict.fromkeys((identity(reference), *left_by_first_fetcher(reference, auth)))
        named = [name for stem in stems if os.path.lexists(folder / (name := f"{stem}.json"))]
        for name in dict.fromkeys((*named, *sorted(known.speaking.get(identity(reference), ())))):
            sidecar = read_sidecar(folder / name, self._disk)
            if sidecar is not None and (name in named or sidecar.says(reference)):
                yield sidecar

    def model_of(self, folder: Path, reference: str, auth: str = "") -> Sidecar | None:
        """A sidecar of ``reference`` whose model is there too, and whole as far as can be told without reading it."""
        return next(filter(has_whole_model, self.of_reference(folder, reference, auth)), None)

    def _looked_through(self, folder: Path, *, good_for_seconds: float = 0.0) -> _Folder:
        folder = Path(os.path.abspath(folder))  # noqa: PTH100 - takes ".." out, and follows no link
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
        """The cards of these sidecars: of those that are the same files what is known of them, or is kept."""
        kept = _kept(folder, self._index) if known is None else known.cards
        cards: dict[str, Card] = {}
        new: dict[str, Card] = {}
        for name, inode in seen.items():
            card = kept.get(name)
            if known is None or card is None or card.state.inode != inode:
                state = _state_of(folder / name)
                if known is not None:  # it may have been written since, and have been kept then
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
    """What is kept of a sidecar."""
    if sidecar is None:
        return Card(state)
    record = sidecar.record
    by_url = (identity(record.url),) if record.url is not None else ()
    content = encode(replace(record, data=None, rest={}))
    return Card(state, content, record.identities or by_url, is_ours)


def keep(folder: Path, cards: Mapping[str, Card], index: Index, gone: Collection[str] = ()) -> None:
    """Keeps cards of sidecars in ``folder``, by their names, and throws those of ``gone`` away."""
    key = key_of(folder)
    rows = [
        (key, name, *as_row(card.state), card.is_ours, " ".join(card.identities), card.content)
        for name, card in cards.items()
    ]

    def change(connection: sqlite3.Connection) -> None:
        connection.executemany("INSERT OR REPLACE INTO sidecars VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.executemany("DELETE FROM sidecars WHERE folder = ? AND name = ?", [(key, name) for name in gone])

    index.database.write(change)


def keep_ours(sidecar: Sidecar, index: Index) -> None:
    """Keeps that we have written this sidecar just now."""
    state = _state_of(sidecar.path)
    if state is not None:
        keep(sidecar.path.parent, {sidecar.path.name: card_of(sidecar, state, is_ours=True)}, index)


def is_ours(path: Path, index: Index) -> bool:
    """Whether the sidecar at ``path`` is still the one that we have written here; others may look like it."""
    card, state = _kept(path.parent, index, path.name).get(path.name), _state_of(path)
    return card is not None and state is not None and card.is_ours and card.state.is_still(state)


def _state_of(path: Path) -> FileState | None:
    try:
        return FileState.of(path.lstat())
    except OSError:
        return None


def _seen(folder: Path) -> dict[str, int]:
    """The sidecars in ``folder`` by name, with their inodes: one that is written anew is another file."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.inode() for entry in entries if is_sidecar_name(entry.name)}
    except OSError:
        return {}


def _kept(folder: Path, index: Index, name: str | None = None) -> dict[str, Card]:
    """The cards that are kept of ``folder``, or the one of this name."""
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
