"""Peers, with real servers on loopback: what comes from them instead of the origin, and what becomes of bad ones."""

from __future__ import annotations

import hashlib
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import DigestMismatchError, NotFoundError, ReferenceSyntaxError, fetch
from anymatix_fetcher.testing import Fault, File, Match, Origin
from anymatix_fetcher.testing.hosts import Hosts, HubFile, HubRepo, hosted, huggingface
from tests.servers.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anymatix_fetcher import Result

SIZE = 40 << 20
BLOCK = 1 << 20
SECRET = "the-secret-of-all-servers"


class Fleet:
    """An origin with a file, and servers that lend it by its digest."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.folder = folder
        self.origin, *self.peers = [stack.enter_context(Origin(seed=5)) for _ in range(3)]
        self.file = self.origin.add("/model.bin", size=SIZE)
        self.sha256 = self.file.sha256()
        self.content = self.file.read()
        for peer in self.peers:
            self.lend(peer)

    def lend(self, peer: Origin, data: bytes | None = None) -> File:
        """``peer`` has the file; or ``data``, under its digest."""
        path, etag = f"/sha256/{self.sha256}", f'"{self.sha256}"'
        return peer.add(path, data=self.content if data is None else data, etag=etag)

    def fetch(self, *peers: Origin | str, **options: object) -> Result:
        """The file, with what these peers have; checked."""
        urls = [peer if isinstance(peer, str) else peer.url("/") for peer in peers]
        settings = {"sha256": self.sha256, "directory": self.folder, "peers": urls, **options}
        result = fetch(self.file.url, **settings)  # type: ignore[arg-type]
        assert result.path == self.folder / "model.bin"
        assert result.path.read_bytes() == self.content
        assert result.verified == "sha256"
        return result

    @property
    def sent(self) -> int:
        """Bytes that the origin has sent."""
        return self.origin.ledger().bytes_sent


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    monkeypatch.setenv("ANYFETCH_SECRET", SECRET)
    with ExitStack() as stack:
        yield Fleet(stack, tmp_path)


def test_what_a_peer_has_comes_from_it_and_the_origin_is_not_asked(fleet: Fleet) -> None:
    result = fleet.fetch(fleet.peers[0])
    assert len(fleet.origin.seen()) == 0
    assert (result.origin_requests, result.bytes_downloaded) == (0, SIZE)
    sent = {request.headers["authorization"] for request in fleet.peers[0].seen()}
    assert sent == {f"Bearer {SECRET}"}


def test_all_peers_bring_their_part(fleet: Fleet) -> None:
    for peer in fleet.peers:
        peer.script(Fault.throttle(8_000_000))
    fleet.fetch(*fleet.peers, connections=2)
    assert len(fleet.origin.seen()) == 0
    assert min(peer.ledger().bytes_sent for peer in fleet.peers) > SIZE // 10


def test_peers_come_from_the_environment_too(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYFETCH_PEERS", f" {fleet.peers[0].url('/')}, {fleet.peers[1].url('/')} ")
    fleet.fetch()
    assert len(fleet.origin.seen()) == 0


def test_a_peer_that_has_not_got_it_costs_one_request(fleet: Fleet) -> None:
    with Origin(seed=1) as empty:
        fleet.fetch(empty)
        assert len(empty.seen()) == 1
    assert fleet.sent == SIZE


def test_a_digest_that_the_origin_tells_has_peers_join(fleet: Fleet) -> None:
    digest = hashlib.sha256(fleet.content).hexdigest()
    fleet.origin.script(Fault.throttle(8_000_000))
    file = fleet.origin.add("/told.bin", data=fleet.content, headers={"Repr-Digest": "sha-256=:{sha256_base64}:"})
    result = fetch(file.url, directory=fleet.folder, peers=[fleet.peers[0].url("/")], connections=2)
    assert result.sha256 == digest
    assert fleet.sent < SIZE // 2


def test_without_a_digest_no_peer_is_asked(fleet: Fleet) -> None:
    fetch(fleet.file.url, directory=fleet.folder, peers=[fleet.peers[0].url("/")])
    assert len(fleet.peers[0].seen()) == 0


def test_a_peer_that_spoils_one_block_in_ten_spoils_nothing(fleet: Fleet) -> None:
    fleet.peers[0].script(Fault.flip(tuple(range(BLOCK // 2, SIZE, 10 * BLOCK))))
    fleet.fetch(fleet.peers[0])
    assert fleet.sent <= SIZE + 4 * BLOCK, "what it has lent comes again, once"
    fleet.folder.joinpath("model.bin").unlink()
    fleet.fetch(*fleet.peers)


def test_a_peer_that_lends_another_file_spoils_nothing(fleet: Fleet) -> None:
    for wrong in (b"<html>log in</html>" * 1000, fleet.content[: SIZE // 2], fleet.content + b"more"):
        fleet.lend(fleet.peers[0], wrong)
        fleet.fetch(fleet.peers[0])
        fleet.folder.joinpath("model.bin").unlink()


def test_a_peer_that_dies_midway_costs_nothing_but_its_share(fleet: Fleet) -> None:
    fleet.peers[0].script(Fault.reset(after=BLOCK), when=Match(request="3"))
    fleet.peers[0].script(Fault.refuse(), when=Match(connection="2-"))
    result = fleet.fetch(fleet.peers[0], connections=1)
    assert fleet.sent < SIZE - 8 * BLOCK
    assert result.seconds < 10


def test_a_peer_that_is_not_there_or_never_answers_keeps_nobody_waiting(fleet: Fleet) -> None:
    fleet.fetch(f"http://127.0.0.1:{free_ports(1)[0]}")
    fleet.folder.joinpath("model.bin").unlink()
    fleet.peers[0].script(Fault.delay(60.0))
    assert fleet.fetch(fleet.peers[0]).seconds < 8


def test_a_slow_peer_gives_way_and_goes_on_bringing_its_share(fleet: Fleet) -> None:
    fleet.peers[0].script(Fault.throttle(200_000))
    began = time.monotonic()
    fleet.fetch(fleet.peers[0], connections=2)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_where_a_peer_refuses_the_origin_is_asked(fleet: Fleet, status: int) -> None:
    fleet.peers[0].script(Fault.status(status, retry_after="30" if status in (429, 503) else None))
    assert fleet.fetch(fleet.peers[0]).seconds < 8
    assert len(fleet.peers[0].seen()) == 1


def test_a_peer_that_redirects_is_not_followed(fleet: Fleet) -> None:
    fleet.peers[0].script(Fault.redirect(location=fleet.peers[1].url(f"/sha256/{fleet.sha256}")))
    fleet.fetch(fleet.peers[0])
    assert len(fleet.peers[1].seen()) == 0
    assert fleet.sent == SIZE


def test_the_secret_goes_to_peers_alone(fleet: Fleet) -> None:
    with Origin(seed=1) as empty:
        fleet.fetch(empty, mirrors=[fleet.peers[1].url(f"/sha256/{fleet.sha256}")])
    for asked in (fleet.origin, fleet.peers[1]):
        assert all("authorization" not in request.headers for request in asked.seen())


def test_what_is_begun_at_the_origin_goes_on_at_a_peer(fleet: Fleet) -> None:
    fleet.origin.script(Fault.status(404), when=Match(request="3-"))
    with pytest.raises(NotFoundError):
        fetch(fleet.file.url, sha256=fleet.sha256, directory=fleet.folder, connections=1)
    result = fleet.fetch(fleet.peers[0])
    assert result.bytes_resumed > 8 * BLOCK
    assert result.bytes_downloaded < SIZE - 6 * BLOCK


def test_a_digest_alone_is_enough_where_a_peer_has_it(fleet: Fleet) -> None:
    with Origin(seed=1) as empty:
        urls = [empty.url("/"), fleet.peers[0].url("/")]
        result = fetch(f"sha256://{fleet.sha256}", output=fleet.folder / "mine.bin", peers=urls)
        assert (fleet.folder / "mine.bin").read_bytes() == fleet.content
        assert result.sha256 == fleet.sha256
        (fleet.folder / "mine.bin").unlink()
        with pytest.raises(NotFoundError):
            fetch(f"sha256://{'1' * 64}", directory=fleet.folder, peers=urls)
    with pytest.raises(NotFoundError, match="no file with the SHA-256"):
        fetch(f"sha256://{'1' * 64}", directory=fleet.folder)
    fleet.lend(fleet.peers[0], fleet.content[:-1] + b"!")
    with pytest.raises(DigestMismatchError):
        fetch(f"sha256://{fleet.sha256}", output=fleet.folder / "other.bin", peers=urls[1:], links=False)


@pytest.mark.parametrize("peer", ["ftp://h", "h:6800", "http://me:word@h:6800", "http://h:6800/?token=1", 7])
def test_a_peer_is_a_servers_address(peer: object, tmp_path: Path) -> None:
    with pytest.raises(ReferenceSyntaxError):
        fetch("http://127.0.0.1:9/x", directory=tmp_path, peers=[peer])  # type: ignore[list-item]


def test_where_a_hub_tells_the_digest_on_the_way_only_its_resolve_is_asked(tmp_path: Path) -> None:
    model = hosted("model.safetensors", 24_000_000)
    repo = HubRepo("org/model", {"model.safetensors": HubFile(model)})
    hub = Hosts(huggingface([repo]))
    with hub, Origin(seed=2) as peer, pytest.MonkeyPatch.context() as surroundings:
        for name, value in hub.variables.items():
            surroundings.setenv(name, value)
        lent = peer.add(f"/sha256/{model.sha256}", data=model.content.read(0, model.size))
        url = f"{hub.urls['huggingface']}/org/model/resolve/main/model.safetensors"
        result = fetch(url, directory=tmp_path, peers=[peer.url("/")])
        assert result.path == tmp_path / "model.safetensors"
        assert result.path.read_bytes() == lent.read()
        assert hub.ledger().all.statuses == {302: 1}, "the resolve, and nothing of its CDN"
        assert result.verified == "sha256"


def test_a_single_stream_comes_from_a_peer_as_well(fleet: Fleet) -> None:
    result = fleet.fetch(*fleet.peers, engine="single")
    assert (len(fleet.origin.seen()), result.origin_requests, result.connections_peak) == (0, 0, 1)
    assert [len(peer.seen()) for peer in fleet.peers] == [1, 0]


def test_a_single_stream_goes_on_at_the_origin_where_the_peer_breaks_off(fleet: Fleet) -> None:
    fleet.peers[0].script(Fault.reset(after=SIZE // 2), when=Match(request="1"))
    fleet.peers[0].script(Fault.refuse(), when=Match(connection="2-"))
    result = fleet.fetch(fleet.peers[0], engine="single")
    assert result.connections_peak == 1
    assert 0 < fleet.sent <= SIZE // 2 + 8 * BLOCK
