from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.errors import (
    AccessDeniedError,
    DigestMismatchError,
    NotFoundError,
    ReferenceSyntaxError,
    RetriesExhaustedError,
    UnexpectedAnswerError,
)
from anymatix_fetcher.sources.base import Environment, Wish
from anymatix_fetcher.sources.zenodo import Zenodo
from tests.sources.surroundings import authorization, hosts_that_see, surroundings
from tests.sources.talk import Reply, talk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.errors import FetchError

SITE = "https://zenodo.org"
RECORD = f"{SITE}/api/records/123"
MD5 = "0123456789abcdef" * 2


def entry(key: object, **more: object) -> dict[str, Any]:
    return {"key": key, "size": 7, "checksum": f"md5:{MD5}", "links": {"self": "https://evil.example/x"}, **more}


def record(*entries: object, **more: object) -> Reply:
    metadata = {"title": "A model", "license": {"id": "cc-by-4.0"}, "resource_type": {"type": "dataset"}}
    return Reply({"id": 123, "metadata": metadata, "files": list(entries), **more})


FILES = record(entry("model.bin"), entry("a b/x.txt", checksum="crc:1", size=None))


def resolve(
    reference: str,
    replies: Mapping[str, Reply | FetchError],
    environment: Environment | None = None,
    asked: list[Request] | None = None,
    **wish: Any,  # noqa: ANN401 - the fields of a wish
) -> tuple[Resource, ...]:
    environment = environment or surroundings()
    assert Zenodo().recognises(reference.strip(), environment)
    return talk(Zenodo().resolve(Wish(reference, **wish), environment), replies, asked)


@pytest.mark.parametrize(
    "reference",
    [
        " zenodo:123/model.bin ",
        f"{SITE}/records/123/files/model.bin?download=1",
        "http://www.zenodo.org/record/123/files/model.bin",
        f"{SITE}/records/123/preview/model.bin",
        f"{SITE}/api/records/123/files/model.bin/content",
    ],
)
def test_the_record_tells_a_files_digest_and_length(reference: str) -> None:
    (resource,) = resolve(reference, {RECORD: FILES})
    assert resource.url.reveal() == f"{RECORD}/files/model.bin/content"
    assert (resource.name, resource.length, resource.digests) == ("model.bin", 7, (Digest("md5", MD5),))
    assert (resource.reference, resource.folder) == ("zenodo:123/model.bin", ())
    about = resource.about
    assert (about.title, about.type, about.licence, about.page) == (
        "A model",
        "dataset",
        "cc-by-4.0",
        f"{SITE}/records/123",
    )


@pytest.mark.parametrize(
    "reference",
    [
        *("zenodo:123", f"{SITE}/records/123", f"{SITE}/record/123/", f"{SITE}/api/records/123/files"),
        *("https://doi.org/10.5281/zenodo.123", "http://dx.doi.org/10.5281/ZENODO.123"),
    ],
)
def test_a_whole_record_is_all_of_its_files(reference: str) -> None:
    first, second = resolve(reference, {RECORD: FILES})
    assert (first.name, second.name, second.folder) == ("model.bin", "x.txt", ("a b",))
    assert (second.length, second.digests) == (None, ())
    assert second.url.reveal() == f"{RECORD}/files/a%20b/x.txt/content"
    (resource,) = resolve(reference, {RECORD: FILES}, include=("*.bin",))
    assert resource.name == "model.bin"
    with pytest.raises(NotFoundError, match="none of the 2 files"):
        resolve(reference, {RECORD: FILES}, exclude=("*",))


def test_the_number_of_all_versions_leads_to_the_latest_one() -> None:
    replies: dict[str, Reply | FetchError] = {
        f"{SITE}/api/records/99": Reply(b"", 301, {"Location": "/api/records/123"}),
        RECORD: FILES,
    }
    (resource,) = resolve("zenodo:99/model.bin", replies)
    assert (resource.reference, resource.url.reveal()) == ("zenodo:123/model.bin", f"{RECORD}/files/model.bin/content")


def test_a_file_is_fetched_even_while_the_api_is_out_of_order() -> None:
    (resource,) = resolve("zenodo:123/model.bin", {RECORD: RetriesExhaustedError("down")})
    assert (resource.url.reveal(), resource.length) == (f"{RECORD}/files/model.bin/content", None)
    with pytest.raises(RetriesExhaustedError):
        resolve("zenodo:123", {RECORD: RetriesExhaustedError("down")})


def test_what_isnt_there_is_said_with_what_is() -> None:
    with pytest.raises(NotFoundError, match=r"zenodo:123 has no file other\.bin") as refusal:
        resolve("zenodo:123/other.bin", {RECORD: FILES})
    assert "model.bin" in refusal.value.hint
    with pytest.raises(NotFoundError, match="the record or the file doesn't exist"):
        resolve("zenodo:123", {RECORD: Reply({"message": "gone"}, 404)})


def test_files_that_arent_public_are_said_to_be_so() -> None:
    closed = Reply({"id": 123, "metadata": {"access_right": "restricted"}})
    with pytest.raises(AccessDeniedError, match="aren't public") as refusal:
        resolve("zenodo:123", {RECORD: closed})
    assert "ZENODO_TOKEN" in refusal.value.hint


def test_the_token_goes_to_zenodo_alone() -> None:
    asked: list[Request] = []
    resources = resolve("zenodo:123", {RECORD: FILES}, surroundings(zenodo="SECRET"), asked)
    assert {authorization(resource.headers) for resource in resources} == {"Bearer SECRET"}
    assert hosts_that_see("SECRET", asked, resources) == {"zenodo.org"}


def test_what_the_user_says_to_the_resolver_of_dois_isnt_zenodos() -> None:
    asked: list[Request] = []
    own = Headers.of(X_Own="SECRET")
    resources = resolve("https://doi.org/10.5281/zenodo.123", {RECORD: FILES}, asked=asked, headers=own)
    assert not hosts_that_see("SECRET", asked, resources)


@pytest.mark.parametrize("key", ["../x", "/x", "a//b", ".", 5, None, ""])
def test_names_that_lead_astray_are_refused(key: object) -> None:
    with pytest.raises(UnexpectedAnswerError):
        resolve("zenodo:123", {RECORD: record(entry(key))})


def test_another_digest_than_the_users_is_told_beforehand() -> None:
    with pytest.raises(DigestMismatchError):
        resolve("zenodo:123/model.bin", {RECORD: FILES}, digests=(Digest("md5", "0" * 32),))


@pytest.mark.parametrize("reference", ["zenodo:", "zenodo:x/y", "zenodo:1/../2", "zenodo:-1", "zenodo:²"])
def test_what_names_no_record_isnt_guessed_at(reference: str) -> None:
    with pytest.raises(ReferenceSyntaxError) as refusal:
        resolve(reference, {})
    assert "zenodo:ID/NAME" in refusal.value.hint


@pytest.mark.parametrize(
    "reference",
    [
        *(
            f"{SITE}/",
            f"{SITE}/communities/x",
            f"{SITE}/records/x",
            f"{SITE}/records/1/files/a%2F..%2Fb",
            f"{SITE}:8/records/1",
        ),
        *("https://doi.org/10.1000/zenodo.1", "https://doi.org/10.5281/other.1", "https://doi.org/zenodo.1x"),
    ],
)
def test_other_addresses_arent_records(reference: str) -> None:
    assert not Zenodo().recognises(reference, Environment())
