"""What was found when something was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FindingState(Enum):
    """What a finding means for downloads."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing: something is slower, or isn't there, and downloads work all the same."""
    PROBLEM = "problem"
    """Some download will be stopped by it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        name: What was looked at; with a colon where it is a part of something: ``models: locks``.
        state: What it means.
        text: What was found, without secrets.
        hint: What mends it; empty where there is nothing to mend.
    """

    name: str
    state: FindingState
    text: str
    hint: str = ""


def ok(name: str, text: str) -> Finding:
    """A finding that is as it should be."""
    return Finding(name, FindingState.OK, text)


def note(name: str, text: str, hint: str = "") -> Finding:
    """A finding that is worth knowing."""
    return Finding(name, FindingState.NOTE, text, hint)


def problem(name: str, text: str, hint: str = "") -> Finding:
    """A finding that will stop a download."""
    return Finding(name, FindingState.PROBLEM, text, hint)
