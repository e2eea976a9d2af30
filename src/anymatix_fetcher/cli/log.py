"""The library's log on stderr, for ``--verbose``: redacted once more, since it is made to be pasted into issues."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.redaction import redact_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.cli.session import Invocation


class _StderrHandler(logging.Handler):
    """Writes to what ``sys.stderr`` is at the moment: while the live display is on, rich puts itself there."""

    def __init__(self, session: Invocation) -> None:
        super().__init__()
        self._session = session

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(redact_log(self.format(record), self._session.secrets) + "\n")
            sys.stderr.flush()
        except OSError:
            # Nobody reads the log; the download goes on.
            self.setLevel(logging.CRITICAL + 1)


@contextmanager
def log_to_stderr(session: Invocation) -> Iterator[None]:
    """Shows within the block what the library tells, or all of it where the session's verbosity is more than 1.

    Without the secrets that the session knows when a line is written.
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
    """Shows within the block what goes wrong, and every request, on stderr; more of it by the session's verbosity."""
    logger, access = logging.getLogger("anymatix_fetcher"), logging.getLogger(access_logger)
    handler = _StderrHandler(session)
    handler.setFormatter(formatter)
    levels = logger.level, access.level
    logger.setLevel((logging.WARNING, logging.INFO, logging.DEBUG)[min(2, session.verbosity)])
    access.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(levels[0])
        access.setLevel(levels[1])
