"""The library's log on stderr for ``--verbose``. It is redacted once more, because logs get pasted into issues."""

from __future__ import annotations

import logging
import queue
import sys
from contextlib import contextmanager, suppress
from logging.handlers import QueueHandler
from threading import Thread
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.redaction import redact_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.cli.session import Invocation

MOST_UNWRITTEN = 10_000
"""What a server has logged and stderr hasn't taken: more is dropped, for downloads and answers don't wait for it."""
LAST_LINES_SECONDS = 0.5
"""What stderr is given at the end."""


class _StderrHandler(logging.Handler):
    """Writes to the current ``sys.stderr``: while the live display is on, rich replaces it."""

    def __init__(self, session: Invocation) -> None:
        super().__init__()
        self._session = session

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(redact_log(self.format(record), self._session.secrets) + "\n")
            sys.stderr.flush()
        except OSError:
            # The reader closed the log; the download continues.
            self.setLevel(logging.CRITICAL + 1)


class _Beside(QueueHandler):
    """Has records written by a thread of its own: a full pipe or a busy disk keeps nothing else waiting."""

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__(queue.Queue(MOST_UNWRITTEN))
        self._handler = handler
        self._thread = Thread(target=self._write, name="anymatix-log", daemon=True)
        self._thread.start()

    def enqueue(self, record: logging.LogRecord) -> None:
        with suppress(queue.Full):
            self.queue.put_nowait(record)

    def _write(self) -> None:
        while (record := self.queue.get()) is not None:
            self._handler.handle(record)

    def close(self) -> None:
        with suppress(queue.Full):
            self.queue.put_nowait(None)
        self._thread.join(LAST_LINES_SECONDS)
        super().close()


@contextmanager
def log_to_stderr(session: Invocation) -> Iterator[None]:
    """Within the block, shows the library's log: info messages, or debug messages if the verbosity is above 1.

    The secrets that the session knows at that time are removed from each line.
    """
    logger = logging.getLogger("anymatix_fetcher")
    handler = _StderrHandler(session)
    handler.setFormatter(logging.Formatter("%(relativeCreated)8d ms %(name)s: %(message)s"))
    level = logger.level
    logger.setLevel(logging.INFO if session.verbosity == 1 else logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def server_log(session: Invocation, formatter: logging.Formatter, access_logger: str) -> Iterator[None]:
    """Within the block, shows errors and requests on stderr, and more depending on the session's verbosity."""
    logger, access = logging.getLogger("anymatix_fetcher"), logging.getLogger(access_logger)
    writing = _StderrHandler(session)
    writing.setFormatter(formatter)
    handler = _Beside(writing)
    levels = logger.level, access.level
    logger.setLevel((logging.WARNING, logging.INFO, logging.DEBUG)[min(2, session.verbosity)])
    access.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
        logger.setLevel(levels[0])
        access.setLevel(levels[1])
