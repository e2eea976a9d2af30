"""Signal handling: the first signal stops in good order, the second one at once."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.exit_codes import exit_code_for_signal
from anymatix_fetcher.errors import DownloadCancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from anymatix_fetcher.engine.cancel import CancelToken

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_SHOW_CURSOR = b"\x1b[?25h\n"
_ERASE_ECHO = b"\r\x1b[K"
"""Erases the terminal's ``^C`` echo, so that the next line begins in the first column."""


class Interrupted(Exception):  # noqa: N818 - it is no error
    """A signal stopped a command before it had a result; ``str`` describes its state as a clause.

    Args:
        message: That clause.
        exit_code: The exit code for the signal.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Interruption:
    """Records the signal that asked to stop. Only the first one counts; the next one ends the process.

    Args:
        cancel: The token that the first signal cancels.
        leave: Ends the process with an exit code. ``sys.exit`` would wait for running threads.
    """

    def __init__(self, cancel: CancelToken, leave: Callable[[int], None] = os._exit) -> None:
        self._cancel = cancel
        self._leave = leave
        self._signal: int | None = None

    @property
    def exit_code(self) -> int | None:
        """The exit code for the signal; ``None`` if there was none."""
        return None if self._signal is None else exit_code_for_signal(self._signal)

    def receive(self, number: int, _frame: FrameType | None = None) -> None:
        """The signal handler."""
        if self._signal is None:
            self._signal = number
            if os.isatty(2):
                os.write(2, _ERASE_ECHO)
            self._cancel.cancel()
            return
        if os.isatty(2):
            # The live display has hidden the cursor, and nothing else will show it again.
            os.write(2, _SHOW_CURSOR)
        self._leave(exit_code_for_signal(number))


@contextmanager
def interruptible(cancel: CancelToken) -> Iterator[Interruption]:
    """Within the block, signals cancel ``cancel``; afterwards the previous handlers are restored.

    A SIGHUP that the parent process ignores stays ignored, as ``nohup`` needs it. Outside the main thread signals can't
    be handled, and nothing is changed.

    Raises:
        Interrupted: The cancellation raised ``DownloadCancelled``.
    """
    interruption = Interruption(cancel)
    previous = {}
    if threading.current_thread() is threading.main_thread():
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                continue
            previous[number] = signal.signal(number, interruption.receive)
    try:
        yield interruption
    except DownloadCancelled as error:
        if interruption.exit_code is None:
            raise
        raise Interrupted(error.message, interruption.exit_code) from None
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
