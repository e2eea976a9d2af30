"""The whole library against a server that misbehaves: the right file by another way, or an error that says why."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    AccessDeniedError,
    Digest,
    DigestMismatchError,
    FetchError,
    IntegrityError,
    NotAModelError,
    NotFoundError,
    RepresentationChangedError,
    Result,
    UnexpectedAnswerError,
    fetch,
)
from anymatix_fetcher.testing import Origin

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 30_000_000


def run(url: str, folder: Path, *, digests: tuple[Digest, ...] = ()) -> Result:
    """Fetches into ``folder``, which must hold nothing but the result afterwards."""
    result = fetch(url, directory=folder, digests=digests)
    assert result.path is not None
    assert list(folder.iterdir()) == [result.path], "part, journal and lock are gone"
    return result


def digest_of(path: Path | None) -> str:
    assert path is not None
    return hashlib.sha256(path.read_bytes()).hexdigest()


HARMLESS = {
    "nothing at all": (),
    "HEAD refused": ("status:code=403,method=HEAD",),
    "no Accept-Ranges": ("no-header:name=Accept-Ranges",),
    "the range always ignored": ("ignore-range",),
    "the range ignored now and then": ("ignore-range:request=3-5",),
    "slices with status 200": ("slice-200",),
    "206 with the whole file": ("whole-206",),
    "206 with the whole file, once": ("whole-206:request=1",),
    "several parts for one range": ("multipart",),
    "shorter answers, honestly labelled": ("shorter:limit=3M",),
    "shorter answers, falsely labelled": ("shorter:limit=3M,labels=false,request=2-4",),
    "longer answers, honestly labelled": ("longer:by=100000",),
    "longer answers, falsely labelled": ("longer:by=100000,labels=false,request=2-3",),
    "a shifted Content-Range": ("content-range:start=1",),
    "a shifted Content-Range, now and then": ("content-range:start=4096,request=2-3",),
    "a Content-Range that ends elsewhere": ("content-range:stop=5,request=1-3",),
    "a wrong total, now and then": ("content-range:total=1,request=3-4",),
    "another unit": ("content-range:unit=lines",),
    "no Content-Range": ("no-content-range",),
    "no Content-Range on the second": ("no-content-range:request=2",),
    "a total that isn't told": ("content-range:unknown_total=yes",),
    "chunks without a length": ("chunked", "ignore-range"),
    "chunks that end too early": ("chunked:end=missing,request=2",),
    "a close without a length": ("close-delimited", "ignore-range"),
    "resets in the middle": ("reset:after=1000000,request=2-4",),
    "a reset before the head": ("reset:request=2",),
    "truncations": ("truncate:after=2000000,request=1-3",),
    "a Content-Length that is too large": ("content-length:by=1000,request=2-3",),
    "bytes after the end": ("extra:size=1000",),
    "a whole response after the end": ("extra:looks=response,request=1-3",),
    "slices compressed, now and then": ("gzip:request=2-3",),
    "416 to a good range": ("unsatisfiable:request=3",),
    "416 to every range": ("unsatisfiable:total=absent,ranged=yes",),
    "503 to the second": ("status:code=503,retry_after=0,request=2",),
    "429 above three": ("status:code=429,requests_above=3,retry_after=0",),
    "connections refused above two": ("refuse:connections_above=2",),
    "404, then fine": ("status:code=404,request=1",),
    "weak validators": ("validators:etag=weak",),
    "no validators": ("validators:etag=none,last_modified=none",),
    "a malformed validator": ("validators:etag=malformed,last_modified=none",),
    "redirects": ("redirect:hops=4,form=relative",),
    "a redirect to another origin": ("redirect:form=target",),
    "interim responses": ("interim:count=5",),
    "every connection closed": ("close:announced=no",),
    "the head late": ("delay:seconds=0.2,request=2",),
}


@pytest.mark.parametrize("rules", HARMLESS.values(), ids=HARMLESS.keys())
def test_the_file_comes_whole_in_spite_of(rules: tuple[str, ...], tmp_path: Path) -> None:
    with Origin(seed=1) as origin:
        file = origin.add("/model.safetensors", size=SIZE)
        origin.script(*rules)
        result = run(file.url, tmp_path)
        assert digest_of(result.path) == file.sha256() == result.sha256
        assert result.size == SIZE


FATAL: dict[str, tuple[tuple[str, ...], type[FetchError], str]] = {
    "nothing there": (("status:code=404",), NotFoundError, "404 Not Found"),
    "gone": (("status:code=410",), NotFoundError, "410 Gone"),
    "no token": (("token:value=secret",), AccessDeniedError, "401 Unauthorized"),
    "forbidden": (("status:code=403",), AccessDeniedError, "403 Forbidden"),
    "a login page": (("page:of=html",), NotAModelError, "web page"),
    "a JSON document": (("page:of=json",), NotAModelError, "application/json"),
    "a redirect loop": (("redirect:loop=growing",), UnexpectedAnswerError, "more than 10 times"),
    "a redirect to a file": (("redirect:location=file:///etc/passwd",), UnexpectedAnswerError, "isn't http"),
    "everything compressed": (("gzip",), UnexpectedAnswerError, "compressed"),
    "a total that keeps changing": (("content-range:total=7,request=2-",), RepresentationChangedError, "other content"),
    "another file since the third request": (("changed:request=3-",), RepresentationChangedError, "other content"),
}


@pytest.mark.parametrize(("rules", "error", "words"), FATAL.values(), ids=FATAL.keys())
def test_it_fails_and_says_why_for(rules: tuple[str, ...], error: type[FetchError], words: str, tmp_path: Path) -> None:
    with Origin(seed=1) as origin:
        file = origin.add("/model.safetensors", size=SIZE)
        origin.script(*rules)
        with pytest.raises(error, match=words):
            fetch(file.url, directory=tmp_path)
    assert not (tmp_path / "model.safetensors").exists()
    assert not (tmp_path / "model.safetensors.part.lock").exists()


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 8 << 20, (8 << 20) + 1])
@pytest.mark.parametrize(
    "rules", [(), ("ignore-range",), ("chunked", "ignore-range")], ids=["ranges", "none", "chunks"]
)
def test_files_of_every_size_come_whole(size: int, rules: tuple[str, ...], tmp_path: Path) -> None:
    with Origin(seed=2) as origin:
        file = origin.add("/weights.dat", size=size)
        origin.script(*rules)
        result = run(file.url, tmp_path)
        assert result.path is not None
        assert result.path.read_bytes() == file.read()
        assert result.verified == ("none" if rules and "chunked" in rules else "length")


def test_a_signed_origin_gets_one_request_and_the_target_several_connections(tmp_path: Path) -> None:
    with Origin(seed=3) as origin:
        file = origin.sign("/signed.safetensors", size=40_000_000, ttl_seconds=60, bytes_per_second=10_000_000)
        origin.script("status:code=403,method=HEAD")
        expected = Digest("sha256", file.sha256())
        result = run(file.url, tmp_path, digests=(expected,))
        assert digest_of(result.path) == expected.hex
        assert (result.verified, result.origin_requests) == ("sha256", 1)
        assert result.connections_peak > 1
        ledger = origin.ledger()
        assert ledger.signed_urls == 1
        assert ledger.methods == {"GET": ledger.requests}


def test_an_address_that_expires_is_renewed_once_for_all_connections(tmp_path: Path) -> None:
    with Origin(seed=4) as origin:
        file = origin.sign("/signed.safetensors", size=60_000_000, ttl_seconds=1.0, bytes_per_second=4_000_000)
        result = run(file.url, tmp_path)
        assert digest_of(result.path) == file.sha256()
        assert result.renewals >= 1
        assert result.origin_requests == origin.ledger().signed_urls == result.renewals + 1
        assert origin.ledger().bytes_sent <= 1.02 * file.size


def test_a_flipped_bit_is_found_and_only_its_block_comes_a_third_time(tmp_path: Path) -> None:
    with Origin(seed=5) as origin:
        file = origin.add("/model.safetensors", size=SIZE)
        origin.script("flip:offsets=12345678,times=1")
        result = run(file.url, tmp_path, digests=(Digest("sha256", file.sha256()),))
        assert digest_of(result.path) == file.sha256()
        assert result.verified == "sha256"
        assert result.bytes_downloaded <= 2 * SIZE + (1 << 20)


def test_a_wrong_digest_is_said_to_be_wrong_and_the_evidence_kept(tmp_path: Path) -> None:
    with Origin(seed=6) as origin:
        file = origin.add("/model.safetensors", size=SIZE)
        with pytest.raises(DigestMismatchError, match=file.sha256()):
            fetch(file.url, directory=tmp_path, digests=[f"sha256:{'0' * 64}"])
        assert not (tmp_path / "model.safetensors").exists()
        assert digest_of(tmp_path / "model.safetensors.part") == file.sha256()
        # The right digest then needs nothing from the network.
        before = origin.ledger().requests
        result = run(file.url, tmp_path, digests=(Digest("sha256", file.sha256()),))
        assert result.verified == "sha256"
        assert result.bytes_downloaded == 0
        assert origin.ledger().requests == before


def test_a_digest_that_the_server_states_is_checked(tmp_path: Path) -> None:
    with Origin(seed=7) as origin:
        file = origin.add("/model.bin", size=SIZE, headers={"Repr-Digest": "sha-256=:{sha256_base64}:"})
        assert run(file.url, tmp_path).verified == "sha256"


def test_a_lying_stated_digest_is_an_integrity_error(tmp_path: Path) -> None:
    with Origin(seed=7) as origin:
        zeros = "A" * 43 + "="
        file = origin.add("/model.bin", size=2_000_000, headers={"Repr-Digest": f"sha-256=:{zeros}:"})
        with pytest.raises(IntegrityError):
            fetch(file.url, directory=tmp_path)


def test_credentials_stay_at_their_origin(tmp_path: Path) -> None:
    with Origin(seed=8) as origin:
        file = origin.sign("/private.bin", size=20_000_000, ttl_seconds=60)
        origin.script("token:value=sesame,at=origin")
        fetch(file.url, directory=tmp_path, headers=[("Authorization", "Bearer sesame"), ("X-Api-Key", "sesame")])
        at_target = [request for request in origin.seen() if request.listener == "target"]
        assert at_target
        for request in at_target:
            assert "sesame" not in repr(list(request.headers))


def test_a_connection_that_falls_to_a_trickle_costs_seconds_not_hours(tmp_path: Path) -> None:
    with Origin(seed=9) as origin:
        file = origin.add("/model.bin", size=64_000_000)
        origin.script("throttle:rate=4M", "trickle:rate=400,offset=58000000,times=1")
        result = fetch(file.url, directory=tmp_path, connections=8)
        assert digest_of(result.path) == file.sha256()
        assert result.seconds < 30, "the trickle alone would take four hours; the rest is a busy machine's"
        assert origin.ledger().bytes_sent <= 1.1 * file.size
