"""Secrets go where they belong and nowhere else: not to redirects' targets, not into files, not into what is told."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from anymatix_fetcher import CancelToken, Digest, Engine, FetchError, Job, Settings, Status, fetch, fetch_many
from anymatix_fetcher.engine.session import Session
from anymatix_fetcher.errors import DigestMismatchError, DiskFullError, DownloadCancelled, NetworkError
from anymatix_fetcher.testing import Fault, Match, Origin
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.wiring.composition import network_of, open_transport, ports_for, resolving
from anymatix_fetcher.wiring.credentials import KEYRING_SERVICE, Tokens
from anymatix_fetcher.wiring.environment import environment
from tests.engine.planted import PLANTED, World
from tests.servers.proxies import HttpProxy
from tests.storage.doubles import FaultyDisk, failing
from tests.wiring.test_credentials import Drawer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from anymatix_fetcher import Progress, Result
    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.sources.base import Environment
    from tests.servers.tls_material import TlsMaterial

ENGINES = [Engine.CURL, Engine.THREADS]
NO_DIGEST = Digest("sha256", "0" * 64)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    with World(tmp_path, monkeypatch) as running, caplog.at_level(logging.DEBUG, "anymatix_fetcher"):
        yield running
        running.check_requests()
        running.check_files()
        records = caplog.get_records("call")
        assert records
        running.check_told(*(f"{record.getMessage()} {record.args!r}" for record in records))


def watching(world: World) -> Callable[[tuple[Progress, ...]], None]:
    """Looks through everything that is written and told meanwhile."""

    def look(progress: tuple[Progress, ...]) -> None:
        world.tell(*progress)
        world.check_files()

    return look


def errors_of(results: list[Result]) -> list[FetchError]:
    return [result.error for result in results if result.error is not None]


@pytest.mark.parametrize("engine", ENGINES)
def test_downloads_tell_each_secret_to_its_own_origin(world: World, engine: Engine) -> None:
    settings = Settings(directory=world.downloads, engine=engine, connections=4)
    jobs = [Job(reference, settings) for reference in world.references]
    digest = Digest("sha256", world.same_sha256)  # without one a mirror isn't asked
    mirrored = replace(settings, headers=world.headers, mirrors=world.mirrors, digests=(digest,))
    jobs.append(Job(world.direct.url("/same.bin"), mirrored))
    results = fetch_many(jobs, on_progress=watching(world))
    world.tell(*jobs, *results)
    assert [result.error for result in results] == [None] * len(jobs)
    assert results[0].renewals
    assert all(map(world.hosts.ledger().requests, ("civitai-r2", "civitai-b2"))), "which led to another store"
    world.check_requests(*PLANTED)


@pytest.mark.parametrize("engine", ENGINES)
def test_downloads_that_fail_tell_nothing_though_the_servers_repeat_all_they_were_sent(
    world: World, engine: Engine
) -> None:
    for number, (origin, names) in enumerate(
        ((world.direct, ("authorization", "api-key")), (world.direct, ("userinfo", "query")), (world.netrc, ("netrc",)))
    ):
        said = " and the password ".join(PLANTED[name] for name in names)
        status = Fault.status(code=(403, 404, 401)[number], text=f"no: the password {said} isn't right")
        origin.script(status, when=Match(path=f"/refused{number}.bin"))
    world.direct.script(Fault.redirect(location="{target}/lost.bin"), when=Match(path="/lost.bin", at="origin"))
    settings, password = Settings(directory=world.downloads, engine=engine), quote(PLANTED["userinfo"], safe="")
    place, query = world.direct.url("/refused1.bin").partition("://")[2], quote(PLANTED["query"], safe="")
    jobs = [
        Job(world.direct.url("/refused0.bin"), replace(settings, headers=world.headers)),
        Job(f"http://somebody:{password}@{place}?sig={query}", settings),
        Job(world.netrc.url("/refused2.bin"), settings),
        Job(world.direct.url("/lost.bin"), replace(settings, headers=world.headers)),
        Job(f"civitai:999?token={PLANTED['pasted']}", settings),
        Job("hf:anymatix/gated/missing.safetensors", settings),
        Job("github:anymatix/hidden@v2.0/weights.safetensors", settings),
        Job(f"https://u:{password}@h.example:99999/x?token={PLANTED['query']}", settings),
        Job(f"ftp://u:{PLANTED['api-key']}@h.example/x", settings),
        Job(world.references[5], replace(settings, digests=(NO_DIGEST,))),
    ]
    results = fetch_many(jobs, on_progress=watching(world))
    world.tell(*jobs, *results, *errors_of(results))
    assert len(errors_of(results)) == len(jobs)
    assert isinstance(results[-1].error, DigestMismatchError)
    world.check_requests("authorization", "api-key", "userinfo", "query", "netrc", "pasted", "huggingface", "github")


@pytest.mark.parametrize("engine", ENGINES)
def test_what_an_interruption_leaves_behind_holds_no_secret(world: World, engine: Engine) -> None:
    cancel, look = CancelToken(), watching(world)

    def stop_soon(progress: tuple[Progress, ...]) -> None:
        look(progress)
        if sum(one.bytes_stored > 0 for one in progress) == len(progress):
            cancel.cancel()

    settings = Settings(directory=world.downloads, engine=engine)
    jobs = [
        Job("civitai:7", settings),
        Job(f"{world.direct.url('/same.bin')}?sig={quote(PLANTED['query'])}", replace(settings, headers=world.headers)),
    ]
    results = fetch_many(jobs, on_progress=stop_soon, cancel=cancel)
    world.tell(*results, *errors_of(results))
    assert all(isinstance(error, DownloadCancelled) for error in errors_of(results))
    assert len(list(world.downloads.glob("*.part"))) == 2


def run_session(world: World, reference: str, surroundings: Environment, disk: Disk | None = None) -> Result:
    """A download with other surroundings, or another disk, than this machine's."""
    settings, limiter = Settings(directory=world.downloads), RateLimiter()
    ports = ports_for(open_transport(network_of(settings), settings.engine, limiter), limiter)
    session = Session(replace(ports, disk=disk or ports.disk), lambda job: resolving(job, surroundings))
    ticket = session.submit(Job(reference, settings))
    session.start()
    try:
        assert session.wait(20)
    finally:
        session.close()
    assert ticket.result is not None
    world.tell(ticket.result, ticket.result.error, surroundings)
    return ticket.result


