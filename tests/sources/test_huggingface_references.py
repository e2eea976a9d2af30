from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources import huggingface_references as references
from anymatix_fetcher.sources.huggingface import SITE
from anymatix_fetcher.sources.huggingface_references import HubReference
from tests.sources.surroundings import surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def by_url(text: str) -> HubReference | None:
    located = SITE.locate(text, surroundings())
    assert located is not None
    return references.read_url(located)


def folder(repository: str, path: str = "", revision: str = "main", kind: str = "") -> HubReference:
    return HubReference(repository, path, revision, kind, is_folder=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hf:org/repo/file.bin", HubReference("org/repo", "file.bin")),
        ("HF://org/repo/a/b.bin", HubReference("org/repo", "a/b.bin")),
        ("hf:org/repo@v1.0/a.bin", HubReference("org/repo", "a.bin", "v1.0")),
        (f"hf:org/repo@{COMMIT}/a.bin", HubReference("org/repo", "a.bin", COMMIT)),
        ("hf:org/repo@refs%2Fpr%2F1/a.bin", HubReference("org/repo", "a.bin", "refs/pr/1")),
        ("hf:org/repo@refs/pr/1/a.bin", HubReference("org/repo", "a.bin", "refs/pr/1")),
        ("hf:org/repo@refs/convert/parquet", folder("org/repo", revision="refs/convert/parquet")),
        ("hf:gpt2@main/model.safetensors", HubReference("gpt2", "model.safetensors")),
        ("hf:gpt2@v1", folder("gpt2", revision="v1")),
        ("hf:gpt2", folder("gpt2")),
        ("hf:org/repo", folder("org/repo")),
        ("hf:org/repo/", folder("org/repo")),
        ("hf:org/repo/vae/", folder("org/repo", "vae")),
        ("hf:org/repo/a@b.bin", HubReference("org/repo", "a@b.bin")),
        ("hf:org/repo/a b+c.bin?download=true", HubReference("org/repo", "a b+c.bin")),
        ("hf:datasets/org/repo/x.csv", HubReference("org/repo", "x.csv", kind="datasets")),
        ("hf:spaces/org/repo@dev", folder("org/repo", revision="dev", kind="spaces")),
    ],
)
def test_a_scheme_names_a_file_a_folder_or_a_repository(text: str, expected: HubReference) -> None:
    assert references.has_scheme(text)
    assert references.read_scheme(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "hf:", "hf:/", "hf:datasets/", "hf:org//x", "hf:../repo/x", "hf:org/repo/../x", "hf:org/repo//x",
        "hf:o r/repo/x", "hf:org/repo@/x", "hf:org/repo@%2E%2E/x", "hf:org/repo/./x", "hf:.org/repo/x",
        "hf:org/re%2Fpo/x",
    ],
)  # fmt: skip
def test_what_names_no_repository_or_leads_astray_isnt_guessed_at(text: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="not a reference to Hugging Face") as refusal:
        references.read_scheme(text)
    assert "hf:ORG/REPO" in refusal.value.hint


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("org/repo/resolve/main/a/b.bin", HubReference("org/repo", "a/b.bin")),
        ("org/repo/resolve/main/a.bin?download=true", HubReference("org/repo", "a.bin")),
        ("org/repo/blob/main/a%20b.bin#L1", HubReference("org/repo", "a b.bin")),
        ("org/repo/raw/main/a.json", HubReference("org/repo", "a.json")),
        ("org/repo/resolve/refs%2Fpr%2F1/a.bin", HubReference("org/repo", "a.bin", "refs/pr/1")),
        ("org/repo/resolve/refs/pr/1/a.bin", HubReference("org/repo", "a.bin", "refs/pr/1")),
        ("gpt2/resolve/main/model.safetensors", HubReference("gpt2", "model.safetensors")),
        ("datasets/org/repo/resolve/main/x.csv", HubReference("org/repo", "x.csv", kind="datasets")),
        ("datasets/squad/blob/main/x.csv", HubReference("squad", "x.csv", kind="datasets")),
        ("org/repo", folder("org/repo")),
        ("org/repo/", folder("org/repo")),
        ("gpt2", folder("gpt2")),
        ("spaces/org/repo", folder("org/repo", kind="spaces")),
        ("org/repo/tree/v1", folder("org/repo", revision="v1")),
        ("org/repo/tree/main/vae/x", folder("org/repo", "vae/x")),
        ("org/repo/tree/refs%2Fpr%2F1/vae", folder("org/repo", "vae", "refs/pr/1")),
        ("org/repo/resolve/main", folder("org/repo")),
        ("org/repo/tree/main?show_file_info=a%20b.gguf", HubReference("org/repo", "a b.gguf")),
        ("org/repo/tree/v1/BF16?show_file_info=BF16%2Fa.gguf&x=1", HubReference("org/repo", "BF16/a.gguf", "v1")),
        ("org/repo/tree/v1/BF16/?show_file_info=a.gguf", HubReference("org/repo", "BF16/a.gguf", "v1")),
        ("org/repo?show_file_info=a.gguf", HubReference("org/repo", "a.gguf")),
        ("datasets/org/repo/tree/main?show_file_info=x.csv", HubReference("org/repo", "x.csv", kind="datasets")),
        ("org/repo/blob/main/a.bin?show_file_info=b.bin", HubReference("org/repo", "a.bin")),
        ("org/repo/tree/main?show_file_info=", folder("org/repo")),
    ],
)
@pytest.mark.parametrize("host", ["huggingface.co", "hf.co", "huggingface.com", "www.huggingface.co"])
def test_a_url_names_the_same(host: str, path: str, expected: HubReference) -> None:
    assert by_url(f"https://{host}/{path}") == expected


