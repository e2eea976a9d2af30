from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.core.values.resource import About
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import (
    AccessDeniedError,
    DigestMismatchError,
    NotFoundError,
    RetriesExhaustedError,
    UnexpectedAnswerError,
)
from anymatix_fetcher.sources.base import Environment, Wish
from anymatix_fetcher.sources.civitai import Civitai
from tests.sources.surroundings import authorization, hosts_that_see, surroundings
from tests.sources.talk import Reply, resolved, talk, urls

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.errors import FetchError

SITE = "https://civitai.com"
HEX = "ab" * 32


def version(number: int = 128713, **more: object) -> dict[str, Any]:
    return {
        "id": number,
        "modelId": 4384,
        "name": "8",
        "baseModel": "SD 1.5",
        "trainedWords": ["dream", "shaper"],
        "model": {"name": "DreamShaper", "type": "Checkpoint"},
        "files": [
            {
                "id": 92648,
                "name": "dreamshaper_8.safetensors",
                "type": "Model",
                "sizeKB": 2082642.474609375,
                "metadata": {"format": "SafeTensor", "size": "pruned", "fp": "fp16"},
                "hashes": {"SHA256": HEX.upper()},
                "primary": True,
                "downloadUrl": "https://evil.example/file",
            },
            {"id": 92649, "name": "vae.pt", "type": "VAE", "metadata": {"format": "PickleTensor"}, "hashes": {}},
        ],
        **more,
    }


def resolve(
    reference: str,
    replies: dict[str, Reply | FetchError],
    environment: Environment | None = None,
    asked: list[Request] | None = None,
    **wish: Any,  # noqa: ANN401 - the fields of a wish
) -> Resource:
    environment = environment or surroundings()
    assert Civitai().recognises(reference.strip(), environment)
    (resource,) = talk(Civitai().resolve(Wish(reference, **wish), environment), replies, asked)
    return resource


def api(path: str = "model-versions/128713", site: str = SITE) -> str:
    return f"{site}/api/v1/{path}"


def test_one_question_tells_the_file_its_digest_and_what_it_is() -> None:
    asked = list[Request]()
    reply = Reply(version())
    resource = resolve("civitai:128713", {api(): reply}, asked=asked)
    assert len(asked) == 1
    assert resource.url.reveal() == f"{SITE}/api/download/models/128713?fileId=92648"
    assert resource.name == "dreamshaper_8.safetensors"
    assert resource.length == 2132625894
    assert resource.digests == (Digest("sha256", HEX),)
    assert resource.headers == Headers()
    assert resource.reference == "civitai:128713?fileId=92648"
    assert resource.service.name == "civitai"
    assert resource.about == About(
        title="DreamShaper 8",
        type="Checkpoint",
        base_model="SD 1.5",
        page=f"{SITE}/models/4384?modelVersionId=128713",
        trigger_words=("dream", "shaper"),
        document=reply.body.decode(),
    )


SPELLINGS = [
    " civitai:128713 ",
    "civitai:4384@128713",
    "civitai:128713?fileId=92648",
    "urn:air:sd1:checkpoint:civitai:4384@128713",
    "sd1:checkpoint:civitai:4384@128713.safetensor",
    f"{SITE}/models/4384/dreamshaper?modelVersionId=128713",
    f"{SITE}/api/download/models/128713?type=Model&format=SafeTensor&size=pruned&fp=fp16",
    "http://www.civitai.com/api/download/models/128713",
    f"{SITE}/api/download/models/128713?token=SECRET",
]


@pytest.mark.parametrize("reference", SPELLINGS)
def test_however_it_is_spelled_it_is_the_same_file(reference: str) -> None:
    resource = resolve(reference, {api(): Reply(version())})
    assert resource.reference == "civitai:128713?fileId=92648"
    assert resource.url.reveal() == f"{SITE}/api/download/models/128713?fileId=92648"


def test_a_query_chooses_another_file() -> None:
    resource = resolve(f"{SITE}/api/download/models/128713?type=VAE", {api(): Reply(version())})
    assert (resource.name, resource.digests, resource.length) == ("vae.pt", (), None)
    assert resource.url.reveal().endswith("?fileId=92649")
    with pytest.raises(NotFoundError) as refusal:
        resolve(f"{SITE}/api/download/models/128713?fp=nf4", {api(): Reply(version())})
    assert "fileId=92648" in refusal.value.hint


