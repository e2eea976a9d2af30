"""Whatever stands in a field of a service's answer: a sentence, or a file that can be told of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anymatix_fetcher.cli.commands.resolve import as_object, report
from anymatix_fetcher.core.values.http import MAX_LENGTH
from anymatix_fetcher.errors import FetchError, NotFoundError
from anymatix_fetcher.sources import catalog
from anymatix_fetcher.sources.base import Wish
from anymatix_fetcher.verbs.resolve import Located
from tests.mutations import as_bytes, mutated
from tests.sources.surroundings import surroundings
from tests.sources.talk import Reply, talk

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Request

HEX = "ab" * 32
CIVITAI = {
    "id": 5,
    "modelId": 4,
    "name": "v1",
    "baseModel": "SDXL 1.0",
    "trainedWords": ["a", "b"],
    "model": {"name": "M", "type": "LORA"},
    "files": [
        {
            "id": 7,
            "name": "m.safetensors",
            "sizeKB": 1000.1234,
            "type": "Model",
            "primary": True,
            "metadata": {"format": "SafeTensor", "size": "full", "fp": "fp16"},
            "hashes": {"SHA256": HEX.upper(), "AutoV2": HEX[:10], "CRC32": HEX[:8], "BLAKE3": HEX},
        }
    ],
}
MODEL = {"id": 4, "name": "M", "modelVersions": [{"id": 5, "status": "Published"}, {"id": 6, "status": "Draft"}]}
HUB = {
    "id": "o/r",
    "sha": "ab" * 20,
    "pipeline_tag": "text-to-image",
    "cardData": {"license": "mit", "base_model": ["a/b"]},
}
TREE = [
    {"type": "file", "path": "a/m.safetensors", "size": 9, "oid": "ab" * 20, "lfs": {"oid": HEX, "size": 1 << 30}},
    {"type": "directory", "path": "a", "size": 0},
    {"type": "file", "path": "config.json", "size": 3, "oid": "ab" * 20},
]
ASSET = {"id": 1, "name": "a.bin", "size": 100, "digest": f"sha256:{HEX}", "state": "uploaded"}
RELEASE = {"tag_name": "v1", "assets": [ASSET, {**ASSET, "id": 2, "name": "b.bin", "digest": None}]}
LISTING = {
    "Code": 200,
    "Success": True,
    "Data": {"Files": [{"Path": "m.safetensors", "Size": 7, "Sha256": HEX, "Type": "blob", "Name": "m.safetensors"}]},
}
RECORD = {
    "id": 123,
    "metadata": {"title": "T", "license": {"id": "cc-by-4.0"}, "resource_type": {"type": "dataset"}},
    "files": [{"key": "m.safetensors", "size": 7, "checksum": "md5:" + "ab" * 16, "links": {"self": "https://x/"}}],
}
MANIFEST = {
    "schemaVersion": 2,
    "layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{HEX}", "size": 1 << 30}],
}

TALKS: dict[str, list[Any]] = {
    "civitai:5": [CIVITAI],
    "civitai:4@5": [CIVITAI],
    "civitai:sha256:" + HEX: [CIVITAI],
    "https://civitai.com/models/4": [MODEL, CIVITAI],
    "hf:o/r": [HUB, TREE],
    "github:o/r@v1": [RELEASE],
    "github:o/r@latest/a.bin": [RELEASE],
    "modelscope:o/r": [LISTING],
    "modelscope:o/r/m.safetensors": [LISTING],
    "zenodo:123": [RECORD],
    "zenodo:123/m.safetensors": [RECORD],
    "ollama:tiny": [MANIFEST],
}


@pytest.mark.parametrize("reference", TALKS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_whatever_a_field_holds_ends_in_a_sentence_or_in_a_file(reference: str, data: st.DataObject) -> None:
    documents = list(TALKS[reference])
    number = data.draw(st.integers(0, len(documents) - 1))
    documents[number] = data.draw(mutated(documents[number]))
    answers = iter([Reply(as_bytes(document)) for document in documents])

    def reply(request: Request) -> Reply | FetchError:
        del request
        return next(answers, NotFoundError("no more"))

    try:
        resources = talk(catalog.resolve(Wish(reference), surroundings()), reply)
    except FetchError as error:
        assert f"{error.message} {error.hint}".isprintable()  # noqa: PT017 - it may be raised, or not
        assert len(error.message) < 2000  # noqa: PT017 - as above
        return
    assert resources
    for resource in resources:
        assert resource.length is None or 0 <= resource.length <= MAX_LENGTH
        assert resource.name is None or "/" not in resource.name
        assert not {"", ".", ".."} & set(resource.folder)
        assert resource.reference.isprintable()
        assert resource.url.reveal().isascii()
        located = Located(
            reference=resource.reference,
            source=resource.service.name,
            name=resource.name or "",
            folder=resource.folder,
            url=str(resource.url),
            length=resource.length,
            digests=resource.digests,
            about=resource.about,
        )
        assert report(located).replace("\n", "").isprintable()
        assert json.loads(json.dumps(as_object(located)))["source"] == resource.service.name


@pytest.mark.parametrize("reference", TALKS)
def test_the_documents_themselves_are_understood(reference: str) -> None:
    answers = iter([Reply(document) for document in TALKS[reference]])
    assert talk(catalog.resolve(Wish(reference), surroundings()), lambda _: next(answers, Reply([], 200)))
