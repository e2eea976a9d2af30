from __future__ import annotations

import io
import pickle
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    CancelToken,
    DownloadCancelled,
    NotAModelError,
    NotFoundError,
    ReferenceSyntaxError,
    StorageError,
    UnexpectedAnswerError,
    inspect,
)
from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.formats.content import Content
from anymatix_fetcher.formats.facts import ModelFacts, ModelKind
from anymatix_fetcher.formats.inspection import inspect_bytes
from anymatix_fetcher.testing import GeneratedContent, Origin
from anymatix_fetcher.testing.resources import describe
from anymatix_fetcher.verbs.inspect import _read
from tests.formats.files import GgufWriter, of_dtype, safetensors, safetensors_header, zip_file
from tests.formats.models import SDXL_UNET
from tests.formats.test_content import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.testing import File

HUGE = 20_000_000_000
LARGE_HEADER = safetensors({f"tensor.{index}": ("F16", (10,)) for index in range(4000)}, {"modelspec.title": "Large"})
TORCH = zip_file(
    {"archive/data.pkl": pickle.dumps({}), **{f"archive/data/{index}": bytes(900) for index in range(200)}}
)
FILES = {
    "small.safetensors": safetensors({"a": ("F32", (300,))}, {"format": "pt"}),
    "large.safetensors": LARGE_HEADER,
    "flux.gguf": GgufWriter().file(
        [("general.architecture", 8, "flux"), ("tokens", 9, (8, [f"token {index}" for index in range(9000)]))],
        [("double_blocks.0.img_attn.qkv.weight", 12, (4, 256))],
    ),
    "model.ckpt": TORCH,
    "old.pt": pickle.dumps({"a": 1}),
    "model.onnx": KINDS[Content.ONNX],
    "config.json": KINDS[Content.JSON],
}
RULES = {
    "ranges": (),
    "no ranges": ("ignore-range",),
    "shorter answers": ("shorter:limit=5K",),
    "redirects": ("redirect:form=target",),
}


def serve(origin: Origin, path: str, header: bytes, size: int) -> File:
    """A file with this header in front of generated weights."""
    content = GeneratedContent(1, path, size, header)
    return origin._serve(replace(describe(1, path, size=0), content=content))


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_in_place(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    assert inspect(path) == inspect(str(path)) == inspect_bytes(FILES[name], name)


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())
@pytest.mark.parametrize("name", FILES)
def test_a_reference_says_the_same_as_the_file(name: str, rules: tuple[str, ...], origin: Origin) -> None:
    file = origin.add(f"/{name}", data=FILES[name])
    origin.script(*rules)
    assert inspect(file.url) == inspect_bytes(FILES[name], name)


def test_twenty_gigabytes_cost_a_hundred_kilobytes(origin: Origin) -> None:
    shapes = of_dtype("F16", SDXL_UNET) | {"rest": ("U8", (HUGE,))}
    header, size = safetensors_header(shapes, {"modelspec.title": "Huge"})
    file = serve(origin, "/huge.safetensors", header, len(header) + size)
    facts = inspect(file.url)
    assert (facts.kind, facts.architecture, facts.title) == (ModelKind.DIFFUSION_MODEL, "sdxl", "Huge")
    assert facts.parameters > HUGE
    ledger = origin.ledger().paths["/huge.safetensors"]
    assert ledger.requests <= 3
    assert ledger.bytes_sent <= 100_000


def test_a_checkpoint_costs_its_front_and_its_end(origin: Origin) -> None:
    file = origin.add("/m.ckpt", data=TORCH)
    facts = inspect(file.url)
    assert (facts.content, facts.runs_code, len(facts.entries)) == (Content.ZIP, True, 201)
    assert origin.ledger().bytes_sent <= 100_000


def test_a_server_without_ranges_sends_the_front_alone(origin: Origin) -> None:
    header, size = safetensors_header({"a": ("U8", (HUGE,))})
    file = serve(origin, "/m.safetensors", header, len(header) + size)
    origin.script("ignore-range", "throttle:rate=4M")
    assert inspect(file.url).parameters == HUGE
    assert origin.ledger().requests == 1
    assert origin.ledger().bytes_sent < 8_000_000


def test_what_lies_at_the_end_cant_be_had_without_ranges(origin: Origin) -> None:
    file = serve(origin, "/m.ckpt", b"PK\x03\x04", HUGE)
    origin.script("ignore-range", "throttle:rate=4M")
    with pytest.raises(UnexpectedAnswerError, match="doesn't support ranges") as caught:
        inspect(file.url)
    assert "Download the file" in caught.value.hint


def test_a_length_that_isnt_told_is_told_by_the_end_where_that_is_near(origin: Origin) -> None:
    origin.script("chunked", "ignore-range")
    small = FILES["small.safetensors"]
    assert inspect(origin.add("/small.safetensors", data=small).url) == inspect_bytes(small)
    with pytest.raises(UnexpectedAnswerError, match="doesn't state the file's length"):
        inspect(origin.add("/large.safetensors", data=LARGE_HEADER).url)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("m.safetensors", KINDS[Content.WEB_PAGE], "is a web page"),
        ("m.gguf", KINDS[Content.GIT_LFS_POINTER], "Git LFS pointer"),
        ("m.ckpt", KINDS[Content.JSON], "a JSON document"),
        ("m.safetensors", LARGE_HEADER[:-1], "can't be loaded"),
        ("m.safetensors", struct.pack("<Q", 2**63 + 5) + b"{}" * 600, "doesn't begin as a safetensors file"),
        ("m.gguf", bytes(2000), "zero bytes"),
    ],
)
def test_what_is_no_model_is_said_to_be_none(
    name: str, data: bytes, words: str, origin: Origin, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    for reference in (origin.add(f"/{name}", data=data).url, tmp_path / name):
        with pytest.raises(NotAModelError, match=words) as caught:
            inspect(reference)
        assert caught.value.hint


def test_a_model_under_another_kinds_name_is_described_as_what_it_is(origin: Origin) -> None:
    facts = inspect(origin.add("/m.gguf", data=FILES["small.safetensors"]).url)
    assert facts.content is Content.SAFETENSORS
    assert facts.denied == "m.gguf is a safetensors file, not a GGUF file"


def test_errors_say_what_to_do(origin: Origin, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        inspect(origin.url("/none.safetensors"))
    with pytest.raises(ReferenceSyntaxError, match=r"'none\.gguf' is neither a file nor a reference") as caught:
        inspect("none.gguf")
    assert "civitai:143906" in caught.value.hint
    with pytest.raises(ReferenceSyntaxError):
        inspect(tmp_path)


def test_a_file_that_is_shortened_meanwhile_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"m\.gguf"), storage_errors(tmp_path / "m.gguf"):
        _read(io.BytesIO(b"GGUF"), Span(0, 10))


def test_it_can_be_stopped(origin: Origin) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(DownloadCancelled):
        inspect(origin.add("/m.safetensors", data=LARGE_HEADER).url, cancel=cancel)


def test_what_the_user_says_reaches_the_server(origin: Origin) -> None:
    file = origin.add("/m.safetensors", data=LARGE_HEADER)
    assert isinstance(inspect(file.url, headers=[("Authorization", "Bearer sesame")]), ModelFacts)
    assert {request.headers["authorization"] for request in origin.seen()} == {"Bearer sesame"}
