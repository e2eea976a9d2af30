"""The finding of a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingState(StrEnum):
    """The consequence of a finding for downloads."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing: something is slower or missing, but downloads work."""
    PROBLEM = "problem"
    """Some downloads will fail because of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Args:
        name: The subject; with a colon for a part of one: ``models: locks``.
        state: The consequence.
        text: What was found, without secrets.
        hint: What to do about it; empty if nothing needs to be done.
    """

    name: str
    state: FindingState
    text: str
    hint: str = ""


def ok(name: str, text: str) -> Finding:
    """A finding without consequences."""
    return Finding(name, FindingState.OK, text)


def note(name: str, text: str, hint: str = "") -> Finding:
    """A finding that is worth knowing."""
    return Finding(name, FindingState.NOTE, text, hint)


def problem(name: str, text: str, hint: str = "") -> Finding:
    """A finding that will make a download fail."""
    return Finding(name, FindingState.PROBLEM, text, hint)