@pytest.mark.parametrize(
    "path", ["", "docs/hub/x", "papers/1", "settings/tokens", "org/repo/discussions/1", "datasets"]
)
def test_other_pages_are_left_as_they_are(path: str) -> None:
    assert by_url(f"https://huggingface.co/{path}") is None


REFERENCES = st.builds(
    HubReference,
    repository=st.sampled_from(["org/repo", "gpt2", "o-1/r.e_p"]),
    path=st.from_regex(r"[a-zé ()+@%#-][a-z.%]{0,9}(/[a-z@]{1,9}){0,2}", fullmatch=True),
    revision=st.from_regex(r"[a-z0-9.%@#-]?[a-zé](/[a-z]{1,9})?", fullmatch=True).filter(lambda text: text[0] != "."),
    kind=st.sampled_from(["", *references.KINDS]),
    is_folder=st.booleans(),
)


@given(REFERENCES)
def test_a_reference_that_is_written_is_read_as_the_same(reference: HubReference) -> None:
    assert references.read_scheme(str(reference)) == reference


def test_nothing_in_a_reference_disturbs_a_terminal() -> None:
    assert str(HubReference("o/r", "a\x1b[2J\n.bin")) == "hf:o/r@main/a%1B[2J%0A.bin"


def templates_urls() -> set[str]:
    """Every model's URL in the workflows that ComfyUI ships."""
    workflows = files("comfyui_workflow_templates_json").joinpath("templates").iterdir()
    return set(_models([json.loads(path.read_text("utf-8")) for path in workflows if path.name.endswith(".json")]))


def _models(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _models(item)
    elif isinstance(value, dict):
        properties = value.get("properties")
        models = properties.get("models") if isinstance(properties, dict) else None
        if isinstance(models, list):
            yield from (model["url"] for model in models)
        yield from _models(list(value.values()))


def test_every_model_of_comfyuis_own_workflows_is_understood() -> None:
    urls = templates_urls()
    assert len(urls) >= 389
    for url in urls:
        parts = urlsplit(url)
        organisation, name, mark, revision, path = parts.path[1:].split("/", 4)
        assert (parts.hostname, mark) == ("huggingface.co", "resolve")
        assert by_url(url) == HubReference(f"{organisation}/{name}", path, revision)
