"""The RPC methods that change existing downloads and options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.queue.jobs import JobState
from anymatix_fetcher.serve.aria2.messages import RpcFault
from anymatix_fetcher.serve.aria2.options import RPC_ALWAYS_ACTIVE, quantity, read_options, wanted_of
from anymatix_fetcher.serve.aria2.status import addresses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anymatix_fetcher.queue.jobs import JobWanted, QueuedJob
    from anymatix_fetcher.queue.queue import QueueSettings
    from anymatix_fetcher.serve.aria2.arguments import Arguments
    from anymatix_fetcher.serve.aria2.desk import Desk

OK = "OK"
_CAN_PAUSE = frozenset({JobState.ACTIVE, JobState.QUEUED})
_FIELDS = {
    "directory": {"dir"},
    "output": {"out"},
    "digests": {"checksum"},
    "max_connections": {"max-connection-per-server", "split"},
    "limit_rate": {"max-download-limit"},
    "proxy": {"all-proxy", "http-proxy", "https-proxy"},
    "overwrite": {"allow-overwrite"},
    "headers": {"header", "referer", "user-agent", "http-user", "http-passwd"},
}
"""The options that determine each field of a job."""


def pause(desk: Desk, arguments: Arguments) -> object:
    """Pauses a download."""
    job = desk.find(arguments.text(0))
    if job.state not in _CAN_PAUSE:
        raise RpcFault(f"GID#{job.id} cannot be paused now")
    return desk.queue.pause(job.id).id


def unpause(desk: Desk, arguments: Arguments) -> object:
    """Resumes a paused download."""
    job = desk.find(arguments.text(0))
    if job.state is not JobState.PAUSED:
        raise RpcFault(f"GID#{job.id} cannot be unpaused now")
    return desk.queue.resume(job.id).id


def pause_all(desk: Desk, _arguments: Arguments) -> object:
    """Pauses all downloads."""
    desk.queue.pause_all()
    return OK


def unpause_all(desk: Desk, _arguments: Arguments) -> object:
    """Resumes all paused downloads."""
    desk.queue.resume_all()
    return OK


def remove(desk: Desk, arguments: Arguments) -> object:
    """Cancels a download; its partial file is kept, as in aria2."""
    job = desk.find(arguments.text(0))
    if job.has_ended:
        raise RpcFault(f"Active Download not found for GID#{job.id}")
    return desk.queue.cancel(job.id).id


def remove_download_result(desk: Desk, arguments: Arguments) -> object:
    """Removes an ended download from the list."""
    job = desk.find(arguments.text(0))
    if not job.has_ended:
        raise RpcFault(f"Could not remove download result of GID#{job.id}")
    desk.queue.remove(job.id)
    return OK


def purge_download_result(desk: Desk, _arguments: Arguments) -> object:
    """Removes all ended downloads from the list."""
    desk.queue.remove_ended()
    return OK


def change_position(desk: Desk, arguments: Arguments) -> object:
    """Moves a waiting download; returns its new position among the waiting ones."""
    job, offset, how = desk.find(arguments.text(0)), arguments.integer(1), arguments.text(2)
    lists = desk.lists()
    waiting = [one.id for one in lists.waiting]
    if job.id not in waiting:
        raise RpcFault(f"GID#{job.id} not found in the waiting queue.")
    bases = {"POS_SET": 0, "POS_CUR": waiting.index(job.id), "POS_END": len(waiting) - 1}
    if how not in bases:
        raise RpcFault("Illegal argument.")
    target = max(0, min(bases[how] + offset, len(waiting) - 1))
    move_among_waiting(desk, job, target)
    return target


def move_among_waiting(desk: Desk, job: QueuedJob, target: int) -> None:
    """Moves a job to a position among the waiting ones. The queue's own positions count active jobs as well."""
    waiting = [one.id for one in desk.lists().waiting if one.id != job.id]
    line = [one.id for one in desk.queue.jobs() if not one.has_ended and one.id != job.id]
    if not waiting:
        desk.queue.move(job.id, len(line))
    elif target < len(waiting):
        desk.queue.move(job.id, line.index(waiting[target]))
    else:
        desk.queue.move(job.id, line.index(waiting[-1]) + 1)


def change_uri(desk: Desk, arguments: Arguments) -> object:
    """Removes and adds URIs; returns the number of each."""
    job = desk.find(arguments.text(0))
    number, gone, new = arguments.integer(1, least=1), arguments.texts(2), arguments.texts(3)
    position = arguments.integer(4, least=0) if arguments.has(4) else None
    if job.has_ended:
        raise RpcFault(f"Cannot remove URIs from GID#{job.id}")
    if number != 1:
        raise RpcFault("fileIndex is out of range")
    places, shown = [job.wanted.reference, *job.wanted.mirrors], addresses(job)
    deleted = 0
    for uri in gone:
        at = next((at for at, place in enumerate(places) if uri in {place, shown[at]}), None)
        if at is not None:
            del places[at], shown[at]
            deleted += 1
    at = len(places) if position is None else min(position, len(places))
    places[at:at] = new
    if not places:
        raise RpcFault(f"GID#{job.id} would have no URI left")
    desk.queue.change(job.id, lambda wanted: _with_places(wanted, places))
    return [deleted, len(new)]


def _with_places(wanted: JobWanted, places: list[str]) -> JobWanted:
    is_other = places[0] != wanted.reference
    return replace(wanted, reference=places[0], mirrors=tuple(places[1:]), take_over=wanted.take_over or is_other)


def change_option(desk: Desk, arguments: Arguments) -> object:
    """Changes the options of a download; an active one continues with them."""
    job, options = desk.find(arguments.text(0)), read_options(arguments.options(1))
    if job.has_ended:
        raise RpcFault(f"Cannot change option for GID#{job.id}")
    fields = [field for field, names in _FIELDS.items() if names & options.keys()]
    if fields:
        every = {**desk.memory.common, **desk.memory.of(job.id), **options}
        desk.queue.change(job.id, lambda wanted: _with_options(wanted, every, fields))
    desk.memory.change(job.id, options)
    return OK


def _with_options(wanted: JobWanted, options: Mapping[str, str], fields: Sequence[str]) -> JobWanted:
    """The request with ``fields`` set by the options."""
    new = wanted_of([wanted.reference], options)
    return replace(wanted, **{field: getattr(new, field) for field in fields})


def change_global_option(desk: Desk, arguments: Arguments) -> object:
    """Changes the global options."""
    options = read_options(arguments.options(0))
    settings = changed_settings(desk.queue.settings, options)
    if settings != desk.queue.settings:
        desk.queue.change_settings(settings)
    desk.memory.change_common(options)
    return OK


def changed_settings(settings: QueueSettings, options: Mapping[str, str]) -> QueueSettings:
    """The queue's settings after a change of the global options."""
    if "max-concurrent-downloads" in options:
        settings = replace(settings, max_downloads=int(options["max-concurrent-downloads"]))
    if "max-overall-download-limit" in options:
        settings = replace(settings, limit_rate=limit_of(options))
    if RPC_ALWAYS_ACTIVE in options:
        settings = replace(settings, rpc_always_active=options[RPC_ALWAYS_ACTIVE] == "true")
    return settings


def limit_of(options: Mapping[str, str]) -> float | None:
    """The limit of all downloads together, in bytes per second; ``None`` for no limit."""
    return float(quantity(options.get("max-overall-download-limit", "0"))) or None
