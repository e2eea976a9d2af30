"""What is thought of content, from the first byte to publishing: against a server that sends all kinds of it."""

from __future__ import annotations

import logging
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import NotAModelError, Result, Status, UnsafeModelError, fetch
from anymatix_fetcher.formats.content import DOCUMENTS, Content
from tests.engine.test_pickle_scan import DANGEROUS, HARMFUL, STATE, SYSTEM
from tests.formats.files import GgufWriter, safetensors, safetensors_header, zip_file
from tests.formats.test_content import KINDS

if TYPE_CHECKING:
    from anymatix_fetcher import Progress
    from anymatix_fetcher.testing import Origin

MODEL = safetensors({"a": ("F32", (300,)), "b": ("BF16", (10, 10))}, {"format": "pt"})
RULES = {"ranges": (), "no ranges": ("ignore-range",), "no length": ("chunked", "ignore-range")}


def refused(origin: Origin, name: str, data: bytes, folder: Path) -> NotAModelError:
    """Why ``data`` isn't taken for a model; nothing of it must stay."""
    file = origin.add(f"/{name}", data=data)
    with pytest.raises(NotAModelError) as caught:
        fetch(file.url, directory=folder)
    assert list(folder.iterdir()) == []
    assert caught.value.hint
    return caught.value


def taken(origin: Origin, name: str, data: bytes, folder: Path, *, as_is: bool = False) -> Result:
    result = fetch(origin.add(f"/{name}", data=data).url, directory=folder, as_is=as_is)
    assert result.path is not None
    assert result.path.read_bytes() == data
    assert list(folder.iterdir()) == [result.path]
    return result


# The first bytes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())
@pytest.mark.parametrize("content", sorted(set(KINDS) - {Content.SAFETENSORS}, key=str), ids=lambda one: one.value)
def test_whatever_isnt_safetensors_is_refused_under_that_name(
    content: Content, rules: tuple[str, ...], origin: Origin, tmp_path: Path
) -> None:
    origin.script(*rules)
    assert "model.safetensors" in refused(origin, "model.safetensors", KINDS[content], tmp_path).message


