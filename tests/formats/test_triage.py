from __future__ import annotations

import gzip
import pickle
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.answers.judge import MODEL_SUFFIXES
from anymatix_fetcher.formats.content import DOCUMENTS, ENOUGH, Content
from anymatix_fetcher.formats.triage import Triage, triage
from tests.formats.files import GgufWriter, safetensors, safetensors_header, zip_file
from tests.formats.test_content import KINDS

MODEL = safetensors({"a": ("F32", (300,)), "b": ("BF16", (10, 10))}, {"format": "pt"})
GGUF = GgufWriter().file([("general.architecture", 8, "flux")], [("a", 12, (4, 256))])
TORCH = zip_file({"archive/data.pkl": pickle.dumps({}), "archive/data/0": bytes(800)})
SHARES_ITS_NAME = {
    ".safetensors": MODEL,
    ".sft": MODEL,
    ".gguf": GGUF,
    ".zip": TORCH,
    ".tar": KINDS[Content.TAR],
    ".7z": KINDS[Content.SEVEN_ZIP],
    ".onnx": KINDS[Content.ONNX],
    ".npz": TORCH,
    ".h5": KINDS[Content.HDF5],
}


def of(data: bytes, name: str) -> Triage:
    return triage(data, name=name, length=len(data))


def sentence(data: bytes, name: str) -> str:
    refusal = of(data, name).refusal
    assert refusal is not None
    assert refusal.hint
    return refusal.message


@pytest.mark.parametrize("suffix", MODEL_SUFFIXES)
def test_what_a_name_promises_is_let_through(suffix: str) -> None:
    found = of(SHARES_ITS_NAME.get(suffix, TORCH), f"model{suffix}")
    assert (found.needs, found.refusal) == (0, None)


@pytest.mark.parametrize("suffix", MODEL_SUFFIXES)
@pytest.mark.parametrize("content", sorted(DOCUMENTS - {Content.EMPTY}, key=str), ids=lambda content: content.value)
def test_no_model_is_a_document(suffix: str, content: Content) -> None:
    found = of(KINDS[content], f"model{suffix}")
    assert found.content is content
    assert found.refusal is not None
    assert found.refusal.hint


@pytest.mark.parametrize(
    "name", ["notes.txt", "config.json", "model.yaml", "README", "page.html", "model.xml", "a.gz", ""]
)
@pytest.mark.parametrize("content", KINDS, ids=lambda content: content.value)
def test_names_that_promise_nothing_are_left_alone(name: str, content: Content) -> None:
    assert of(KINDS[content], name) == Triage(content)
    assert triage(b"", name=name, length=0).refusal is None


@pytest.mark.parametrize("name", ["a.ckpt", "a.pt", "a.pth", "a.bin", "a.pkl"])
@pytest.mark.parametrize("content", [Content.PICKLE, Content.ZIP, Content.SAFETENSORS, Content.TAR, Content.GGUF])
def test_torchs_names_hold_all_that_was_ever_written_under_them(name: str, content: Content) -> None:
    assert of(KINDS[content], name).refusal is None


@pytest.mark.parametrize("name", ["a.ckpt", "a.pt", "a.bin", "a.pkl", "a.tflite", "a.engine", "a.onnx"])
def test_what_isnt_recognized_is_let_through_under_all_but_the_strict_names(name: str) -> None:
    for data in (b"(dp0\nS'a'\np1\nI1\ns." + b"\n" * 600, b"\x0a\x12weights" * 100, b"\xff" * 999):
        assert of(data, name).refusal is None


