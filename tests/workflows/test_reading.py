from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.workflows.needs import Conflict, Need, NodeName, Requirements
from anymatix_fetcher.workflows.reading import requirements_of
from tests.workflows.files import as_json, png
from tests.workflows.graphs import Json, entry, node, subgraph, workflow

HEX = "ab" * 32
LOADER = NodeName("1", "CheckpointLoaderSimple")


def of(*nodes: Json, **more: object) -> Requirements:
    return requirements_of(as_json(workflow(*nodes, **more)))  # type: ignore[arg-type]


def needed(*nodes: Json, **more: object) -> list[str]:
    return [str(need) for need in of(*nodes, **more).needs]


def test_a_node_needs_what_it_names_with_address_folder_and_digest() -> None:
    models = (entry(hash=HEX.upper(), hash_type="SHA256"),)
    need = Need(
        "m.safetensors",
        Url.parse("https://h.example/m.safetensors"),
        "checkpoints",
        Digest("sha256", HEX),
        (LOADER,),
    )
    assert of(node(models=models)) == Requirements((need,))


@pytest.mark.parametrize("widgets", [("other.safetensors",), {"ckpt_name": "other.safetensors"}])
def test_entries_of_earlier_choices_arent_needed(widgets: object) -> None:
    models = (entry("old.safetensors"), entry("other.safetensors"))
    assert needed(node(models=models, widgets=widgets)) == ["checkpoints/other.safetensors"]
    assert needed(node(kind="Custom", models=models[:1], widgets=widgets)) == []


@pytest.mark.parametrize("widgets", [None, (), (1, None, True), {}])
def test_entries_count_where_no_widget_contradicts_them(widgets: object) -> None:
    assert needed(node(models=(entry("a.pt"), entry("b.pt")), widgets=widgets)) == [
        "checkpoints/a.pt",
        "checkpoints/b.pt",
    ]


def test_a_widgets_folders_may_be_missing_in_the_entry() -> None:
    models = (entry("m.pt", directory="loras"),)
    found = of(node(kind="LoraLoader", models=models, widgets=(r"SDXL\m.pt", 1.0)))
    assert [(str(need), need.url) for need in found.needs] == [("loras/SDXL/m.pt", Url.parse("https://h.example/m.pt"))]
    assert found.without_address == ()


def test_an_instance_may_choose_for_the_nodes_inside() -> None:
    inner = subgraph("S", node(2, models=(entry("a.pt"), entry("b.pt"), entry("c.pt")), widgets=("a.pt",)))
    assert needed(node(1, "S", widgets=("b.pt",)), subgraphs=(inner,)) == ["checkpoints/a.pt", "checkpoints/b.pt"]


def test_nothing_that_is_switched_off_is_needed() -> None:
    inner = subgraph("S", node(2, models=(entry("a.pt"),), widgets=("a.pt",)))
    off = (node(1, "S", mode=4), node(3, mode=2, models=(entry("b.pt"),), widgets=("b.pt",)))
    assert of(*off, subgraphs=(inner,)) == Requirements()


def test_entries_of_the_whole_workflow_count_unless_only_nodes_that_are_off_name_them() -> None:
    nodes = (node(1, widgets=("a.pt",)), node(2, mode=2, widgets=("b.pt",)), node(3, mode=4, widgets=("a.pt",)))
    models = [entry("a.pt"), entry("b.pt"), entry("c.pt")]
    found = of(*nodes, models=models)
    assert [(str(need), [str(name) for name in need.nodes]) for need in found.needs] == [
        ("checkpoints/a.pt", ["CheckpointLoaderSimple (1)"]),
        ("checkpoints/c.pt", []),
    ]
    assert found.without_address == ()


def test_a_file_that_only_a_loader_names_is_without_an_address() -> None:
    found = of(node(1, "VAELoader", widgets=("v.pt",)), node(2, "VAELoader", widgets=("v.pt",)))
    names = (NodeName("1", "VAELoader"), NodeName("2", "VAELoader"))
    assert found == Requirements(without_address=(Need("v.pt", None, "vae", None, names),))


def test_a_prompt_says_the_same_by_name() -> None:
    prompt = {
        "3": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.ckpt"}, "_meta": {"title": "Load"}},
        "4": {
            "class_type": "AnymatixFetcher",
            "inputs": {"url": {"url": "https://h.example/l?a=1", "type": "lora", "auth": "token=SECRET"}},
        },
    }
    found = requirements_of(png({"prompt": as_json(prompt).decode()}))
    assert found.needs == (
        Need(None, Url.parse("https://h.example/l?a=1"), "loras", None, (NodeName("4", "AnymatixFetcher"),)),
    )
    assert found.without_address == (
        Need("m.ckpt", None, "checkpoints", None, (NodeName("3", "CheckpointLoaderSimple", "Load"),)),
    )
    assert "SECRET" not in repr(found)


