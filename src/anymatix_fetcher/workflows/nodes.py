"""The nodes of a workflow that will run, in either of the two forms that ComfyUI writes.

The *workflow* is what the editor saves: ``nodes`` with ``widgets_values`` by position, subgraphs as ``definitions``.
The *prompt* is what the server runs: an object of ``{"class_type": ..., "inputs": ...}``, with inputs by name.

Nodes inside nodes are of two kinds, and either may hold the other. A *subgraph* is defined under ``definitions``. A
*group node*, the older kind, is defined under ``extra.groupNodes``; its instances hold what the widgets inside hold.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.workflows.needs import NodeName, shown
from anymatix_fetcher.workflows.suffixes import looks_like_a_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypeAlias

    _Raw: TypeAlias = "dict[str, object]"

MUTED, BYPASSED = 2, 4
GROUP_PREFIXES = ("workflow>", "workflow/")
"""What the types of group nodes begin with: today, and in the first months."""
MAX_DEPTH = 64
"""Subgraphs are rarely three levels deep; what goes on for ever is refused."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node as the file has it. What it holds may be a secret, so its ``repr`` shows the name alone.

    Args:
        name: Who it is.
        values: What its widgets hold, by position, as JSON values; empty in a prompt.
        inputs: What its inputs hold by name, as JSON values; in a workflow only where the file names them.
        models: The entries of ``properties.models``, as JSON values.
    """

    name: NodeName
    values: tuple[object, ...] = field(default=(), repr=False)
    inputs: Mapping[str, object] = field(default_factory=dict, repr=False)
    models: tuple[object, ...] = field(default=(), repr=False)

    def texts(self) -> Iterator[str]:
        """Every text that a widget holds."""
        for value in (*self.values, *self.inputs.values()):
            if isinstance(value, str):
                yield value


@dataclass(frozen=True, slots=True)
class Graph:
    """A whole workflow.

    Args:
        active: The nodes that will run; of subgraphs and group nodes the insides, not the instances.
        promoted: What widgets on such instances hold: it may stand for what the nodes inside hold.
        silenced: What the widgets of nodes hold that are muted, bypassed, or inside of what no active node uses.
        models: The workflow's own entries, as JSON values.
    """

    active: tuple[Node, ...]
    promoted: frozenset[str] = frozenset()
    silenced: frozenset[str] = frozenset()
    models: tuple[object, ...] = field(default=(), repr=False)


def is_workflow(document: object) -> bool:
    """Whether it has the editor's form."""
    return isinstance(document, dict) and isinstance(document.get("nodes"), list)


def is_prompt(document: object) -> bool:
    """Whether it has the server's form."""
    return (
        isinstance(document, dict)
        and bool(document)
        and all(isinstance(node, dict) and isinstance(node.get("class_type"), str) for node in document.values())
    )


def graph_of_prompt(document: Mapping[str, Mapping[str, object]]) -> Graph:
    """The nodes of a document that :func:`is_prompt`: all of them will run."""
    nodes = []
    for key, node in document.items():
        meta = node.get("_meta")
        name = NodeName(shown(key), shown(str(node["class_type"])), _title(meta if isinstance(meta, dict) else {}))
        inputs = node.get("inputs")
        nodes.append(Node(name, inputs=inputs if isinstance(inputs, dict) else {}))
    return Graph(tuple(nodes))


def graph_of_workflow(document: Mapping[str, object]) -> Graph:
    """The nodes of a document that :func:`is_workflow`, read from its outermost graph inwards.

    Each subgraph is read once, however often it is used: the number of paths to it may double with every level. A group
    node is read once for what its instances hold.

    Raises:
        ReferenceSyntaxError: Subgraphs are inside each other without end.
    """
    definitions = {**_group_nodes(document), **_subgraphs(document)}
    active: list[Node] = []
    promoted, silenced = set[str](), set[str]()
    live = set[str]()
    read = set[tuple[str, tuple[str, ...]]]()
    waiting: deque[tuple[Iterable[_Raw], str, int]] = deque([(_nodes(document), "", 0)])
    while waiting:
        raw_nodes, prefix, depth = waiting.popleft()
        for raw in raw_nodes:
            node = _node(raw, prefix)
            definition = definitions.get(str(raw["type"]))
            if raw.get("mode") in (MUTED, BYPASSED):
                silenced.update(node.texts())
            elif definition is None:
                active.append(node)
            else:
                promoted.update(node.texts())
                live.add(definition.key)
                inside = definition.nodes_of(node)
                if (definition.key, inside.values) not in read:
                    if depth == MAX_DEPTH:
                        raise ReferenceSyntaxError(f"the workflow's subgraphs are more than {MAX_DEPTH} levels deep")
                    read.add((definition.key, inside.values))
                    waiting.append((inside.nodes, f"{node.name.path}:", depth + 1))
    for definition in definitions.values():
        if definition.key not in live:
            for raw in definition.nodes:
                silenced.update(_node(raw, "").texts())
    return Graph(tuple(active), frozenset(promoted), frozenset(silenced), _list(document.get("models")))


