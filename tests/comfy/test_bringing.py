"""How a node follows its job: to its end, over interrupts, failures and a child that has forgotten an address."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from anymatix_fetcher.comfy.child import ServerAnswer
from anymatix_fetcher.comfy.nodes.bringing import FileWish, ModelFetchError, bring
from anymatix_fetcher.comfy.nodes.interruption import unless_interrupted
from anymatix_fetcher.errors import DiskFullError, NetworkError, NotFoundError
from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.jobs import JobState, JobWanted
from tests.comfy.queue_child import QueueChild
from tests.comfy.standin.comfyui import ComfyUI, installed
from tests.comfy.standin.execution import InterruptProcessingException
from tests.queue.fakes import SIZE, Bench
from tests.serve.served import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from anymatix_fetcher.comfy.child import Child
    from anymatix_fetcher.errors import FetchError

URL = "https://models.test/{}.safetensors"


class AnsweringChild:
    """A queue of this process, that answers as the child does, and looks at what is to be stopped."""

    def __init__(self, queue: QueueChild, bench: Bench) -> None:
        self._queue = queue
        self._bench = bench

    async def request(self, method: str, path: str, json: object = None) -> ServerAnswer:
        if method == "DELETE":
            asyncio.get_running_loop().call_later(0.1, self._bench.turn)
        answer = await self._queue.request(method, path, json)
        return ServerAnswer(answer.status, answer.body)


@pytest.fixture
def comfyui(tmp_path: Path) -> Iterator[ComfyUI]:
    with installed(tmp_path / "comfy") as comfyui:
        yield comfyui


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.chdir(tmp_path)  # the fake runner brings a model without a folder to here
    bench = Bench(tmp_path / "queue")
    yield bench
    bench.queue.close()


@pytest.fixture
def child(bench: Bench) -> Iterator[Child]:
    with served(bench.queue) as client:
        yield cast("Child", AnsweringChild(QueueChild(client), bench))


def brought(child: Child, *names: str, go: Callable[[], object], auth: str = "") -> list[Any]:
    """What becomes of nodes that want these files at a time; ``go`` is called whenever one is told how it stands."""

    async def all_of_them() -> list[Any]:
        def tell(_: Mapping[str, Any]) -> None:
            go()

        wishes = [FileWish(reference=URL.format(name), type="lora", auth=auth) for name in names]
        return await asyncio.gather(*(bring(child, wish, tell) for wish in wishes), return_exceptions=True)

    return asyncio.run(all_of_them())


def states(bench: Bench) -> list[JobState]:
    return [job.state for job in bench.queue.jobs()]


@pytest.mark.usefixtures("comfyui")
def test_several_are_under_way_at_a_time(bench: Bench, child: Child) -> None:
    def go() -> None:
        bench.turn()
        if len(bench.runner.started) == 3:  # none of them ends before all have begun
            for running in bench.runner.started:
                running.finish()
            bench.turn()

    found = brought(child, "a", "b", "c", go=go)
    assert [job["state"] for job in found] == ["done"] * 3
    assert [job["name"] for job in found] == ["a.safetensors", "b.safetensors", "c.safetensors"]


def test_an_interrupt_is_told_to_all_and_their_parts_are_kept(comfyui: ComfyUI, bench: Bench, child: Child) -> None:
    def go() -> None:
        bench.turn()
        if len(bench.runner.started) == 3:
            for running in bench.runner.started:
                running.store(SIZE // 2)
            comfyui.model_management.interrupt_current_processing()

    found = brought(child, "a", "b", "c", go=go)
    assert [type(one) for one in found] == [InterruptProcessingException] * 3
    assert states(bench) == [JobState.CANCELLED] * 3
    assert all(not job.part_unwanted for job in bench.queue.jobs())


def test_an_interrupt_that_the_bar_raises_is_told_to_all(comfyui: ComfyUI, bench: Bench, child: Child) -> None:
    """ComfyUI's own call takes the flag back as it raises: one node alone sees it."""

    def go() -> None:
        bench.turn()
        comfyui.model_management.throw_exception_if_processing_interrupted()
        if len(bench.runner.started) == 3:
            comfyui.model_management.interrupt_current_processing()

    found = brought(child, "a", "b", "c", go=go)
    assert [type(one) for one in found] == [InterruptProcessingException] * 3
    assert states(bench) == [JobState.CANCELLED] * 3


