"""Standard streams that tolerate a closed reader, such as the end of a pipe."""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

_GONE = {errno.EPIPE, errno.EINVAL, errno.ESHUTDOWN}
# Windows reports a closed pipe as EINVAL.
_LAST_STANDARD = 2


class PatientStream:
    """Writes to ``stream`` until that fails, and discards the text afterwards: the download continues.

    It offers only what ``print`` and rich need of a text stream.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        """Why text was lost, unless the reader closed the pipe."""

    @property
    def encoding(self) -> str:
        """The stream's encoding; ASCII if it states none."""
        return getattr(self._stream, "encoding", None) or "ascii"

    def write(self, text: str) -> int:
        """Writes ``text``; a character that the encoding lacks becomes an escape."""
        if self._stream is not None:
            try:
                self._stream.write(text.encode(self.encoding, "backslashreplace").decode(self.encoding))
            except OSError as error:
                self._give_up(error)
        return len(text)

    def write_path(self, path: str) -> None:
        """Writes a path and a line feed with the file system's bytes, so that scripts can open it."""
        raw = getattr(self._stream, "buffer", None)
        if raw is None or os.name == "nt":
            self.write(path + "\n")
            return
        if self._stream is not None:
            try:
                self._stream.flush()
                raw.write(os.fsencode(path) + b"\n")
                raw.flush()
            except OSError as error:
                self._give_up(error)

    def flush(self) -> None:
        """Flushes the stream."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except OSError as error:
                self._give_up(error)

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        """The stream's descriptor.

        Raises:
            OSError: It has none.
        """
        if self._stream is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._stream.fileno()

    def _give_up(self, error: OSError) -> None:
        if error.errno not in _GONE:
            self.failure = error
        stream, self._stream = self._stream, None
        if stream is not None:
            silence(stream)


def silence(stream: TextIO) -> None:
    """Redirects a stream with a closed reader to the null device; else Python complains at exit."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def open_missing_streams() -> None:
    """Opens the null device for each standard stream that is closed at the start.

    Else the next file that is opened would get the descriptor of a standard stream, and receive its output.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD:
        pass  # only the missing descriptor matters
    os.close(descriptor)
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - open to the end
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as above
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as above