@pytest.mark.parametrize("name", ["model.gguf", "model.ckpt", "model.bin", "model.onnx"])
@pytest.mark.parametrize("content", sorted(DOCUMENTS - {Content.EMPTY}, key=str), ids=lambda one: one.value)
def test_a_document_is_refused_under_every_models_name(
    content: Content, name: str, origin: Origin, tmp_path: Path
) -> None:
    refused(origin, name, KINDS[content], tmp_path)


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.safetensors", MODEL),
        ("model.gguf", GgufWriter().file([("general.architecture", 8, "flux")], [("a", 12, (4, 256))])),
        ("model.ckpt", zip_file({"archive/data.pkl": STATE, "archive/data/0": bytes(9000)})),
        ("model.pt", STATE + bytes(700)),
        ("weights.bin", bytes(range(1, 256)) * 9),
        ("archive.zip", zip_file({"readme.txt": b"hello" * 200})),
        ("config.json", KINDS[Content.JSON]),
        ("page.html", b"<p>hello"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_what_its_name_says_passes(
    name: str, data: bytes, rules: tuple[str, ...], origin: Origin, tmp_path: Path
) -> None:
    origin.script(*rules)
    assert taken(origin, name, data, tmp_path).status is Status.DOWNLOADED


def test_a_file_that_was_cut_off_is_refused_whatever_the_server_says_of_its_length(
    origin: Origin, tmp_path: Path
) -> None:
    cut = safetensors({"a": ("F32", (60_000,))})[:-1]
    assert "truncated" in refused(origin, "m.safetensors", cut, tmp_path).hint
    origin.script("chunked", "ignore-range")
    assert "truncated" in refused(origin, "n.safetensors", cut, tmp_path).hint


@pytest.mark.parametrize("form", ["raw", "gguf"])
def test_gigabytes_of_something_else_end_with_their_first_bytes(form: str, origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/large.safetensors", size="8GB", form="gguf" if form == "gguf" else "raw")
    origin.script("throttle:rate=4M")
    with pytest.raises(NotAModelError):
        fetch(file.url, directory=tmp_path, connections=8)
    assert list(tmp_path.iterdir()) == []
    assert origin.ledger().bytes_sent < 16_000_000


def test_damage_behind_the_first_look_is_found_when_it_arrives(origin: Origin, tmp_path: Path) -> None:
    header, size = safetensors_header({f"tensor.{index}": ("F16", (10,)) for index in range(4000)})
    damaged = header[:200_000] + b"\1" + header[200_001:] + bytes(size)
    assert "tensor.2808" in refused(origin, "m.safetensors", damaged, tmp_path).message


def test_as_is_keeps_whatever_the_server_sends(origin: Origin, tmp_path: Path) -> None:
    taken(origin, "model.safetensors", KINDS[Content.WEB_PAGE], tmp_path, as_is=True)


def test_the_name_that_the_user_gives_is_what_counts(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/download", data=KINDS[Content.JSON])
    with pytest.raises(NotAModelError):
        fetch(file.url, output=tmp_path / "m.gguf")
    assert fetch(file.url, output=tmp_path / "m.json").size == file.size


def test_what_an_earlier_run_kept_is_looked_at_too_and_left_where_it_is(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/model.safetensors", size=12_000_000, form="raw")
    with pytest.raises(Exception, match="digest"):
        fetch(file.url, directory=tmp_path, as_is=True, digests=[f"sha256:{'0' * 64}"])
    kept = (tmp_path / "model.safetensors.part").read_bytes()
    with pytest.raises(NotAModelError):
        fetch(file.url, directory=tmp_path)
    assert (tmp_path / "model.safetensors.part").read_bytes() == kept == file.read()
    assert fetch(file.url, directory=tmp_path, as_is=True).bytes_downloaded == 0


# Pickles ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", DANGEROUS.values(), ids=DANGEROUS.keys())
def test_a_pickle_that_does_harm_isnt_published_and_is_kept_as_evidence(
    data: bytes, origin: Origin, tmp_path: Path
) -> None:
    file = origin.add("/model.ckpt", data=data)
    with pytest.raises(UnsafeModelError, match=SYSTEM):
        fetch(file.url, directory=tmp_path)
    assert not (tmp_path / "model.ckpt").exists()
    assert (tmp_path / "model.ckpt.part").read_bytes() == data
    before = origin.ledger().requests
    result = fetch(file.url, directory=tmp_path, allow_unsafe=True)
    assert result.path == tmp_path / "model.ckpt"
    assert result.path.read_bytes() == data
    assert origin.ledger().requests == before, "what was kept is enough"


def test_whoever_allows_it_is_warned_all_the_same(
    origin: Origin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notes: list[str] = []

    def listen(progress: Progress) -> None:
        notes.append(progress.note)

    file = origin.add("/model.pt", data=HARMFUL)
    with caplog.at_level(logging.WARNING, "anymatix_fetcher"):
        fetch(file.url, directory=tmp_path, allow_unsafe=True, on_progress=listen)
    assert f"it imports {SYSTEM}" in notes[-1]
    assert f"model.pt is a pickle: it can run code when it is loaded, and it imports {SYSTEM}" in caplog.messages


def test_what_nobody_knows_is_published_with_a_warning(
    origin: Origin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "anymatix_fetcher"):
        taken(origin, "model.pt", pickle.dumps([Path("x")], 2), tmp_path)
    assert "isn't known to be harmless" in caplog.text


def test_a_pickle_under_another_name_is_scanned_too(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/upscaler.weights", data=zip_file({"a/data.pkl": HARMFUL}))
    with pytest.raises(UnsafeModelError):
        fetch(file.url, directory=tmp_path)
