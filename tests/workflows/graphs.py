"""Workflows, nodes and entries as the editor writes them, with what a test is about."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def entry(name: str = "m.safetensors", directory: str = "checkpoints", url: str = "", **more: str) -> Json:
    return {"name": name, "url": url or f"https://h.example/{name}", "directory": directory, **more}


def node(
    number: int | str = 1,
    kind: str = "CheckpointLoaderSimple",
    *,
    widgets: object = ("m.safetensors",),
    models: tuple[Any, ...] = (),
    mode: int = 0,
    **more: object,
) -> Json:
    values = list(widgets) if isinstance(widgets, tuple) else widgets
    properties = {"models": list(models)} if models else {}
    return {"id": number, "type": kind, "mode": mode, "widgets_values": values, "properties": properties, **more}


def workflow(*nodes: Json, subgraphs: tuple[Json, ...] = (), **more: object) -> Json:
    definitions = {"definitions": {"subgraphs": list(subgraphs)}} if subgraphs else {}
    return {"version": 0.4, "nodes": list(nodes), "links": [], **definitions, **more}


def subgraph(name: str, *nodes: Json, **more: object) -> Json:
    return {"id": name, "name": name, "nodes": list(nodes), **more}
