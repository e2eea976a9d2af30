from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.settings import Settings
from anymatix_fetcher.engine.shelf import Arrived, Recorded, Searched
from anymatix_fetcher.errors import DownloadCancelled
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.identity import unnamed
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.library.placing import Placement
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.workers import After, Step
from anymatix_fetcher.wiring.library_arrivals import arrival_of
from anymatix_fetcher.wiring.library_search import GOOD_FOR_SECONDS, PAUSE_SECONDS, LateIndex, LibrarySearch
from tests.library.first_fetcher import CONTENT, hexed, leave

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.storage.workers import Task

SHA256 = Digest("sha256", hexed(CONTENT))


def kept(path: Path) -> Arrived:
    url = "https://host/model.bin"
    job, resource = Job(url, Settings()), Resource(Url.parse(url), reference=url)
    return Arrived(job, resource, Placement(path.parent), path, (SHA256,), "sha256")


def enter(late: LateIndex, path: Path) -> tuple[list[Recorded], list[Task]]:
    """Enters a file; what is told of it, and what is to be run for it."""
    told: list[Recorded] = []
    tasks: list[Task] = []
    late.enter(kept(path), FileState.of(path.stat()), 7.0, told.append, tasks.append)
    return told, tasks


# The index --------------------------------------------------------------------------------------------------


def test_nothing_is_opened_for_nothing(tmp_path: Path) -> None:
    LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: 0.0).close()
    assert list(tmp_path.iterdir()) == []


def test_what_was_entered_is_there_for_the_next_question_and_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(CONTENT)
    late = LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: 0.0)
    enter(late, path)
    assert not (tmp_path / "index.sqlite").exists()
    assert late.opened().digests(path) == (SHA256,)
    late.close()
    late = LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: 0.0)
    enter(late, path)
    late.close()
    with Index(tmp_path / "index.sqlite") as index:
        assert index.digests(path) == (SHA256,)


def test_what_comes_while_others_wait_is_entered_with_them_and_each_is_told(tmp_path: Path) -> None:
    late = LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: 0.0)
    paths = [tmp_path / name for name in ("a.bin", "b.bin", "c.bin")]
    for path in paths:
        path.write_bytes(CONTENT)
    (first, (task,)), (second, none) = enter(late, paths[0]), enter(late, paths[1])
    assert (first, second, none) == ([], [], [])
    assert task.step() is Step.DONE
    assert (len(first), len(second)) == (1, 1)
    third, (another,) = enter(late, paths[2])
    assert another.step() == After(PAUSE_SECONDS), "others may join it"
    assert third == []
    late.close()
    assert len(third) == 1
    with Index(tmp_path / "index.sqlite") as index:
        assert [index.digests(path) for path in paths] == [(SHA256,)] * 3


def test_files_that_come_in_quick_succession_are_entered_after_a_pause(tmp_path: Path) -> None:
    now = 5.0
    late = LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: now)
    paths = [tmp_path / name for name in ("a.bin", "b.bin", "c.bin")]
    for path in paths:
        path.write_bytes(CONTENT)
    _, (task,) = enter(late, paths[0])
    assert task.step() is Step.DONE, "the first one doesn't wait"
    (second, (task,)), (third, none) = enter(late, paths[1]), enter(late, paths[2])
    assert none == []
    now += PAUSE_SECONDS / 2
    assert isinstance(task.step(), After)
    now += PAUSE_SECONDS
    assert task.step() is Step.DONE
    assert second == third == [Recorded()]
    late.close()


def test_only_what_was_named_by_its_source_is_found_by_the_reference_alone(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(CONTENT)
    late = LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: 0.0)
    url = "https://host/model.bin"
    assert not late.may_have_brought([url])
    enter(late, path)
    index = late.opened()
    assert late.may_have_brought(["x", url])
    assert not late.may_have_brought(["x"])
    assert index.brought_by([unnamed(url)], tmp_path) == (path,)
    assert index.brought_by([unnamed(url)], tmp_path / "elsewhere") == ()
    exact = Arrived(kept(path).job, kept(path).resource, Placement(tmp_path, exact=path), path, (SHA256,), "sha256")
    assert not arrival_of(exact).is_unnamed
    late.close()


def test_a_folder_is_learned_once(tmp_path: Path) -> None:
    model, _ = leave(tmp_path / "loras")
    late = LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: 0.0)
    assert late.learn([tmp_path / "loras"])
    assert [candidate.path for candidate in late.opened().wanted(SHA256)] == [model]
    assert not late.learn([tmp_path / "loras"])
    assert late.learn([tmp_path / "loras", tmp_path / "vae"])
    late.close()


def test_where_nothing_was_ever_entered_nobody_is_asked(tmp_path: Path) -> None:
    now = 0.0
    path = tmp_path / "model.bin"
    path.write_bytes(CONTENT)
    late = LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: now)
    assert not late.may_know([SHA256])
    enter(late, path)
    assert late.may_know([SHA256])
    now = GOOD_FOR_SECONDS
    LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: now).opened().close()
    assert late.may_know([Digest("sha256", "00" * 32)]), "another process has begun one since"
    late.close()


def test_what_is_not_known_needs_no_search_for_a_while(tmp_path: Path) -> None:
    now = 0.0
    path = tmp_path / "model.bin"
    path.write_bytes(CONTENT)
    LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: now).opened().close()
    late = LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: now)
    assert late.may_know([SHA256]), "nobody has looked"
    late.opened()
    assert not late.may_know([SHA256])
    enter(late, path)
    assert late.may_know([SHA256])
    assert not late.may_know([Digest("sha256", "00" * 32)])
    now = GOOD_FOR_SECONDS
    assert late.may_know([Digest("sha256", "00" * 32)]), "others may have entered it since"
    late.close()


# A search ---------------------------------------------------------------------------------------------------


def searched(
    look: Callable[[Callable[[int], None]], Searched], *, cancelled: bool = False
) -> tuple[LibrarySearch, Searched]:
    answers: list[Searched] = []
    search = LibrarySearch(look, answers.append)
    if cancelled:
        search.cancel()
    try:
        assert search.step() is Step.DONE
    except Exception as error:  # noqa: BLE001 - as the pool takes it
        search.fail(error)
    (answer,) = answers
    return search, answer


def test_what_it_does_is_said_only_when_it_takes_time() -> None:
    assert searched(lambda _: Searched(None))[0].note == ""

    def look(on_bytes: Callable[[int], None]) -> Searched:
        on_bytes(1)
        return Searched(None)

    assert "already" in searched(look)[0].note


def test_a_search_ends_soon_after_it_was_cancelled() -> None:
    def look(on_bytes: Callable[[int], None]) -> Searched:
        on_bytes(1)
        raise AssertionError("it goes on")

    _, answer = searched(look, cancelled=True)
    assert isinstance(answer.error, DownloadCancelled)


def test_a_bug_in_a_search_is_no_reason_not_to_download() -> None:
    def look(on_bytes: Callable[[int], None]) -> Searched:
        raise ZeroDivisionError(str(on_bytes))

    assert searched(look)[1] == Searched(None)
