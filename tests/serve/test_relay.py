from __future__ import annotations

import asyncio
import threading
from itertools import count

from anymatix_fetcher.serve.relay import AT_A_TIME, Relay


def test_what_other_threads_tell_comes_in_order_and_lets_others_run_in_between() -> None:
    received: list[int] = []
    turns: list[int] = []

    async def pass_on(items: int) -> None:
        loop = asyncio.get_running_loop()
        relay = Relay(loop, received.append)

        def tell() -> None:
            for item in range(items):
                relay.put(item)

        telling = threading.Thread(target=tell)
        telling.start()
        telling.join()
        for _ in count():
            await asyncio.sleep(0)  # whatever else the loop has to do
            turns.append(len(received))
            if len(received) == items:
                return

    asyncio.run(pass_on(10 * AT_A_TIME))
    assert received == list(range(10 * AT_A_TIME))
    steps = [later - earlier for earlier, later in zip([0, *turns], turns, strict=False)]
    assert max(steps) <= AT_A_TIME


def test_what_comes_while_others_are_passed_on_comes_as_well() -> None:
    received: list[int] = []

    async def pass_on() -> None:
        is_done = asyncio.Event()

        def receive(item: int) -> None:
            received.append(item)
            if item < 5:
                relay.put(item + 1)
            else:
                is_done.set()

        relay = Relay(asyncio.get_running_loop(), receive)
        relay.put(0)
        await is_done.wait()

    asyncio.run(asyncio.wait_for(pass_on(), 30))
    assert received == [0, 1, 2, 3, 4, 5]


def test_after_the_loops_end_nothing_is_raised() -> None:
    loop = asyncio.new_event_loop()
    received: list[int] = []
    relay = Relay(loop, received.append)
    loop.close()
    relay.put(1)
    assert received == []
