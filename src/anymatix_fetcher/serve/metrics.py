"""Metrics for Prometheus: counters kept from the queue's events, and gauges read at each scrape.

No label contains a reference, a path below a root, or any other text of a job.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from anymatix_fetcher.queue.events import EventKind
from anymatix_fetcher.queue.jobs import JobState
from anymatix_fetcher.serve.space import room_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from anymatix_fetcher.queue.events import QueueEvent
    from anymatix_fetcher.queue.jobs import QueuedJob
    from anymatix_fetcher.queue.queue import Queue

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The metrics of a queue and its server.

    Args:
        queue: The queue.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._registry = registry = CollectorRegistry()
        self._seen: dict[str, QueuedJob] = {}
        self._arrived: dict[str, int] = {}
        ProcessCollector(namespace="anyfetch", registry=registry)
        self._bytes = Counter("anyfetch_bytes", "Bytes of files that were downloaded.", registry=registry)
        self._ended = Counter("anyfetch_jobs_ended", "Jobs that ended.", ["state"], registry=registry)
        self._failures = Counter("anyfetch_failures", "Failed attempts, by kind of error.", ["kind"], registry=registry)
        self._retries = Counter("anyfetch_retries", "Attempts after a failed one.", registry=registry)
        self._renewals = Counter(
            "anyfetch_renewals", "Signed URLs that were renewed during downloads.", registry=registry
        )
        self._requests = Counter("anyfetch_requests", "Requests to origins, of finished jobs.", registry=registry)
        self._answers = Histogram(
            "anyfetch_http_seconds",
            "Duration of this server's responses.",
            ["status"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._jobs = Gauge("anyfetch_jobs", "Jobs by state.", ["state"], registry=registry)
        self._rate = Gauge("anyfetch_bytes_per_second", "Present rate of all downloads.", registry=registry)
        self._limit = Gauge("anyfetch_limit_bytes_per_second", "Bandwidth limit; 0 for none.", registry=registry)
        self._connections = Gauge("anyfetch_connections", "Connections that receive bodies.", registry=registry)
        self._paused = Gauge("anyfetch_paused_hosts", "Hosts in backoff.", registry=registry)
        self._free = Gauge(
            "anyfetch_free_bytes", "Free space on the disks that jobs write to.", ["root"], registry=registry
        )

    async def run(self, app: web.Application) -> AsyncIterator[None]:
        """Counts events while the application runs; for ``app.cleanup_ctx``."""
        del app
        end = self._queue.subscribe(self.take)
        yield
        end()

    async def get_metrics(self, request: web.Request) -> web.Response:
        """The response to ``GET /metrics``."""
        del request
        text = await asyncio.to_thread(self.text)  # a disk may be slow to tell of its room
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})

    def text(self) -> bytes:
        """All metrics in Prometheus's text format."""
        queue = self._queue
        for state, count in queue.counts().items():
            self._jobs.labels(state.value).set(count)
        self._rate.set(queue.bytes_per_second())
        self._connections.set(queue.connections())
        self._limit.set(queue.settings.limit_rate or 0)
        self._paused.set(queue.paused_hosts())
        for root in queue.destinations.roots:
            if (room := room_at(root)) is not None:
                self._free.labels(str(root)).set(room.free)
        return generate_latest(self._registry)

    def answered(self, status: int, seconds: float) -> None:
        """Counts a response of this server."""
        self._answers.labels(str(status)).observe(seconds)

    # From the queue's threads -----------------------------------------------------------------------------

    def take(self, event: QueueEvent) -> None:
        """Counts an event."""
        job, before = event.job, self._seen.get(event.job.id)
        if event.kind is EventKind.REMOVED:
            self._seen.pop(job.id, None)
            self._arrived.pop(job.id, None)
            return
        self._count_bytes(job)
        if event.kind is EventKind.CHANGED:
            self._count_change(before, job)
        if job.has_ended:
            self._arrived.pop(job.id, None)
        self._seen[job.id] = job

    def _count_change(self, before: QueuedJob | None, job: QueuedJob) -> None:
        was = before.state if before is not None else JobState.QUEUED
        if job.error is not None and (before is None or job.error is not before.error):
            self._failures.labels(job.error.kind).inc()
        if job.state is JobState.ACTIVE and was is not JobState.ACTIVE and job.attempts:
            self._retries.inc()
        if job.has_ended and was is not job.state:
            self._ended.labels(job.state.value).inc()
            if job.result is not None:
                self._renewals.inc(_sum_of(job.result, "renewals"))
                self._requests.inc(_sum_of(job.result, "requests"))

    def _count_bytes(self, job: QueuedJob) -> None:
        """Counts the bytes downloaded since the last event, without those resumed from an earlier run."""
        known = self._arrived.get(job.id, 0)
        if job.state is JobState.DONE and job.result is not None:
            arrived = _sum_of(job.result, "bytes_downloaded")
        else:
            progress = self._queue.progress(job.id) if job.state is JobState.ACTIVE else None
            arrived = progress.bytes_stored - progress.bytes_resumed if progress is not None else known
        if arrived > known:
            self._bytes.inc(arrived - known)
        self._arrived[job.id] = max(known, arrived) if job.state is JobState.ACTIVE else 0


def _sum_of(result: Mapping[str, object], name: str) -> int:
    """The sum of a numeric field over the files of a result."""
    files = result.get("files")
    found = files if isinstance(files, list) else [result]
    return sum(int(file.get(name) or 0) for file in found if isinstance(file, dict))
