from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import NotAModelError
from anymatix_fetcher.formats.content import Content
from anymatix_fetcher.formats.facts import ModelKind
from anymatix_fetcher.formats.inspection import FIRST_SIZE, MAX_SAFETENSORS_SIZE, inspect, inspect_bytes
from anymatix_fetcher.formats.pickles import RUNS_CODE
from tests.formats.files import GgufWriter, behind, of_dtype, run, safetensors, safetensors_header, zip_file
from tests.formats.models import MODELS
from tests.formats.test_content import KINDS
from tests.formats.test_training import KOHYA

if TYPE_CHECKING:
    from collections.abc import Callable

GIGABYTE = 1 << 30


def reading(data: bytes) -> Callable[[Span], bytes]:
    return lambda span: data[span.start : span.stop]


def test_a_lora_tells_everything_about_itself() -> None:
    shapes, *_ = MODELS["LoRA SDXL of kohya"]
    data = safetensors(of_dtype("F16", shapes), KOHYA | {"modelspec.title": "Ohwx"})
    facts = inspect_bytes(data, "ohwx.safetensors")
    assert (facts.content, facts.kind, facts.architecture) == (Content.SAFETENSORS, ModelKind.LORA, "sdxl")
    assert facts.length == len(data)
    assert facts.base_model == "sd_xl_base_1.0.safetensors"
    assert facts.title == "Ohwx"
    assert facts.training is not None
    assert facts.training.dim == 32
    assert facts.trigger_words == ("ohwx", "man")
    assert dict(facts.hashes).keys() == {"sshs_model_hash", "sshs_legacy_hash"}
    assert facts.parameters == 16 * 2048 + 640 * 16 + 1
    assert facts.header_length + facts.parameters * 2 == len(data)
    assert not facts.runs_code


@pytest.mark.parametrize("title", MODELS)
def test_a_model_is_the_same_in_safetensors_and_in_gguf(title: str) -> None:
    shapes, kind, architecture, variant = MODELS[title]
    header, size = safetensors_header(of_dtype("BF16", shapes))
    facts, _ = run(len(header) + size, behind(header))
    assert (facts.kind, facts.architecture, facts.variant) == (kind, architecture, variant)
    header, size = GgufWriter().header([], [(name, 1, shape) for name, shape in shapes.items()])
    facts, _ = run(len(header) + size, behind(header))
    assert (facts.kind, facts.architecture, facts.variant) == (kind, architecture, variant)


def test_a_gguf_file_tells_its_quantization_and_its_metadata() -> None:
    pairs = [
        *(("general.architecture", 8, "flux"), ("general.name", 8, "Flux.1-dev"), ("general.file_type", 4, 15)),
        *(("general.base_model.0.name", 8, "FLUX.1"), ("ok", 7, True), ("dims", 9, (4, [1, 2]))),
        ("tokenizer.ggml.tokens", 9, (8, ["x"] * 5000)),
    ]
    facts = inspect_bytes(GgufWriter(order=">").file(pairs, [("img_in.weight", 12, (4, 256))]), "flux.gguf")
    assert (facts.kind, facts.architecture, facts.quantization) == (ModelKind.DIFFUSION_MODEL, "flux1", "Q4_K_M")
    assert (facts.title, facts.base_model) == ("Flux.1-dev", "FLUX.1")
    assert facts.metadata["ok"] == "true"
    assert facts.metadata["dims"] == "1, 2"
    assert facts.metadata["tokenizer.ggml.tokens"] == "(5,000 values)"
    assert facts.remarks == ("it is written for big-endian machines",)
    assert [(total.dtype, total.parameters, total.size) for total in facts.dtypes] == [("Q4_K", 1024, 576)]


def test_a_torch_checkpoint_is_listed_and_said_to_run_code() -> None:
    data = zip_file({"archive/data.pkl": pickle.dumps({}), "archive/data/0": bytes(100_000), "archive/version": b"3\n"})
    facts, asked = run(len(data), reading(data), "model.ckpt")
    assert facts.content is Content.ZIP
    assert [entry.name for entry in facts.entries] == ["archive/data.pkl", "archive/data/0", "archive/version"]
    assert facts.runs_code
    assert facts.remarks == (RUNS_CODE,)
    assert sum(map(len, asked)) < 100_000
    assert not inspect_bytes(zip_file({"unet/model.safetensors": b""})).runs_code


def test_a_long_list_of_entries_is_asked_for_as_a_whole() -> None:
    data = zip_file({f"archive/data/{number}": bytes(900) for number in range(1000)})
    facts, asked = run(len(data), reading(data))
    assert len(facts.entries) == 1000
    assert len(asked) == 3


def test_bare_pickles_and_what_may_be_one_are_said_to_run_code() -> None:
    assert inspect_bytes(pickle.dumps({"a": 1}), "a.safetensors").remarks == (RUNS_CODE,)
    assert inspect_bytes(b"(dp0\n.", "a.pt").runs_code
    assert not inspect_bytes(b"(dp0\n.", "a.txt").runs_code


@pytest.mark.parametrize("content", KINDS, ids=lambda content: content.value)
def test_other_files_are_told_by_what_they_are(content: Content) -> None:
    data = KINDS[content]
    assert inspect_bytes(data).content is content


def test_nothing_is_asked_of_an_empty_file() -> None:
    facts, asked = run(0, reading(b""))
    assert facts.content is Content.EMPTY
    assert asked == []


