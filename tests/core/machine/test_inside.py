"""What others have written leads to no address of the machine's own network, by a redirect as little as by itself."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.answers.address import Address
from anymatix_fetcher.core.answers.range_signers import RangeSigners
from anymatix_fetcher.core.machine.download import Download
from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.hosts import Host, Hosts
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import AccessDeniedError
from anymatix_fetcher.sources.base import Answer
from anymatix_fetcher.sources.reading import RemoteFile
from tests.core.machine.bench import RIGHT, Bench

MIRROR = Url.parse("https://mirror.example/model.safetensors")
PUBLIC = Url.parse("https://models.example/model.safetensors")
INSIDE = (
    "https://169.254.169.254/latest/meta-data",
    "https://127.0.0.1:8188/",
    "https://10.0.0.1/",
    "https://100.64.3.2/",
    "https://[::1]/",
    "https://[::ffff:192.168.0.1]/",
    "https://[64:ff9b::a00:1]/",
    "https://localhost/",
    "https://api.localhost/",
)


def redirected(resource: Resource, location: str) -> list[m.Command]:
    download = Download(
        resource, Host(resource.url.origin, Pace(fixed=1), Hosts()).join(), random=lambda: 0.5, join=None
    )
    commands = download.receive(m.Begin(storage_is_open=True), 100.0)
    (start,) = [command for command in commands if isinstance(command, m.StartExchange)]
    head = ResponseHead(302, Headers.of(location=location))
    return download.receive(m.HeadArrived(start.exchange, head), 100.1)


@pytest.mark.parametrize("location", INSIDE)
def test_a_redirect_from_a_public_host_into_the_own_network_is_refused(location: str) -> None:
    commands = redirected(Resource(PUBLIC, stays_public=True), location)
    (failed,) = [command for command in commands if isinstance(command, m.Fail)]
    assert "its own network" in str(failed.error)
    assert not [command for command in commands if isinstance(command, m.StartExchange)]


def test_what_the_user_wrote_may_lead_there_and_so_may_a_host_that_is_there_itself() -> None:
    assert [one for one in redirected(Resource(PUBLIC), "https://10.0.0.1/m") if isinstance(one, m.StartExchange)]
    own = Resource(Url.parse("http://192.168.0.2/model.safetensors"), stays_public=True)
    assert [one for one in redirected(own, "http://192.168.0.3/m") if isinstance(one, m.StartExchange)]


@pytest.mark.parametrize("location", ["https://1.1.1.1/m", "https://cdn.example/m", "https://[2606:4700::1111]/m"])
def test_another_public_host_is_followed(location: str) -> None:
    address = Address(Resource(PUBLIC, stays_public=True), RangeSigners(lambda _: False))
    assert address.forbids(PUBLIC.host, Url.parse(location)) is None


@pytest.mark.parametrize("stays_public", [True, False])
def test_a_mirror_leads_there_as_little(*, stays_public: bool) -> None:
    bench = Bench(mirrors=(MIRROR,), digests=(RIGHT,), connections=1, stays_public=stays_public)
    bench.answer(bench.open())
    (start,) = [one for one in bench.all(m.StartExchange) if one.request.url == MIRROR]
    bench.status(start, 302, ("Location", INSIDE[0]))
    followed = [one for one in bench.all(m.StartExchange) if one.request.url.host == "169.254.169.254"]
    assert bool(followed) is not stays_public
    assert not bench.machine.is_over


def test_what_only_looks_at_a_file_isnt_led_there_either() -> None:
    reading = RemoteFile(Resource(PUBLIC, stays_public=True)).open()
    request = next(reading)
    with pytest.raises(AccessDeniedError, match="its own network"):
        reading.send(Answer(request.url, ResponseHead(302, Headers.of(location=INSIDE[0])), b""))


def test_each_request_says_that_public_addresses_alone_may_be_asked() -> None:
    followed = redirected(Resource(PUBLIC, public_only=True), "https://named.example/m")
    (start,) = [one for one in followed if isinstance(one, m.StartExchange)]
    assert (start.request.url.host, start.request.public_only) == ("named.example", True)
    plain = [one for one in redirected(Resource(PUBLIC), "https://named.example/m") if isinstance(one, m.StartExchange)]
    assert [one.request.public_only for one in plain] == [False]
