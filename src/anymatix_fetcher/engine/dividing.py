"""Splits a reference that names several files into one download for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.engine.ticket import Ticket
from anymatix_fetcher.errors import ReferenceSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.values.resource import Resource


def parts_of(ticket: Ticket, resources: tuple[Resource, ...], numbers: Iterator[int]) -> tuple[Ticket, ...]:
    """A ticket for each file.

    Args:
        ticket: The ticket of the job that names them.
        resources: The files.
        numbers: The numbers for new tickets.

    Raises:
        ReferenceSyntaxError: The job has a setting that applies to a single file only.
    """
    settings = ticket.job.settings
    if settings.output is not None or settings.digests:
        what = "an output file" if settings.output is not None else "a digest"
        raise ReferenceSyntaxError(
            f"{ticket.job.shown_reference} names {len(resources)} files, and {what} is given for one",
            hint="Name one of its files, or a folder for all of them.",
        )
    parts = []
    for resource in resources:
        author = Author.FILE if Author.FILE in (ticket.job.author, resource.author) else Author.USER
        whole = ticket.job
        job = replace(whole, reference=resource.reference, author=author, part_of=whole.reference)
        part = Ticket(job, next(numbers), ticket.on_over)
        part.show(replace(part.progress, name=resource.name, length=resource.length))
        if ticket.cancelled:
            part.cancel()
        parts.append(part)
    parts[0].asked(ticket.requests)
    return tuple(parts)
