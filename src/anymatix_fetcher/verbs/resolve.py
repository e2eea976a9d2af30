"""``resolve``: what references name and where it is, without downloading."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.core.answers.expiry import expiry_of
from anymatix_fetcher.core.answers.secrecy import is_recordable, recordable
from anymatix_fetcher.core.values.digests import COLLISION_FREE
from anymatix_fetcher.core.values.filenames import choose_name
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.resource import PLAIN, Author
from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.facts import Job, shown
from anymatix_fetcher.engine.inquiry import Inquiry
from anymatix_fetcher.engine.settings import GettingThere
from anymatix_fetcher.engine.signatures import explained
from anymatix_fetcher.errors import FetchError, ReferenceSyntaxError
from anymatix_fetcher.sources.pinning import pinned_reference
from anymatix_fetcher.sources.reading import RemoteFile
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.verbs.settings import getting_there, settings_of
from anymatix_fetcher.wiring.composition import network_of, open_transport, ports_for, resolving

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.resource import About, Resource
    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.settings import Options, Settings
    from anymatix_fetcher.sources.base import Answer
    from anymatix_fetcher.transports.base import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """What a reference resolves to, as far as it is known without downloading.

    Args:
        reference: The file's reference, without secrets.
        source: The source that resolved it: "civitai", "huggingface", "direct", ...
        name: The file's name.
        folder: The folder below the destination; for whole repositories.
        url: The URL that is requested, without secrets.
        target: The URL that it redirects to at the moment, without secrets; ``None`` if no redirect was followed.
        length: In bytes.
        digests: The stated digests of the content.
        ranged: Whether the server supports ranges, so that several connections can help; ``None`` if it wasn't asked.
        etag: The strong entity tag, if there is one.
        expires_at: When ``target`` expires, in seconds since 1970; ``None`` if unknown.
        mirrors: Other URLs, without secrets.
        about: What the source says about the model.
        sources: References and URLs of the same bytes, the best first, in a form that can be stored: pinned to a commit
            or a version if the source has them, and without secrets.
        is_withheld: Whether a secret was removed from the first of these, which may lead elsewhere without it.
        remark: Why the source's digest is unavailable, as the end of a sentence that begins with "it is"; empty if it
            is available, or another one is.
        error: Why the bytes can't be fetched, if so.
    """

    reference: str
    source: str
    name: str
    folder: tuple[str, ...] = ()
    url: str
    target: str | None = None
    length: int | None = None
    digests: tuple[Digest, ...] = ()
    ranged: bool | None = None
    etag: str | None = None
    expires_at: float | None = None
    mirrors: tuple[str, ...] = ()
    about: About
    sources: tuple[str, ...] = ()
    is_withheld: bool = False
    remark: str = ""
    error: FetchError | None = None


class Depth(Enum):
    """How far a reference is followed."""

    CATALOGUE = "catalogue"
    """Until a digest is stated. A request to a download URL may count as a download."""
    STORE = "store"
    """To the store that holds the bytes, from which one byte is requested."""


@explained(GettingThere)
def resolve(
    reference: str,
    *,
    probe: bool = False,
    include: Iterable[str] | str = (),
    exclude: Iterable[str] | str = (),
    cancel: CancelToken | None = None,
    **options: Unpack[GettingThere],
) -> list[Located]:
    """What a reference names: name, size, digests, type and URL of each file. Nothing is downloaded.

    If a catalogue states a file's digest, no other server is asked; others are asked for one byte.

    >>> from anymatix_fetcher import resolve
    >>> (found,) = resolve("civitai:143906")  # doctest: +SKIP
    >>> found.name, found.length, found.digests  # doctest: +SKIP

    Args:
        reference: As for :func:`fetch`.
        probe: Whether to follow a single file to the store that holds its bytes, which some services count as a
            download. Then ``target``, ``ranged`` and ``expires_at`` are known.
        include: Globs of the paths that are wanted of a repository; empty for all.
        exclude: Globs of the paths that aren't.
        cancel: Stops the operation.
        **options: The network settings of :func:`fetch`.

    Returns:
        One value for each file. If its bytes can't be fetched, ``error`` says why.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type or can't be parsed.
        NotFoundError: The service knows no such reference.
        AccessDeniedError: The service demands a token, or refuses it.
        NetworkError: The service can't be reached.
    """
    forms.switches(probe=probe)
    getting_there(**options)
    depth = Depth.STORE if probe else Depth.CATALOGUE
    return locate(reference, depth=depth, cancel=cancel, include=include, exclude=exclude, **options)


def locate(
    reference: str,
    *,
    depth: Depth = Depth.CATALOGUE,
    public_only: bool = False,
    cancel: CancelToken | None = None,
    **options: Unpack[Options],
) -> list[Located]:
    """Resolves ``reference``.

    The files of a whole repository are listed as their source describes them, without a request for each.

    Args:
        reference: As for ``fetch``.
        depth: How far a single file is followed.
        public_only: Whether a reference that names no known service may lead to public addresses only.
        cancel: Stops the operation.
        **options: The network settings of ``fetch``.

    Raises:
        FetchError: The reference can't be resolved.
    """
    settings, cancel = settings_of(**options), forms.token(cancel)
    with inquiring(settings, cancel) as (inquiry, _):
        resources = inquiry.run(resolving(Job(reference, settings, public_only=public_only)))
        if len(resources) == 1:
            return [inquiry.run(_walking(resources[0], depth))]
        return [_as_described(resource) for resource in resources]


def locate_each(
    references: Sequence[str],
    *,
    author: Author = Author.USER,
    public_only: bool = False,
    cancel: CancelToken | None = None,
    **options: Unpack[Options],
) -> list[Located | FetchError]:
    """Resolves several references at a time, each to its file or its error.

    No other server is asked if a catalogue states all that is needed.

    Args:
        references: As for :func:`locate`; each has to name a single file.
        author: Who wrote the references.
        public_only: As for :func:`locate`.
        cancel: Stops the operation.
        **options: As for :func:`locate`.

    Raises:
        DownloadCancelled: The operation was stopped.
    """
    settings, cancel = settings_of(**options), forms.token(cancel)
    with inquiring(settings, cancel) as (inquiry, _):
        jobs = [Job(reference, settings, author, public_only=public_only) for reference in references]
        return inquiry.run_each(list(map(_locating, jobs)))


def _locating(job: Job) -> Generator[Request, Answer, Located]:
    return (yield from _walking((yield from single(job)), Depth.CATALOGUE))


def single(job: Job) -> Generator[Request, Answer, Resource]:
    """The conversation that resolves the job's reference to a single file.

    Raises:
        FetchError: It names no file, or several.
    """
    resources = yield from resolving(job)
    if len(resources) > 1:
        raise ReferenceSyntaxError(f"{job.shown_reference} names {len(resources)} files", hint="Name one of them.")
    return resources[0]


def _as_described(resource: Resource) -> Located:
    return Located(
        reference=shown(resource.reference),
        source=resource.service.name,
        name=resource.name or choose_name(Headers(), resource.url.last_segment, "download"),
        folder=resource.folder,
        url=str(resource.url),
        length=resource.length,
        digests=resource.digests,
        mirrors=tuple(map(str, resource.mirrors)),
        about=resource.about,
        sources=_recordable(resource),
        is_withheld=not is_recordable(pinned_reference(resource)),
        remark="" if resource.digests else resource.remark,
    )


def _recordable(resource: Resource, commit: str = "") -> tuple[str, ...]:
    places = (pinned_reference(resource, commit), *(mirror.reveal() for mirror in resource.mirrors))
    return tuple(dict.fromkeys(map(recordable, places)))


def _walking(resource: Resource, depth: Depth) -> Generator[Request, Answer, Located]:
    """The resource, completed by what its servers state."""
    described, file = _as_described(resource), RemoteFile(resource)
    if depth is Depth.CATALOGUE and (file.is_described or _is_catalogued(resource)):
        return described
    try:
        yield from file.open() if depth is Depth.STORE else file.describe()
    except FetchError as error:
        return replace(described, error=error, length=file.length, digests=file.digests)
    name = resource.name or choose_name(file.headers or Headers(), resource.url.last_segment, "download")
    tag = file.validator.etag
    expiry = expiry_of(file.target) if file.target is not None else None
    return replace(
        described,
        name=name,
        target=str(file.target) if file.target else None,
        length=file.length,
        digests=file.digests,
        remark="" if file.digests else resource.remark,
        ranged=file.ranged if file.headers is not None else None,
        etag=tag.opaque if tag is not None and not tag.weak else None,
        expires_at=expiry.expires_at if expiry is not None else None,
        sources=_recordable(resource, file.commit),
    )


def _is_catalogued(resource: Resource) -> bool:
    """Whether a catalogue identifies the content exactly. Many of Civitai's sizes are rounded."""
    stated = {digest.algorithm for digest in resource.digests}
    return resource.service is not PLAIN and not stated.isdisjoint(COLLISION_FREE)


@contextmanager
def inquiring(settings: Settings, cancel: CancelToken) -> Iterator[tuple[Inquiry, Transport]]:
    """A transport and an ``Inquiry`` that runs source generators on it."""
    limiter = RateLimiter()
    transport = open_transport(network_of(settings), settings.engine, limiter)
    cancel.add_listener(transport.wake)
    try:
        yield Inquiry(ports_for(transport, limiter), lambda: cancel.cancelled), transport
    finally:
        cancel.remove_listener(transport.wake)
        transport.close()
