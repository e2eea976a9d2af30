"""Labels that say something else than the bytes: of servers that call every file a page, and of real login pages."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import Engine, FetchError, NotAModelError, Status, UnexpectedAnswerError, fetch, inspect
from anymatix_fetcher.testing import Fault, Origin
from anymatix_fetcher.verbs.resolve import locate
from tests.formats.files import safetensors

if TYPE_CHECKING:
    from pathlib import Path

MODEL = safetensors({"a": ("F32", (30_000,)), "b": ("BF16", (10, 10))}, {"format": "pt"})
PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"
WRONG = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Type", "application/json"),
    ("Content-Type", "text/xml"),
    ("Content-Encoding", "aws-chunked"),
    ("Content-Encoding", "none"),
    ("Content-Encoding", "binary"),
    ("Content-Encoding", "utf-8"),
    ("Content-Encoding", "aws-chunked, identity"),
    ("Content-Encoding", "gzip"),
    ("Content-Encoding", "br"),
    ("Content-Encoding", "zstd"),
]
RULES = {"ranges": (), "no ranges": ("ignore-range",), "no length": ("chunked", "ignore-range")}


def label(origin: Origin, name: str, value: str, *rules: str) -> None:
    origin.script(Fault.header(name, value), *rules)


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())
@pytest.mark.parametrize("engine", [Engine.CURL, Engine.THREADS])
@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_model_under_a_wrong_label_arrives(
    name: str, value: str, engine: Engine, rules: tuple[str, ...], origin: Origin, tmp_path: Path
) -> None:
    label(origin, name, value, *rules)
    result = fetch(origin.add("/m.safetensors", data=MODEL).url, directory=tmp_path, engine=engine)
    assert (result.status, (tmp_path / "m.safetensors").read_bytes()) == (Status.DOWNLOADED, MODEL)
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]
    assert result.requests <= 2


@pytest.mark.parametrize("name", ["m.safetensors", "m.ckpt", "weights.dat"])
def test_a_page_that_is_one_is_refused_and_leaves_nothing(name: str, origin: Origin, tmp_path: Path) -> None:
    label(origin, "Content-Type", "text/html")
    file = origin.add(f"/{name}", data=PAGE)
    with pytest.raises(NotAModelError, match="sent a web page instead of the file"):
        fetch(file.url, directory=tmp_path)
    assert not list(tmp_path.iterdir())
    assert origin.ledger().requests == 1


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_body_that_is_coded_is_refused_and_leaves_nothing(coding: str, origin: Origin, tmp_path: Path) -> None:
    label(origin, "Content-Encoding", coding)
    coded = {"gzip": gzip.compress(MODEL), "deflate": zlib.compress(MODEL), "br": b"\x8b\x02\x80" + MODEL[8:]}[coding]
    with pytest.raises(UnexpectedAnswerError, match="compressed the answer unasked") as caught:
        fetch(origin.add("/weights.dat", data=coded).url, directory=tmp_path)
    assert "--as-is" in caught.value.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "value"), [("Content-Type", "text/html"), ("Content-Encoding", "gzip")])
@pytest.mark.parametrize("data", [PAGE, gzip.compress(MODEL)], ids=["a page", "coded"])
def test_whoever_wants_it_as_it_is_gets_it(name: str, value: str, data: bytes, origin: Origin, tmp_path: Path) -> None:
    label(origin, name, value)
    fetch(origin.add("/m.safetensors", data=data).url, directory=tmp_path, as_is=True)
    assert (tmp_path / "m.safetensors").read_bytes() == data


@pytest.mark.parametrize(
    ("name", "value", "data"),
    [
        ("Content-Type", "text/html", PAGE),
        ("Content-Encoding", "gzip", gzip.compress(MODEL)),
        ("Content-Encoding", "br", b"\x8b\x02\x80" * 2_000_000),
        ("Content-Type", "text/html", PAGE * 100_000),
    ],
    ids=["a page", "coded", "coded and large", "a large page"],
)
def test_a_digest_that_is_right_settles_it(name: str, value: str, data: bytes, origin: Origin, tmp_path: Path) -> None:
    label(origin, name, value)
    result = fetch(origin.add("/content.dat", data=data).url, directory=tmp_path, digests=[sha256(data)])
    assert result.verified == "sha256"
    assert (tmp_path / "content.dat").read_bytes() == data


def test_a_login_page_in_place_of_a_file_whose_digest_is_known_is_refused_for_what_it_is(
    origin: Origin, tmp_path: Path
) -> None:
    label(origin, "Content-Type", "text/html")
    with pytest.raises(NotAModelError, match="sent a web page instead of the file"):
        fetch(origin.add("/content.dat", data=PAGE).url, directory=tmp_path, digests=[sha256(MODEL)])
    assert origin.ledger().requests == 1
    assert not list(tmp_path.iterdir())


def test_a_session_that_ends_later_on_is_still_noticed(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.safetensors", size="20MB")
    origin.script("page:of=html,request=2-")
    with pytest.raises(FetchError):
        fetch(file.url, directory=tmp_path, connections=1)
    assert (tmp_path / "m.safetensors.part").exists()


@pytest.mark.parametrize("engine", [Engine.CURL, Engine.THREADS])
def test_one_label_that_was_wrong_lets_no_page_in_under_another_one(
    engine: Engine, origin: Origin, tmp_path: Path
) -> None:
    file = origin.add("/weights.dat", size="3MB")
    origin.script("header:name=Content-Encoding,value=gzip,request=1", "page:of=html,request=2-")
    with pytest.raises(FetchError):
        fetch(file.url, directory=tmp_path, engine=engine)
    assert not (tmp_path / "weights.dat").exists()


def test_resolve_and_inspect_go_by_the_bytes_too(origin: Origin) -> None:
    label(origin, "Content-Type", "text/html")
    model, page = origin.add("/m.safetensors", data=MODEL), origin.add("/page.safetensors", data=PAGE)
    assert inspect(model.url).tensors
    (located,) = locate(model.url)
    assert located.error is None
    assert isinstance(locate(page.url)[0].error, NotAModelError)
