"""What one run of the command line knows and passes on: its streams, its downloader, what must not be printed."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.display.streams import PatientStream
from anymatix_fetcher.cli.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.facts import Job, Progress, Result
    from anymatix_fetcher.verbs.callables import FetchMany

GARBAGE_OBJECTS = 50_000
"""After so many new objects Python looks for garbage; its own 700 are for programs that make less of them."""


@dataclass(slots=True)
class Invocation:
    """The surroundings of a command; ``verbosity`` and ``secrets`` are filled in when options have been read."""

    fetch_many: FetchMany
    out: PatientStream = field(default_factory=lambda: PatientStream(sys.stdout))
    err: PatientStream = field(default_factory=lambda: PatientStream(sys.stderr))
    verbosity: int = 0
    secrets: tuple[str, ...] = ()

    def complain(self, *lines: str) -> None:
        """Writes lines to stderr, without the secrets that are known."""
        for line in lines:
            self.err.write(redact(line, self.secrets) + "\n")
        self.err.flush()


def fetch_by_api(
    jobs: Sequence[Job],
    *,
    cancel: CancelToken | None = None,
    on_progress: Callable[[tuple[Progress, ...]], None] | None = None,
) -> list[Result]:
    """The library's ``fetch_many``, imported when it is used: it brings the engine and libcurl with it."""
    # What is imported stays. To look it through for garbage, and often, costs a tenth of many small files' time.
    gc.set_threshold(GARBAGE_OBJECTS)
    from anymatix_fetcher.verbs.fetch import fetch_many  # noqa: PLC0415 - see above

    gc.freeze()
    results = fetch_many(jobs, cancel=cancel, on_progress=on_progress)
    gc.freeze()  # nor is what is left looked through on leaving: the system takes it back as a whole
    return results
