from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import Headers, Request, ResponseHead
from anymatix_fetcher.core.values.resource import About, Stated
from anymatix_fetcher.errors import AccessDeniedError, NotFoundError, UnexpectedAnswerError
from anymatix_fetcher.sources.base import Environment, Wish
from anymatix_fetcher.sources.huggingface import SERVICE, HuggingFace
from tests.sources.surroundings import authorization, hosts_that_see, surroundings
from tests.sources.talk import Reply, resolved, talk, urls

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.resource import Resource

SITE = "https://huggingface.co"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HEX = "ab" * 32


def single(reference: str, environment: Environment | None = None) -> Resource:
    environment = environment or surroundings()
    assert HuggingFace().recognises(reference.strip(), environment)
    (resource,) = resolved(HuggingFace().resolve(Wish(reference), environment))
    return resource


@pytest.mark.parametrize(
    "reference",
    [
        " hf:org/repo/vae/ae v1.safetensors ",
        "hf://org/repo@main/vae/ae v1.safetensors",
        "https://hf.co/org/repo/blob/main/vae/ae%20v1.safetensors",
        "http://huggingface.com/org/repo/resolve/main/vae/ae%20v1.safetensors?download=true",
        "urn:air:model:huggingface:org/repo/vae/ae v1.safetensors",
    ],
)
def test_a_file_is_named_without_asking_anybody(reference: str) -> None:
    resource = single(reference)
    assert resource.url.reveal() == f"{SITE}/org/repo/resolve/main/vae/ae%20v1.safetensors"
    assert resource.name == "ae v1.safetensors"
    assert resource.folder == ()
    assert resource.reference == "hf:org/repo@main/vae/ae v1.safetensors"
    assert (resource.length, resource.digests, resource.headers) == (None, (), Headers())
    assert resource.about == About(title="org/repo", page=f"{SITE}/org/repo")


def test_datasets_old_names_and_revisions_have_their_addresses() -> None:
    assert single("hf:datasets/o/r@refs/pr/1/x.csv").url.reveal() == f"{SITE}/datasets/o/r/resolve/refs%2Fpr%2F1/x.csv"
    assert single("hf:gpt2@main/a#b?.bin").url.reveal() == f"{SITE}/gpt2/resolve/main/a%23b%3F.bin"


def test_the_token_goes_to_the_site_and_an_endpoint_stands_in_for_it() -> None:
    environment = surroundings({"huggingface": "http://127.0.0.1:8/hub"}, huggingface="SECRET")
    for reference in ("hf:o/r/x.bin", f"{SITE}/o/r/blob/main/x.bin", "http://127.0.0.1:8/hub/o/r/resolve/main/x.bin"):
        resource = single(reference, environment)
        assert resource.url.reveal() == "http://127.0.0.1:8/hub/o/r/resolve/main/x.bin"
        assert authorization(resource.headers) == "Bearer SECRET"
        assert "SECRET" not in f"{resource.reference} {resource}"
    assert not HuggingFace().recognises("http://127.0.0.1:8/hub/files/x.bin", environment)


def test_other_addresses_are_fetched_as_they_are() -> None:
    resource = single("https://hf.co/api/models/o/r?x=1", surroundings(huggingface="SECRET"))
    assert resource.url.reveal() == f"{SITE}/api/models/o/r?x=1"
    assert authorization(resource.headers) == "Bearer SECRET"


@pytest.mark.parametrize("etag", [f'"{HEX}"', HEX.upper(), f'W/"{HEX}"', f' "{HEX}" '])
def test_the_first_answer_states_digest_and_length(etag: str) -> None:
    head = ResponseHead(302, Headers((("X-Linked-Etag", etag), ("X-Linked-Size", "1024"), ("ETag", '"other"'))))
    assert SERVICE.stated(head) == Stated(1024, (Digest("sha256", HEX),))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"ETag": f'"{HEX}"'},
        {"X-Linked-Etag": f'"{"ab" * 20}"', "X-Linked-Size": "x"},
        {"X-Linked-Etag": "", "X-Linked-Size": "-1"},
        {"X-Linked-Etag": f'"{HEX}-2"', "X-Linked-Size": "9" * 19},
    ],
)
def test_what_a_small_files_answer_says_proves_nothing(fields: dict[str, str]) -> None:
    assert SERVICE.stated(ResponseHead(200, Headers(tuple(fields.items())))) == Stated()