def test_two_addresses_for_one_file_are_reported() -> None:
    one, two = entry("v.pt", "vae"), entry("v.pt", "vae", url="https://i.example/v.pt")
    found = of(
        *(node(number, "VAELoader", models=(model,), widgets=("v.pt",)) for number, model in enumerate([one, two]))
    )
    assert len(found.needs) == 2
    assert found.conflicts == (Conflict("vae", "v.pt", found.needs),)


@pytest.mark.parametrize(
    ("model", "remark"),
    [
        (entry("../m.pt"), "../m.pt is left out: its name isn't a path below the models folder"),
        (entry("m.pt", directory="custom_nodes"), "m.pt is left out: nothing is fetched into custom_nodes"),
        (entry("m.pt", directory="../.."), "m.pt is left out: its folder isn't a path below the models folder"),
        (
            {"name": "m.pt", "url": "https://h.example/SECRET"},
            "m.pt is left out: its folder isn't a path below the models folder",
        ),
        (entry("m.pt", url="ftp://h.example/SECRET"), "m.pt has no address: the scheme 'ftp' isn't http or https"),
        (
            entry("m.pt", hash="SECRET", hash_type="SHA256"),
            "the digest of m.pt isn't used: not a sha256 digest: expected 64 hexadecimal digits",
        ),
        ("nonsense", "a model without a name is left out: its name isn't a path below the models folder"),
    ],
)
def test_what_cant_be_used_is_remarked_on_without_what_may_be_secret(model: object, remark: str) -> None:
    found = of(node(kind="Custom", models=(model,), widgets=()))
    assert found.remarks == (remark,)
    assert "SECRET" not in " ".join(found.remarks)


def test_a_fetchers_wish_that_isnt_understood_is_remarked_on() -> None:
    found = of(node(kind="AnymatixFetcher", widgets=({"url": "https://h.example/SECRET", "type": "new"},)))
    assert found == Requirements(remarks=("what AnymatixFetcher (1) asks for is left out: its type isn't known",))


def test_many_entries_take_no_longer_than_they_should() -> None:
    names = [f"{number}.pt" for number in range(20_000)]
    models = tuple(
        entry("m.pt", url="https://h.example/m.pt", hash=f"{number:064x}", hash_type="SHA256")
        for number in range(20_000)
    )
    crowded = node(1, models=tuple(entry(name) for name in names), widgets=tuple(names))
    started = time.process_time()
    found = of(crowded, node(2, models=models, widgets=("m.pt",)), models=[entry(name) for name in names])
    assert time.process_time() - started < 30
    assert len(found.needs) == 40_000


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(0, 5),
        st.floats(),
        st.sampled_from(
            [
                "S",
                "m.pt",
                "vae",
                "VAELoader",
                "AnymatixFetcher",
                "../x",
                "https://h.example/m.pt",
                "sha256://00",
                "\ud800",
                "",
            ]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "nodes",
                        "models",
                        "properties",
                        "definitions",
                        "subgraphs",
                        "widgets_values",
                        "type",
                        "mode",
                        "id",
                    ),
                    *(
                        "name",
                        "url",
                        "directory",
                        "hash",
                        "hash_type",
                        "class_type",
                        "inputs",
                        "auth",
                        "prompt",
                        "workflow",
                    ),
                ]
            ),
            inner,
            max_size=6,
        ),
    ),
    max_leaves=25,
)


@given(JSON, st.lists(JSON, max_size=3), st.lists(JSON, max_size=2), JSON)
def test_every_document_is_read_or_refused(
    whole: object, nodes: list[object], models: list[object], inner: object
) -> None:
    raw_nodes = [{"type": "VAELoader", "widgets_values": ["m.pt"], "properties": {"models": nodes}}, *nodes]
    shaped = {"nodes": raw_nodes, "models": models, "definitions": {"subgraphs": [inner, {"id": "S", "nodes": nodes}]}}
    for document in (whole, shaped, {"1": {"class_type": "VAELoader", "inputs": whole}}):
        try:
            found = requirements_of(as_json(document))
        except ReferenceSyntaxError as refusal:
            assert refusal.message  # noqa: PT017 - either is right
        else:
            assert all(need.url is not None for need in found.needs)
            assert all(need.url is None for need in found.without_address)
            assert all(remark.isprintable() for remark in found.remarks)
