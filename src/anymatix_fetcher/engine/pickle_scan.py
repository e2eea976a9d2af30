"""What a pickle would do to whoever loads it: the names that it imports, looked up in picklescan's lists.

Nothing is unpickled: the opcodes are disassembled, a bounded number of them.
"""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, BinaryIO, cast

from anymatix_fetcher.engine.opcodes import MOST_READS, Bounded, InPlace, Spent, opcodes_in
from anymatix_fetcher.engine.scanned import Scanned
from anymatix_fetcher.formats.content import Content, recognize
from anymatix_fetcher.formats.pickles import TORCH_MAGIC, is_pickle, may_be_pickle
from anymatix_fetcher.storage.workers import Step, failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from zipfile import ZipFile

    from picklescan.scanner import ScanResult

    from anymatix_fetcher.core.messages import StorageFailed
    from anymatix_fetcher.engine.opcodes import Readable
    from anymatix_fetcher.storage.workers import Next

MOST_PICKLES = 64
TORCH_PICKLES = 5
"""What torch.save wrote at first: its mark, its version, the system, the model, and the weights' names."""
_MAX_NAME_LENGTH = 80
_BUFFER_BYTES = 64 << 10


def may_run_code(first: bytes, name: str, length: int) -> bool:
    """Whether a file that begins so has to be scanned: it is a pickle, holds one, or may be one by its name."""
    if recognize(first, length=length) in {Content.PICKLE, Content.ZIP}:
        return True
    # Whatever else it looks like: loaders go by the name, and opcodes can be made to begin as other formats do.
    return length > 0 and may_be_pickle(name) and opcodes_in(io.BytesIO(first)).may_act


class PickleScan:
    """A task that scans one file.

    Args:
        file: What to read.
        length: Bytes of it.
        path: Where it is, for messages.
        report: Takes the result, from the worker's thread.
    """

    def __init__(
        self, file: Readable, length: int, path: Path, *, report: Callable[[Scanned | StorageFailed], None]
    ) -> None:
        self._raw = InPlace(file, length)
        self._path = path
        self._report = report

    def abandon(self) -> None:
        """Lets a scan that is running come to its end soon."""
        self._raw.abandoned = True

    def step(self) -> Next:
        """Implements ``Task.step``: one is all, since what is read is bounded."""
        found = scan(cast("BinaryIO", io.BufferedReader(self._raw, _BUFFER_BYTES)))
        if self._raw.trouble is not None:
            raise self._raw.trouble
        self._report(found)
        return Step.DONE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        self._report(failure(error, self._path))


def scan(file: BinaryIO) -> Scanned:
    """What the pickle or archive ``file``, read from its start, would import; whatever can't be read isn't whole."""
    pickles = _Pickles()
    try:
        if file.read(4) == b"PK\x03\x04":
            _scan_archive(file, pickles)
        else:
            pickles.add(file, certain=False)
    except Exception:  # noqa: BLE001 - a file that is made for it makes readers raise errors of every kind
        pickles.whole = False
    return pickles.found()


def _scan_archive(file: BinaryIO, pickles: _Pickles) -> None:
    with _open_archive(file) as archive:
        for entry in archive.infolist():
            is_named_so = entry.filename.lower().endswith(".pkl")
            try:
                with archive.open(entry) as opened:
                    if is_named_so or is_pickle(opened.read(2)):
                        pickles.add(cast("BinaryIO", opened), certain=is_named_so)
            except Exception:  # noqa: BLE001 - as in scan; the other entries may be readable
                pickles.whole = False


def _open_archive(file: BinaryIO) -> ZipFile:
    from picklescan.relaxed_zipfile import RelaxedZipFile  # noqa: PLC0415 - few files need it

    # It overlooks what PyTorch overlooks: an archive that ``zipfile`` refuses may be loaded all the same.
    archive: ZipFile = RelaxedZipFile(file)
    return archive


def _picklescan() -> Callable[..., ScanResult]:
    """What looks up a pickle's imports."""
    from picklescan.scanner import scan_pickle_bytes  # noqa: PLC0415 - few files need it

    # It logs what it finds, and Python prints what nobody listens to.
    logging.getLogger("picklescan").addHandler(logging.NullHandler())
    look_up: Callable[..., ScanResult] = scan_pickle_bytes
    return look_up


class _Pickles:
    """What was found in the pickles of one file so far."""

    def __init__(self) -> None:
        self.whole = True
        self._is_pickle = False
        self._dangerous: set[str] = set()
        self._suspicious: set[str] = set()
        self._spent = Spent()
        self._look_up = _picklescan()

    def add(self, file: BinaryIO, *, certain: bool) -> None:
        """Scans one more; ``certain`` tells that it must be a pickle, and not only may be."""
        self._is_pickle |= certain
        file.seek(0)
        opcodes = opcodes_in(file)
        certain |= opcodes.may_act and opcodes.sound
        self._is_pickle |= certain
        if certain or opcodes.may_act:
            file.seek(0)
            self._scan(file, certain=certain)

    def _scan(self, file: BinaryIO, *, certain: bool) -> None:
        """One pickle after the other: what follows may be more of them, or weights that read as nonsense."""
        view = Bounded(file, self._spent)
        is_legacy = file.read(len(TORCH_MAGIC)) == TORCH_MAGIC
        file.seek(0)
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
            if file.tell() <= start:  # picklescan goes back by one byte, at the end onto the last one
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
        """All of it."""
        return Scanned(
            is_pickle=self._is_pickle,
            dangerous=tuple(sorted(self._dangerous)),
            suspicious=tuple(sorted(self._suspicious)),
            whole=self.whole,
        )


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:_MAX_NAME_LENGTH])
