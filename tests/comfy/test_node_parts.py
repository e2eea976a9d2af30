"""Parts of the nodes by themselves: secrets taken out of prompts, what is told of progress, the type of all types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.comfy.nodes.any_type import ANY
from anymatix_fetcher.comfy.nodes.confidential import Vault
from anymatix_fetcher.comfy.nodes.telling import NodeTelling, duration, quantity, share_of, text_of
from tests.comfy.standin.comfyui import installed

if TYPE_CHECKING:
    from pathlib import Path


def test_secrets_of_our_nodes_are_nowhere_in_what_comfyui_keeps() -> None:
    auth = "token=planted-secret-1&more=planted-secret-2"
    message = {
        "client_id": "1",
        "prompt": {
            "1": {
                "class_type": "AnymatixFetcher",
                "inputs": {"url": {"url": "https://a.test/m?token=planted-3", "type": "lora", "auth": auth}},
            },
            "2": {
                "class_type": "AnymatixCheckpointFetcher",
                "inputs": {"url": "https://a.test/m?a=1&token=planted-4", "auth": ""},
            },
            "3": {
                "class_type": "AnymatixFetchModel",
                "inputs": {"reference": "https://a.test/m?token=planted-5", "type": "loras"},
            },
            "4": {
                "class_type": "Other",
                "inputs": {"text": "the word planted-secret-1 stands here, too", "n": [1, None, True]},
            },
        },
        "extra_data": {
            "extra_pnginfo": {
                "workflow": {"nodes": [{"widgets_values": [{"url": "https://a.test/m", "auth": "token=planted-6"}]}]}
            }
        },
    }
    vault = Vault()
    cleaned = vault.cleaned(message)
    assert "planted" not in json.dumps(cleaned)
    assert cleaned["prompt"]["4"]["inputs"]["n"] == [1, None, True]
    assert cleaned["prompt"]["2"]["inputs"]["url"].startswith("https://a.test/m?a=1&token=kept-aside-")
    assert vault.revealed(cleaned["prompt"]["1"]["inputs"]["url"]["auth"]) == auth
    assert json.loads(vault.revealed(json.dumps(cleaned))) == message
    assert vault.cleaned(message) == cleaned  # the same mark each time, so that ComfyUI's cache holds
    assert vault.cleaned(cleaned) == cleaned
    assert "planted" in json.dumps(message)


def test_without_secrets_a_prompt_stays_as_it_is() -> None:
    for message in (
        {},
        {"prompt": None},
        {
            "prompt": {
                "1": {"class_type": "AnymatixFetcher", "inputs": {"url": {"url": "https://a.test/m", "auth": ""}}}
            }
        },
    ):
        assert Vault().cleaned(message) is message


def test_marks_of_another_run_stand_for_nothing() -> None:
    message = {
        "prompt": {
            "1": {
                "class_type": "AnymatixFetcher",
                "inputs": {"url": {"url": "https://a.test/m", "auth": "token=planted"}},
            }
        }
    }
    mark = Vault().cleaned(message)["prompt"]["1"]["inputs"]["url"]["auth"]
    assert Vault().revealed(mark) == "token="


def job(**more: object) -> dict[str, Any]:
    return {
        "id": "1",
        "state": "active",
        "name": "m.safetensors",
        "size": 4_000_000_000,
        "bytes_stored": 1_000_000_000,
        "bytes_per_second": 500_000_000,
        **more,
    }


@pytest.mark.parametrize(
    ("jobs", "text"),
    [
        ([job()], "m.safetensors: 25% of 4.0 GB, 500.0 MB/s, 6 s left"),
        ([job(size=None, bytes_per_second=0)], "m.safetensors: 1.0 GB"),
        ([job(phase="verifying")], "m.safetensors: verifying"),
        ([job(state="paused", bytes_per_second=0)], "m.safetensors: paused"),
        (
            [job(state="queued", bytes_per_second=0, waits_for="its turn: 5 at a time")],
            "m.safetensors: waiting for its turn: 5 at a time",
        ),
        (
            [job(), job(id="2", state="done", bytes_per_second=0)],
            "1 of 2 files to go: 62% of 8.0 GB, 500.0 MB/s, 6 s left",
        ),
        ([job(state="done")], ""),
    ],
)
def test_one_line_says_how_it_stands(jobs: list[dict[str, Any]], text: str) -> None:
    assert text_of(jobs) == text


def test_quantities_and_times_are_for_people() -> None:
    assert [quantity(count) for count in (0, 999, 1000, 2_500_000, 6.9e9, 3e15)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "2.5 MB",
        "6.9 GB",
        "3000.0 TB",
    ]
    assert [duration(seconds) for seconds in (0.4, 59, 61, 3700, 90_000)] == [
        "0 s",
        "59 s",
        "1 min",
        "1 h 1 min",
        "25 h 0 min",
    ]
    assert share_of([job(), job(id="2", size=None, bytes_stored=7)]) == 250
    assert share_of([]) == 0


def test_it_is_told_four_times_a_second_at_most(tmp_path: Path) -> None:
    now = [0.0]
    told: list[tuple[float, float]] = []
    with installed(tmp_path) as comfyui:
        comfyui.utils.set_progress_bar_global_hook(lambda value, total, *_, **__: told.append((value, total)))
        telling = NodeTelling(None, clock=lambda: now[0])
        for step in range(101):
            now[0] = step / 100
            telling.tell(job(bytes_stored=step * 40_000_000))
        telling.end("m.safetensors")
    assert told == [(0, 1000), (250, 1000), (500, 1000), (750, 1000), (1000, 1000)]


def test_a_name_fits_every_loader() -> None:
    assert not ANY != ["a.safetensors", "b.safetensors"]  # noqa: SIM202 - as ComfyUI asks
    assert not ANY != "STRING"  # noqa: SIM202 - as above
    assert ANY == "*"
    assert json.dumps(ANY) == '"*"'
