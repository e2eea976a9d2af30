from __future__ import annotations

import pytest

from anymatix_fetcher.workflows.loaders import LOADERS, files_named_by
from anymatix_fetcher.workflows.needs import NodeName
from anymatix_fetcher.workflows.nodes import Node
from anymatix_fetcher.workflows.suffixes import looks_like_a_model


def named(kind: str, *values: object, **inputs: object) -> list[tuple[str, str]]:
    return list(files_named_by(Node(NodeName("1", kind), values=values, inputs=inputs)))


@pytest.mark.parametrize("kind", LOADERS)
def test_a_loaders_file_lies_in_its_folder_in_either_form(kind: str) -> None:
    assert named(kind, "a/m.GGUF", 1.0, "default") == [(LOADERS[kind], "a/m.GGUF")]
    assert named(kind, some_name="m.safetensors", model=["4", 0]) == [(LOADERS[kind], "m.safetensors")]


def test_a_loader_of_several_files_names_them_all() -> None:
    assert named("DualCLIPLoader", "a.pt", "b.pt", "sdxl") == [("text_encoders", "a.pt"), ("text_encoders", "b.pt")]


def test_a_loader_with_files_of_two_folders_tells_them_apart() -> None:
    expected = [("text_encoders", "t.pt"), ("checkpoints", "c.pt")]
    assert named("LTXAVTextEncoderLoader", "t.pt", "c.pt") == expected
    assert named("LTXAVTextEncoderLoader", ckpt_name="c.pt", text_encoder="t.pt") == expected
    assert named("LTXAVTextEncoderLoader", "t.pt") == expected[:1]


@pytest.mark.parametrize("text", ["taesd", "pixel_space", "v1-inference.yaml", "None", "", "safetensors"])
def test_choices_that_are_no_files_are_none(text: str) -> None:
    assert not looks_like_a_model(text)
    assert named("VAELoader", text) == []


def test_other_nodes_name_no_files() -> None:
    assert named("LoadImage", "m.safetensors") == []
