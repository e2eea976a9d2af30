"""Subgraphs and group nodes: their inner nodes, and the files that their instances assign to these.

A *subgraph* is defined under ``definitions``; a widget of its instances is an input linked to widgets inside. A *group
node*, the older kind, is defined under ``extra.groupNodes``; its instances have the widgets of the nodes inside.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.workflows.suffixes import looks_like_a_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeAlias

    Raw: TypeAlias = "dict[str, object]"
    """A node as in the file; its type is a text."""

GROUP_PREFIXES = ("workflow>", "workflow/")
"""The prefixes of group node types: today's, and that of the first months."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The nodes inside an instance, and the files that it assigns to them; empty if they keep their own."""

    nodes: tuple[Raw, ...]
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A subgraph or a group node.

    Args:
        key: Identifies it.
        nodes: The inner nodes.
        widgets: For each widget of a subgraph's instances, the nodes and widget names inside that it is linked to;
            ``None`` for a group node.
    """

    key: str
    nodes: tuple[Raw, ...]
    widgets: tuple[tuple[tuple[str, str], ...], ...] | None = None

    def inside(self, values: Sequence[object]) -> Inside:
        """The inner nodes of an instance with the widget values ``values``.

        If these can't be assigned to inner widgets, the definition's own values are used.
        """
        files = tuple(value for value in values if isinstance(value, str) and looks_like_a_model(value))
        if self.widgets is not None:
            return self._of_subgraph(values, files)
        widgets = [raw.get("widgets_values") for raw in self.nodes]
        # An author may have hidden some widgets, but hardly those that name files.
        if sum(_is_file(value) for held in widgets for value in as_tuple(held)) != len(files):
            return Inside(self.nodes)
        coming = iter(files)
        return Inside(tuple(_filled(raw, coming) for raw in self.nodes), files)

    def _of_subgraph(self, values: Sequence[object], files: tuple[str, ...]) -> Inside:
        if not files or self.widgets is None or len(self.widgets) != len(values):
            return Inside(self.nodes)
        given: dict[str, list[tuple[str, object]]] = {}
        for value, places in zip(values, self.widgets, strict=True):
            for node, name in places if _is_file(value) else ():
                given.setdefault(node, []).append((name, value))
        return Inside(tuple(_given(raw, given.get(_id(raw), [])) for raw in self.nodes), files)


def definitions_of(document: Mapping[str, object]) -> dict[str, Definition]:
    """Every definition of a workflow, by the types that its instances may have."""
    return {**_group_nodes(document), **_subgraphs(document)}


def nodes_in(graph: Mapping[str, object]) -> Iterator[Raw]:
    """The nodes of a graph; invalid ones are skipped."""
    for node in as_tuple(graph.get("nodes")):
        if isinstance(node, dict) and isinstance(node.get("type"), str):
            yield node


def as_tuple(value: object) -> tuple[object, ...]:
    """The items of a list; empty for anything else."""
    return tuple(value) if isinstance(value, list) else ()


def _subgraphs(document: Mapping[str, object]) -> dict[str, Definition]:
    """Every subgraph, including nested ones; the first of a name counts."""
    found: dict[str, Definition] = {}
    waiting: deque[Mapping[str, object]] = deque([document])
    while waiting:
        definitions = waiting.popleft().get("definitions")
        subgraphs = definitions.get("subgraphs") if isinstance(definitions, dict) else None
        for subgraph in as_tuple(subgraphs):
            if isinstance(subgraph, dict) and isinstance(subgraph.get("id"), str) and subgraph["id"] not in found:
                found[subgraph["id"]] = Definition(subgraph["id"], tuple(nodes_in(subgraph)), _widgets(subgraph))
                waiting.append(subgraph)
    return found


def _widgets(subgraph: Mapping[str, object]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """For each input of a subgraph that is a widget of its instances, the inner widgets that it is linked to."""
    nodes = {_id(raw): raw for raw in nodes_in(subgraph)}
    links = dict(filter(None, map(_link, as_tuple(subgraph.get("links")))))
    found = []
    for entry in as_tuple(subgraph.get("inputs")):
        numbers = as_tuple(entry.get("linkIds")) if isinstance(entry, dict) else ()
        targets = [links[str(number)] for number in numbers if str(number) in links]
        places = [(node, name) for node, slot in targets if (name := _widget_at(nodes.get(node), slot)) is not None]
        if places:
            found.append(tuple(places))
    return tuple(found)


def _link(link: object) -> tuple[str, tuple[str, object]] | None:
    """A link's id, and its target node and slot, in either of the editor's two forms."""
    if isinstance(link, dict):
        return str(link.get("id")), (str(link.get("target_id")), link.get("target_slot"))
    if isinstance(link, list) and len(link) >= 5:  # noqa: PLR2004 - id, origin and its slot, target and its slot
        return str(link[0]), (str(link[3]), link[4])
    return None


def _widget_at(raw: Raw | None, slot: object) -> str | None:
    inputs = as_tuple(raw.get("inputs")) if raw is not None else ()
    if not isinstance(slot, int) or not 0 <= slot < len(inputs):
        return None
    return _widget_of(inputs[slot])


def _widget_of(entry: object) -> str | None:
    widget = entry.get("widget") if isinstance(entry, dict) else None
    name = widget.get("name") if isinstance(widget, dict) else None
    return name if isinstance(name, str) else None


def _group_nodes(document: Mapping[str, object]) -> dict[str, Definition]:
    """Every group node; the inner nodes are identified by their index."""
    extra = document.get("extra")
    groups = extra.get("groupNodes") if isinstance(extra, dict) else None
    found: dict[str, Definition] = {}
    for name, group in groups.items() if isinstance(groups, dict) else ():
        if isinstance(group, dict):
            nodes = tuple({"id": raw.get("index", number), **raw} for number, raw in enumerate(nodes_in(group)))
            found |= {f"{prefix}{name}": Definition(f"{GROUP_PREFIXES[0]}{name}", nodes) for prefix in GROUP_PREFIXES}
    return found


def _filled(raw: Raw, files: Iterator[str]) -> Raw:
    """The node with each of its file names replaced by the next of ``files``."""
    values = [next(files) if _is_file(value) else value for value in as_tuple(raw.get("widgets_values"))]
    return {**raw, "widgets_values": values} if values else raw


def _given(raw: Raw, given: Sequence[tuple[str, object]]) -> Raw:
    """The node with the files assigned to its widgets of these names."""
    held = raw.get("widgets_values")
    if not given or not isinstance(held, list | dict):
        return raw
    if isinstance(held, dict):
        return {**raw, "widgets_values": {**held, **dict(given)}}
    values = list(held)
    named = [position for position, value in enumerate(values) if _is_file(value)]
    names = list(filter(None, map(_widget_of, as_tuple(raw.get("inputs")))))
    for name, value in given:
        # Some editors list only some widgets among the inputs. If all are listed, their order is that of the values.
        told = names.index(name) if name in names and len(names) == len(values) else len(values)
        position = named[0] if len(named) == 1 else told
        if position in named and value not in values:
            values[position] = value
    return {**raw, "widgets_values": values}


def _id(raw: Raw) -> str:
    return str(raw.get("id"))


def _is_file(value: object) -> bool:
    return isinstance(value, str) and looks_like_a_model(value)