def test_what_is_asked_for_is_little_whatever_the_file() -> None:
    lora_shapes = {f"lora_unet_input_blocks_4_1_{number}.lora_down.weight": (32, 2048) for number in range(400)}
    checkpoint = {f"model.diffusion_model.input_blocks.{number}.0.weight": (320, 320, 3, 3) for number in range(2500)}
    for shapes, ranges, most in ((lora_shapes, 1, FIRST_SIZE), (checkpoint, 2, 400_000)):
        header, _ = safetensors_header(of_dtype("F16", shapes))
        # The data's end moves with the length that is claimed: the last tensor takes the rest of 20 GB.
        facts, asked = run(*_grown(header, 20 * GIGABYTE))
        assert len(facts.tensors) == len(shapes) + 1
        assert facts.complete
        assert len(asked) == ranges
        assert sum(map(len, asked)) == max(facts.header_length, FIRST_SIZE) <= most


def _grown(header: bytes, length: int) -> tuple[int, Callable[[Span], bytes]]:
    """A file of ``length`` bytes, whose header has one more tensor that takes all that the others leave."""
    entries = json.loads(header[8:])
    taken = max(entry["data_offsets"][1] for entry in entries.values())
    entries["rest"] = {"dtype": "U8", "shape": [0], "data_offsets": [taken, 0]}
    text = json.dumps(entries, separators=(",", ":"))
    for _ in range(3):  # the numbers' own digits move the end
        rest = length - 8 - len(text) - taken
        entries["rest"] = {"dtype": "U8", "shape": [rest], "data_offsets": [taken, taken + rest]}
        text = json.dumps(entries, separators=(",", ":"))
    return length, behind(len(text).to_bytes(8, "little") + text.encode())


def test_gguf_headers_of_diffusion_models_take_one_range_and_vocabularies_a_few() -> None:
    tensors = [(f"double_blocks.{number}.img_attn.qkv.weight", 1, (64, 32)) for number in range(700)]
    header, size = GgufWriter().header([("general.architecture", 8, "flux")], tensors)
    _, asked = run(len(header) + size, behind(header))
    assert [span.stop for span in asked] == [FIRST_SIZE]
    words = [f"a word of a vocabulary {number}" for number in range(150_000)]
    header, size = GgufWriter().header([("tokenizer.ggml.tokens", 9, (8, words))], tensors)
    facts, asked = run(len(header) + size, behind(header))
    assert len(facts.tensors) == 700
    assert len(asked) == 5
    assert [one.stop for one in asked[:-1]] == [other.start for other in asked[1:]]


def test_a_header_beyond_the_cap_is_read_so_far_and_said_to_be_cut() -> None:
    shapes = of_dtype("F16", {f"{'long' * 100}.{number}": (1, 1) for number in range(25_000)})
    header, size = safetensors_header(shapes)
    assert len(header) > MAX_SAFETENSORS_SIZE
    facts, asked = run(len(header) + size, behind(header))
    assert not facts.complete
    assert facts.remarks == (f"the header is longer than the {MAX_SAFETENSORS_SIZE:,} bytes that were read of it",)
    assert 15_000 < len(facts.tensors) < 25_000
    assert asked[-1].stop == MAX_SAFETENSORS_SIZE


def test_a_damaged_header_is_refused_by_name() -> None:
    data = safetensors({"a": ("F32", (10,))})
    with pytest.raises(
        NotAModelError, match=r"^m\.sft is a safetensors file that can't be loaded: its tensors end"
    ) as cut:
        inspect_bytes(data[:-1], "m.sft")
    assert cut.value.hint
    with pytest.raises(NotAModelError, match=r"^the file is a zip archive that can't be loaded"):
        inspect_bytes(zip_file({"a": b"b"})[:-3])


def test_another_number_of_bytes_than_asked_for_isnt_taken() -> None:
    inspection = inspect(100)
    assert next(inspection) == Span(0, 100)
    with pytest.raises(ValueError, match="asked for 100 bytes, was sent 99"):
        inspection.send(bytes(99))


@given(st.binary(max_size=3000), st.sampled_from([b"", b"GGUF\3\0\0\0", b"\x20\0\0\0\0\0\0\0{", b"PK\3\4", b"PK\5\6"]))
def test_any_bytes_are_inspected_or_refused(data: bytes, start: bytes) -> None:
    try:
        facts = inspect_bytes(start + data, "m.bin")
    except NotAModelError as refusal:
        message = refusal.message
    else:
        message = json.dumps(facts.as_json(with_tensors=True))
    assert message


def test_a_part_of_a_model_is_said_to_be_one() -> None:
    said = "it is part 2 of 3 of a model: it needs the others in the same folder"
    split = GgufWriter().file([("split.no", 2, 1), ("split.count", 2, 3)])
    assert said in inspect_bytes(split, "any.gguf").remarks
    assert said in inspect_bytes(GgufWriter().file([]), "m-00002-of-00003.gguf").remarks
    assert said in inspect_bytes(safetensors({"a": ("U8", (4,))}), "sub/m-00002-of-00003.safetensors").remarks
    whole = GgufWriter().file([("split.no", 2, 0), ("split.count", 2, 1)])
    assert not any("part" in remark for remark in inspect_bytes(whole, "m-00004-of-00003.gguf").remarks)
