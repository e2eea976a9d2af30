"""Determines what a workflow needs from its file's bytes.

The rules follow ComfyUI's editor, as far as they make sense for fetching:

- A node's entry counts if its name is the value of one of the node's widgets: entries of earlier choices may remain.
  Folders in the widget's name (``SDXL/model.safetensors``, with either slash) may be missing in the entry; the node
  will use the widget's name. An instance of a subgraph may hold the value instead of the node.
- The entries of a node without any text in its widgets count, because nothing contradicts them. (The editor ignores
  them.)
- Entries of the whole workflow count, unless they are only named by nodes that are muted, bypassed or in unused
  subgraphs.
- A loader's file without an entry of its own takes the URL of any other entry for the same folder and name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.workflows.anymatix import wishes_of
from anymatix_fetcher.workflows.documents import document_in
from anymatix_fetcher.workflows.loaders import files_named_by, unplaced_files
from anymatix_fetcher.workflows.merging import merged
from anymatix_fetcher.workflows.needs import Need, Requirements, asked_file, safe_folder, safe_url, shown
from anymatix_fetcher.workflows.nodes import graph_of_prompt, graph_of_workflow, is_prompt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.workflows.needs import NodeName
    from anymatix_fetcher.workflows.nodes import Graph, Node


def requirements_of(content: bytes) -> Requirements:
    """What the workflow in a file needs.

    Args:
        content: A whole file of at most :data:`~anymatix_fetcher.workflows.documents.MAX_FILE_BYTES`: JSON as the
            editor exports it, in either format, or a PNG, WebP or JPEG picture or a FLAC recording from ComfyUI.

    Raises:
        ReferenceSyntaxError: It is none of these, or contains no workflow.
    """
    document = document_in(content)
    graph = graph_of_prompt(document) if is_prompt(document) else graph_of_workflow(document)
    finder = _Finder(graph)
    finder.read()
    needs, without_address, conflicts = merged(finder.found)
    return Requirements(needs, without_address, conflicts, tuple(dict.fromkeys(finder.remarks)))


class _Finder:
    """Traverses a graph and collects unmerged needs and remarks."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._promoted = _choices(graph.promoted)
        self.found: list[Need] = []
        self.remarks: list[str] = []

    def read(self) -> None:
        """Reads the nodes in order, then the entries of the whole workflow."""
        for node in self._graph.active:
            self._read_entries(node)
            self._read_wishes(node)
            for folder, name in files_named_by(node):
                self._add(node.name, name, folder)
        running = _choices(text for node in self._graph.active for text in node.texts())
        silenced = _choices(self._graph.silenced)
        for entry in self._graph.models:
            name = _plain(_text(entry, "name"))
            chosen = running.get(name) or self._promoted.get(name)
            if chosen is not None or name not in silenced:
                self._add_entry(None, entry, chosen or name)
        self._read_unplaced()

    def _read_unplaced(self) -> None:
        """Adds remarks on files with unknown folders."""
        found = {_plain(need.name) for need in self.found if need.name is not None}
        for node in self._graph.active:
            for name in dict.fromkeys(map(_plain, unplaced_files(node))):
                if name not in found:
                    self.remarks.append(
                        f"{node.name} names {shown(name)}, and nothing tells in which folder it looks for it"
                    )

    def _read_entries(self, node: Node) -> None:
        held = _choices(node.texts())
        for entry in node.models:
            name = _plain(_text(entry, "name"))
            chosen = held.get(name) or self._promoted.get(name)
            if chosen is not None or not held:
                self._add_entry(node.name, entry, chosen or name)

    def _read_wishes(self, node: Node) -> None:
        try:
            for wish in wishes_of(node):
                self._add(node.name, wish.name, wish.folder, address=wish.address, digest=wish.digest)
        except ValueError as reason:
            self.remarks.append(f"what {node.name} asks for is left out: {reason}")

    def _add_entry(self, node: NodeName | None, entry: object, name: str) -> None:
        algorithm, value = _text(entry, "hash_type"), _text(entry, "hash")
        digest = None
        if value:
            try:
                digest = Digest.parse(f"{algorithm}:{value}" if algorithm else value)
            except ValueError as reason:
                self.remarks.append(f"the digest of {_called(name)} isn't used: {reason}")
        self._add(node, name, _text(entry, "directory"), address=_text(entry, "url"), digest=digest)

    def _add(
        self, node: NodeName | None, name: str | None, folder: str, *, address: str = "", digest: Digest | None = None
    ) -> None:
        url = None
        if address:
            try:
                url = safe_url(address)
            except ValueError as reason:
                self.remarks.append(f"{_called(name)} has no address: {reason}")
        nodes = () if node is None else (node,)
        try:
            self.found.append(
                Need(asked_file(name) if name is not None else None, url, safe_folder(folder), digest, nodes)
            )
        except ValueError as reason:
            self.remarks.append(f"{_called(name)} is left out: {reason}")


def _choices(texts: Iterable[str]) -> dict[str, str]:
    """The values of widgets by their whole path with ``/``, and by their last component if that is unambiguous."""
    paths = {_plain(text): text for text in texts if text.strip()}
    return {path.rpartition("/")[2]: text for path, text in paths.items()} | paths


def _plain(path: str) -> str:
    return path.strip().replace("\\", "/")


def _text(entry: object, key: str) -> str:
    value = entry.get(key) if isinstance(entry, dict) else None
    return value if isinstance(value, str) else ""


def _called(name: str | None) -> str:
    return shown(name) if name else "a model without a name"
