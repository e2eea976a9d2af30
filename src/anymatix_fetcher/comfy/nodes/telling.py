"""Shows the progress of a node by ComfyUI's progress bar and a line of text, at most four times a second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

STEPS = 1000
LEAST_SECONDS = 0.25
_UNITS = ("B", "kB", "MB", "GB", "TB")
_THOUSAND = 1000.0
_MINUTE = 60
_CHECKING = frozenset({"verifying", "publishing"})
_HOUR = 3600


class NodeTelling:
    """Reports the progress of one node's downloads to ComfyUI.

    Args:
        node: The node's id; ``None`` if ComfyUI didn't pass it.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, node: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        from comfy.utils import ProgressBar  # noqa: PLC0415 - ComfyUI's own

        self._node = node
        self._clock = clock
        self._bar = ProgressBar(STEPS, node_id=node)
        self._jobs: dict[str, Mapping[str, Any]] = {}
        self._told_at = float("-inf")
        self._text = ""
        self._value = -1

    def tell(self, job: Mapping[str, Any]) -> None:
        """Updates a job, and the display unless it was updated just before.

        Raises:
            InterruptProcessingException: The run was interrupted; ComfyUI's progress bar raises it.
        """
        self._jobs[str(job.get("id"))] = job
        now = self._clock()
        if now - self._told_at >= LEAST_SECONDS:
            self._told_at = now
            self._show(share_of(self._jobs.values()), text_of(list(self._jobs.values())))

    def end(self, text: str) -> None:
        """Shows the final text and a full bar."""
        self._show(STEPS, text)

    def _show(self, value: int, text: str) -> None:
        if value != self._value:
            self._value = value
            self._bar.update_absolute(value, STEPS)
        if text and text != self._text and self._node is not None:
            self._text = text
            from server import PromptServer  # noqa: PLC0415 - ComfyUI's own

            server = PromptServer.instance
            server.send_progress_text(text, self._node, server.client_id)


def share_of(jobs: Iterable[Mapping[str, Any]]) -> int:
    """The stored share of all jobs, in thousandths; jobs of unknown size don't count."""
    stored = size = 0
    for job in jobs:
        whole = job.get("size") or 0
        size += whole
        stored += whole if job.get("state") == "done" else min(job.get("bytes_stored") or 0, whole)
    return STEPS * stored // size if size else 0


def text_of(jobs: Sequence[Mapping[str, Any]]) -> str:
    """The progress of the jobs as one line of text."""
    open_ones = [job for job in jobs if job.get("state") != "done"]
    if not open_ones:
        return ""
    size = sum(job.get("size") or 0 for job in jobs)
    stored = sum((job.get("size") if job.get("state") == "done" else job.get("bytes_stored")) or 0 for job in jobs)
    rate = sum(job.get("bytes_per_second") or 0 for job in jobs)
    first = open_ones[0]
    name = str(first.get("name") or "model") if len(jobs) == 1 else f"{len(open_ones)} of {len(jobs)} files to go"
    waits_for = first.get("waits_for")
    if first.get("state") == "paused":
        return f"{name}: paused"
    if waits_for and not rate:
        return f"{name}: waiting for {waits_for}"
    if first.get("state") != "active":
        return ""
    if first.get("phase") in _CHECKING:
        return f"{name}: verifying"
    parts = [f"{stored / size:.0%} of {quantity(size)}" if size else quantity(stored)]
    if rate:
        parts.append(f"{quantity(rate)}/s")
    if rate and size:
        parts.append(f"{duration((size - stored) / rate)} left")
    return f"{name}: {', '.join(parts)}"


def quantity(count: float) -> str:
    """A number of bytes as text."""
    unit = 0
    while count >= _THOUSAND and unit < len(_UNITS) - 1:
        count /= _THOUSAND
        unit += 1
    return f"{count:.1f} {_UNITS[unit]}" if unit else f"{count:.0f} B"


def duration(seconds: float) -> str:
    """A duration as text."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    return f"{whole // _MINUTE} min" if whole < _HOUR else f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
