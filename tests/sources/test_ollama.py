from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.errors import FetchError, NotFoundError, ReferenceSyntaxError, UnexpectedAnswerError
from anymatix_fetcher.sources.base import Environment, Wish
from anymatix_fetcher.sources.ollama import MODEL_TYPE, Ollama
from tests.sources.surroundings import surroundings
from tests.sources.talk import Reply, talk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.core.values.resource import Resource

SITE = "https://registry.ollama.ai"
HEX = "ab" * 32
MODEL = {"mediaType": MODEL_TYPE, "digest": f"sha256:{HEX}", "size": 1 << 32}
LICENCE = {"mediaType": "application/vnd.ollama.image.license", "digest": f"sha256:{'cd' * 32}", "size": 5}


def manifest(*layers: object) -> Reply:
    return Reply({"schemaVersion": 2, "layers": list(layers)})


def resolve(
    reference: str,
    replies: Mapping[str, Reply | FetchError],
    asked: list[Request] | None = None,
    environment: Environment | None = None,
    **wish: Any,  # noqa: ANN401 - the fields of a wish
) -> Resource:
    environment = environment or surroundings()
    assert Ollama().recognises(reference.strip(), environment)
    (resource,) = talk(Ollama().resolve(Wish(reference, **wish), environment), replies, asked)
    return resource


@pytest.mark.parametrize(
    ("reference", "path", "tag", "canonical"),
    [
        (" ollama:llama3.2:3b ", "library/llama3.2", "3b", "ollama:llama3.2:3b"),
        ("ollama://llama3.2", "library/llama3.2", "latest", "ollama:llama3.2:latest"),
        ("OLLAMA:me/my-model:Q4_K_M", "me/my-model", "Q4_K_M", "ollama:me/my-model:Q4_K_M"),
        ("ollama:registry.ollama.ai/library/x:1b", "library/x", "1b", "ollama:x:1b"),
        ("https://ollama.com/library/x:1b", "library/x", "1b", "ollama:x:1b"),
        ("https://ollama.com/me/x", "me/x", "latest", "ollama:me/x:latest"),
        (f"{SITE}/v2/library/x/manifests/1b", "library/x", "1b", "ollama:x:1b"),
    ],
)
def test_the_manifest_leads_to_the_models_layer(reference: str, path: str, tag: str, canonical: str) -> None:
    asked: list[Request] = []
    resource = resolve(reference, {f"{SITE}/v2/{path}/manifests/{tag}": manifest(LICENCE, MODEL)}, asked)
    assert resource.url.reveal() == f"{SITE}/v2/{path}/blobs/sha256:{HEX}"
    assert (resource.length, resource.digests) == (1 << 32, (Digest("sha256", HEX),))
    assert (resource.name, resource.reference) == (f"{path.partition('/')[2]}-{tag}.gguf", canonical)
    assert "docker.distribution.manifest.v2+json" in (asked[0].headers.get("Accept") or "")
    assert resource.headers == Headers()


def test_a_model_of_hugging_face_in_ollamas_spelling_is_sent_there() -> None:
    for name in ("hf.co/org/repo:Q4_K_M", "huggingface.co/org/repo", "HF.co/org/repo"):
        with pytest.raises(ReferenceSyntaxError, match="Hugging Face") as refusal:
            resolve(f"ollama:{name}", {})
        assert "hf:" in refusal.value.hint


def test_an_image_without_a_model_is_said_to_be_one() -> None:
    url = f"{SITE}/v2/library/x/manifests/latest"
    with pytest.raises(NotFoundError, match="ollama:x:latest has no model layer"):
        resolve("ollama:x", {url: manifest(LICENCE)})
    with pytest.raises(NotFoundError, match="the model or its tag doesn't exist") as refusal:
        resolve("ollama:x", {url: Reply({"errors": []}, 404)})
    assert refusal.value.hint == "See its tags at https://ollama.com/library/x/tags."
    for layers in ([5], [{**MODEL, "digest": "sha256:../x"}], [{**MODEL, "digest": None}]):
        with pytest.raises(UnexpectedAnswerError):
            resolve("ollama:x", {url: manifest(*layers)})
    assert resolve("ollama:x", {url: manifest({**MODEL, "size": "many"})}).length is None


@pytest.mark.parametrize("name", ["", "a/b/c", "a b", "../x", "x:", "x:a/b", ":x", "a//b", "x?y", "x:1:2"])
def test_what_names_no_model_isnt_guessed_at(name: str) -> None:
    with pytest.raises(ReferenceSyntaxError) as refusal:
        resolve(f"ollama:{name}", {})
    assert "ollama:NAME:TAG" in refusal.value.hint


@pytest.mark.parametrize(
    "reference",
    [
        *("https://ollama.com/", "https://ollama.com/library", "https://ollama.com/library/x/tags"),
        *(f"{SITE}/v2/library/x/blobs/sha256:{HEX}", f"{SITE}/v2/", "https://ollama.com.evil.example/a/b"),
    ],
)
def test_other_addresses_arent_models(reference: str) -> None:
    assert not Ollama().recognises(reference, Environment())


def test_what_the_user_says_goes_along() -> None:
    asked: list[Request] = []
    own = Headers.of(Authorization="Bearer x")
    resource = resolve("ollama:x", {f"{SITE}/v2/library/x/manifests/latest": manifest(MODEL)}, asked, headers=own)
    assert resource.headers == own
    assert asked[0].headers.get("Authorization") == "Bearer x"