@dataclass(frozen=True, slots=True)
class _Inside:
    """The nodes inside of one instance, and which values it gives them."""

    nodes: tuple[_Raw, ...]
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Definition:
    """What stands for several nodes.

    Args:
        key: Tells it from all others.
        nodes: Those inside.
        is_group: Whether its instances hold what the widgets inside hold.
    """

    key: str
    nodes: tuple[_Raw, ...]
    is_group: bool = False

    def nodes_of(self, instance: Node) -> _Inside:
        """The nodes inside of an instance.

        An instance of a group node has the widgets of the nodes inside, in their order, but for those that its author
        has hidden. So where it names as many files as these do, they are the same widgets.
        """
        if not self.is_group:
            return _Inside(self.nodes)
        held = tuple(filter(looks_like_a_model, instance.texts()))
        widgets = [raw.get("widgets_values") for raw in self.nodes]
        if sum(_is_file(value) for values in widgets for value in _list(values)) != len(held):
            return _Inside(self.nodes)
        files = iter(held)
        return _Inside(tuple(_filled(raw, files) for raw in self.nodes), held)


def _filled(raw: _Raw, files: Iterator[str]) -> _Raw:
    """The node with the next of the files wherever it names one."""
    values = [next(files) if _is_file(value) else value for value in _list(raw.get("widgets_values"))]
    return {**raw, "widgets_values": values} if values else raw


def _is_file(value: object) -> bool:
    return isinstance(value, str) and looks_like_a_model(value)


def _subgraphs(document: Mapping[str, object]) -> dict[str, _Definition]:
    """Every subgraph by the type of its instances, also those defined inside others; the first of a name counts."""
    found: dict[str, _Definition] = {}
    waiting: deque[Mapping[str, object]] = deque([document])
    while waiting:
        definitions = waiting.popleft().get("definitions")
        subgraphs = definitions.get("subgraphs") if isinstance(definitions, dict) else None
        for subgraph in _list(subgraphs):
            if isinstance(subgraph, dict) and isinstance(subgraph.get("id"), str) and subgraph["id"] not in found:
                found[subgraph["id"]] = _Definition(subgraph["id"], tuple(_nodes(subgraph)))
                waiting.append(subgraph)
    return found


def _group_nodes(document: Mapping[str, object]) -> dict[str, _Definition]:
    """Every group node by the types that its instances may have; the nodes inside are called by their index."""
    extra = document.get("extra")
    groups = extra.get("groupNodes") if isinstance(extra, dict) else None
    found: dict[str, _Definition] = {}
    for name, group in groups.items() if isinstance(groups, dict) else ():
        if isinstance(group, dict):
            nodes = tuple({"id": raw.get("index", number), **raw} for number, raw in enumerate(_nodes(group)))
            definition = _Definition(f"{GROUP_PREFIXES[0]}{name}", nodes, is_group=True)
            found |= {f"{prefix}{name}": definition for prefix in GROUP_PREFIXES}
    return found


def _nodes(graph: Mapping[str, object]) -> Iterator[_Raw]:
    for node in _list(graph.get("nodes")):
        if isinstance(node, dict) and isinstance(node.get("type"), str):
            yield node


def _node(raw: Mapping[str, object], prefix: str) -> Node:
    values, properties, number = raw.get("widgets_values"), raw.get("properties"), raw.get("id")
    return Node(
        NodeName(
            prefix + (shown(str(number)) if isinstance(number, int | str) else "?"),
            shown(str(raw["type"])),
            _title(raw),
        ),
        values=_list(values),
        inputs=values if isinstance(values, dict) else {},
        models=_list(properties.get("models")) if isinstance(properties, dict) else (),
    )


def _title(raw: Mapping[str, object]) -> str:
    title = raw.get("title")
    return shown(title) if isinstance(title, str) else ""


def _list(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list) else ()
