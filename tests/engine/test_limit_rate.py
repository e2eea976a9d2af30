"""``limit_rate``: all downloads together keep to it, and a limiter changes it while they run."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import Engine, Job, Progress, RateLimiter, ReferenceSyntaxError, Settings, fetch, fetch_many

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.testing import Origin

ENGINES = [Engine.CURL, Engine.THREADS]
TOLERANCE = 1.05


@pytest.mark.parametrize("engine", ENGINES)
def test_several_downloads_share_a_rate_and_no_connection_is_opened_in_vain(
    origin: Origin, tmp_path: Path, engine: Engine
) -> None:
    files = [origin.add(f"/{name}.bin", size=10_000_000) for name in "abc"]
    settings = Settings(directory=tmp_path, limit_rate=15_000_000, engine=engine, proxy="")
    began = time.monotonic()
    results = fetch_many([Job(file.url, settings) for file in files])
    rate = sum(file.size for file in files) / (time.monotonic() - began)
    assert rate <= 15e6 * TOLERANCE
    for file, result in zip(files, results, strict=True):
        assert result.error is None
        assert result.path is not None
        assert result.path.read_bytes() == file.read()
        assert result.connections_peak <= 8, "a busy machine keeps below the limit by itself, and that is tried out"


@pytest.mark.parametrize("engine", ENGINES)
def test_fetches_in_several_threads_share_a_limiter(origin: Origin, tmp_path: Path, engine: Engine) -> None:
    files = [origin.add(f"/{name}.bin", size=8_000_000) for name in "ab"]
    limiter = RateLimiter(8_000_000)

    def run(url: str) -> None:
        fetch(url, directory=tmp_path, limit_rate=limiter, engine=engine, proxy="")

    threads = [threading.Thread(target=run, args=(file.url,)) for file in files]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 16e6 / (time.monotonic() - began) <= 8e6 * TOLERANCE
    for name, file in zip(("a.bin", "b.bin"), files, strict=True):
        assert (tmp_path / name).read_bytes() == file.read()


def test_the_rate_is_raised_while_it_runs(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/model.bin", size=60_000_000)
    limiter = RateLimiter(1_000_000)
    slow: list[Progress] = []

    def watch(progress: Progress) -> None:
        if progress.seconds > 1 and not slow:
            slow.append(progress)
            limiter.bytes_per_second = None

    result = fetch(file.url, directory=tmp_path, limit_rate=limiter, on_progress=watch, proxy="")
    assert slow
    assert slow[0].bytes_stored <= 1_000_000 * (slow[0].seconds + 1)
    assert result.seconds < 50, "at the first rate it would take a minute"
    assert result.path is not None
    assert result.path.read_bytes() == file.read()


@pytest.mark.parametrize("rate", [0, -1.0])
def test_a_rate_that_is_none_is_told(tmp_path: Path, rate: float) -> None:
    with pytest.raises(ReferenceSyntaxError, match="limit_rate"):
        fetch("http://127.0.0.1:9/m", directory=tmp_path, limit_rate=rate)
