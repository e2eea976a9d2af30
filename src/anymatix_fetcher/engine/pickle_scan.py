"""Determines what a pickle would do when loaded, by looking up its imports in picklescan's lists.

Nothing is unpickled: a bounded number of opcodes is disassembled.
"""

from __future__ import annotations

import io
import logging
import re
from typing import TYPE_CHECKING, BinaryIO, cast

from anymatix_fetcher.engine.opcodes import MOST_READS, Bounded, InPlace, Spent, opcodes_in
from anymatix_fetcher.engine.scanned import Scanned
from anymatix_fetcher.formats.content import COMPRESSED, ENOUGH, Content, recognize
from anymatix_fetcher.formats.pickles import TORCH_MAGIC, is_pickle, may_be_pickle
from anymatix_fetcher.storage.workers import Step, failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from zipfile import ZipFile

    from picklescan.scanner import ScanResult

    from anymatix_fetcher.core.values.messages import StorageFailed
    from anymatix_fetcher.engine.opcodes import Readable
    from anymatix_fetcher.storage.workers import Next

_WRAPPED = COMPRESSED | {Content.NUMPY}
"""Containers in which loaders find a pickle."""
MOST_PICKLES = 64
TORCH_PICKLES = 5
"""The number of pickles in torch.save's first format: magic number, version, system, model, and tensor names."""
_MAX_NAME_LENGTH = 80
_NUMPY_MAGIC = b"\x93NUMPY"
_OBJECTS = re.compile(rb"""['"][|<>=]?O\d*['"]""")
_MOST_NUMPY_HEADER = 64 << 10
_BUFFER_BYTES = 64 << 10


def may_run_code(first: bytes, name: str, length: int) -> bool:
    """Whether a file with these first bytes has to be scanned: it is or contains a pickle, or may by its name."""
    content = recognize(first, length=length)
    if content in {Content.PICKLE, Content.ZIP}:
        return True
    if length == 0 or not may_be_pickle(name):
        return False
    # Loaders go by the name, and opcodes can be crafted to begin like another format.
    return content in _WRAPPED or opcodes_in(io.BytesIO(first)).may_act


class PickleScan:
    """A task that scans one file.

    Args:
        file: The file to read.
        length: Its size in bytes.
        path: Its path, for messages.
        name: The name that loaders will see.
        report: Takes the result, from the worker's thread.
    """

    def __init__(
        self,
        file: Readable,
        length: int,
        path: Path,
        name: str = "",
        *,
        report: Callable[[Scanned | StorageFailed], None],
    ) -> None:
        self._raw = InPlace(file, length)
        self._path = path
        self._name = name
        self._report = report

    def abandon(self) -> None:
        """Ends a running scan soon."""
        self._raw.abandon()

    def step(self) -> Next:
        """Implements ``Task.step``. One step suffices, because the reads are bounded."""
        found = scan(cast("BinaryIO", io.BufferedReader(self._raw, _BUFFER_BYTES)), self._name)
        if self._raw.trouble is not None:
            raise self._raw.trouble
        self._report(found)
        return Step.DONE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        self._report(failure(error, self._path))


def scan(file: BinaryIO, name: str = "") -> Scanned:
    """Scans the pickle or archive ``file`` from its start. If any of it can't be read, the result isn't ``whole``.

    Args:
        file: The file.
        name: The name that loaders will see. If it is a pickle's, content in tar format counts as a pickle.
    """
    pickles = _Pickles()
    try:
        first = file.read(ENOUGH)
        content = recognize(first) if may_be_pickle(name) else Content.UNKNOWN
        if first.startswith(b"PK\x03\x04"):
            _scan_archive(file, pickles)
        elif content is Content.TAR:
            pickles.give_up("a tar archive with members that PyTorch unpickles on loading")
        elif content in COMPRESSED:
            pickles.whole = False
        else:
            _scan_arrays(file, pickles)
            pickles.add(file, certain=False)
    except Exception:  # noqa: BLE001 - crafted files make readers raise errors of every kind
        pickles.whole = False
    return pickles.found()


def _scan_archive(file: BinaryIO, pickles: _Pickles) -> None:
    with _open_archive(file) as archive:
        for entry in archive.infolist():
            is_named_so = entry.filename.lower().endswith(".pkl")
            try:
                with archive.open(entry) as opened:
                    found = cast("BinaryIO", opened)
                    if is_named_so or is_pickle(found.read(2)):
                        pickles.add(found, certain=is_named_so)
                    else:
                        found.seek(0)
                        _scan_arrays(found, pickles)
            except Exception:  # noqa: BLE001 - as in scan; the other entries may be readable
                pickles.whole = False


