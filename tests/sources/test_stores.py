from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import AccessDeniedError, FetchError, NotFoundError, ReferenceSyntaxError
from anymatix_fetcher.sources.base import Environment, Secret, Wish
from anymatix_fetcher.sources.stores import CHECKSUMS, FIRST_BYTE, S3, GoogleCloudStorage
from tests.sources.surroundings import hosts_that_see
from tests.sources.talk import Reply, resolved, talk, urls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.core.values.resource import Resource

HOME = "https://models.s3.amazonaws.com"
OBJECT = f"{HOME}/a/b%20c%2B.bin"
HERE = Reply(b"x", 206, {"Content-Range": "bytes 0-0/5"})
XML = {"Content-Type": "application/xml"}


def elsewhere(region: str, status: int = 301) -> Reply:
    return Reply("<Error><Code>PermanentRedirect</Code></Error>", status, {**XML, "x-amz-bucket-region": region})


class Notary:
    """Signs so that everybody sees it, and remembers what."""

    def __init__(self) -> None:
        self.signed: list[tuple[str, Headers, str]] = []

    def __call__(self, url: Url, headers: Headers, region: str) -> Url:
        self.signed.append((url.reveal(), headers, region))
        return Url.parse(f"{url.reveal()}?X-Amz-Signature={len(self.signed)}")


def resolve(
    reference: str,
    replies: Mapping[str, Reply | FetchError],
    environment: Environment | None = None,
    asked: list[Request] | None = None,
    **wish: Any,  # noqa: ANN401 - the fields of a wish
) -> Resource:
    environment = environment or Environment()
    assert S3().recognises(reference.strip(), environment)
    (resource,) = talk(S3().resolve(Wish(reference, **wish), environment), replies, asked)
    return resource


def test_a_public_object_is_fetched_as_it_is() -> None:
    asked: list[Request] = []
    resource = resolve(" s3://models/a/b c+.bin ", {OBJECT: HERE}, Environment(sign=Notary()), asked)
    assert (resource.url.reveal(), resource.name, resource.reference) == (OBJECT, "b c+.bin", "s3://models/a/b c+.bin")
    assert resource.headers == CHECKSUMS
    assert not resource.renewed_by_source
    assert (resource.service.name, asked[0].span) == ("s3", FIRST_BYTE)


@pytest.mark.parametrize(
    ("bucket", "region", "url"),
    [
        ("models", "eu-west-1", "https://models.s3.eu-west-1.amazonaws.com/k"),
        ("models", "cn-north-1", "https://models.s3.cn-north-1.amazonaws.com.cn/k"),
        ("my.models", "", "https://s3.amazonaws.com/my.models/k"),
        ("my.models", "us-gov-west-1", "https://s3.us-gov-west-1.amazonaws.com/my.models/k"),
        ("Old_Bucket", "", "https://s3.amazonaws.com/Old_Bucket/k"),
    ],
)
def test_a_bucket_that_can_be_a_hosts_label_is_one(bucket: str, region: str, url: str) -> None:
    assert resolve(f"s3://{bucket}/k", {url: HERE}, Environment(region=region)).url.reveal() == url


@pytest.mark.parametrize("status", [301, 307, 400])
def test_the_region_that_the_store_names_is_asked_once(status: int) -> None:
    there = "https://models.s3.eu-west-1.amazonaws.com/k"
    replies: dict[str, Reply | FetchError] = {f"{HOME}/k": elsewhere("eu-west-1", status), there: HERE}
    asked: list[Request] = []
    assert resolve("s3://models/k", replies, asked=asked).url.reveal() == there
    assert urls(asked) == [f"{HOME}/k", there]
    replies[there] = elsewhere("ap-south-1", 400)
    with pytest.raises(FetchError):
        resolve("s3://models/k", replies)


@pytest.mark.parametrize("region", ["", "evil.example/", "x", "eu-west-1.evil.example", "eu-west-1#", "EU-WEST-1"])
def test_a_region_that_is_none_isnt_asked(region: str) -> None:
    asked: list[Request] = []
    with pytest.raises(FetchError):
        resolve("s3://models/k", {f"{HOME}/k": elsewhere(region, 400)}, asked=asked)
    assert urls(asked) == [f"{HOME}/k"]


