"""What a service says in its own way reaches the machine: digests, lengths, explanations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.resource import Stated
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import AccessDeniedError, DigestMismatchError
from tests.core.machine.bench import LENGTH, MIB, RIGHT, TARGET, WRONG, Bench

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Refused, ResponseHead
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.errors import FetchError


@dataclass(frozen=True)
class Stating:
    """A service that states digest and length in fields of its own."""

    name: str = "stating"

    def stated(self, head: ResponseHead) -> Stated:
        digest, length = head.headers.get("X-Digest"), head.headers.get("X-Length")
        return Stated(int(length) if length else None, (Digest.parse(digest),) if digest else ())

    def explain(self, refused: Refused, url: Url, *, authorized: bool) -> FetchError | None:
        return AccessDeniedError(f"{url.host}: {refused.status}, {authorized}, {refused.headers.get('X-Why')}")


def redirected(bench: Bench, *fields: tuple[str, str]) -> list[m.Command]:
    return bench.status(bench.open(), 302, ("Location", TARGET.reveal()), *fields)


def test_a_redirect_tells_length_and_digest_before_anything_has_come() -> None:
    bench = Bench(service=Stating())
    redirected(bench, ("X-Digest", str(RIGHT)), ("X-Length", str(LENGTH)))
    assert bench.machine.digests == (RIGHT,)
    assert bench.machine.length == LENGTH


def test_what_another_host_says_in_that_way_isnt_believed() -> None:
    bench = Bench(service=Stating())
    redirected(bench)
    bench.status(bench.one(m.StartExchange), 302, ("Location", "https://third.example/x"), ("X-Digest", str(WRONG)))
    assert bench.machine.digests == ()


def test_a_digest_that_contradicts_the_wanted_one_ends_it_before_a_byte_has_come() -> None:
    bench = Bench(service=Stating(), digests=(RIGHT,))
    redirected(bench, ("X-Digest", str(WRONG)))
    assert isinstance(bench.failure(), DigestMismatchError)
    assert not bench.all(m.StartExchange)


def test_a_stated_length_has_to_be_the_answers() -> None:
    bench = Bench(service=Stating())
    redirected(bench, ("X-Length", str(LENGTH + 1)))
    bench.answer(bench.one(m.StartExchange))
    assert not bench.all(m.AcceptBody)


def test_a_refusal_is_explained_by_the_service_which_knows_whether_a_token_was_sent() -> None:
    bench = Bench(service=Stating())
    bench.status(bench.open(), 403, ("X-Why", "early access"))
    assert str(bench.failure()) == "models.example: 403, True, early access"


def test_the_digest_is_learned_again_when_the_address_is_renewed_and_has_to_be_the_same() -> None:
    bench = Bench(service=Stating())
    redirected(bench, ("X-Digest", str(RIGHT)))
    first = bench.one(m.StartExchange)
    bench.answer(first)
    others = bench.all(m.StartExchange)
    bench.bring(first.exchange, Span(0, 1 << 20))
    bench.now += 100
    bench.status(others[0], 403)
    bench.send(m.Renewed(bench.resource))
    (walk,) = (start for start in bench.all(m.StartExchange) if start.request.url == bench.resource.url)
    bench.status(walk, 302, ("Location", "https://cdn.example/new"), ("X-Digest", str(WRONG)))
    assert isinstance(bench.failure(), DigestMismatchError)


def test_a_weaker_digest_beside_one_that_settles_everything_isnt_computed() -> None:
    bench = Bench(digests=(RIGHT,))
    bench.send(m.Begin(storage_is_open=True))
    start = bench.one(m.StartExchange)
    fields = (
        ("Content-Range", f"bytes 0-{8 * MIB - 1}/{LENGTH}"),
        ("x-ms-blob-content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
    )
    bench.status(start, 206, *fields)
    assert bench.machine.digests == (RIGHT,)