# Whole repositories -------------------------------------------------------------------------------------


def large(path: str, size: int = 1 << 30, digest: str = HEX) -> dict[str, Any]:
    return {"type": "file", "path": path, "size": size, "oid": "0" * 40, "lfs": {"oid": digest, "size": size}}


def small(path: str, size: int = 10) -> dict[str, Any]:
    return {"type": "file", "path": path, "size": size, "oid": "0" * 40}


CARD = {
    "id": "org/Repo",
    "sha": COMMIT,
    "pipeline_tag": "text-to-image",
    "cardData": {"license": "mit", "base_model": ["a/b", "c/d"]},
}
PAGE = [small(".gitattributes"), {"type": "directory", "path": "vae"}, large("vae/ae.safetensors"), small("README.md")]


def replies(*pages: object, card: object = CARD, base: str = SITE, path: str = "") -> dict[str, Reply]:
    """The revision's answer, and pages of the tree, each linked from the one before."""
    tree = f"{base}/api/models/org/repo/tree/{COMMIT}{path}?recursive=true"
    found = {f"{base}/api/models/org/repo/revision/main": Reply(card)}
    for number, page in enumerate(pages):
        following = f"{tree}&cursor={number + 1}"
        link = {"Link": f'<{following}>; rel="next"'} if number + 1 < len(pages) else {}
        found[tree if not number else f"{tree}&cursor={number}"] = Reply(page, headers=link)
    return found


def files(
    reference: str = "hf:org/repo",
    answers: dict[str, Reply] | None = None,
    environment: Environment | None = None,
    asked: list[Request] | None = None,
    **wish: Any,  # noqa: ANN401 - the fields of a wish
) -> dict[str, Resource]:
    resolving = HuggingFace().resolve(Wish(reference, **wish), environment or surroundings())
    found = talk(resolving, replies(PAGE) if answers is None else answers, asked)
    return {resource.reference.rpartition("@main/")[2]: resource for resource in found}


def test_a_repository_is_all_of_its_files_as_of_one_commit() -> None:
    found = files()
    assert list(found) == [".gitattributes", "vae/ae.safetensors", "README.md"]
    model = found["vae/ae.safetensors"]
    assert model.url.reveal() == f"{SITE}/org/repo/resolve/{COMMIT}/vae/ae.safetensors"
    assert (model.name, model.folder, model.length) == ("ae.safetensors", ("vae",), 1 << 30)
    assert model.digests == (Digest("sha256", HEX),)
    assert model.reference == "hf:org/repo@main/vae/ae.safetensors"
    assert (found["README.md"].length, found["README.md"].digests) == (10, ())
    about = model.about
    assert (about.title, about.type, about.licence, about.base_model) == (
        "org/Repo",
        "text-to-image",
        "mit",
        "a/b, c/d",
    )
    assert '"sha"' in about.document


def test_a_listing_is_read_page_by_page() -> None:
    asked = list[Request]()
    found = files(answers=replies([small("a")], [small("b")], [small("c")]), asked=asked)
    assert list(found) == ["a", "b", "c"]
    assert len(asked) == 4


def test_a_mirror_is_asked_for_the_next_page_itself_even_where_it_passes_on_the_hubs_links() -> None:
    base = "https://mirror.example"
    environment = surroundings({"huggingface": base}, huggingface="SECRET")
    answers = replies([small("a")], [small("b")], base=base)
    (first,) = [url for url in answers if url.endswith("recursive=true")]
    answers[first].head = Reply(headers={"Link": f'<{SITE}/api/x?recursive=true&cursor=1>; rel="next"'}).head
    asked = list[Request]()
    found = files(answers=answers, environment=environment, asked=asked)
    assert list(found) == ["a", "b"]
    assert hosts_that_see("SECRET", asked, list(found.values())) == {"mirror.example"}