def test_a_models_page_means_its_newest_published_version() -> None:
    model = {"modelVersions": [{"id": 3, "status": "Draft"}, {"id": 128713, "status": "Published"}, {"id": 1}]}
    for reference in (f"{SITE}/models/4384/slug", "urn:air:sd1:checkpoint:civitai:4384"):
        resource = resolve(reference, {api("models/4384"): Reply(model), api(): Reply(version())})
        assert resource.reference == "civitai:128713?fileId=92648"
    with pytest.raises(NotFoundError, match="no published version"):
        resolve(f"{SITE}/models/4384", {api("models/4384"): Reply({"modelVersions": []})})


def test_a_hash_finds_its_file() -> None:
    resource = resolve(f"civitai:sha256:{HEX.upper()}", {api(f"model-versions/by-hash/{HEX}"): Reply(version())})
    assert resource.reference == "civitai:128713?fileId=92648"
    assert resource.digests == (Digest("sha256", HEX),)
    with pytest.raises(NotFoundError):
        resolve("civitai:crc32:00000000", {api("model-versions/by-hash/00000000"): Reply(version())})


def test_a_version_of_another_model_isnt_what_was_meant() -> None:
    with pytest.raises(NotFoundError, match="belongs to model 4384, not to 5") as refusal:
        resolve("civitai:5@128713", {api(): Reply(version())})
    assert "civitai:4384@128713" in refusal.value.hint


def test_an_archived_version_is_told() -> None:
    with pytest.raises(NotFoundError, match="offers no file"):
        resolve("civitai:128713", {api(): Reply(version(files=[]))})


def test_the_stored_token_goes_to_the_site_alone() -> None:
    asked = list[Request]()
    resource = resolve("civitai:128713", {api(): Reply(version())}, surroundings(civitai="SECRET"), asked)
    assert authorization(resource.headers) == authorization(asked[0].headers) == "Bearer SECRET"
    assert hosts_that_see("SECRET", asked, [resource]) == {"civitai.com"}


@pytest.mark.parametrize(
    "reference", [f"{SITE}/api/download/models/128713?a=b&token=GIVEN", "civitai:128713?token=GIVEN"]
)
def test_a_token_in_the_reference_becomes_a_header_and_wins(reference: str) -> None:
    asked = list[Request]()
    resource = resolve(reference, {api(): Reply(version())}, surroundings(civitai="STORED"), asked)
    assert authorization(resource.headers) == authorization(asked[0].headers) == "Bearer GIVEN"
    assert "GIVEN" not in f"{resource.reference} {resource.url.reveal()} {resource} {urls(asked)}"


@pytest.mark.parametrize("trouble", [Reply("<html>", 404), Reply("{}", 503), Reply("no"), RetriesExhaustedError("x")])
def test_a_downloads_address_is_tried_as_it_was_given_where_the_api_says_nothing(trouble: Reply | FetchError) -> None:
    reference = "https://civitai.red/api/download/models/5?format=GGUF&token=SECRET&x=1"
    resource = resolve(reference, {api("model-versions/5", "https://civitai.red"): trouble})
    assert resource.url.reveal() == "https://civitai.red/api/download/models/5?format=GGUF&x=1"
    assert resource.reference == "civitai:5?format=GGUF"
    assert (resource.name, resource.length, resource.digests) == (None, None, ())
    assert authorization(resource.headers) == "Bearer SECRET"


def test_a_version_is_tried_too_where_the_api_is_out_of_order_but_not_where_it_knows_no_such() -> None:
    resource = resolve("civitai:5+7", {api("model-versions/5"): RetriesExhaustedError("down")})
    assert resource.url.reveal() == f"{SITE}/api/download/models/5?fileId=7"
    assert resource.reference == "civitai:5?fileId=7"
    with pytest.raises(NotFoundError, match=r"doesn't have this file.*model-versions/5") as error:
        resolve("civitai:5", {api("model-versions/5"): Reply({"error": "No version"}, 404)})
    assert error.value.hint.startswith("If 5 is a model's number, as in the URLs of pages, write civitai:5@VERSION")
    with pytest.raises(NotFoundError) as error:
        resolve("civitai:4@5", {api("model-versions/5"): Reply({"error": "No version"}, 404)})
    assert "model's number" not in error.value.hint
    with pytest.raises(RetriesExhaustedError):
        resolve("civitai:crc32:00000000", {api("model-versions/by-hash/00000000"): Reply("", 500)})


def test_a_refused_token_is_told_with_its_variable() -> None:
    with pytest.raises(AccessDeniedError) as refusal:
        resolve("civitai:5", {api("model-versions/5"): Reply({"error": "Unauthorized"}, 401)})
    assert "CIVITAI_API_TOKEN" in refusal.value.hint


