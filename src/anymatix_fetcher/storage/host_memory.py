"""The memory of hosts: a small file of the user that processes share, with facts about hosts.

It holds origins (scheme, host, port) and numbers, but no paths, queries or users. It is only a cache: unreadable facts
are ignored, and a failure to write is too.
"""

from __future__ import annotations

import json
import logging
import math
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.pace.learned import FORGETTING_SECONDS, KnownHost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_logger = logging.getLogger("anymatix_fetcher.storage")

MOST_HOSTS = 256
MOST_BYTES = 1 << 20
"""A larger file wasn't written by this program."""
MOST_CONNECTIONS = 1024


class HostMemory:
    """The file of facts; many processes may read and write it concurrently.

    Args:
        path: Its path; the folder is created by the first write.
        wall_clock: The seconds since 1970.
    """

    def __init__(self, path: Path, wall_clock: Callable[[], float]) -> None:
        self._path = path
        self._wall_clock = wall_clock
        self._version: tuple[int, int, int] | None = None
        self._read: dict[str, KnownHost] = {}

    def read(self) -> Mapping[str, KnownHost]:
        """The recorded facts that are less than a day old, by origin. Fast if the file wasn't written since."""
        try:
            state = self._path.stat()
            version = (state.st_mtime_ns, state.st_size, state.st_ino)
            if version != self._version:
                self._read = _decode(self._path.read_bytes() if state.st_size <= MOST_BYTES else b"")
                self._version = version
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                _logger.debug("%s can't be read: %s", self._path, error.strerror)
            self._read = {}
        return self._fresh(self._read)

    def write(self, learned: Mapping[str, KnownHost]) -> None:
        """Merges facts into the file, keeping what other processes have written."""
        known = dict(self.read())
        for origin, new in learned.items():
            known[origin] = _merged(known.get(origin), new)
        newest = sorted(known.items(), key=lambda item: item[1].seen_at, reverse=True)[:MOST_HOSTS]
        text = json.dumps({origin: asdict(host) for origin, host in newest}, indent=1)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._replace(text.encode())
        except OSError as error:
            _logger.debug("%s can't be written: %s", self._path, error.strerror)

    def _replace(self, data: bytes) -> None:
        """Replaces the file atomically."""
        handle, name = tempfile.mkstemp(prefix=self._path.name, dir=self._path.parent)  # readable by the user only
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).replace(self._path)
        except OSError:
            with suppress(OSError):
                Path(name).unlink()
            raise

    def _fresh(self, known: Mapping[str, KnownHost]) -> dict[str, KnownHost]:
        now = self._wall_clock()
        return {origin: host for origin, host in known.items() if 0 <= now - host.seen_at < FORGETTING_SECONDS}


def _merged(old: KnownHost | None, new: KnownHost) -> KnownHost:
    """The newer facts, completed by older ones. Of two pauses, the later end counts."""
    if old is None:
        return new
    return KnownHost(
        connections=old.connections if new.connections is None else new.connections,
        limit=old.limit if new.connections is None else new.limit,
        http2=old.http2 if new.http2 is None else new.http2,
        signs_range=old.signs_range or new.signs_range,
        seen_at=max(old.seen_at, new.seen_at),
        paused_until=max(old.paused_until, new.paused_until),
    )


def _decode(data: bytes) -> dict[str, KnownHost]:
    """The readable facts in a file, which any program may have written."""
    try:
        entries = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(entries, dict):
        return {}
    return {
        origin: KnownHost(
            connections=_count(entry.get("connections")),
            limit=_count(entry.get("limit")),
            http2=entry["http2"] if isinstance(entry.get("http2"), bool) else None,
            signs_range=entry.get("signs_range") is True,
            seen_at=_seconds(entry.get("seen_at")),
            paused_until=_seconds(entry.get("paused_until")),
        )
        for origin, entry in entries.items()
        if isinstance(entry, dict)
    }


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 < value <= MOST_CONNECTIONS else None


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0
