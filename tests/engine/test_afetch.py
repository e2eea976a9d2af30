"""``afetch``: on an event loop, each download by itself, and cancelled as tasks are."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    CancelToken,
    DigestMismatchError,
    DownloadCancelled,
    ReferenceSyntaxError,
    Status,
    StorageError,
    afetch,
)
from tests.threads import no_more_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from anymatix_fetcher import Progress
    from anymatix_fetcher.testing import Origin

SIZE = 400_000
PATIENCE_SECONDS = 30


def run(main: Callable[[], Coroutine[None, None, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await main()

    asyncio.run(bounded())
    assert not any(thread.name.startswith("anymatix-fetcher") and not thread.daemon for thread in threading.enumerate())


@pytest.fixture
def url(origin: Origin) -> str:
    return origin.add("/quick.bin", size=SIZE).url


@pytest.fixture
def slow(origin: Origin) -> str:
    """It takes longer than anybody waits."""
    origin.script("throttle:rate=1000,path=/slow.bin")
    return origin.add("/slow.bin", size=SIZE).url


def locks(folder: Path) -> list[Path]:
    """The locks that are left."""
    return list(folder.glob("*.lock"))


class Begun:
    """Tells when a download has brought something."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def __call__(self, progress: Progress) -> None:
        if progress.bytes_stored:
            self.event.set()


def test_a_file_is_brought_and_progress_is_told_on_the_loops_thread(url: str, tmp_path: Path) -> None:
    async def main() -> None:
        threads = set[int]()
        result = await afetch(url, output=tmp_path / "a", on_progress=lambda _: threads.add(threading.get_ident()))
        assert result.status is Status.DOWNLOADED
        assert threads == {threading.get_ident()}
        with pytest.raises(DigestMismatchError):
            await afetch(url, output=tmp_path / "b", sha256="0" * 64)
        with pytest.raises(TypeError, match="conections"):
            await afetch(url, conections=3)  # type: ignore[call-arg] # what callers do without a type checker
        with pytest.raises(ReferenceSyntaxError):
            await afetch(url, connections=0)

    run(main)


def test_cancelling_one_task_leaves_the_others_that_share_its_token(url: str, slow: str, tmp_path: Path) -> None:
    async def main() -> None:
        token, begun = CancelToken(), Begun()
        one = asyncio.create_task(afetch(slow, output=tmp_path / "one", cancel=token, on_progress=begun))
        await begun.event.wait()
        other = asyncio.create_task(afetch(url, output=tmp_path / "other", cancel=token))
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
        assert not token.cancelled
        assert (await other).status is Status.DOWNLOADED
        assert (await afetch(url, output=tmp_path / "again", cancel=token)).status is Status.DOWNLOADED
        assert not locks(tmp_path)

    run(main)


def test_the_callers_token_stops_all_that_it_was_given_to(slow: str, tmp_path: Path) -> None:
    async def main() -> None:
        token, begun = CancelToken(), [Begun(), Begun()]
        tasks = [
            asyncio.create_task(afetch(slow, output=tmp_path / str(number), cancel=token, on_progress=one))
            for number, one in enumerate(begun)
        ]
        for one in begun:
            await one.event.wait()
        token.cancel()
        for task in tasks:
            with pytest.raises(DownloadCancelled):
                await task

    run(main)


def test_a_download_waits_for_no_other_one_and_takes_no_thread_of_the_loop(url: str, slow: str, tmp_path: Path) -> None:
    async def main() -> None:
        executor = ThreadPoolExecutor(max_workers=1)
        asyncio.get_running_loop().set_default_executor(executor)
        begun = [Begun() for _ in range(8)]
        tasks = [
            asyncio.create_task(afetch(slow, output=tmp_path / str(number), on_progress=one))
            for number, one in enumerate(begun)
        ]
        for one in begun:
            await one.event.wait()
        assert await asyncio.to_thread(threading.get_ident) != threading.get_ident()  # the loop's own are free
        assert (await afetch(url, output=tmp_path / "quick")).status is Status.DOWNLOADED
        late = asyncio.create_task(afetch(slow, output=tmp_path / "late"))
        await asyncio.sleep(0)
        for task in (late, *tasks):
            task.cancel()
        ended = await asyncio.gather(late, *tasks, return_exceptions=True)
        assert all(isinstance(one, asyncio.CancelledError) for one in ended)

    run(main)


def test_cancelled_twice_it_still_waits_until_everything_is_let_go_of(slow: str, tmp_path: Path) -> None:
    async def main() -> None:
        begun, complaints = Begun(), list[object]()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        task = asyncio.create_task(afetch(slow, output=tmp_path / "a", on_progress=begun))
        await begun.event.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not locks(tmp_path)
        assert not any(thread.name == "anymatix-fetcher" for thread in threading.enumerate())
        assert not complaints

    run(main)


def test_a_timeout_around_it_is_a_timeout(slow: str, tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(afetch(slow, output=tmp_path / "a"), 0.5)
        assert not locks(tmp_path)

    run(main)


def test_a_callback_that_raises_ends_its_download_and_no_other_one(url: str, slow: str, tmp_path: Path) -> None:
    async def main() -> None:
        def refuse(_: Progress) -> None:
            raise ZeroDivisionError("planted")

        broken = asyncio.create_task(afetch(slow, output=tmp_path / "broken", on_progress=refuse))
        other = asyncio.create_task(afetch(url, output=tmp_path / "other"))
        with pytest.raises(ZeroDivisionError, match="planted"):
            await broken
        assert (await other).status is Status.DOWNLOADED
        assert not locks(tmp_path)

    run(main)


def test_where_no_thread_can_start_that_is_the_error(url: str, tmp_path: Path) -> None:
    async def main() -> None:
        with no_more_threads(), pytest.raises(StorageError, match="no more threads"):
            await afetch(url, output=tmp_path / "a")

    run(main)
