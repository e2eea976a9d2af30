"""The RPC methods that report downloads, options and statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.queue.jobs import ENDED, JobState
from anymatix_fetcher.serve.aria2.messages import RpcFault
from anymatix_fetcher.serve.aria2.option_table import DOWNLOAD_DEFAULTS, GLOBAL_DEFAULTS, may_be_shown
from anymatix_fetcher.serve.aria2.options import RPC_ALWAYS_ACTIVE, shown_options
from anymatix_fetcher.serve.aria2.standing import Aria2Status, DownloadLists, page
from anymatix_fetcher.serve.aria2.status import addresses, files, folder, uris

if TYPE_CHECKING:
    from anymatix_fetcher.serve.aria2.arguments import Arguments
    from anymatix_fetcher.serve.aria2.desk import Desk


def tell_status(desk: Desk, arguments: Arguments) -> object:
    """Returns the fields of one download."""
    return desk.status(desk.find(arguments.text(0)), arguments.keys(1))


def tell_active(desk: Desk, arguments: Arguments) -> object:
    """Returns the active downloads."""
    behind = desk.behind()
    return desk.statuses(DownloadLists.of(desk.queue.jobs(), behind=behind).active, behind, arguments.keys(0))


def tell_waiting(desk: Desk, arguments: Arguments) -> object:
    """Returns waiting and paused downloads."""
    offset, count, keys = arguments.integer(0), arguments.integer(1, least=0), arguments.keys(2)
    behind = desk.behind()
    waiting = DownloadLists.of(desk.queue.jobs(), behind=behind).waiting
    return desk.statuses(page(waiting, offset, count), behind, keys)


def tell_stopped(desk: Desk, arguments: Arguments) -> object:
    """Returns ended downloads."""
    offset, count, keys = arguments.integer(0), arguments.integer(1, least=0), arguments.keys(2)
    stopped = DownloadLists.of(desk.queue.jobs(), behind=frozenset()).stopped
    return desk.statuses(page(stopped, offset, count), frozenset(), keys)


def get_files(desk: Desk, arguments: Arguments) -> object:
    """Returns the files of a download."""
    job = desk.find(arguments.text(0))
    return files(desk.seen(job, desk.standing(job)))


def get_uris(desk: Desk, arguments: Arguments) -> object:
    """Returns the URIs of a download."""
    job = desk.find(arguments.text(0))
    if job.has_ended:
        raise RpcFault(f"No URI data is available for GID#{job.id}")
    return uris(desk.seen(job, desk.standing(job)))


def get_peers(desk: Desk, arguments: Arguments) -> object:
    """Returns an empty list, since there are no BitTorrent peers."""
    job = desk.find(arguments.text(0))
    if job.has_ended:
        raise RpcFault(f"No peer data is available for GID#{job.id}")
    return []


def get_servers(desk: Desk, arguments: Arguments) -> object:
    """Returns the servers of an active download."""
    job = desk.find(arguments.text(0))
    if desk.standing(job) is not Aria2Status.ACTIVE:
        raise RpcFault(f"No active download for GID#{job.id}")
    progress, uri = desk.queue.progress(job.id), addresses(job)[0]
    rate = str(round(progress.bytes_per_second) if progress is not None else 0)
    return [{"index": "1", "servers": [{"uri": uri, "currentUri": uri, "downloadSpeed": rate}]}]


def get_option(desk: Desk, arguments: Arguments) -> object:
    """Returns the options of a download."""
    job = desk.find(arguments.text(0))
    given = {**desk.memory.common, **desk.memory.of(job.id)}
    return shown_options(job, given, folder(job))


def get_global_option(desk: Desk, _arguments: Arguments) -> object:
    """Returns the global options."""
    settings = desk.queue.settings
    given = {name: value for name, value in desk.memory.common.items() if may_be_shown(name)}
    return {
        **DOWNLOAD_DEFAULTS,
        **GLOBAL_DEFAULTS,
        "dir": str(desk.queue.destinations.directory),
        **given,
        "max-concurrent-downloads": str(settings.max_downloads),
        "max-overall-download-limit": str(round(settings.limit_rate or 0)),
        RPC_ALWAYS_ACTIVE: "true" if settings.rpc_always_active else "false",
    }


def get_global_stat(desk: Desk, _arguments: Arguments) -> object:
    """Returns total rates and counts."""
    counts, behind = desk.queue.counts(), len(desk.behind())
    stopped = str(sum(count for state, count in counts.items() if state in ENDED))
    return {
        "downloadSpeed": str(round(desk.queue.bytes_per_second())),
        "uploadSpeed": "0",
        "numActive": str(max(0, counts[JobState.ACTIVE] + counts[JobState.QUEUED] - behind)),
        "numWaiting": str(counts[JobState.PAUSED] + behind),
        "numStopped": stopped,
        "numStoppedTotal": stopped,
    }
