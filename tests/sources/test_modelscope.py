from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.core.http import Headers, Request
from anymatix_fetcher.errors import NotFoundError, ReferenceSyntaxError, RetriesExhaustedError, UnexpectedAnswerError
from anymatix_fetcher.sources.base import Environment, Wish
from anymatix_fetcher.sources.modelscope import ModelScope
from tests.sources.surroundings import authorization, hosts_that_see, surroundings
from tests.sources.talk import Reply, talk

if TYPE_CHECKING:
    from anymatix_fetcher.core.resource import Resource
    from anymatix_fetcher.errors import FetchError

SITE, ABROAD = "https://www.modelscope.cn", "https://www.modelscope.ai"
HEX = "ab" * 32


def listing(site: str = SITE, revision: str = "master") -> str:
    return f"{site}/api/v1/models/org/repo/repo/files?Revision={revision}&Recursive=true"


def entry(path: object, **more: object) -> dict[str, Any]:
    return {"Path": path, "Size": 7, "Sha256": HEX, "Type": "blob", **more}


def answer(*entries: object) -> Reply:
    return Reply({"Code": 200, "Success": True, "Data": {"Files": list(entries)}})


FILES = answer(entry("README.md"), {"Path": "vae", "Type": "tree"}, entry("vae/ae.safetensors", Size=1 << 30))


def resolve(
    reference: str,
    replies: dict[str, Reply | FetchError],
    environment: Environment | None = None,
    asked: list[Request] | None = None,
    **wish: Any,  # noqa: ANN401 - the fields of a wish
) -> tuple[Resource, ...]:
    environment = environment or surroundings()
    assert ModelScope().recognises(reference.strip(), environment)
    return talk(ModelScope().resolve(Wish(reference, **wish), environment), replies, asked)


@pytest.mark.parametrize(
    "reference",
    [
        " modelscope:org/repo/vae/ae.safetensors ",
        "modelscope://org/repo@master/vae/ae.safetensors",
        "https://modelscope.cn/models/org/repo/resolve/master/vae/ae.safetensors",
        "http://www.modelscope.cn/models/org/repo/file/view/master/vae%2Fae.safetensors?status=2",
        f"{SITE}/api/v1/models/org/repo/repo?Revision=master&FilePath=vae%2Fae.safetensors",
    ],
)
def test_the_listing_tells_a_files_digest_and_length(reference: str) -> None:
    (resource,) = resolve(reference, {listing(): FILES})
    assert resource.url.reveal() == f"{SITE}/models/org/repo/resolve/master/vae/ae.safetensors"
    assert (resource.name, resource.folder, resource.length) == ("ae.safetensors", (), 1 << 30)
    assert resource.digests == (Digest("sha256", HEX),)
    assert resource.reference == "modelscope:org/repo@master/vae/ae.safetensors"
    assert resource.headers == Headers()
    assert (resource.about.title, resource.about.page) == ("org/repo", f"{SITE}/models/org/repo")
    assert resource.service.name == "modelscope"


@pytest.mark.parametrize("trouble", [Reply("", 500), Reply("<html>"), answer(), RetriesExhaustedError("down")])
def test_a_file_is_tried_without_the_listing_too(trouble: Reply | FetchError) -> None:
    (resource,) = resolve("modelscope:org/repo@v1/a b.bin", {listing(revision="v1"): trouble})
    assert resource.url.reveal() == f"{SITE}/models/org/repo/resolve/v1/a%20b.bin"
    assert (resource.name, resource.length, resource.digests) == ("a b.bin", None, ())


@pytest.mark.parametrize(
    "reference", ["modelscope:org/repo", f"{SITE}/models/org/repo", f"{SITE}/models/org/repo/files"]
)
def test_a_repository_is_all_of_its_files(reference: str) -> None:
    found = resolve(reference, {listing(): FILES})
    assert [(resource.folder, resource.name) for resource in found] == [((), "README.md"), (("vae",), "ae.safetensors")]
    assert found[1].reference == "modelscope:org/repo@master/vae/ae.safetensors"
    assert found[1].url.reveal() == f"{SITE}/models/org/repo/resolve/master/vae/ae.safetensors"


