from __future__ import annotations

import pytest

from anymatix_fetcher.sources.air import Air, read_air


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("urn:air:sdxl:lora:civitai:328553@368189", Air("civitai", "328553@368189")),
        ("air:sdxl:lora:civitai:328553@368189", Air("civitai", "328553@368189")),
        ("sdxl:lora:civitai:328553@368189", Air("civitai", "328553@368189")),
        ("URN:AIR:SDXL:LORA:CIVITAI:328553", Air("civitai", "328553")),
        ("urn:air:flux1:checkpoint:civitai:618692@691639+77.safetensor", Air("civitai", "618692@691639+77.safetensor")),
        ("urn:air:model:huggingface:stabilityai/sdxl-vae", Air("huggingface", "stabilityai/sdxl-vae")),
        ("urn:air:civitai:5", Air("civitai", "5")),
    ],
)
def test_an_air_says_where_it_lives(text: str, expected: Air) -> None:
    assert read_air(f" {text} ") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "civitai:5",
        "civitai:sha256:00",
        "urn:air:sdxl:lora:orchestrator:x",
        "https://civitai.com/models/5",
        "urn:isbn:0451450523",
        "urn:air:",
    ],
)
def test_what_isnt_an_air_isnt_taken_for_one(text: str) -> None:
    assert read_air(text) is None