def test_a_job_that_was_under_way_before_goes_on_after_an_interrupt(
    comfyui: ComfyUI, bench: Bench, child: Child
) -> None:
    bench.queue.add([JobRequest(JobWanted(reference=URL.format("a"), type="lora"))])
    bench.turn()

    def go() -> None:
        comfyui.model_management.interrupt_current_processing()

    (found,) = brought(child, "a", go=go)
    assert isinstance(found, InterruptProcessingException)
    assert states(bench) == [JobState.ACTIVE]


@pytest.mark.usefixtures("comfyui")
def test_an_interrupted_one_goes_on_at_the_next_run(bench: Bench, child: Child) -> None:
    ((job, _),) = bench.queue.add([JobRequest(JobWanted(reference=URL.format("a"), type="lora"))])
    bench.queue.cancel(job.id)

    def go() -> None:
        bench.turn()
        bench.runner.of(URL.format("a")).finish()
        bench.turn()

    (found,) = brought(child, "a", go=go)
    assert (found["id"], found["state"]) == (job.id, "done")


@pytest.mark.usefixtures("comfyui")
@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotFoundError("it isn't there", hint="Check the address."), JobState.FAILED),
        (NetworkError("no connection"), JobState.CANCELLED),
        (DiskFullError("the disk is full"), JobState.CANCELLED),
    ],
)
def test_what_does_not_come_soon_ends_the_node(error: FetchError, state: JobState, bench: Bench, child: Child) -> None:
    """The queue would try again for days; who runs a workflow waits for it."""

    def go() -> None:
        bench.turn()
        bench.runner.of(URL.format("a")).fail(error)
        bench.turn(0.0)

    (found,) = brought(child, "a", go=go)
    assert isinstance(found, ModelFetchError)
    assert found.kind == type(error).__name__
    assert error.message in str(found)
    assert error.hint in str(found)
    assert states(bench) == [state]


@pytest.mark.usefixtures("comfyui")
def test_a_secret_address_is_given_again_to_a_child_that_has_forgotten_it(bench: Bench, child: Child) -> None:
    died: list[str] = []

    def go() -> None:
        if not died:
            bench.turn()
            (job,) = bench.queue.jobs()
            died.append(job.id)
            _forget(bench, job.id)
            return
        bench.turn()
        bench.runner.of(URL.format("a")).finish()
        bench.turn()

    (found,) = brought(child, "a", go=go, auth="token=planted")
    (job,) = bench.queue.jobs()
    assert (found["id"], found["state"], job.wanted.auth) == (job.id, "done", "token=planted")
    assert job.id not in died


def _forget(bench: Bench, identity: str) -> None:
    """The job stands as the next process finds one whose address was never written down."""
    from dataclasses import replace  # noqa: PLC0415 - here alone

    from anymatix_fetcher.queue.failures import ADDRESS_IS_GONE  # noqa: PLC0415 - as above

    job = bench.queue.get(identity)
    bench.runner.of(URL.format("a")).fail(NotFoundError("it is over"))
    bench.queue._book.change(
        replace(job, state=JobState.FAILED, error=ADDRESS_IS_GONE, wanted=replace(job.wanted, reference=""))
    )


@pytest.mark.usefixtures("comfyui")
def test_one_that_its_user_takes_out_ends_the_node(bench: Bench, child: Child) -> None:
    def go() -> None:
        (job,) = bench.queue.jobs()
        bench.queue.cancel(job.id)
        bench.queue.remove(job.id)

    (found,) = brought(child, "a", go=go)
    assert isinstance(found, ModelFetchError)
    assert "removed from the queue" in str(found)


@pytest.mark.usefixtures("comfyui")
def test_a_destination_where_programs_are_is_refused(bench: Bench, child: Child) -> None:
    async def one() -> object:
        wish = FileWish(reference=URL.format("a"), directory=str(bench.folder / "models" / "configs"))
        return await bring(child, wish, lambda _: None)

    with pytest.raises(ModelFetchError, match="configs"):
        asyncio.run(one())
    assert bench.queue.jobs() == []


def test_an_interrupt_ends_the_wait_for_an_answer(comfyui: ComfyUI) -> None:
    ended: list[bool] = []

    async def never() -> None:
        comfyui.model_management.interrupt_current_processing()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    with pytest.raises(InterruptProcessingException):
        asyncio.run(unless_interrupted(never()))
    assert ended == [True]


@pytest.mark.usefixtures("comfyui")
def test_without_an_interrupt_the_answer_comes() -> None:
    async def soon() -> str:
        await asyncio.sleep(0)
        return "it"

    assert asyncio.run(unless_interrupted(soon())) == "it"
