"""Standard streams that may fail: whoever reads our output may stop reading, and that is no error of ours."""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

_GONE = {errno.EPIPE, errno.EINVAL, errno.ESHUTDOWN}
# Windows reports a closed pipe as EINVAL.
_LAST_STANDARD = 2


class PatientStream:
    """Passes text on to ``stream`` until it fails, and then drops it: a download outlives its audience.

    It has what ``print`` and rich need of a text stream, and no more. What isn't there was dropped.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        """Why text was lost, other than by a reader that went away."""

    @property
    def encoding(self) -> str:
        """The stream's encoding; ASCII where it states none."""
        return getattr(self._stream, "encoding", None) or "ascii"

    def write(self, text: str) -> int:
        """Writes ``text``; a character that the stream's encoding lacks becomes an escape."""
        if self._stream is not None:
            try:
                self._stream.write(text.encode(self.encoding, "backslashreplace").decode(self.encoding))
            except OSError as error:
                self._give_up(error)
        return len(text)

    def write_path(self, path: str) -> None:
        """Writes a path and a line feed, byte for byte as the file system has it, so that scripts can open it."""
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
        """Passes on what was written."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except OSError as error:
                self._give_up(error)

    def isatty(self) -> bool:
        """Whether a person looks at it."""
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        """The stream's descriptor.

        Raises:
            OSError: There is none.
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
    """Leads a stream whose reader is gone to nowhere, or Python complains about it when it ends."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def open_missing_streams() -> None:
    """Leads standard streams that the process was started without to nowhere, and back from there comes nothing.

    Else the next file that is opened would have the number of one of them, and get what is meant for people.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD:
        pass  # it is the number that was missing
    os.close(descriptor)
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - open to the end
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as above
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as above
