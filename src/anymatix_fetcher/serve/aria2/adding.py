"""The RPC methods that add downloads."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.jobs import JobId, JobState
from anymatix_fetcher.serve.aria2.messages import RpcFault
from anymatix_fetcher.serve.aria2.options import read_options, wanted_of
from anymatix_fetcher.serve.aria2.steering import move_among_waiting
from anymatix_fetcher.sources import metalink

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from anymatix_fetcher.queue.jobs import JobWanted
    from anymatix_fetcher.serve.aria2.arguments import Arguments
    from anymatix_fetcher.serve.aria2.desk import Desk


def add_uri(desk: Desk, arguments: Arguments) -> object:
    """Adds a download of one or more URIs of the same file; returns its gid."""
    uris = arguments.texts(0)
    given = read_options(arguments.options(1)) if arguments.has(1) else {}
    position = arguments.integer(2, least=0) if arguments.has(2) else None
    if not uris:
        raise RpcFault("URI is not provided.")
    options = {**desk.memory.common, **given}
    return _add(desk, [wanted_of(uris, options)], options, given, position)[0]


def add_metalink(desk: Desk, arguments: Arguments) -> object:
    """Adds the files that a Metalink describes; returns their gids."""
    text = arguments.text(0)
    given = read_options(arguments.options(1)) if arguments.has(1) else {}
    position = arguments.integer(2, least=0) if arguments.has(2) else None
    try:
        files = metalink.parse(base64.b64decode(text))
    except ValueError:
        raise RpcFault("Could not parse Metalink XML document.") from None
    options = {**desk.memory.common, **given}
    return _add(desk, [_wanted(file, options) for file in files], options, given, position)


def _wanted(file: metalink.MetalinkFile, options: Mapping[str, str]) -> JobWanted:
    """The job request for a file of a Metalink. Its URIs come from a document, so the header options don't apply."""
    uris = [mirror.url.reveal() for mirror in file.mirrors]
    return replace(
        wanted_of(uris, options),
        output=f"{file.folder}/{file.name}" if file.folder else str(file.name),
        digests=tuple(map(str, file.digests)),
        headers=(),
        author=Author.FILE,
    )


def add_listed(desk: Desk, downloads: Iterable[tuple[Sequence[str], Mapping[str, str]]]) -> None:
    """Adds the downloads given at the start, each with its URIs and options.

    Raises:
        RpcFault: An option is invalid.
        FetchError: A download can't be added.
    """
    for uris, options in downloads:
        given = read_options(options)
        every = {**desk.memory.common, **given}
        _add(desk, [wanted_of(uris, every)], every, given, None)


def add_torrent(_desk: Desk, _arguments: Arguments) -> object:
    """Refuses BitTorrent."""
    raise RpcFault("BitTorrent isn't supported: add an http or https URI of the file")


def _add(
    desk: Desk,
    wanted: Sequence[JobWanted],
    options: Mapping[str, str],
    given: Mapping[str, str],
    position: int | None,
) -> list[str]:
    paused = options.get("pause") == "true"
    identity = JobId(given["gid"]) if len(wanted) == 1 and "gid" in given else None
    found = desk.queue.add([JobRequest(one, paused=paused, identity=identity) for one in wanted])
    for number, (job, is_new) in enumerate(found):
        desk.memory.change(job.id, given)
        if not is_new and job.state is JobState.PAUSED and not paused:
            desk.queue.resume(job.id)
        if is_new and position is not None:
            move_among_waiting(desk, job, position + number)
    return [job.id for job, _ in found]
