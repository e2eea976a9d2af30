from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import Headers, Request, ResponseHead
from anymatix_fetcher.core.values.resource import Stated
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import NotFoundError, ReferenceSyntaxError, RetriesExhaustedError, UnexpectedAnswerError
from anymatix_fetcher.sources.base import Environment, Wish
from anymatix_fetcher.sources.modelscope import SERVICE, ModelScope
from anymatix_fetcher.sources.modelscope_listing import LISTED_AT_MOST, MAX_LISTS
from tests.sources.surroundings import authorization, hosts_that_see, surroundings
from tests.sources.talk import Reply, talk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.core.values.resource import Resource
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
    replies: Mapping[str, Reply | FetchError],
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


FIRST_BYTES = Reply(b"\x08\0\0", 200, {"Content-Range": "bytes 0-1023/145000"})
NO_FILE = Reply({"Code": 10990101007, "Data": None, "Message": "not found", "RequestId": "7b2a", "Success": False})


@pytest.mark.parametrize("trouble", [Reply("", 500), Reply("<html>"), RetriesExhaustedError("down")])
def test_a_file_is_tried_without_the_listing_too(trouble: Reply | FetchError) -> None:
    asked = list[Request]()
    url = f"{SITE}/models/org/repo/resolve/v1/a%20b.bin"
    replies = {listing(revision="v1"): trouble, url: FIRST_BYTES}
    (resource,) = resolve("modelscope:org/repo@v1/a b.bin", replies, asked=asked)
    assert resource.url.reveal() == url
    assert (resource.name, resource.length, resource.digests) == ("a b.bin", 145_000, ())
    assert asked[1].span == Span(0, 1024)


@pytest.mark.parametrize("name", ["config.json", "x.safetensors", "LICENSE"])
def test_an_error_in_json_is_never_a_file(name: str) -> None:
    replies = {listing(): Reply("", 500), f"{SITE}/models/org/repo/resolve/master/{name}": NO_FILE}
    with pytest.raises(NotFoundError, match="no such file in models/org/repo"):
        resolve(f"modelscope:org/repo/{name}", replies)
    elsewhere = f"{SITE}/datasets/org/data/resolve/master/{name}"
    with pytest.raises(NotFoundError, match="no such file in datasets/org/data"):
        resolve(elsewhere, {elsewhere: NO_FILE})


@pytest.mark.parametrize(
    "body", [{"Success": False}, {"Code": 200, "Success": True}, {"Data": {"Files": []}}, "{", "[]"]
)
def test_a_file_that_looks_a_little_like_an_error_is_one(body: object) -> None:
    url = f"{SITE}/models/org/repo/resolve/master/config.json"
    (resource,) = resolve("modelscope:org/repo/config.json", {listing(): Reply("", 500), url: Reply(body)})
    assert resource.url.reveal() == url


@pytest.mark.parametrize("path", ["nothing.bin", "VAE/ae.safetensors", "vae"])
def test_what_a_complete_list_doesnt_name_isnt_there(path: str) -> None:
    with pytest.raises(NotFoundError, match=f"org/repo at master has no file {path}") as refusal:
        resolve(f"modelscope:org/repo/{path}", {listing(): FILES})
    assert "README.md, vae/ae.safetensors" in refusal.value.hint
    with pytest.raises(NotFoundError, match="has no file"):
        resolve(f"modelscope:org/repo/{path}", {listing(): answer()})


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"Code": 200, "Success": True, "Data": {"Files": None}}),
        Reply({"Code": 10990101004, "Data": None, "Success": False}, 404),
    ],
)
@pytest.mark.parametrize("reference", ["modelscope:org/repo@v9", "modelscope:org/repo@v9/README.md"])
def test_a_revision_that_isnt_there_is_said_to_be_missing(reference: str, reply: Reply) -> None:
    with pytest.raises(NotFoundError, match="has no such revision") as refusal:
        resolve(reference, {listing(revision="v9"): reply})
    assert "the default is master" in refusal.value.hint


# Lists that are cut ---------------------------------------------------------------------------------------


def within(folder: str, *, recursive: bool) -> str:
    every = str(recursive).lower()
    return f"{SITE}/api/v1/models/org/repo/repo/files?Revision=master&Recursive={every}&Root={folder}"


