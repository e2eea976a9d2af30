"""Reads a model's header: from a local file in place, or from a reference by two or three small ranges."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.core.values.filenames import choose_name
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.settings import GettingThere
from anymatix_fetcher.engine.signatures import explained
from anymatix_fetcher.errors import ReferenceSyntaxError, UnexpectedAnswerError
from anymatix_fetcher.formats import inspection
from anymatix_fetcher.formats.content import DOCUMENTS, Content
from anymatix_fetcher.formats.triage import triage
from anymatix_fetcher.sources.reading import RemoteFile
from anymatix_fetcher.verbs.resolve import inquiring, single
from anymatix_fetcher.verbs.settings import getting_there

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import BinaryIO

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.formats.facts import ModelFacts
    from anymatix_fetcher.sources.base import Answer

_NOTHING_TO_DESCRIBE = DOCUMENTS | {Content.UNKNOWN, Content.ZEROS}
MOST_WITHOUT_RANGES = 16 << 20
"""How much of a file's front is read from a server without range support. Headers behind it aren't inspected."""


@explained(GettingThere)
def inspect(reference: str | Path, *, cancel: CancelToken | None = None, **options: Unpack[GettingThere]) -> ModelFacts:
    """Reads the header of a model, but none of its weights.

    >>> from anymatix_fetcher import inspect
    >>> inspect("civitai:143906").architecture  # doctest: +SKIP

    Args:
        reference: A local file, or a reference as for ``fetch`` that names a single file.
        cancel: Stops the operation.
        **options: The network settings of ``fetch``.

    Returns:
        The facts that the header states.

    Raises:
        TypeError: A keyword is unknown.
        NotAModelError: The file isn't what its name claims, or its header is damaged.
        StorageError: The file can't be read.
        ReferenceSyntaxError: ``reference`` is neither a file nor a reference, or names several files.
        FetchError: The reference can't be resolved, or its server doesn't support ranges and the header is too far
            back.
    """
    settings, cancel = getting_there(**options), forms.token(cancel)
    (reference,) = forms.words("reference", [reference])
    path = Path(reference)
    if path.is_file():
        return _inspect_file(path)
    if ":" not in reference:
        raise ReferenceSyntaxError(
            f"{reference!r} is neither a file nor a reference",
            hint="Expected a file, or a reference such as civitai:143906 or hf:org/repo/file.",
        )
    with inquiring(settings, cancel) as (inquiry, _):
        return inquiry.run(_inspecting(Job(reference, settings)))


def _inspect_file(path: Path) -> ModelFacts:
    with storage_errors(path), path.open("rb") as file:
        length = os.fstat(file.fileno()).st_size
        denied = _denial(_read(file, Span(0, min(inspection.FIRST_SIZE, length))), path.name, length)
        asking = inspection.inspect(length, path.name)
        try:
            span = next(asking)
            while True:
                span = asking.send(_read(file, span))
        except StopIteration as end:
            facts: ModelFacts = end.value
            return replace(facts, denied=denied)


def _read(file: BinaryIO, span: Span) -> bytes:
    file.seek(span.start)
    data = file.read(len(span))
    if len(data) != len(span):
        raise OSError(errno.EIO, "the file was shortened while it was read")
    return data


def _denial(first: bytes, name: str, length: int) -> str:
    """Why the file can't be what its name claims, if it is a model of another kind; empty if it may be.

    Raises:
        NotAModelError: It isn't a model at all.
    """
    found = triage(first, name=name, length=length)
    if found.refusal is None:
        return ""
    if found.content in _NOTHING_TO_DESCRIBE:
        raise found.refusal
    return found.refusal.message


def _inspecting(job: Job) -> Generator[Request, Answer, ModelFacts]:
    resource = yield from single(job)
    file = _Front(RemoteFile(resource))
    length = yield from file.open()
    name = resource.name or choose_name(file.remote.headers or Headers(), resource.url.last_segment, "download")
    denied = _denial(file.front, name, length)
    asking = inspection.inspect(length, name)
    try:
        span = next(asking)
        while True:
            data = yield from file.read(span)
            span = asking.send(data)
    except StopIteration as end:
        facts: ModelFacts = end.value
        return replace(facts, denied=denied)


class _Front:
    """A remote file with a cached front, which isn't requested again."""

    def __init__(self, remote: RemoteFile) -> None:
        self.remote = remote
        self.front = b""

    def open(self) -> Generator[Request, Answer, int]:
        """Reads the front; returns the file's length.

        Raises:
            FetchError: The request failed, or the server doesn't state the length.
        """
        self.front = yield from self.remote.read(Span(0, inspection.FIRST_SIZE))
        if self.remote.length is None and len(self.front) < inspection.FIRST_SIZE:
            self.remote.ends_at(len(self.front))  # the body is complete
        if self.remote.length is None:
            raise self._useless("doesn't state the file's length")
        return self.remote.length

    def read(self, span: Span) -> Generator[Request, Answer, bytes]:
        """All bytes of ``span``.

        Raises:
            FetchError: The request failed.
        """
        if span.stop <= len(self.front):
            return self.front[span.start : span.stop]
        if self.remote.ranged:
            return (yield from self._whole(span))
        if span.stop > MOST_WITHOUT_RANGES:
            raise self._useless("doesn't support ranges, and the header isn't at the front of the file")
        self.front = yield from self._whole(Span(0, span.stop))
        return self.front[span.start :]

    def _whole(self, span: Span) -> Generator[Request, Answer, bytes]:
        data = b""
        while len(data) < len(span):
            # A server may send less than was requested (RFC 9110, section 15.3.7).
            piece = yield from self.remote.read(Span(span.start + len(data), span.stop))
            if not piece:
                raise self._useless("sends less than it promised")
            data += piece
        return data

    def _useless(self, what: str) -> UnexpectedAnswerError:
        host = self.remote.resource.url.host
        return UnexpectedAnswerError(f"{host} {what}", hint="Download the file, and inspect the local copy.")
