"""Reads lists of references and Metalinks, and makes jobs from them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.display.help_layout import Misuse
from anymatix_fetcher.core.values.filenames import METALINK_SUFFIXES
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.library.containment import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.engine.settings import Settings
    from anymatix_fetcher.sources.lists import ListEntry

STANDARD_INPUT = "-"
_MOST_BYTES = (64 << 20) + 1
"""Longer files are not read."""


def is_local_metalink(reference: str) -> bool:
    """Whether the reference is a Metalink file on this machine."""
    return reference.lower().endswith(METALINK_SUFFIXES) and "://" not in reference and Path(reference).is_file()


def jobs_of_file(name: str, settings: Settings) -> list[Job]:
    """The downloads that a list or a Metalink describes.

    Args:
        name: The file; ``-`` for standard input.
        settings: The settings of all downloads. What the file states for one takes precedence.

    Raises:
        ReferenceSyntaxError: The file can't be parsed.
        Misuse: The file doesn't exist, or an option applies to a single file only.
    """
    if settings.output is not None or settings.digests or settings.mirrors:
        raise Misuse(
            "--output, --hash and --mirror describe one file, but a list may hold many",
            "State them in a line of the list, as in `REFERENCE sha256:HEX -> NAME`.",
        )
    return [_job(entry, settings) for entry in _entries(name)]


def queries_of(jobs: Iterable[Job]) -> tuple[str, ...]:
    """The parts of the jobs' URLs that must not be printed."""
    places = [place for job in jobs for place in (job.reference, *job.settings.mirrors)]
    return tuple(query for place in places if (query := place.partition("?")[2]))


def _entries(name: str) -> tuple[ListEntry, ...]:
    from anymatix_fetcher.sources.expansion import expand, kind_of  # noqa: PLC0415 - most commands have no list

    content = _content(name)
    return expand(content, kind_of(name, content))


def _content(name: str) -> bytes:
    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read(_MOST_BYTES)
    try:
        with Path(name).open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Misuse(f"the list {name!r} can't be read: {reason}", "Name a file, or - for standard input.") from None


def _job(entry: ListEntry, settings: Settings) -> Job:
    directory = settings.directory
    folder = directory / entry.folder
    settings = replace(
        settings,
        directory=folder,
        output=Path(entry.name) if entry.name is not None else None,
        digests=entry.digests,
        mirrors=tuple(mirror.reveal() for mirror in entry.mirrors),
        bounds=Bounds(directory, is_named=bool(directory.parts)),
    )
    return Job(entry.reference, settings, Author.FILE)