def test_a_full_disk_tells_no_secret(world: World) -> None:
    disk = FaultyDisk(fault=failing("write_at", ".part"))
    result = run_session(world, world.references[5], environment(), disk)
    assert isinstance(result.error, DiskFullError)
    world.check_requests("userinfo", "query")


def test_a_token_of_the_keyring_goes_to_its_service(world: World) -> None:
    drawer = Drawer()
    drawer.set_password(KEYRING_SERVICE, "civitai.com", PLANTED["pasted"])
    surroundings = replace(environment(), tokens=Tokens({}, world.home, drawer))
    assert run_session(world, "civitai:8", surroundings).status is Status.DOWNLOADED
    world.check_requests("pasted")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_proxy_learns_its_own_password_only_and_nobody_else_learns_it(
    world: World, engine: Engine, tls_material: TlsMaterial
) -> None:
    password, look = "proxy-planted-33cc", watching(world)
    with Origin(tls=tls_material.server_context()) as safe, HttpProxy(user="me", password=password) as proxy:
        safe.sign("/safe.bin", ttl_seconds=60, size=100_000)
        result = fetch(
            f"{safe.url('/safe.bin')}?sig={quote(PLANTED['query'])}",
            on_progress=lambda progress: look((progress,)),
            directory=world.downloads,
            engine=engine,
            headers=dict(world.headers),
            proxy=proxy.url(f"me:{password}"),
            ca_file=tls_material.authority,
        )
        heads = b"\n".join(proxy.heads).decode("latin-1")
        sent = [(one.listener, f"{one.target} {list(one.headers.values())}") for one in safe.seen()]
    world.tell(result)
    world.check_told(heads)
    assert password not in "".join(world.told)
    assert all(password not in text for _, text in sent)
    assert {listener for listener, text in sent if PLANTED["authorization"] in text} == {"origin"}
    assert {listener for listener, _ in sent} == {"origin", "target"}


@pytest.mark.parametrize("engine", ENGINES)
def test_from_https_to_http_nothing_is_sent_at_all(world: World, engine: Engine, tls_material: TlsMaterial) -> None:
    with Origin(tls=tls_material.server_context(), target_tls=None) as origin:
        origin.sign("/model.bin", ttl_seconds=60, size=100_000)
        with pytest.raises(NetworkError, match="plain http") as refusal:
            fetch(
                origin.url("/model.bin"),
                directory=world.downloads,
                engine=engine,
                headers=world.headers,
                ca_file=tls_material.authority,
            )
        assert {one.listener for one in origin.seen()} == {"origin"}
    world.tell(refusal.value)
