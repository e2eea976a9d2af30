"""Mirrors, with real servers on loopback: pieces from several places, and what becomes of wrong and dead ones."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import DigestMismatchError, NotFoundError, Status, fetch
from anymatix_fetcher.testing import Fault, File, Match, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE = 48_000_000
RATE = 16_000_000


class Places:
    """Three origins with the same file; each connection gets so many bytes a second."""

    def __init__(self, stack: ExitStack) -> None:
        self.origins = [stack.enter_context(Origin(seed=5)) for _ in range(3)]
        self.files: list[File] = []
        for number, origin in enumerate(self.origins):
            self.files.append(origin.add("/m.safetensors", size=SIZE, etag=f'"{number}"'))
            origin.script(Fault.throttle(RATE))
        self.first, *self.mirrors = [file.url for file in self.files]
        self.sha256 = self.files[0].sha256()

    def sent(self) -> list[int]:
        """Bytes that each has sent."""
        return [origin.ledger().bytes_sent for origin in self.origins]


@pytest.fixture
def places() -> Iterator[Places]:
    with ExitStack() as stack:
        yield Places(stack)


def test_pieces_come_from_all_places_at_once_and_every_byte_once(places: Places, tmp_path: Path) -> None:
    result = fetch(
        places.first, mirrors=places.mirrors, directory=tmp_path, digests=[f"sha256:{places.sha256}"], connections=6
    )
    assert result.path is not None
    assert result.path.read_bytes() == places.files[0].read()
    assert result.verified == "sha256"
    sent = places.sent()
    assert min(sent) > SIZE // 10, "each has brought its part"
    assert result.bytes_downloaded <= SIZE + 2 * 4 * (1 << 20), "three blocks of each mirror come twice, to try it"


def test_a_mirror_with_other_content_spoils_nothing(places: Places, tmp_path: Path) -> None:
    with Origin(seed=6) as wrong:
        wrong.script(Fault.throttle(RATE))
        other = wrong.add("/m.safetensors", size=SIZE)
        result = fetch(places.first, mirrors=[other.url], directory=tmp_path, connections=2)
        assert wrong.ledger().bytes_sent < 4_000_000
    assert result.sha256 == places.sha256
    assert result.status is Status.DOWNLOADED


def test_a_mirror_that_lies_in_the_middle_is_found_out_by_the_digest(places: Places, tmp_path: Path) -> None:
    places.origins[1].script(Fault.flip((30_000_000,)))
    result = fetch(
        places.first, mirrors=places.mirrors[:1], directory=tmp_path, digests=[f"sha256:{places.sha256}"], connections=4
    )
    assert result.sha256 == places.sha256


@pytest.mark.parametrize("second", ["missing", "shorter"])
def test_a_wrong_digest_is_the_error_if_the_mirror_cannot_help(tmp_path: Path, second: str) -> None:
    with Origin(seed=6) as wrong, Origin(seed=5) as other:
        first = wrong.add("/m.safetensors", size=SIZE // 4)
        mirror = other.add("/m.safetensors", size=SIZE // 5)
        if second == "missing":
            other.script(Fault.status(404))
        with pytest.raises(DigestMismatchError):
            fetch(first.url, mirrors=[mirror.url], directory=tmp_path, digests=["sha256:" + "1" * 64])


@pytest.mark.parametrize("status", [404, 403, 500])
def test_where_the_first_place_refuses_a_mirror_steps_in(places: Places, tmp_path: Path, status: int) -> None:
    places.origins[0].script(Fault.status(status))
    result = fetch(places.first, mirrors=places.mirrors, directory=tmp_path, connections=4)
    assert result.sha256 == places.sha256
    assert result.path is not None
    assert result.path.name == "m.safetensors"


def test_where_the_first_place_dies_halfway_the_others_finish_it(places: Places, tmp_path: Path) -> None:
    places.origins[0].script(Fault.reset(after=2_000_000), when=Match(request="1-2"))
    places.origins[0].script(Fault.status(404), when=Match(request="3-"))
    result = fetch(places.first, mirrors=places.mirrors, directory=tmp_path, connections=2)
    assert result.sha256 == places.sha256


def test_where_nobody_has_it_the_error_says_so(places: Places, tmp_path: Path) -> None:
    for origin in places.origins:
        origin.script(Fault.status(404))
    with pytest.raises(NotFoundError):
        fetch(places.first, mirrors=places.mirrors, directory=tmp_path)
    assert not list(tmp_path.iterdir())


def test_one_stream_asks_one_place(places: Places, tmp_path: Path) -> None:
    result = fetch(places.mirrors[0], mirrors=places.mirrors[1:], directory=tmp_path, engine="single", limit_rate=None)
    assert result.sha256 == places.sha256
    assert places.sent()[2] == 0
