"""Whatever stands in a field of a workflow: a sentence, a remark, or a model that can be told of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anymatix_fetcher.cli.commands.workflow import as_object, table_of
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.verbs.planning import ModelState, plan_workflow
from tests.mutations import as_bytes, mutated
from tests.workflows.graphs import entry, node, subgraph, workflow

HEX = "ab" * 32
EDITOR = workflow(
    node(1, models=(entry("m.safetensors", hash=HEX, hash_type="SHA256"),), title="My loader"),
    node(2, "S", widgets=("v.pt",)),
    node(3, "workflow>G", widgets=("c.ckpt", "l.pt")),
    node(4, "AnymatixFetcher", widgets=({"url": "https://h.example/x?token=s", "type": "lora"}, "sha256://" + HEX)),
    node(5, "LoraLoader", widgets={"lora_name": "d.safetensors", "strength": 1.0}, mode=4),
    node(6, "LTXAVTextEncoderLoader", widgets=("t.safetensors", "c.safetensors")),
    node(7, "MyLoader", widgets=("odd.gguf",)),
    subgraphs=(
        subgraph(
            "S",
            node(
                8,
                "VAELoader",
                widgets=("v.pt",),
                models=(entry("v.pt", "vae"),),
                inputs=[{"name": "vae_name", "widget": {"name": "vae_name"}, "link": 1}],
            ),
            node(9, "T"),
            inputs=[{"name": "vae", "linkIds": [1]}],
            links=[{"id": 1, "target_id": 8, "target_slot": 0}],
        ),
        subgraph("T", node(10, "UNETLoader", widgets=("u.gguf", "default"))),
    ),
    models=[entry("e.safetensors", "embeddings")],
    extra={
        "groupNodes": {
            "G": {
                "nodes": [
                    {"type": "CheckpointLoaderSimple", "index": 0, "widgets_values": ["c.ckpt"], "properties": {}},
                    {"type": "workflow/H", "index": 1, "widgets_values": ["l.pt"]},
                ]
            },
            "H": {"nodes": [{"type": "LoraLoader", "widgets_values": ["l.pt", 1, 1]}]},
        }
    },
)
PROMPT = {
    "3": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.ckpt"}, "_meta": {"title": "T"}},
    "4": {"class_type": "LoraLoader", "inputs": {"lora_name": "l.safetensors", "model": ["3", 0]}},
}
WRAPPED = {"prompt": PROMPT, "extra_data": {"extra_pnginfo": {"workflow": EDITOR}}}
EMPTY = Path("/nowhere/models")


@pytest.mark.parametrize("document", [EDITOR, PROMPT, WRAPPED], ids=["editor", "prompt", "wrapped"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_whatever_a_field_holds_ends_in_a_sentence_or_in_models(document: Any, data: st.DataObject) -> None:  # noqa: ANN401 - JSON
    content = as_bytes(data.draw(mutated(document)))
    try:
        plan = plan_workflow(content, comfyui_folders(EMPTY), lambda path: 5 if path.suffix == ".ckpt" else None)
    except ReferenceSyntaxError as error:
        assert error.message.isprintable()  # noqa: PT017 - it may be raised, or not
        return
    lines = table_of(plan, EMPTY, "it was named", 79)
    assert all(line.isprintable() for line in lines)
    for model in plan.models:
        assert json.loads(json.dumps(as_object(model)))["state"] == model.state.value
        assert model.path is None or (model.path.is_relative_to(EMPTY) and ".." not in model.path.parts)
        assert (model.error is None) == (model.state in {ModelState.HERE, ModelState.MISSING})
    assert len(plan.jobs()) == len(plan.missing)


@pytest.mark.parametrize(("document", "count"), [(EDITOR, 9), (PROMPT, 2), (WRAPPED, 9)])
def test_the_documents_themselves_are_understood(document: Any, count: int) -> None:  # noqa: ANN401 - as above
    plan = plan_workflow(as_bytes(document), comfyui_folders(EMPTY), lambda _: None)
    assert len(plan.models) == count, [str(model.need) for model in plan.models]