@pytest.mark.parametrize("host", ["civitai.red", "civitai.green", "civitai.blue"])
def test_each_of_its_hosts_is_asked_itself(host: str) -> None:
    site = f"https://{host}"
    resource = resolve(f"{site}/models/4384?modelVersionId=128713", {api(site=site): Reply(version())})
    assert resource.url.host == host
    assert resource.reference == "civitai:128713?fileId=92648"


@pytest.mark.parametrize("reference", ["civitai:128713", "https://civitai.red/api/download/models/128713"])
def test_an_endpoint_stands_in_for_all_hosts(reference: str) -> None:
    endpoint = "http://127.0.0.1:8080"
    environment = surroundings({"civitai": endpoint})
    resource = resolve(reference, {api(site=endpoint): Reply(version())}, environment)
    assert resource.url.reveal() == f"{endpoint}/api/download/models/128713?fileId=92648"
    assert not Civitai().recognises(f"{endpoint}/other/file.bin", environment)
    assert Civitai().recognises(f"{endpoint}/api/download/models/5", environment)


def test_other_addresses_are_fetched_as_they_are_with_the_token_as_a_header() -> None:
    (resource,) = resolved(
        Civitai().resolve(Wish(f"{SITE}/api/download/attachments/5?token=SECRET&b=1"), surroundings())
    )
    assert resource.url.reveal() == resource.reference == f"{SITE}/api/download/attachments/5?b=1"
    assert authorization(resource.headers) == "Bearer SECRET"


def test_what_the_user_says_comes_along() -> None:
    mirrors, own = (Url.parse("https://m.example/x"),), Digest("md5", "0" * 32)
    wish: dict[str, Any] = {
        "name": SafeName("own.bin"),
        "digests": (own,),
        "mirrors": mirrors,
        "headers": Headers.of(x="1"),
    }
    resource = resolve("civitai:128713", {api(): Reply(version())}, **wish)
    assert (resource.name, resource.mirrors, resource.headers.get("x")) == ("own.bin", mirrors, "1")
    assert resource.digests == (own, Digest("sha256", HEX))
    with pytest.raises(DigestMismatchError, match="civitai:128713"):
        resolve("civitai:128713", {api(): Reply(version())}, digests=(Digest("sha256", "0" * 64),))


@pytest.mark.parametrize("files", [[], None, "no field"])
@pytest.mark.parametrize(
    "reference", ["civitai:128713", "civitai:128713+7", "https://civitai.com/api/download/models/128713"]
)
def test_a_version_without_files_was_archived(reference: str, files: object) -> None:
    document = {**version(), "files": files}
    if files == "no field":
        del document["files"]
    with pytest.raises(NotFoundError, match="offers no file of this version") as refusal:
        resolve(reference, {api(): Reply(document)})
    assert "archived or taken down" in refusal.value.hint


HOSTILE: list[Callable[[dict[str, Any]], object]] = [
    lambda document: document.pop("id"),
    lambda document: document.update(id="1"),
    lambda document: document.update(files="x"),
    lambda document: document.update(files=[None]),
    lambda document: document["files"][0].update(id=None),
]


@pytest.mark.parametrize("damage", HOSTILE)
def test_an_answer_that_cant_be_read_is_unexpected(damage: Callable[[dict[str, Any]], object]) -> None:
    document = version()
    damage(document)
    with pytest.raises(UnexpectedAnswerError, match=r"civitai\.com"):
        resolve("civitai:128713", {api(): Reply(document)})


def test_a_name_that_leads_elsewhere_is_made_safe() -> None:
    document = json.loads(json.dumps(version()).replace("dreamshaper_8", "../../\\u0000etc/passwd"))
    assert resolve("civitai:128713", {api(): Reply(document)}).name == "passwd.safetensors"


def test_an_endpoints_password_stands_in_nothing_that_is_shown_or_kept() -> None:
    endpoint = "https://me:SECRET@mirror.example"
    environment = surroundings({"civitai": endpoint})
    site = "https://mirror.example"
    resource = resolve("civitai:128713", {api(site=site): Reply(version())}, environment)
    assert resource.about.page == "https://mirror.example/models/4384?modelVersionId=128713"
    (other,) = resolved(Civitai().resolve(Wish("https://civitai.com/images/7"), environment))
    for one in (resource, other):
        assert authorization(one.headers) == "Basic bWU6U0VDUkVU"
        assert "SECRET" not in f"{one!r} {one.url.reveal()} {one.reference} {one.about}"
