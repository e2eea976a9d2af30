"""Which of the models that a workflow names are here, by the names that its nodes ask for."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.engine.facts import Result, Status
from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.verbs.planning import ModelState, Plan, plan_workflow
from tests.workflows.graphs import entry, node, workflow

if TYPE_CHECKING:
    from pathlib import Path

CAFE = "caf\u00e9.safetensors"
NFD = unicodedata.normalize("NFD", CAFE)


def planned(root: Path, *names: str, exact_names: bool = True) -> Plan:
    document = workflow(
        *(
            node(number, widgets=(name,), models=(entry(name, url="https://h.example/m"),))
            for number, name in enumerate(names)
        )
    )
    return plan_workflow(json.dumps(document).encode(), comfyui_folders(root), size_of, exact_names=exact_names)


def size_of(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def put(root: Path, name: str) -> Path:
    path = root / "checkpoints" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"12345")
    return path


@pytest.mark.parametrize("name", ["-foo.safetensors", NFD, CAFE, "SD 1.5: final.safetensors", "aux.pt", "a/b/-c?.pt"])
def test_a_file_is_found_under_the_very_name_that_the_node_asks_for(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, name)
    (model,) = planned(tmp_path, name).models
    assert (model.state, model.path, model.size, model.note) == (ModelState.HERE, path, 5, "")


@pytest.mark.parametrize("name", ["-foo.safetensors", NFD, "SD 1.5: final.safetensors"])
def test_what_is_missing_gets_the_very_name_that_the_node_asks_for(tmp_path: Path, name: str) -> None:
    (model,) = planned(tmp_path, name).models
    assert (model.state, model.path, model.note) == (ModelState.MISSING, tmp_path / "checkpoints" / name, "")


@pytest.mark.parametrize(
    ("asked", "stored"), [(NFD, CAFE), (CAFE, NFD), ("a:b.pt", "a_b.pt"), ("-a.pt", "_a.pt"), ("a\u200b.pt", "a.pt")]
)
def test_a_file_under_a_changed_name_is_here_and_the_node_has_to_be_told(
    tmp_path: Path, asked: str, stored: str
) -> None:
    path = put(tmp_path, stored)
    (model,) = planned(tmp_path, asked).models
    assert (model.state, model.path) == (ModelState.HERE, path)
    assert model.note == f"the node asks for {asked!r}; it is stored as {stored!r}: select it in the node"


@pytest.mark.parametrize(("asked", "stored"), [(".hidden.pt", "_hidden.pt"), ("x" * 300 + ".pt", "x" * 238 + ".pt")])
def test_a_name_that_no_file_may_have_is_changed_and_that_is_said(tmp_path: Path, asked: str, stored: str) -> None:
    (model,) = planned(tmp_path, asked).models
    assert (model.state, model.path) == (ModelState.MISSING, tmp_path / "checkpoints" / stored)
    assert "it is stored as" in model.note


def test_where_names_have_to_fit_every_system_the_cleaned_one_is_taken(tmp_path: Path) -> None:
    (model,) = planned(tmp_path, "a:b.safetensors", exact_names=False).models
    assert model.path == tmp_path / "checkpoints" / "a_b.safetensors"
    assert "it is stored as 'a_b.safetensors'" in model.note


def test_names_that_differ_in_what_is_cleaned_are_two_files(tmp_path: Path) -> None:
    plan = planned(tmp_path, "a:b.pt", "a_b.pt")
    assert [model.path.name for model in plan.models if model.path] == ["a:b.pt", "a_b.pt"]
    assert [model.state for model in plan.models] == [ModelState.MISSING] * 2


def test_of_several_files_of_one_name_comfyui_takes_the_first(tmp_path: Path) -> None:
    for folder in ("diffusion_models", "unet"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "m.safetensors").write_bytes(b"1")
    document = workflow(node(1, "UNETLoader", widgets=("m.safetensors",)))
    folders = comfyui_folders(tmp_path)
    (model,) = plan_workflow(json.dumps(document).encode(), folders, size_of).models
    assert model.path == folders.paths("diffusion_models")[0] / "m.safetensors"


def test_every_model_has_a_result_in_the_order_of_the_workflow(tmp_path: Path) -> None:
    here = put(tmp_path, "here.pt")
    document = workflow(
        node(1, widgets=("none.pt",)),
        node(2, widgets=("missing.pt",), models=(entry("missing.pt"),)),
        node(3, widgets=("here.pt",)),
    )
    plan = plan_workflow(json.dumps(document).encode(), comfyui_folders(tmp_path), size_of)
    fetched = Result(reference="r", status=Status.DOWNLOADED, path=tmp_path / "missing.pt")
    results = plan.results([fetched])
    by_name = dict(zip([model.need.name for model in plan.models], results, strict=True))
    assert by_name["missing.pt"] is fetched
    assert (by_name["here.pt"].status, by_name["here.pt"].path, by_name["here.pt"].verified) == (
        Status.PRESENT,
        here,
        "none",
    )
    error = by_name["none.pt"].error
    assert error is not None
    assert "doesn't say where to get it" in error.message
