"""The composition root, which chooses the implementations of all ports."""

from __future__ import annotations

import logging
import os
import random
import time
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.resource import Author, Resource
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.forms import Engine
from anymatix_fetcher.engine.ports import NoMemory, Ports
from anymatix_fetcher.engine.session import Session
from anymatix_fetcher.errors import (
    FetchError,
    NotFoundError,
    ReferenceSyntaxError,
    RepresentationChangedError,
    StorageError,
)
from anymatix_fetcher.library.hash_named import parse_hash_reference
from anymatix_fetcher.library.hugging_face_cache import cache_folder
from anymatix_fetcher.sources import catalog
from anymatix_fetcher.sources.accounts import host_named_by
from anymatix_fetcher.sources.base import Wish
from anymatix_fetcher.sources.services import Explained
from anymatix_fetcher.storage.host_memory import HostMemory
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.space import Space
from anymatix_fetcher.storage.store import Store
from anymatix_fetcher.storage.workers import ThreadWorkers
from anymatix_fetcher.transports.base import NetworkSettings
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.wiring.environment import environment
from anymatix_fetcher.wiring.library_search import LateIndex
from anymatix_fetcher.wiring.library_shelf import LibraryShelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.pace.settings import PaceSettings
    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.engine.brought import Brought
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.engine.settings import Settings
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.sources.base import Environment, Resolving
    from anymatix_fetcher.transports.base import Transport

log = logging.getLogger("anymatix_fetcher.verbs.fetch")


def network_of(settings: Settings) -> NetworkSettings:
    """The network settings among the settings."""
    return NetworkSettings(
        proxy=settings.proxy, ca_file=settings.ca_file, verify_tls=settings.verify_tls, http3=settings.http3
    )


def current_folder() -> Callable[[], Path]:
    """Returns the current folder as it was at this call, even if it changes later."""
    try:
        here = Path.cwd()
    except OSError:

        def gone() -> Path:
            raise StorageError(
                "the current folder no longer exists", hint="Change to an existing folder, or use an absolute path."
            )

        return gone
    return lambda: here


def open_session(
    network: NetworkSettings,
    engine: Engine,
    limiter: RateLimiter | None,
    here: Callable[[], Path],
    *,
    remember: bool = True,
    brought: Brought | None = None,
    pace: PaceSettings = DEFAULT_SETTINGS,
) -> Session:
    """A new session, not yet started, which the caller has to close.

    Args:
        network: The network settings.
        engine: The engine to use.
        limiter: The rate limit that the downloads share; ``None`` for no limit.
        here: Returns the folder of relative paths.
        remember: Whether to share knowledge about files and hosts with other sessions.
        brought: What the call has fetched, in all of its sessions.
        pace: The figures of the controller that chooses how many connections a host has.

    Raises:
        ReferenceSyntaxError: The requested engine is unavailable.
        OSError: The system is out of sockets or descriptors.
    """
    limiter = limiter or RateLimiter()
    if not network.verify_tls:
        log.warning("certificates aren't checked: others on the network path can read and change the traffic")
    surroundings = cache(environment)
    ports = ports_for(open_transport(network, engine, limiter), limiter, here, remember=remember)
    ports = replace(ports, brought=brought)
    return Session(ports, lambda job: resolving(job, surroundings()), pace=pace)


def ports_for(
    transport: Transport, limiter: RateLimiter, here: Callable[[], Path] | None = None, *, remember: bool = True
) -> Ports:
    """The ports of a session on this machine. The arguments are those of :func:`open_session`."""
    from platformdirs import user_cache_path, user_data_path  # noqa: PLC0415 - after the command line has been read

    disk, home = OsDisk(), Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home raises where there is none
    index = LateIndex(
        user_data_path("anymatix-fetcher", appauthor=False) / "index.sqlite" if remember else None,
        disk,
        (cache_folder(os.environ, home),),
        time.monotonic,
    )
    hosts = user_cache_path("anymatix-fetcher", appauthor=False) / "hosts.json"
    return Ports(
        transport=transport,
        disk=disk,
        workers=ThreadWorkers(),
        lock=DestinationLock,
        clock=time.monotonic,
        random=random.random,
        limiter=limiter,
        open_store=partial(Store.open, space=Space(disk)),
        memory=HostMemory(hosts, time.time) if remember else NoMemory(),
        shelf=LibraryShelf(
            disk, index, environment=os.environ, current=here or current_folder(), home=home, wall_clock=time.time
        ),
    )


def open_index() -> Index:
    """The index of local files, which all processes of this user share. The caller has to close it."""
    from platformdirs import user_data_path  # noqa: PLC0415 - after the command line has been read

    from anymatix_fetcher.library.index import Index  # noqa: PLC0415 - downloads alone don't need it

    return Index(user_data_path("anymatix-fetcher", appauthor=False) / "index.sqlite")


def open_transport(network: NetworkSettings, engine: Engine, limiter: RateLimiter) -> Transport:
    """The transport.

    Raises:
        ReferenceSyntaxError: The requested engine is unavailable.
    """
    if engine is not Engine.THREADS:
        try:
            from anymatix_fetcher.transports.curl.transport import CurlTransport  # noqa: PLC0415 - pycurl may be missing
        except ImportError as error:  # also raised by a pycurl with a missing or different libcurl
            if engine is Engine.CURL:
                raise ReferenceSyntaxError(
                    "the engine curl needs pycurl, which can't be imported here",
                    hint="Install it with `pip install pycurl`, or use the engine threads.",
                ) from error
            _say_that_curl_is_missing()
        else:
            with storage_errors("the system"):
                return CurlTransport(network, limiter)
    from anymatix_fetcher.transports.threads.transport import ThreadsTransport  # noqa: PLC0415 - costs start-up time

    return ThreadsTransport(network, limiter)