CUT = answer(*[entry(f"a/{number}.bin") for number in range(LISTED_AT_MOST)])
TREES = [{"Path": name, "Type": "tree"} for name in ("a", "z")]


def test_a_cut_list_proves_nothing_and_the_files_folder_is_asked_for() -> None:
    replies = {listing(): CUT, within("z", recursive=False): answer(entry("z/last.bin", Size=9))}
    (resource,) = resolve("modelscope:org/repo/z/last.bin", replies)
    assert (resource.length, resource.digests) == (9, (Digest("sha256", HEX),))
    with pytest.raises(NotFoundError, match="has no file z/other"):
        resolve("modelscope:org/repo/z/other.bin", replies)
    (resource,) = resolve("modelscope:org/repo/a/7.bin", replies)
    assert resource.length == 7


def test_where_every_list_is_cut_the_files_own_address_tells() -> None:
    url = f"{SITE}/models/org/repo/resolve/master/a/x.bin"
    replies = {listing(): CUT, within("a", recursive=False): CUT, url: FIRST_BYTES}
    (resource,) = resolve("modelscope:org/repo/a/x.bin", replies)
    assert (resource.length, resource.digests) == (145_000, ())
    with pytest.raises(NotFoundError, match="no such file"):
        resolve("modelscope:org/repo/a/x.bin", replies | {url: NO_FILE})


def test_a_repository_with_a_cut_list_is_listed_folder_by_folder() -> None:
    top = f"{SITE}/api/v1/models/org/repo/repo/files?Revision=master&Recursive=false"
    replies = {
        listing(): CUT,
        top: answer(*TREES, entry("README.md")),
        within("a", recursive=True): answer(entry("a/1.bin")),
        within("z", recursive=True): answer(entry("z/last.bin")),
    }
    assert [str(one.reference) for one in resolve("modelscope:org/repo", replies)] == [
        "modelscope:org/repo@master/README.md",
        "modelscope:org/repo@master/a/1.bin",
        "modelscope:org/repo@master/z/last.bin",
    ]
    (resource,) = resolve("modelscope:org/repo/z/", replies)
    assert resource.name == "last.bin"


def test_a_folder_with_more_files_than_are_listed_isnt_called_whole() -> None:
    replies = {listing(): CUT, within("a", recursive=True): CUT, within("a", recursive=False): CUT}
    with pytest.raises(UnexpectedAnswerError, match="at most 3000 entries of a"):
        resolve("modelscope:org/repo/a/", replies)


@pytest.mark.parametrize("folder", ["..", "/etc", "z", "a"])
def test_folders_that_lead_astray_or_round_in_a_circle_are_unexpected(folder: str) -> None:
    replies = {
        listing(): CUT,
        within("a", recursive=True): CUT,
        within("a", recursive=False): answer({"Path": folder, "Type": "tree"}),
    }
    with pytest.raises(UnexpectedAnswerError, match="invalid components"):
        resolve("modelscope:org/repo/a/", replies)


MANY = answer(*[{"Path": f"a/{number}", "Type": "tree"} for number in range(LISTED_AT_MOST - 1)])


def test_folders_without_an_end_have_one() -> None:
    def reply(request: Request) -> Reply:
        fields = dict(request.url.parameters)
        if fields["Recursive"] == "true":
            return CUT if fields.get("Root", "a") == "a" else answer()
        return answer({"Path": "a", "Type": "tree"}) if "Root" not in fields else MANY

    asked = list[Request]()
    with pytest.raises(UnexpectedAnswerError, match="without an end"):
        talk(ModelScope().resolve(Wish("modelscope:org/repo"), surroundings()), reply, asked)
    assert len(asked) == MAX_LISTS + 1


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
        Reply({"Data": {"Files": 7}}),
        Reply({"Code": 5, "Success": False}),
        answer(7),
        answer({}),
        answer(entry("../x")),
    ],
)
def test_a_listing_that_cant_be_read_is_unexpected(reply: Reply) -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"www\.modelscope\.cn"):
        resolve("modelscope:org/repo", {listing(): reply})


def test_the_redirect_to_the_cdn_states_the_digest() -> None:
    head = ResponseHead(302, Headers.of(X_Linked_Etag=f'"{HEX}"', X_Linked_Size="7"))
    assert SERVICE.stated(head) == Stated(length=7, digests=(Digest("sha256", HEX),))
    assert SERVICE.stated(ResponseHead(200)) == Stated()
