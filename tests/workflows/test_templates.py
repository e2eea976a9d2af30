"""All workflows that ComfyUI ships as templates, read by us and by a second walk that knows nothing of ours.

The figures that a new version of the templates may change are lower bounds.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import comfyui_workflow_templates_json
import pytest

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.workflows.reading import requirements_of

if TYPE_CHECKING:
    from anymatix_fetcher.workflows.needs import Requirements

FOLDER = Path(comfyui_workflow_templates_json.__file__).parent / "templates"
FILES = sorted(FOLDER.glob("*.json"))

Json = dict[str, Any]
Model = tuple[str, str, str, str]
"""Folder, name, address and digest; the last one may be empty."""

AT_LEAST = {
    "text_encoders": 270,
    "diffusion_models": 215,
    "vae": 210,
    "loras": 110,
    "checkpoints": 60,
    "clip_vision": 20,
    "latent_upscale_models": 10,
    "geometry_estimation": 5,
    "model_patches": 5,
    "controlnet": 5,
}


@cache
def workflows() -> dict[str, Json]:
    """Every file that has nodes, by its name; the others are indexes of the templates and settings of their search."""
    documents = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in FILES}
    return {
        name: document for name, document in documents.items() if isinstance(document, dict) and "nodes" in document
    }


@cache
def requirements() -> dict[str, Requirements]:
    return {name: requirements_of((FOLDER / name).read_bytes()) for name in workflows()}


def ours(found: Requirements) -> set[Model]:
    return {
        (
            need.directory,
            need.name or "",
            need.url.reveal().removesuffix("?download=true") if need.url else "",
            need.digest.hex if need.digest else "",
        )
        for need in found.needs
    }


def naive(document: Json, *, switched_off_too: bool = False) -> list[Model]:
    """Every entry of every node, subgraphs expanded wherever they are used, by plain recursion."""
    subgraphs = {graph["id"]: graph for graph in document.get("definitions", {}).get("subgraphs", [])}

    def walk(nodes: list[Json]) -> list[Model]:
        found: list[Model] = []
        for node in nodes:
            if not switched_off_too and node.get("mode") in {2, 4}:
                continue
            if node["type"] in subgraphs:
                found += walk(subgraphs[node["type"]]["nodes"])
            for model in node.get("properties", {}).get("models", []):
                if model["name"] in node["widgets_values"]:
                    url = model["url"].removesuffix("?download=true")
                    found.append((model["directory"], model["name"], url, model.get("hash", "")))
        return found

    return walk(document["nodes"])


def test_whatever_has_nodes_is_a_workflow_and_everything_else_is_refused() -> None:
    assert len(workflows()) >= 600
    for path in FILES:
        if path.name not in workflows():
            with pytest.raises(ReferenceSyntaxError, match="isn't a ComfyUI workflow"):
                requirements_of(path.read_bytes())


def test_both_walks_find_the_same_models_in_every_workflow() -> None:
    for name, document in workflows().items():
        assert ours(requirements()[name]) == set(naive(document)), name


def test_each_need_is_there_once_with_who_needs_it() -> None:
    for name, found in requirements().items():
        assert len(ours(found)) == len(found.needs), name
        assert all(need.nodes for need in found.needs), name


def test_hardly_a_template_names_a_file_without_an_address_or_contradicts_itself() -> None:
    unclear = [
        name for name, found in requirements().items() if found.without_address or found.conflicts or found.remarks
    ]
    assert len(unclear) <= len(requirements()) / 50


def test_what_is_switched_off_makes_a_difference() -> None:
    everything = sum(len(set(naive(document, switched_off_too=True))) for document in workflows().values())
    assert 0 < sum(len(found.needs) for found in requirements().values()) < everything


def test_the_figures_are_no_smaller_than_they_were() -> None:
    needs = [need for found in requirements().values() for need in found.needs]
    folders = Counter(need.directory for need in needs)
    assert sum(bool(found.needs) for found in requirements().values()) >= 250
    assert len({need.url.reveal() for need in needs if need.url}) >= 370
    assert {folder: count for folder, count in AT_LEAST.items() if folders[folder] < count} == {}
    assert sum(need.digest is not None for need in needs) >= 15
