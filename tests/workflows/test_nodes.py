from __future__ import annotations

import pytest

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.workflows.nodes import (
    MAX_DEPTH,
    MAX_INSTANCES,
    Graph,
    graph_of_prompt,
    graph_of_workflow,
    is_prompt,
    is_workflow,
)
from tests.workflows.graphs import Json, node, subgraph, workflow


def active(document: Json) -> list[str]:
    return [found.name.path for found in graph_of_workflow(document).active]


def test_muted_and_bypassed_nodes_dont_run() -> None:
    graph = graph_of_workflow(workflow(node(1), node(2, mode=2, widgets=("a",)), node(3, mode=4, widgets=("b",))))
    assert [found.name.path for found in graph.active] == ["1"]
    assert graph.silenced == {"a", "b"}


def test_the_nodes_inside_of_a_subgraph_run_if_one_active_instance_uses_it() -> None:
    inner = subgraph("S", node(7), node(8, mode=4))
    assert active(workflow(node(1, "S", mode=2), node(2, "S"), subgraphs=(inner,))) == ["2:7"]
    assert active(workflow(node(1, "S", mode=2), node(2, "S", mode=4), subgraphs=(inner,))) == []
    assert active(workflow(subgraphs=(inner,))) == []


def test_subgraphs_inside_of_subgraphs_are_read_wherever_they_are_defined() -> None:
    outer = subgraph("O", node(5, "I"), definitions={"subgraphs": [subgraph("J", node(9))]})
    inner = subgraph("I", node(6), node(7, "J"))
    assert active(workflow(node(1, "O"), subgraphs=(outer, inner))) == ["1:5:6", "1:5:7:9"]
    assert active(workflow(node(1, "O", mode=2), subgraphs=(outer, inner))) == []


def test_a_subgraph_is_read_once_however_many_paths_lead_to_it() -> None:
    levels = [subgraph(f"S{level}", node(1, f"S{level + 1}"), node(2, f"S{level + 1}")) for level in range(40)]
    assert active(workflow(node(1, "S0"), subgraphs=(*levels, subgraph("S40", node(3))))) == [
        ":".join(["1"] * 41 + ["3"])
    ]


def test_a_subgraph_inside_of_itself_ends() -> None:
    assert active(workflow(node(1, "S"), subgraphs=(subgraph("S", node(2, "S"), node(3)),))) == ["1:3"]


def test_subgraphs_without_end_are_refused() -> None:
    levels = [subgraph(f"S{level}", node(1, f"S{level + 1}")) for level in range(MAX_DEPTH + 1)]
    with pytest.raises(ReferenceSyntaxError, match="64 levels"):
        graph_of_workflow(workflow(node(1, "S0"), subgraphs=tuple(levels)))


def test_what_instances_hold_and_what_unused_subgraphs_hold_is_told_apart() -> None:
    document = workflow(
        node(1, "S", widgets=("promoted",)), subgraphs=(subgraph("S"), subgraph("T", node(2, widgets=("unused",))))
    )
    graph = graph_of_workflow(document)
    assert graph == Graph((), frozenset({"promoted"}), frozenset({"unused"}))


def test_what_isnt_as_it_should_be_is_passed_over() -> None:
    document = workflow(definitions={"subgraphs": [1, {"id": 2}, {"id": "S", "nodes": 3}]}, models=5)
    document["nodes"] = [
        1,
        None,
        {},
        {"type": 3},
        {"type": "S"},
        {"type": "A", "id": [[]], "widgets_values": 5, "properties": []},
    ]
    graph = graph_of_workflow(document)
    assert [(found.name.path, found.values, found.models) for found in graph.active] == [("?", (), ())]


def test_a_nodes_name_is_fit_to_be_shown() -> None:
    (found,) = graph_of_workflow(workflow(node(1, "A\x1b[31m\ud800" + "x" * 200, title="my\nloader"))).active
    assert str(found.name) == "my loader (1)"
    assert found.name.type.isprintable()
    assert len(found.name.type) == 80


def test_the_nodes_of_a_prompt_all_run() -> None:
    document: Json = {
        "3": {"class_type": "A", "inputs": {"x": "y"}, "_meta": {"title": "T"}},
        "4:1": {"class_type": "B", "inputs": []},
        "5": {"class_type": "C", "_meta": 1},
    }
    assert is_prompt(document)
    assert not is_workflow(document)
    found = graph_of_prompt(document).active
    assert [str(name.name) for name in found] == ["T (3)", "B (4:1)", "C (5)"]
    assert list(found[0].texts()) == ["y"]


def group(*nodes: Json) -> Json:
    return {"nodes": [{**node, "index": number} for number, node in enumerate(nodes)], "links": [], "external": []}


def files(document: Json) -> list[tuple[str, list[str]]]:
    return [(found.name.path, list(found.texts())) for found in graph_of_workflow(document).active]


def inner(kind: str, *widgets: str | int) -> Json:
    return {"type": kind, "widgets_values": list(widgets)}


@pytest.mark.parametrize("prefix", ["workflow>", "workflow/"])
def test_the_nodes_of_a_group_node_are_read_in_its_instances(prefix: str) -> None:
    groups = {"G": group(inner("KSampler", 7), inner("VAELoader", "v.pt")), "unused": group(inner("A", "u.pt"))}
    document = workflow(node(3, f"{prefix}G", widgets=(7, "v.pt")), extra={"groupNodes": groups})
    graph = graph_of_workflow(document)
    assert [(str(found.name), found.values) for found in graph.active] == [
        ("KSampler (3:0)", (7,)),
        ("VAELoader (3:1)", ("v.pt",)),
    ]
    assert graph.silenced == {"u.pt"}


