"""The library's log on stderr, for ``--verbose``: redacted once more, since it is made to be pasted into issues."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.redaction import redact_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class _StderrHandler(logging.Handler):
    """Writes to what ``sys.stderr`` is at the moment: while the live display is on, rich puts itself there."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = tuple(secrets)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(redact_log(self.format(record), self._secrets) + "\n")
            sys.stderr.flush()
        except OSError:
            # Nobody reads the log; the download goes on.
            self.setLevel(logging.CRITICAL + 1)


@contextmanager
def log_to_stderr(verbosity: int, secrets: Iterable[str]) -> Iterator[None]:
    """Shows nothing (0), what the library tells (1), or all of it (2 and more) within the block."""
    logger = logging.getLogger("anymatix_fetcher")
    if not verbosity:
        yield
        return
    handler = _StderrHandler(secrets)
    handler.setFormatter(logging.Formatter("%(relativeCreated)8d ms %(name)s: %(message)s"))
    level = logger.level
    logger.setLevel(logging.INFO if verbosity == 1 else logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