@cache
def _say_that_curl_is_missing() -> None:
    """Logs a warning once per process, because it is the same for every session."""
    log.warning(
        "pycurl can't be imported: downloading with threads over HTTP/1.1; `pip install pycurl` enables libcurl"
    )


def resolving(job: Job, surroundings: Environment | None = None) -> Resolving:
    """The conversation that resolves a job's reference.

    Raises:
        ReferenceSyntaxError: An endpoint or a mirror isn't a URL.
        RepresentationChangedError: The length differs from the one that the caller knows.
        NotFoundError: The reference is a digest, and no peer is named.
    """
    wish, surroundings = _wish(job), surroundings or environment()
    peers = tuple(dict.fromkeys((*map(forms.peer, job.settings.peers), *surroundings.peers)))
    surroundings = replace(surroundings, peers=peers)
    sha256 = parse_hash_reference(job.reference)
    if sha256 is not None:
        return (lent(sha256, wish, surroundings),)
    public_only = _is_public_only(job, surroundings)
    talk = catalog.resolve(wish, surroundings)
    found = yield from _asking_public(talk) if public_only else talk
    named = (replace(_named(resource, wish, job), public_only=public_only) for resource in found)
    resources = tuple(_in_surroundings(resource, wish, surroundings) for resource in named)
    length = job.settings.length
    return resources if length is None else tuple(_of_length(resource, length, job) for resource in resources)


def _is_public_only(job: Job, surroundings: Environment) -> bool:
    """Whether public addresses alone are asked; a service goes where its endpoint variable says."""
    if surroundings.allows_private or not job.public_only:
        return False
    return any(host_named_by(place) is not None for place in (job.reference, *job.settings.mirrors))


def _asking_public(talk: Resolving) -> Resolving:
    """The same conversation; it sends requests to public addresses only."""
    go_on: Callable[[], Request] = partial(next, talk)
    while True:
        try:
            asked = go_on()
        except StopIteration as end:
            found: tuple[Resource, ...] = end.value
            return found
        try:
            answer = yield replace(asked, public_only=True)
        except FetchError as error:
            go_on = partial(talk.throw, error)
        else:
            go_on = partial(talk.send, answer)


def _named(resource: Resource, wish: Wish, job: Job) -> Resource:
    """The resource by the name that its user has for it: without the parameters that only open its door."""
    return replace(resource, reference=job.reference) if job.auth and resource.reference == wish.reference else resource


def _in_surroundings(resource: Resource, wish: Wish, surroundings: Environment) -> Resource:
    """The resource, completed by the environment.

    This sets the service's endpoint, the credentials for mirrors that the user named, and the reason why there are none
    for its own host.
    """
    named = wish.mirrors if wish.author is Author.USER else ()
    logins = {mirror.origin: surroundings.login(mirror) for mirror in named}
    service, endpoint = resource.service, surroundings.endpoints.get(resource.service.name)
    if isinstance(service, Explained) and endpoint is not None:
        service = replace(service, base_path=endpoint.path.rstrip("/"))
    return replace(
        resource,
        service=service,
        mirror_headers=tuple((origin, headers) for origin, headers in logins.items() if headers),
        login_note=surroundings.login_note(resource.url, resource.service.name),
        peers=surroundings.peers,
        peer_headers=surroundings.peer_headers,
        stays_public=Author.FILE in (wish.author, resource.author) and not surroundings.allows_private,
    )


def lent(sha256: str, wish: Wish, surroundings: Environment) -> Resource:
    """The file that a digest alone names, at the first of the peers.

    Raises:
        NotFoundError: There is none.
    """
    if not surroundings.peers:
        raise NotFoundError(
            f"no file with the SHA-256 {sha256} is here",
            hint="Download it by a reference, or name the folder of your models by --models, or a server that has it "
            "by --peer.",
        )
    first = surroundings.peers[0]
    return Resource(
        Url.parse(f"{first.reveal().rstrip('/')}/sha256/{sha256}"),
        name=wish.name,
        digests=tuple(dict.fromkeys((Digest("sha256", sha256), *wish.digests))),
        headers=surroundings.peer_headers,
        reference=f"sha256://{sha256}",
        peers=surroundings.peers,
        peer_headers=surroundings.peer_headers,
    )


def _of_length(resource: Resource, length: int, job: Job) -> Resource:
    if resource.length not in {None, length}:
        raise RepresentationChangedError(
            f"{job.shown_reference} has {resource.length:,} bytes now, not {length:,}",
            hint="Check whether it is still the file that you expect.",
        )
    return replace(resource, length=length)


def _address(job: Job) -> str:
    if not job.auth:
        return job.reference
    from anymatix_fetcher.library.identity import effective_url  # noqa: PLC0415 - few downloads need it

    return effective_url(job.reference, job.auth)


def _wish(job: Job) -> Wish:
    """The job's request, validated.

    Raises:
        ReferenceSyntaxError: A mirror isn't a URL.
    """
    settings = job.settings
    try:
        mirrors = tuple(map(Url.parse, settings.mirrors))
    except ValueError as error:
        raise ReferenceSyntaxError(f"not a mirror: {error}", hint="A mirror is an http or https URL.") from None
    return Wish(
        _address(job),
        name=SafeName(settings.output.name) if settings.output else None,
        digests=settings.digests,
        headers=Headers(settings.headers if job.author is Author.USER else ()),
        include=settings.include,
        exclude=settings.exclude,
        mirrors=mirrors,
        author=job.author,
    )