def test_globs_and_folders_choose() -> None:
    assert [resource.name for resource in resolve("modelscope:org/repo/vae/", {listing(): FILES})] == ["ae.safetensors"]
    (resource,) = resolve("modelscope:org/repo", {listing(): FILES}, include=("*.md",))
    assert resource.name == "README.md"
    with pytest.raises(NotFoundError):
        resolve("modelscope:org/repo", {listing(): FILES}, include=("*.gguf",))


def test_the_token_is_a_cookie_and_a_bearers_and_goes_to_the_site_alone() -> None:
    asked = list[Request]()
    environment = surroundings(modelscope="SECRET")
    found = resolve("modelscope:org/repo", {listing(): FILES}, environment, asked)
    for headers in (asked[0].headers, found[1].headers):
        assert authorization(headers) == "Bearer SECRET"
        assert headers.get("Cookie") == "m_session_id=SECRET"
    assert hosts_that_see("SECRET", asked, found) == {"www.modelscope.cn"}
    assert "SECRET" not in f"{found} {asked}"
    own = Headers.of(cookie="mine=1")
    (resource,) = resolve("modelscope:org/repo/README.md", {listing(): FILES}, environment, headers=own)
    assert resource.headers.all("Cookie") == ["mine=1"]


def test_the_site_abroad_is_asked_itself_and_an_endpoint_stands_in_for_both() -> None:
    (resource,) = resolve("https://modelscope.ai/models/org/repo/resolve/master/README.md", {listing(ABROAD): FILES})
    assert resource.url.reveal() == f"{ABROAD}/models/org/repo/resolve/master/README.md"
    endpoint = "http://127.0.0.1:8"
    environment = surroundings({"modelscope": endpoint})
    for reference in (f"{ABROAD}/models/org/repo/resolve/master/README.md", "modelscope:org/repo/README.md"):
        (resource,) = resolve(reference, {listing(endpoint): FILES}, environment)
        assert resource.url.reveal() == f"{endpoint}/models/org/repo/resolve/master/README.md"
    assert not ModelScope().recognises(f"{endpoint}/models/org/repo", environment)


def test_other_addresses_are_fetched_as_they_are() -> None:
    (resource,) = resolve("https://modelscope.cn/datasets/o/r", {})
    assert resource.url.reveal() == f"{SITE}/datasets/o/r"


@pytest.mark.parametrize(
    "reference",
    [
        "modelscope:",
        "modelscope:o",
        "modelscope:../r/x",
        "modelscope:o/r@/x",
        "modelscope:o/r/../x",
        "modelscope:o/r//x",
    ],
)
def test_what_names_no_repository_or_leads_astray_isnt_guessed_at(reference: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="not a reference to ModelScope"):
        resolve(reference, {})


def test_a_repository_that_isnt_there_is_told_with_the_tokens_variable() -> None:
    for reference in ("modelscope:org/repo", "modelscope:org/repo/x.bin"):
        with pytest.raises(NotFoundError) as refusal:
            resolve(reference, {listing(): Reply({"Code": 10010205001, "Message": "not found"}, 404)})
        assert "MODELSCOPE_API_TOKEN" in refusal.value.hint


@pytest.mark.parametrize(
    "reply",
    [
        Reply([]),
        Reply({}),
        Reply({"Data": []}),
        Reply({"Data": {"Files": None}}),
        answer(7),
        answer({}),
        answer(entry("../x")),
    ],
)
def test_a_listing_that_cant_be_read_is_unexpected(reply: Reply) -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"www\.modelscope\.cn"):
        resolve("modelscope:org/repo", {listing(): reply})