def test_what_an_instance_of_a_group_node_holds_counts() -> None:
    groups = {"G": group(inner("CheckpointLoaderSimple", "old.ckpt"), inner("B", "x", 5), inner("VAELoader", "old.pt"))}
    document = workflow(
        node(1, "workflow>G", widgets=("one.ckpt", "x", 5, "one.pt")),
        node(2, "workflow>G", widgets=("two.ckpt", "two.pt")),  # the author has hidden the others
        node(3, "workflow>G", widgets=("one.ckpt", "x", 5, "one.pt")),
        extra={"groupNodes": groups},
    )
    assert files(document) == [
        *(("1:0", ["one.ckpt"]), ("1:1", ["x"]), ("1:2", ["one.pt"])),
        *(("2:0", ["two.ckpt"]), ("2:1", ["x"]), ("2:2", ["two.pt"])),
    ]
    document["nodes"][0]["widgets_values"] = ["one.ckpt"]
    assert ("1:2", ["old.pt"]) in files(document), "where widgets can't be told apart, the definition counts"


def test_group_nodes_and_subgraphs_hold_each_other() -> None:
    groups = {"G": group(inner("S"), inner("workflow/H", "h.pt")), "H": group(inner("VAELoader", "h.pt"))}
    document = workflow(
        node(1, "workflow>G", widgets=("mine.pt",)),
        subgraphs=(subgraph("S", node(9, "LoraLoader", widgets=("l.pt",)), node(10, "workflow>H", widgets=())),),
        extra={"groupNodes": groups},
    )
    assert files(document) == [("1:0:9", ["l.pt"]), ("1:1:0", ["mine.pt"]), ("1:0:10:0", ["h.pt"])]


def test_a_muted_group_node_and_one_inside_of_itself_end() -> None:
    groups = {"G": group(inner("workflow>G", "a.pt"), inner("VAELoader", "a.pt"))}
    assert files(workflow(node(1, "workflow>G", mode=2), extra={"groupNodes": groups})) == []
    assert files(workflow(node(1, "workflow>G", widgets=()), extra={"groupNodes": groups})) == [("1:1", ["a.pt"])]


@pytest.mark.parametrize("extra", [5, [], {"groupNodes": 3}, {"groupNodes": {"G": 1}}, {"groupNodes": {"G": {}}}])
def test_group_nodes_that_arent_as_they_should_be_are_passed_over(extra: object) -> None:
    assert len(files(workflow(node(1, "workflow>G"), extra=extra))) == (extra != {"groupNodes": {"G": {}}})


def widget(name: str, link: int) -> Json:
    return {"name": name, "widget": {"name": name}, "link": link}


def test_what_an_instance_of_a_subgraph_holds_counts() -> None:
    inner = subgraph(
        "S",
        node(7, "VAELoader", widgets=("old.pt",), inputs=[widget("vae_name", 12)]),
        node(8, "CheckpointLoaderSimple", widgets=("old.ckpt",), inputs=[widget("ckpt_name", 11)]),
        node(9, "DualCLIPLoader", widgets=("a.pt", "b.pt", "flux"), inputs=[widget("clip_name2", 13)]),
        node(
            10,
            "DualCLIPLoader",
            widgets=("a.pt", "b.pt", "flux"),
            inputs=[widget("clip_name1", 0), widget("clip_name2", 14), widget("type", 0)],
        ),
        inputs=[
            {"name": "image", "linkIds": [10]},
            {"name": "ckpt_name", "linkIds": [11]},
            {"name": "vae_name", "linkIds": [12]},
            {"name": "clip", "linkIds": [13, 14]},
        ],
        links=[
            {"id": 10, "target_id": 7, "target_slot": 5},
            {"id": 11, "target_id": 8, "target_slot": 0},
            [12, -10, 2, 7, 0, "COMBO"],
            {"id": 13, "target_id": 9, "target_slot": 0},
            {"id": 14, "target_id": 10, "target_slot": 1},
        ],
    )
    document = workflow(
        node(1, "S", widgets=("new.ckpt", "new.pt", "c.pt")),
        node(2, "S", widgets=("new.ckpt", "new.pt", "c.pt")),
        node(3, "S", widgets=("third.ckpt", "old.pt", "b.pt")),
        node(4, "S", widgets=("not all",)),
        subgraphs=(inner,),
    )
    clip = ["a.pt", "b.pt", "flux"]
    assert files(document) == [
        *(("1:7", ["new.pt"]), ("1:8", ["new.ckpt"]), ("1:9", clip), ("1:10", ["a.pt", "c.pt", "flux"])),
        *(("3:7", ["old.pt"]), ("3:8", ["third.ckpt"]), ("3:9", clip), ("3:10", clip)),
        *(("4:7", ["old.pt"]), ("4:8", ["old.ckpt"]), ("4:9", clip), ("4:10", clip)),
    ]


def test_with_very_many_different_files_the_definitions_own_count() -> None:
    groups = {"G": group(inner("VAELoader", "own.pt"))}
    nodes = [node(number, "workflow>G", widgets=(f"{number}.pt",)) for number in range(MAX_INSTANCES + 50)]
    found = files(workflow(*nodes, extra={"groupNodes": groups}))
    assert len(found) == MAX_INSTANCES + 1
    assert found[-1][1] == ["own.pt"]