def test_what_isnt_public_is_signed_where_there_are_credentials() -> None:
    notary = Notary()
    environment = Environment(region="us-west-2", sign=notary)
    refusal = elsewhere("eu-west-1", 403)
    asked_at = "https://models.s3.us-west-2.amazonaws.com/k"
    own = Headers((("X-Own", "1"), ("x-amz-request-payer", "requester")))
    resource = resolve("s3://models/k", {asked_at: refusal}, environment, headers=own)
    payer = ("x-amz-request-payer", "requester")
    assert notary.signed == [
        ("https://models.s3.eu-west-1.amazonaws.com/k", Headers((payer, *CHECKSUMS.fields)), "eu-west-1")
    ]
    assert resource.url.reveal().endswith("/k?X-Amz-Signature=1")
    assert resource.renewed_by_source
    assert resource.headers == Headers((*own.fields, *CHECKSUMS.fields))
    assert "Signature" not in f"{resource}"
    assert resolve("s3://models/k", {asked_at: refusal}, environment).url.reveal().endswith("=2"), "fresh each time"


def test_without_credentials_the_refusal_says_what_is_missing() -> None:
    with pytest.raises(AccessDeniedError, match="s3://models/k isn't public") as refusal:
        resolve("s3://models/k", {f"{HOME}/k": Reply("<Error/>", 403, XML)})
    assert "AWS_ACCESS_KEY_ID" in refusal.value.hint


def test_what_isnt_there_isnt_signed() -> None:
    missing = Reply("<Error><Code>NoSuchKey</Code></Error>", 404, XML)
    with pytest.raises(NotFoundError) as refusal:
        resolve("s3://models/k", {f"{HOME}/k": missing}, Environment(sign=Notary()))
    assert refusal.value.hint


def test_an_empty_object_is_one() -> None:
    assert resolve("s3://models/k", {f"{HOME}/k": Reply(b"", 416, {"Content-Range": "bytes */0"})}).name == "k"


def test_other_stores_are_asked_at_their_endpoint_by_path_and_signed_at_once() -> None:
    endpoints, url = {"s3": Url.parse("http://127.0.0.1:9000/")}, "http://127.0.0.1:9000/models/k"
    assert resolve("s3://models/k", {url: HERE}, Environment(endpoints=endpoints)).url.reveal() == url
    with pytest.raises(AccessDeniedError):
        resolve("s3://models/k", {url: elsewhere("eu-west-1", 403)}, Environment(endpoints=endpoints))
    notary = Notary()
    resource = resolve("s3://models/k", {}, Environment(endpoints=endpoints, sign=notary))
    assert (resource.url.reveal(), resource.renewed_by_source) == (f"{url}?X-Amz-Signature=1", True)
    assert notary.signed == [(url, CHECKSUMS, "us-east-1")]


@pytest.mark.parametrize("scheme", ["s3", "gs"])
@pytest.mark.parametrize(
    "rest", ["", "b", "bucket", "bucket/", "bucket/folder/", "/k", "a..b/k", "me@evil/k", "b?/k", "bucket/../k"]
)
def test_what_names_no_object_isnt_guessed_at(scheme: str, rest: str) -> None:
    source = S3() if scheme == "s3" else GoogleCloudStorage()
    with pytest.raises(ReferenceSyntaxError, match="not a reference to an object") as refusal:
        resolved(source.resolve(Wish(f"{scheme}://{rest}"), Environment()))
    assert f"{scheme}://BUCKET/KEY" in refusal.value.hint


def test_googles_objects_lie_below_their_bucket() -> None:
    (resource,) = resolved(GoogleCloudStorage().resolve(Wish("gs://my.models/a b/100%.bin?x"), Environment()))
    assert resource.url.reveal() == "https://storage.googleapis.com/my.models/a%20b/100%25.bin%3Fx"
    assert (resource.service.name, resource.headers) == ("gcs", Headers())
    assert resource.reference == "gs://my.models/a b/100%.bin?x"


def test_a_token_for_googles_store_goes_there_alone() -> None:
    tokens = {"https://storage.googleapis.com": Secret("SECRET"), "http://127.0.0.1:8": Secret("SECRET")}
    resources = resolved(GoogleCloudStorage().resolve(Wish("gs://models/k"), Environment(tokens=tokens)))
    assert hosts_that_see("SECRET", (), resources) == {"storage.googleapis.com"}
    plain = Environment(endpoints={"gcs": Url.parse("http://127.0.0.1:8")}, tokens=tokens)
    resources = resolved(GoogleCloudStorage().resolve(Wish("gs://models/k"), plain))
    assert not hosts_that_see("SECRET", (), resources)
    own = Headers.of(Authorization="Bearer own")
    (resource,) = resolved(GoogleCloudStorage().resolve(Wish("gs://models/k", headers=own), Environment(tokens=tokens)))
    assert resource.headers == own
