from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.commands.inspect import report
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.formats.content import Content
from anymatix_fetcher.formats.facts import ModelFacts
from anymatix_fetcher.formats.inspection import inspect_bytes
from anymatix_fetcher.testing import Origin
from tests.formats.files import GgufWriter, safetensors, zip_file
from tests.formats.test_content import KINDS

if TYPE_CHECKING:
    from pathlib import Path

LORA = safetensors(
    {
        f"lora_unet_{place}_attentions_0_transformer_blocks_0_attn1_to_q.lora_{way}.weight": ("F16", shape)
        for place in ("down_blocks_1", "up_blocks_0")
        for way, shape in (("down", (16, 640)), ("up", (640, 16)))
    }
    | {"lora_te1_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight": ("F32", (16, 768))},
    {
        "ss_sd_model_name": "sd_xl_base_1.0.safetensors",
        "ss_base_model_version": "sdxl_base_v1-0",
        "ss_network_module": "networks.lora",
        "ss_network_dim": "16",
        "ss_network_alpha": "8",
        "ss_steps": "2400",
        "ss_num_train_images": "1",
        "ss_resolution": "(1024, 1024)",
        "ss_tag_frequency": '{"a": {"zxc girl": 1200, "smile": 44}}',
        "modelspec.title": "A\x1b[31m title",
        "modelspec.trigger_phrase": "zxc girl, smile",
        "sshs_model_hash": "ab" * 32,
    },
)
LINES = """\
format:        a safetensors file
kind:          lora
architecture:  Stable Diffusion XL (sdxl)
base model:    sd_xl_base_1.0.safetensors (sdxl_base_v1-0)
title:         A\ufffd[31m title
size:          132 kB (132,304 bytes), of which 1.23 kB are the header
parameters:    53.2 K in 5 tensors
tensors:       F16  4 tensors  41 K    81.9 kB
               F32  1 tensor   12.3 K  49.2 kB
training:      networks.lora, dim 16, alpha 8
               2400 steps, 1 image, at 1024x1024
trigger words: zxc girl, smile
training tags: zxc girl (1,200), smile (44)
hashes:        sshs_model_hash  abababababababababababababababababababababababababababababababab
metadata:      12 values, shown by --json
"""


def test_people_read_a_table_of_what_is_known() -> None:
    assert report(inspect_bytes(LORA)) == LINES


def test_each_tensor_is_listed_where_that_is_asked_for() -> None:
    added = report(inspect_bytes(LORA), with_tensors=True).removeprefix(LINES).splitlines()
    assert len(added) == 6
    assert added[1].split() == [
        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight",
        *("F16", "16", "x", "640", "20.5", "kB"),
    ]


def test_archives_and_quantized_models_have_lines_of_their_own() -> None:
    archive = report(inspect_bytes(zip_file({"archive/data.pkl": b".", "archive/data/0": bytes(9)})), with_tensors=True)
    assert "entries:       2\nremarks:       a pickle: it can run code when it is loaded\n" in archive
    assert archive.endswith("archive/data.pkl  1 B\narchive/data/0    9 B\n")
    pairs = [("general.architecture", 8, "flux"), ("general.file_type", 4, 15)]
    quantized = report(inspect_bytes(GgufWriter().file(pairs, [("double_blocks.0.x", 12, (4, 256))])))
    assert quantized.startswith("format:        a GGUF file in Q4_K_M\n")


def test_what_isnt_known_is_left_out() -> None:
    assert report(inspect_bytes(KINDS[Content.ONNX], "m.onnx")).splitlines() == [
        "format:        an ONNX model",
        "size:          1.04 kB (1,043 bytes)",
    ]
    assert "may be a pickle" in report(inspect_bytes(b"\xff" * 600, "weights.bin"))
    assert report(ModelFacts(Content.UNKNOWN, 5)).count("unknown") == 1


def test_programs_read_one_object(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(LORA)
    with Origin(seed=1) as origin:
        file = origin.add("/m.safetensors", data=LORA)
        for reference in (file.url, str(tmp_path / "m.safetensors")):
            assert main(["inspect", "--json", reference]) == 0
            assert json.loads(capsys.readouterr().out) == inspect_bytes(LORA).as_json()
    assert main(["inspect", "--json", "--tensors", str(tmp_path / "m.safetensors")]) == 0
    assert len(json.loads(capsys.readouterr().out)["tensors"]) == 5


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [("m.safetensors", LORA, 0), ("m.safetensors", LORA[:-1], 6), ("m.gguf", KINDS[Content.JSON], 6)],
)
def test_the_exit_code_tells_how_it_went(
    name: str, data: bytes, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(data)
    assert main(["inspect", str(tmp_path / name)]) == code
    printed = capsys.readouterr()
    assert bool(printed.out) is (code == 0)
    assert printed.err.startswith("error: ") is (code != 0)


def test_a_model_of_another_kind_is_described_and_its_name_said_to_be_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.gguf").write_bytes(LORA)
    assert main(["inspect", str(tmp_path / "m.gguf")]) == 6
    printed = capsys.readouterr()
    assert "a safetensors file" in printed.out
    assert printed.err == "error: m.gguf is a safetensors file, not a GGUF file\n"
    assert main(["inspect", "--json", str(tmp_path / "m.gguf")]) == 6
    assert json.loads(capsys.readouterr().out)["remarks"][0] == "m.gguf is a safetensors file, not a GGUF file"


def test_wrong_references_are_wrong_usage_and_secrets_stay_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect"]) == 2
    assert main(["inspect", "none.gguf"]) == 2
    with Origin(seed=1) as origin:
        assert main(["inspect", origin.url("/none.bin") + "?token=SECRET-SECRET"]) == 3
    assert "SECRET" not in capsys.readouterr().err
