"""The active nodes of a workflow, in either of the two forms that ComfyUI writes.

The *workflow* is what the editor saves: ``nodes`` with ``widgets_values`` by position, subgraphs as ``definitions``.
The *prompt* is what the server runs: an object of ``{"class_type": ..., "inputs": ...}``, with inputs by name.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.workflows.definitions import as_tuple, definitions_of, nodes_in
from anymatix_fetcher.workflows.needs import NodeName, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from anymatix_fetcher.workflows.definitions import Raw

MUTED, BYPASSED = 2, 4
MAX_INSTANCES = 4096
"""The limit on instances with different files; beyond it the definitions' own files count."""
MAX_DEPTH = 64
"""The limit on nested subgraphs, which are rarely three levels deep; it stops endless recursion."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node as in the file. Its contents may be secret, so ``repr`` shows only the name.

    Args:
        name: Its name.
        values: The values of its widgets, by position, as JSON values; empty in a prompt.
        inputs: The values of its inputs by name, as JSON values; in a workflow only those that the file names.
        models: The entries of ``properties.models``, as JSON values.
    """

    name: NodeName
    values: tuple[object, ...] = field(default=(), repr=False)
    inputs: Mapping[str, object] = field(default_factory=dict, repr=False)
    models: tuple[object, ...] = field(default=(), repr=False)

    def texts(self) -> Iterator[str]:
        """Every text in a widget."""
        for value in (*self.values, *self.inputs.values()):
            if isinstance(value, str):
                yield value


@dataclass(frozen=True, slots=True)
class Graph:
    """A whole workflow.

    Args:
        active: The nodes that will run; of subgraphs and group nodes the inner nodes, not the instances.
        promoted: The widget values of such instances, which may replace those of inner nodes.
        silenced: The widget values of nodes that are muted, bypassed, or only in unused definitions.
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
    """The nodes of a document for which :func:`is_prompt` is true; all of them will run."""
    nodes = []
    for key, node in document.items():
        meta = node.get("_meta")
        name = NodeName(shown(key), shown(str(node["class_type"])), _title(meta if isinstance(meta, dict) else {}))
        inputs = node.get("inputs")
        nodes.append(Node(name, inputs=inputs if isinstance(inputs, dict) else {}))
    return Graph(tuple(nodes))


def graph_of_workflow(document: Mapping[str, object]) -> Graph:
    """The nodes of a document for which :func:`is_workflow` is true, from its outermost graph inwards.

    Subgraphs and group nodes are read once for each set of files that their instances assign, however often they are
    used: the number of paths to them may double with every level.

    Raises:
        ReferenceSyntaxError: Subgraphs are nested endlessly.
    """
    definitions = definitions_of(document)
    active: list[Node] = []
    promoted, silenced = set[str](), set[str]()
    live = set[str]()
    read = set[tuple[str, tuple[str, ...]]]()
    waiting: deque[tuple[Iterable[Raw], str, int]] = deque([(nodes_in(document), "", 0)])
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
                inside = definition.inside(node.values if len(read) < MAX_INSTANCES else ())
                if (definition.key, inside.files) not in read:
                    if depth == MAX_DEPTH:
                        raise ReferenceSyntaxError(
                            f"the workflow's subgraphs are more than {MAX_DEPTH} levels deep",
                            hint="Save it from ComfyUI again; a subgraph may contain itself.",
                        )
                    read.add((definition.key, inside.files))
                    waiting.append((inside.nodes, f"{node.name.path}:", depth + 1))
    for definition in definitions.values():
        if definition.key not in live:
            for raw in definition.nodes:
                silenced.update(_node(raw, "").texts())
    return Graph(tuple(active), frozenset(promoted), frozenset(silenced), as_tuple(document.get("models")))


def _node(raw: Mapping[str, object], prefix: str) -> Node:
    values, properties, number = raw.get("widgets_values"), raw.get("properties"), raw.get("id")
    return Node(
        NodeName(
            prefix + (shown(str(number)) if isinstance(number, int | str) else "?"),
            shown(str(raw["type"])),
            _title(raw),
        ),
        values=as_tuple(values),
        inputs=values if isinstance(values, dict) else {},
        models=as_tuple(properties.get("models")) if isinstance(properties, dict) else (),
    )


def _title(raw: Mapping[str, object]) -> str:
    title = raw.get("title")
    return shown(title) if isinstance(title, str) else ""