def test_raw_weights_and_compressed_pickles_are_let_through() -> None:
    assert of(bytes(1000), "weights.bin").refusal is None
    assert of(gzip.compress(bytes(range(256)) * 9, mtime=0), "a.pkl").refusal is None
    assert of(struct.pack("<Q", 100) + b"{" + bytes(999), "weights.bin").refusal is None


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (Content.WEB_PAGE, "m.safetensors", "m.safetensors is a web page, not a safetensors file"),
        (
            Content.GIT_LFS_POINTER,
            "m.safetensors",
            (
                "m.safetensors is a Git LFS pointer, the text that stands for the file in its repository "
                "(of 12,345 bytes), not a safetensors file"
            ),
        ),
        (
            Content.ZIP,
            "m.safetensors",
            "m.safetensors is a zip archive that begins with archive/data.pkl, not a safetensors file",
        ),
        (Content.PICKLE, "m.sft", "m.sft is a pickle, not a safetensors file"),
        (Content.GGUF, "m.safetensors", "m.safetensors is a GGUF file, not a safetensors file"),
        (Content.SAFETENSORS, "m.gguf", "m.gguf is a safetensors file, not a GGUF file"),
        (Content.GZIP, "m.pth", "m.pth is a gzip-compressed file, not what its name says"),
        (Content.SEVEN_ZIP, "m.bin", "m.bin is a 7z archive, not what its name says"),
        (Content.ZEROS, "m.ckpt", "m.ckpt is nothing but zero bytes at its beginning, not what its name says"),
        (Content.JSON, "m.onnx", "m.onnx is a JSON document, not what its name says"),
    ],
)
def test_a_refusal_says_what_it_is_instead(content: Content, name: str, said: str) -> None:
    assert sentence(KINDS[content], name) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (Content.WEB_PAGE, "login page"),
        (Content.GIT_LFS_POINTER, "/resolve/ instead of /raw/"),
        (Content.XML, "expired"),
        (Content.ZIP, "-o NAME.ckpt"),
        (Content.RAR, "unpack"),
        (Content.GGUF, "-o NAME.gguf"),
    ],
)
def test_a_refusal_says_what_to_do(content: Content, said: str) -> None:
    refusal = of(KINDS[content], "m.safetensors").refusal
    assert refusal is not None
    assert said in refusal.hint


def test_an_empty_file_and_an_unknown_beginning_are_no_model() -> None:
    assert sentence(b"", "m.gguf") == "m.gguf is an empty file, not a GGUF file"
    assert sentence(b"\xff" * 999, "m.gguf") == "m.gguf doesn't begin as a GGUF file does"


def test_a_damaged_header_is_told_with_its_damage() -> None:
    cut = of(MODEL[:-1], "M.SAFETENSORS").refusal
    assert cut is not None
    assert cut.message.startswith("M.SAFETENSORS is a safetensors file that can't be loaded: its tensors end at byte")
    assert "another copy" in cut.hint
    assert "can't be loaded" in sentence(GGUF[:-400], "m.gguf")


def test_names_out_of_files_cant_spoil_the_sentence() -> None:
    assert sentence(zip_file({"a\x1b[31m\u202e": bytes(999)}), "m.gguf").isprintable()


@given(st.sampled_from([(MODEL, "m.safetensors"), (GGUF, "m.gguf"), (TORCH, "m.ckpt")]), st.integers(0, 2000))
def test_the_beginning_of_a_sound_model_is_never_refused(model: tuple[bytes, str], cut: int) -> None:
    data, name = model
    for length in (len(data), None):
        found = triage(data[:cut], name=name, length=length)
        assert found.refusal is None
        assert found.needs == 0 or cut < found.needs <= max(ENOUGH, len(data))


def test_it_says_how_many_bytes_would_tell_more_and_then_is_done() -> None:
    header, size = safetensors_header({f"t{index}": ("F16", (10,)) for index in range(100)})
    length, here, rounds = len(header) + size, b"", 0
    while needs := triage(here, name="m.safetensors", length=length).needs:
        here = header[:needs]
        rounds += 1
    assert here == header
    assert rounds == 2


def test_a_wrong_header_is_refused_before_all_of_it_is_here() -> None:
    text = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9]},' + b" " * 10_000_000
    first = struct.pack("<Q", len(text)) + text[:1000]
    assert triage(first, name="m.safetensors", length=20 << 30).refusal is not None
    assert triage(struct.pack("<Q", 20 << 30) + bytes(600), name="m.safetensors", length=20 << 30).refusal is not None


@given(st.binary(max_size=700), st.sampled_from(["", *MODEL_SUFFIXES, ".txt"]), st.booleans())
def test_any_bytes_under_any_name_get_an_answer(data: bytes, suffix: str, whole: bool) -> None:  # noqa: FBT001 - drawn
    found = triage(data, name=f"m{suffix}", length=len(data) if whole else 1 << 34)
    assert found.refusal is None or found.refusal.message.isprintable()
    assert whole is False or found.refusal is not None or found.needs == 0
