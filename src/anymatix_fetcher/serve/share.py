"""Serves files to peers: ``GET /sha256/HEX``, for hashed files and the proved blocks of unfinished downloads.

A complete file is sent by ``sendfile`` where the system has it. A range of an unfinished download is answered with its
proved prefix, which may be shorter than requested (RFC 9110, section 15.3.7), or with 503 and ``Retry-After`` if its
first byte is missing.
"""

from __future__ import annotations

import asyncio
import base64
import re
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from anymatix_fetcher.queue.lending import ArrivingFile, Lender
from anymatix_fetcher.serve.answers import failure
from anymatix_fetcher.serve.ranges import FileAnswer, asked, content_range

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import BinaryIO

    from anymatix_fetcher.core.values.spans import Span
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.queue.lending import WholeFile
    from anymatix_fetcher.queue.queue import Queue

PATH = "/sha256/{sha256}"
RETRY_SECONDS = 2
_PIECE_BYTES = 1 << 20
_UNSENDABLE = re.compile(r"[^\x20-\x7e]|[\"\\]")


class Sharing:
    """Serves files to peers.

    Args:
        queue: The queue, for unfinished downloads.
        index: The index of hashed files, which is closed with the application.
    """

    def __init__(self, queue: Queue, index: Index) -> None:
        self._index = index
        self._lender = Lender(queue, index)

    def add_routes(self, app: web.Application) -> None:
        """Adds the route, and closes the index with the application."""
        app.router.add_get(PATH, self.get_file)
        app.cleanup_ctx.append(self._close)

    async def _close(self, app: web.Application) -> AsyncIterator[None]:
        del app
        yield
        self._index.close()

    async def get_file(self, request: web.Request) -> web.StreamResponse:
        """The file with this SHA-256, or a range of it."""
        sha256 = request.match_info["sha256"].lower()
        found = await asyncio.to_thread(self._lender.find, sha256) if re.fullmatch("[0-9a-f]{64}", sha256) else None
        if found is None:
            return failure(404, "NotFoundError", "no file with this SHA-256 is available here", "Ask another server.")
        with found.file:
            tag = f'"{sha256}"'
            wanted = asked(request.method, request.headers, tag=tag, length=found.length)
            headers = {**_about(sha256, found.name), "ETag": tag}
            if isinstance(found, ArrivingFile) and wanted.span:
                return await _send_arriving(request, found, wanted, headers)
            return await _send(request, found, wanted, headers)


def _about(sha256: str, name: str) -> dict[str, str]:
    """The header fields of every response for a file."""
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    shown = _UNSENDABLE.sub("_", name)
    extended = quote(name.encode("utf-8", "replace"), safe="")
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-transform",
        "Content-Disposition": f"attachment; filename=\"{shown}\"; filename*=UTF-8''{extended}",
        "Repr-Digest": f"sha-256=:{digest}:",
    }


def _head(wanted: FileAnswer, span: Span, length: int, headers: dict[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(status=wanted.status, headers=headers)
    if wanted.status is HTTPStatus.NOT_MODIFIED:
        return response
    response.content_type = "application/octet-stream"
    response.content_length = len(span)
    if wanted.status in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
        response.headers["Content-Range"] = content_range(span, length)
    return response


async def _send(
    request: web.Request, found: WholeFile | ArrivingFile, wanted: FileAnswer, headers: dict[str, str]
) -> web.StreamResponse:
    """Sends the requested part of a complete file, or a response without content."""
    response = _head(wanted, wanted.span, found.length, headers)
    with suppress(ConnectionError):  # the peer has disconnected
        await response.prepare(request)
        if request.method == "GET" and wanted.span:
            await _pour(request, response, found.file, wanted.span)
        await response.write_eof()
    return response


async def _pour(request: web.Request, response: web.StreamResponse, file: BinaryIO, span: Span) -> None:
    """Sends a span: the first piece with the head, the rest by ``sendfile``."""
    first = await asyncio.to_thread(_read, file, span.start, min(len(span), _PIECE_BYTES))
    await response.write(first)
    start, loop = span.start + len(first), asyncio.get_running_loop()
    if request.transport is None or (not first and span):
        raise ConnectionResetError("the connection is closed, or the file was truncated")
    if start < span.stop:
        start += await loop.sendfile(request.transport, file, start, span.stop - start)
    if start < span.stop:
        _break_off(request)


async def _send_arriving(
    request: web.Request, found: ArrivingFile, wanted: FileAnswer, headers: dict[str, str]
) -> web.StreamResponse:
    """Sends the proved prefix of a range, or 503 for anything else."""
    span = found.proved(wanted.span) if wanted.status is HTTPStatus.PARTIAL_CONTENT else wanted.span
    pieces, rest = found.pieces(span), len(span)
    piece = b"" if wanted.status is HTTPStatus.OK else await asyncio.to_thread(next, pieces, b"")
    if not piece:
        return _not_yet(found.length)
    response = _head(wanted, span, found.length, headers)
    with suppress(ConnectionError):
        await response.prepare(request)
        while piece:
            await response.write(piece)
            rest -= len(piece)
            piece = await asyncio.to_thread(next, pieces, b"")
        if rest:
            _break_off(request)
        await response.write_eof()
    return response


def _break_off(request: web.Request) -> None:
    """Aborts the connection because the file has changed, so that the peer sees an incomplete body.

    Raises:
        ConnectionResetError: Always.
    """
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError("the file has changed while it was sent")


def _not_yet(length: int) -> web.StreamResponse:
    hint = f"It is being downloaded. Ask again later, or for another range of its {length:,} bytes."
    return failure(
        503, "NotYetError", "this part of the file isn't available yet", hint, {"Retry-After": str(RETRY_SECONDS)}
    )


def _read(file: BinaryIO, start: int, count: int) -> bytes:
    file.seek(start)
    return file.read(count)
