"""A pause: an origin that isn't asked for a while, and why."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.urls import Origin


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when an origin isn't asked, and why, for people."""

    until: float
    reason: str

    def told(self, now: float) -> str:
        """Why and for how long, for people."""
        return countdown(self.reason, self.until, now)


def lengthen(pauses: dict[Origin, Pause], origin: Origin, pause: Pause) -> None:
    """Has ``origin`` left alone for ``pause``, unless it already is for longer."""
    if origin not in pauses or pause.until > pauses[origin].until:
        pauses[origin] = pause


def current(pauses: dict[Origin, Pause], origin: Origin, now: float) -> Pause | None:
    """The pause at ``origin``, while there is one; one that is over is forgotten."""
    pause = pauses.get(origin)
    if pause is not None and pause.until <= now:
        del pauses[origin]
        return None
    return pause


LONGEST_RETRY_AFTER_SECONDS = 3600.0


LONG_SECONDS = 120
"""Waits that take longer are told in minutes."""


def countdown(reason: str, until: float, now: float) -> str:
    """Why something waits and for how long, for people; empty where it waits no longer."""
    seconds = ceil(until - now)
    if seconds <= 0:
        return ""
    wait = f"{seconds} s" if seconds < LONG_SECONDS else f"{ceil(seconds / 60)} min"
    return f"{reason}: next request in {wait}"