def _scan_arrays(file: BinaryIO, pickles: _Pickles) -> None:
    """Scans the pickle that holds the items of a NumPy array of objects (``numpy.lib.format``)."""
    file.seek(0)
    magic, major = file.read(len(_NUMPY_MAGIC)), file.read(2)[:1]
    if magic != _NUMPY_MAGIC:
        return
    length = int.from_bytes(file.read(2 if major == b"\1" else 4), "little")
    if _OBJECTS.search(file.read(min(length, _MOST_NUMPY_HEADER))):
        pickles.add(file, certain=True, start=len(_NUMPY_MAGIC) + 2 + (2 if major == b"\1" else 4) + length)
    pickles.whole &= length <= _MOST_NUMPY_HEADER


def _open_archive(file: BinaryIO) -> ZipFile:
    from picklescan.relaxed_zipfile import RelaxedZipFile  # noqa: PLC0415 - few files need it

    # It tolerates what PyTorch tolerates: an archive that ``zipfile`` refuses may still be loadable.
    archive: ZipFile = RelaxedZipFile(file)
    return archive


def _picklescan() -> Callable[..., ScanResult]:
    """The function that looks up a pickle's imports."""
    from picklescan.scanner import scan_pickle_bytes  # noqa: PLC0415 - few files need it

    # It logs its findings, and Python prints log records if there is no handler.
    logging.getLogger("picklescan").addHandler(logging.NullHandler())
    look_up: Callable[..., ScanResult] = scan_pickle_bytes
    return look_up


class _Pickles:
    """The findings in all pickles of one file."""

    def __init__(self) -> None:
        self.whole = True
        self._is_pickle = False
        self._what = ""
        self._dangerous: set[str] = set()
        self._suspicious: set[str] = set()
        self._spent = Spent()
        self._look_up = _picklescan()

    def give_up(self, what: str) -> None:
        """Marks the file as ``what``, which can run code and isn't scanned."""
        self._is_pickle, self.whole, self._what = True, False, what

    def add(self, file: BinaryIO, *, certain: bool, start: int = 0) -> None:
        """Scans a pickle at ``start``; ``certain`` tells that it is one, rather than may be one."""
        self._is_pickle |= certain
        file.seek(start)
        opcodes = opcodes_in(file)
        certain |= opcodes.may_act and opcodes.sound
        self._is_pickle |= certain
        if certain or opcodes.may_act:
            file.seek(start)
            self._scan(file, certain=certain)

    def _scan(self, file: BinaryIO, *, certain: bool) -> None:
        """Scans consecutive pickles. What follows may be further pickles, or tensor data that isn't valid."""
        view = Bounded(file, self._spent)
        begins_at = file.tell()
        is_legacy = file.read(len(TORCH_MAGIC)) == TORCH_MAGIC
        file.seek(begins_at)
        for number in range(TORCH_PICKLES if is_legacy else MOST_PICKLES):
            start = file.tell()
            if number and not is_legacy:
                if not opcodes_in(file, most=MOST_READS).sound:
                    break
                file.seek(start)
            try:
                self._take(self._look_up(view, "file", multiple_pickles=False))
            except Exception as error:  # noqa: BLE001 - as in scan
                if certain:
                    self._dangerous.add(f"something that can't be read ({type(error).__name__})")
                break
            if file.tell() <= start:  # picklescan seeks back by one byte, at the end to the last one
                break
        else:
            self.whole &= is_legacy
        self.whole &= not view.exhausted

    def _take(self, result: ScanResult) -> None:
        for found in result.globals:
            self._is_pickle = True
            name = _printable(f"{found.module}.{found.name}")
            if found.safety.value == "dangerous":
                self._dangerous.add(name)
            elif found.safety.value == "suspicious":
                self._suspicious.add(name)

    def found(self) -> Scanned:
        """The result."""
        return Scanned(
            is_pickle=self._is_pickle,
            dangerous=tuple(sorted(self._dangerous)),
            suspicious=tuple(sorted(self._suspicious)),
            whole=self.whole,
            what=self._what,
        )


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:_MAX_NAME_LENGTH])
