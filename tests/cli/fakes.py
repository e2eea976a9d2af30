"""A downloader that plays a script: what the command line is tested with where no bytes matter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.engine.facts import Job, Phase, Progress, Result, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.errors import FetchError

SHA256 = "0123456789abcdef" * 4
URL = "https://example.org/model.safetensors"


@dataclass
class ScriptedFetch:
    """Shows each of ``frames`` and returns ``results``; ``jobs`` keeps what it was asked for."""

    results: list[Result] = field(default_factory=list)
    frames: list[tuple[Progress, ...]] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    before_each: Callable[[int], None] = lambda _: None
    raises: BaseException | None = None

    def __call__(
        self,
        jobs: Sequence[Job],
        *,
        cancel: CancelToken | None = None,
        on_progress: Callable[[tuple[Progress, ...]], None] | None = None,
    ) -> list[Result]:
        self.jobs = list(jobs)
        for index, frame in enumerate(self.frames):
            self.before_each(index)
            if cancel is not None and cancel.cancelled:
                break
            if on_progress is not None:
                on_progress(frame)
        if self.raises is not None:
            raise self.raises
        return self.results


def downloaded(path: Path | str = "/models/model.safetensors", reference: str = URL) -> Result:
    return Result(
        reference=reference,
        status=Status.DOWNLOADED,
        path=Path(path),
        size=6_940_000_000,
        sha256=SHA256,
        verified="sha256",
        verified_at=datetime(2026, 11, 23, 10, tzinfo=UTC),
        bytes_downloaded=6_940_000_000,
        seconds=72.0,
        requests=40,
        origin_requests=2,
        connections_peak=8,
        engine="curl",
        http_version="1.1",
    )


def failed(error: FetchError, reference: str = URL) -> Result:
    return Result(reference=reference, status=Status.FAILED, error=error)


def flowing(stored: int, length: int = 1000, *, seconds: float = 1.0, name: str = "model.safetensors") -> Progress:
    return Progress(
        URL,
        name=name,
        phase=Phase.TRANSFERRING,
        length=length,
        bytes_stored=stored,
        bytes_per_second=100.0,
        eta_seconds=(length - stored) / 100,
        connections=4,
        stored=SpanSet.of(Span(0, stored)),
        seconds=seconds,
    )