def test_a_mirrors_redirect_to_the_hub_gets_no_token() -> None:
    base = "https://mirror.example"
    environment = surroundings({"huggingface": base}, huggingface="SECRET")
    answers = replies(PAGE, base=base)
    answers[f"{base}/api/models/org/repo/revision/main"] = Reply(b"", 308, {"Location": f"{SITE}/api/elsewhere"})
    answers[f"{SITE}/api/elsewhere"] = Reply(CARD)
    asked = list[Request]()
    files(answers=answers, environment=environment, asked=asked)
    assert hosts_that_see("SECRET", asked) == {"mirror.example"}
    assert f"{SITE}/api/elsewhere" in urls(asked)


def test_globs_choose_in_folders_too() -> None:
    assert list(files(include=("*.safetensors",))) == ["vae/ae.safetensors"]
    assert list(files(exclude=("*.md", ".git*"))) == ["vae/ae.safetensors"]
    with pytest.raises(NotFoundError):
        files(include=("*.gguf",))


@pytest.mark.parametrize("reference", ["hf:org/repo/vae/", f"{SITE}/org/repo/tree/main/vae"])
def test_a_folder_is_everything_below_it(reference: str) -> None:
    page = [large("vae/ae.safetensors"), small("vae/sub/config.json")]
    found = files(reference, replies(page, path="/vae"))
    assert [resource.folder for resource in found.values()] == [("vae",), ("vae", "sub")]


def test_a_repository_that_isnt_there_or_isnt_ours_is_told_with_the_tokens_variable() -> None:
    url = f"{SITE}/api/models/org/repo/revision/main"
    with pytest.raises(NotFoundError, match=r"org/repo at main: .*Repository not found") as missing:
        files(answers={url: Reply({"error": "Repository not found"}, 404)})
    with pytest.raises(AccessDeniedError) as denied:
        files(answers={url: Reply({"error": "Access is restricted"}, 401)})
    assert "HF_TOKEN" in missing.value.hint
    assert "HF_TOKEN" in denied.value.hint


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/../../b", "", "a//b", None, 7])
def test_a_path_that_leads_astray_is_unexpected(path: object) -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"huggingface\.co"):
        files(answers=replies([{"type": "file", "path": path, "size": 1}]))


@pytest.mark.parametrize("card", [[], {}, {"sha": 7}, {"sha": "../x"}, {"sha": "main"}])
def test_a_commit_that_is_none_is_unexpected(card: object) -> None:
    with pytest.raises(UnexpectedAnswerError):
        files(answers=replies(PAGE, card=card))


@pytest.mark.parametrize("page", [{}, "x", [7], None])
def test_a_listing_that_is_none_is_unexpected(page: object) -> None:
    with pytest.raises(UnexpectedAnswerError):
        files(answers=replies(page))


def test_a_listing_without_an_end_has_one() -> None:
    def answer(request: Request) -> Reply:
        if "/revision/" in request.url.path:
            return Reply(CARD)
        return Reply([], headers={"Link": f'<{request.url.reveal()}>; rel="next"'})

    asked = list[Request]()
    with pytest.raises(UnexpectedAnswerError, match="without an end"):
        talk(HuggingFace().resolve(Wish("hf:org/repo"), surroundings()), answer, asked)
    assert len(asked) <= 1001


def test_a_next_page_that_is_no_address_is_unexpected() -> None:
    tree = f"{SITE}/api/models/org/repo/tree/{COMMIT}?recursive=true"
    answers = replies(PAGE) | {tree: Reply(PAGE, headers={"Link": '<ftp://x>; rel="next"'})}
    with pytest.raises(UnexpectedAnswerError, match="isn't a URL"):
        files(answers=answers)
