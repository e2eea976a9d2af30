"""``bench``: measures how many connections to a file pay off, and what binds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.settings import GettingThere
from anymatix_fetcher.engine.signatures import explained
from anymatix_fetcher.verbs.resolve import inquiring
from anymatix_fetcher.verbs.settings import getting_there, settings_of
from anymatix_fetcher.wiring.composition import resolving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.pace.diagnosis import BenchStep, Machine
    from anymatix_fetcher.engine.bench import Measured
    from anymatix_fetcher.engine.cancel import CancelToken


@explained(GettingThere)
def bench(
    url: str,
    *,
    seconds: float = 3.0,
    directory: Path | str = "",
    on_step: Callable[[BenchStep], None] | None = None,
    cancel: CancelToken | None = None,
    **options: Unpack[GettingThere],
) -> Measured:
    """Measures the rates of 1, 2, 4, ... connections to ``url``, and of this machine. Nothing of the file is stored.

    Each step transfers at the full rate for some seconds, which may add up to many gigabytes.

    >>> from anymatix_fetcher import bench
    >>> measured = bench("https://example.org/model.safetensors", max_connections=8)  # doctest: +SKIP
    >>> measured.diagnosis.connections, measured.diagnosis.sentence  # doctest: +SKIP

    Args:
        url: A URL of a large file, or another reference.
        seconds: The duration of each measurement.
        directory: A folder on the disk to measure; the current one by default.
        on_step: Called after each measurement, on the calling thread.
        cancel: Stops the measurement; the results so far are returned.
        **options: The network settings of :func:`fetch`; ``max_connections`` is the largest number to measure.

    Returns:
        The rates in bytes per second, and what they mean (``diagnosis``).

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type or can't be parsed.
        DownloadCancelled: It was stopped before anything was measured.
        FetchError: The file can't be fetched.
    """
    seconds = forms.above_zero("seconds", seconds, "seconds")
    forms.callbacks(on_step=on_step)
    getting_there(**options)
    from anymatix_fetcher.engine.bench import Bench, Measured  # noqa: PLC0415 - downloads needn't wait for it

    settings, cancel = settings_of(directory=directory, **options), forms.token(cancel)
    machine, trouble = _machine(settings.directory, seconds)
    steps: list[BenchStep] = []

    def keep(step: BenchStep) -> None:
        steps.append(step)
        if on_step is not None:
            on_step(step)

    most = settings.max_connections
    counts = [*(2**power for power in range(most.bit_length()) if 2**power < most), most]
    with inquiring(settings, cancel) as (inquiry, transport):
        resource = inquiry.run(resolving(Job(url, settings)))[0]
        measuring = Bench(
            resource,
            transport,
            clock=time.monotonic,
            processor_clock=time.process_time,
            is_cancelled=lambda: cancel.cancelled,
        )
        measuring.open()
        whole = measuring.steps(counts, seconds, keep)
    return Measured(
        url=str(resource.url),
        length=measuring.length,
        ranged=measuring.ranged,
        bytes_transferred=measuring.bytes_transferred,
        steps=tuple(steps),
        machine=machine,
        disk_trouble=trouble,
        interrupted=not whole,
    )


def _machine(directory: Path, seconds: float) -> tuple[Machine, str]:
    """The rates of this machine, and why the disk's is missing, if it is."""
    from anymatix_fetcher.core.pace.diagnosis import Machine  # noqa: PLC0415 - as in bench
    from anymatix_fetcher.engine.bench import hashing_speed  # noqa: PLC0415
    from anymatix_fetcher.storage.measuring import writing_speed  # noqa: PLC0415

    hashes = hashing_speed(time.monotonic)
    try:
        return Machine(writing_speed(directory, seconds=min(seconds, 1.0), clock=time.monotonic), hashes), ""
    except OSError as error:
        return Machine(None, hashes), error.strerror or type(error).__name__
