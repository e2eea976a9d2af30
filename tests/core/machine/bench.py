"""One machine and its outside, by hand; and what its tests have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from anymatix_fetcher.core.machine.download import Download
from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.hosts import Host, Hosts
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.resource import PLAIN, Resource
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.core.values.validators import Validator

if TYPE_CHECKING:
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values.resource import Service
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.errors import FetchError

MIB = 1 << 20
LENGTH = 64 * MIB
ORIGIN = Url.parse("https://models.example/model.safetensors?token=secret")
TARGET = Url.parse("https://cdn.example/abc?X-Amz-Signature=1")
OTHER_TARGET = Url.parse("https://mirror.example/abc?X-Amz-Signature=2")
RIGHT = Digest("sha256", "a" * 64)
WRONG = Digest("sha256", "b" * 64)
TAG = '"v1"'

C = TypeVar("C", bound="m.Command")


class Bench:
    """One machine and its outside, by hand."""

    def __init__(
        self,
        *,
        digests: tuple[Digest, ...] = (),
        connections: int = 4,
        overwrite: bool = False,
        service: Service = PLAIN,
        mirrors: tuple[Url, ...] = (),
        renewed_by_source: bool = False,
        length: int | None = None,
        stays_public: bool = False,
    ) -> None:
        headers = Headers((("Authorization", "Bearer secret"),))
        resource = Resource(
            ORIGIN,
            length=length,
            digests=digests,
            headers=headers,
            service=service,
            mirrors=mirrors,
            renewed_by_source=renewed_by_source,
            stays_public=stays_public,
        )
        self.connections = connections
        self.machine = Download(
            resource, self.join(ORIGIN.origin), random=lambda: 0.5, overwrite=overwrite, join=self.join
        )
        self.resource = resource
        self.now = 100.0
        self.commands: list[m.Command] = []

    def join(self, origin: Origin) -> Share:
        return Host(origin, Pace(fixed=self.connections), Hosts()).join()

    def send(self, event: m.Event) -> list[m.Command]:
        self.commands = self.machine.receive(event, self.now)
        return self.commands

    def wait(self, seconds: float) -> list[m.Command]:
        """Lets time pass as the engine does: in small steps."""
        found: list[m.Command] = []
        stop = self.now + seconds
        while self.now < stop:
            self.now += 0.25
            found += self.send(m.Tick())
        self.commands = found
        return found

    def all(self, kind: type[C]) -> list[C]:
        return [command for command in self.commands if isinstance(command, kind)]

    def one(self, kind: type[C]) -> C:
        (found,) = self.all(kind)
        return found

    def answer(self, start: m.StartExchange, *, tag: str | None = TAG, length: int = LENGTH) -> list[m.Command]:
        span = start.request.span
        assert span is not None
        span = Span(span.start, min(span.stop, length))
        fields = [("Content-Range", f"bytes {span.start}-{span.stop - 1}/{length}")]
        fields += [("ETag", tag)] if tag else []
        return self.send(m.HeadArrived(start.exchange, ResponseHead(206, Headers(tuple(fields)))))

    def status(self, start: m.StartExchange, status: int, *fields: tuple[str, str]) -> list[m.Command]:
        return self.send(m.HeadArrived(start.exchange, ResponseHead(status, Headers(fields))))

    def open(self, *, kept: m.KeptBlocks | None = None) -> m.StartExchange:
        self.send(m.Begin(storage_is_open=True, kept=kept))
        return self.one(m.StartExchange)

    def opened_at_target(self) -> list[m.StartExchange]:
        """The download after its redirect and its first accepted head: the other connections' requests."""
        self.status(self.open(), 307, ("Location", TARGET.reveal()))
        self.answer(self.one(m.StartExchange))
        return self.all(m.StartExchange)

    def bring(self, exchange: m.ExchangeId, span: Span) -> None:
        self.send(m.BodyStored(exchange, span))

    def failure(self) -> FetchError:
        return self.one(m.Fail).error


def kept(*spans: Span, tag: str | None = TAG, origin: Url = ORIGIN) -> m.KeptBlocks:
    validator = Validator.of(Headers.of(etag=tag)) if tag else Validator()
    return m.KeptBlocks(SpanSet.of(*spans), m.Identity(LENGTH, validator, origin.origin))
