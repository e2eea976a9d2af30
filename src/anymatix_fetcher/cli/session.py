"""The state of one run of the command line: its streams, its downloader, and the known secrets."""

from __future__ import annotations

import gc
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.display.streams import PatientStream
from anymatix_fetcher.cli.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.facts import Job, Progress, Result
    from anymatix_fetcher.verbs.callables import FetchMany

GARBAGE_OBJECTS = 50_000
"""The threshold of the garbage collector, in new objects. Python's default of 700 is for smaller programs."""


@dataclass(slots=True)
class Invocation:
    """A command's environment; ``verbosity`` and ``secrets`` are set once the options are parsed."""

    fetch_many: FetchMany
    out: PatientStream = field(default_factory=lambda: PatientStream(sys.stdout))
    err: PatientStream = field(default_factory=lambda: PatientStream(sys.stderr))
    verbosity: int = 0
    secrets: tuple[str, ...] = ()

    def hide(self, secrets: Iterable[str]) -> None:
        """No line shows any of ``secrets`` from now on."""
        self.secrets = (*self.secrets, *secrets)

    def speak(self, verbosity: int) -> None:
        """Tells more, the higher ``verbosity`` is."""
        self.verbosity = verbosity

    def print_json(self, *values: object) -> None:
        """Writes each value to stdout as one line of JSON."""
        for value in values:
            self.out.write(json.dumps(value) + "\n")
        self.out.flush()

    def complain(self, *lines: str) -> None:
        """Writes lines to stderr, without known secrets."""
        for line in lines:
            self.err.write(redact(line, self.secrets) + "\n")
        self.err.flush()


def fetch_by_api(
    jobs: Sequence[Job],
    *,
    cancel: CancelToken | None = None,
    on_progress: Callable[[tuple[Progress, ...]], None] | None = None,
) -> list[Result]:
    """The library's ``fetch_many``, imported on use, because it imports the engine and libcurl."""
    # Imported objects are never freed. Scanning them often costs a tenth of the time of many small downloads.
    gc.set_threshold(GARBAGE_OBJECTS)
    from anymatix_fetcher.verbs.fetch import fetch_many  # noqa: PLC0415 - see above

    gc.freeze()
    results = fetch_many(jobs, cancel=cancel, on_progress=on_progress)
    gc.freeze()  # skip the scan at exit as well: the system reclaims the memory as a whole
    return results
