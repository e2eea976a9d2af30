"""``POST /anymatix/uploadAsset``: a model that the first fetcher's app sends, kept under the digest of its content.

It arrives as ``<digest>.<extension>.tmp`` beside its place, is hashed meanwhile, and gets its name when it has that
digest. What has arrived when a connection breaks is gone on with: the form's field ``resume`` says from where, and an
error's field ``X-Resume-Offset`` how much is here.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from aiohttp import BodyPartReader, web

from anymatix_fetcher.comfy.routes.catalogue import tell_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.comfy.routes.categories import Categories
    from anymatix_fetcher.errors import UnsafeModelError

T = TypeVar("T")

BODY_TYPE = "multipart/form-data"
RESUME_OFFSET = "X-Resume-Offset"
_FIELDS = frozenset({"hash", "extension", "folder_paths_key", "resume"})
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_FIELD = 1024
_PIECE_BYTES = 1 << 20
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class Uploads:
    """The handler.

    Args:
        categories: Where models are.
    """

    def __init__(self, categories: Categories) -> None:
        self._categories = categories
        self._under_way: set[Path] = set()

    async def upload(self, request: web.Request) -> web.Response:
        """Takes the form's fields, and then its file; answers are text, as the first fetcher's are."""
        answered = await self._answered(request)
        if request.content_length is not None and request.content_length <= _PIECE_BYTES:
            await request.content.read()  # what is left of a small form, so that its connection goes on
        return answered

    async def _answered(self, request: web.Request) -> web.Response:
        try:
            parts = await request.multipart()
            fields: dict[str, str] = {}
            async for part in parts:
                if not isinstance(part, BodyPartReader):
                    return _answer(400, "The form has another form in it")
                if part.name == "file":
                    return await self._take(fields, part)
                if part.name in _FIELDS:
                    fields[part.name] = await _text(part)
        except ValueError as error:
            return _answer(400, f"Upload failed: {error}")
        return _answer(400, "Missing required fields: hash, extension, and file")

    async def _take(self, fields: dict[str, str], part: BodyPartReader) -> web.Response:
        digest, extension = fields.get("hash", "").lower(), fields.get("extension", "").lstrip(".")
        if not digest or not extension:
            return _answer(400, "Hash and extension must be provided before file")
        if not _DIGEST.fullmatch(digest):
            return _answer(400, "The hash has to be a SHA-256, in hexadecimal digits")
        key = fields.get("folder_paths_key", "")
        if not key:
            return _answer(400, "folder_paths_key must be provided before file: models alone are taken here")
        folders = self._categories.roots_of(key)
        if not folders:
            return _answer(400, f"Unknown folder_paths key: {key[:80]}")
        if not self._categories.is_loaded(key, f"{digest}.{extension}"):
            return _answer(400, f"No loader of {key} would offer a file that ends with .{extension[:16]}")
        path = folders[0] / f"{digest}.{extension}"
        if path in self._under_way:
            return _answer(409, "This file is being uploaded already")
        self._under_way.add(path)
        try:
            offset = fields.get("resume", "")
            return await _received(part, path, digest, int(offset) if offset.isdecimal() else 0)
        finally:
            self._under_way.discard(path)


async def _received(part: BodyPartReader, path: Path, digest: str, offset: int) -> web.Response:
    draft = path.with_name(f"{path.name}.tmp")
    try:
        arriving = await _aside(lambda: _Arriving(draft, offset))
    except OSError as error:
        return _answer(500, f"Upload write failed: {error.strerror}")
    try:
        if arriving.size != offset:
            return _answer(500, f"{arriving.size} bytes are here, not {offset}", arriving.size)
        while piece := await part.read_chunk(_PIECE_BYTES):
            await _aside(partial(arriving.write, piece))
        if arriving.digest != digest:
            await _aside(draft.unlink)
            return _answer(400, "Hash verification failed - file corrupted during upload")
        refused = await _aside(lambda: arriving.finish(path))
    except OSError as error:
        return _answer(500, f"Upload write failed: {error.strerror}", arriving.size)
    finally:
        await _aside(arriving.close)
    if refused is not None:
        return _answer(400, f"Upload refused: {refused.message}")
    tell_catalogue()
    return _answer(200, "Upload successful")


class _Arriving:
    """The file while it arrives; its methods wait for the disk.

    Args:
        path: Its unfinished name.
        offset: How much of it is to be there already; 0 begins anew.

    Attributes:
        size: How much is there.

    Raises:
        OSError: It can't be opened.
    """

    def __init__(self, path: Path, offset: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = os.fdopen(os.open(path, _FLAGS, 0o666), "r+b", buffering=0)
        self._hash = sha256()
        self.size = 0
        try:
            if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                raise IsADirectoryError(0, "something else is there")
            if not offset:
                self._file.truncate(0)
            while piece := self._file.read(_PIECE_BYTES):
                self._hash.update(piece)
                self.size += len(piece)
        except OSError:
            self._file.close()
            raise

    @property
    def digest(self) -> str:
        """Of what is there."""
        return self._hash.hexdigest()

    def write(self, piece: bytes) -> None:
        """Adds a piece; what a full disk hasn't taken of it isn't counted."""
        view = memoryview(piece)
        while view:
            written = self._file.write(view)
            self._hash.update(view[:written])
            self.size += written
            view = view[written:]

    def finish(self, path: Path) -> UnsafeModelError | None:
        """Gives the file its name; a pickle that does harm is taken away, and said why."""
        from anymatix_fetcher.engine.pickle_scan import may_run_code, scan  # noqa: PLC0415 - not when ComfyUI starts
        from anymatix_fetcher.formats.content import ENOUGH  # noqa: PLC0415 - as above

        with self._path.open("rb") as file:
            first = file.read(ENOUGH)
            if may_run_code(first, path.name, self.size):
                file.seek(0)
                refused = scan(file, path.name).refusal(path.name)
                if refused is not None:
                    self._path.unlink()
                    return refused
        os.fsync(self._file.fileno())
        self._file.close()
        self._path.replace(path)
        return None

    def close(self) -> None:
        """Closes it; what has arrived stays."""
        self._file.close()


async def _text(part: BodyPartReader) -> str:
    """A field's value.

    Raises:
        ValueError: It is too long, or no text.
    """
    value = await part.read_chunk(_LONGEST_FIELD)
    if await part.read_chunk(_LONGEST_FIELD):
        raise ValueError(f"the field {part.name!r} is too long")
    return value.decode().strip()


def _answer(status: int, text: str, size: int | None = None) -> web.Response:
    return web.Response(status=status, text=text, headers={} if size is None else {RESUME_OFFSET: str(size)})


async def _aside(action: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, action)
