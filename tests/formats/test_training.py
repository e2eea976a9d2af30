from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.formats.training import MAX_TAGS, Training, hashes_in, tags_in, training_in, trigger_words_in

KOHYA = {
    "ss_sd_model_name": "sd_xl_base_1.0.safetensors",
    "ss_base_model_version": "sdxl_base_v1-0",
    "ss_network_module": "networks.lora",
    "ss_network_dim": "32",
    "ss_network_alpha": "16.0",
    "ss_steps": "1500",
    "ss_max_train_steps": "3000",
    "ss_num_epochs": "10",
    "ss_epoch": "5",
    "ss_num_train_images": "240",
    "ss_resolution": "(1024, 1024)",
    "sshs_model_hash": "a" * 64,
    "sshs_legacy_hash": "0123abcd",
    "modelspec.trigger_phrase": "ohwx, man ,",
    "ss_tag_frequency": json.dumps({"10_ohwx man": {"ohwx": 24, "smile": 7, 'quote "it"': 2}, "1_reg": {"smile": 20}}),
}


def test_what_kohya_writes_is_read() -> None:
    assert training_in(KOHYA) == Training(
        base_model="sd_xl_base_1.0.safetensors",
        base_version="sdxl_base_v1-0",
        module="networks.lora",
        dim=32,
        alpha=16,
        steps=1500,
        epochs=5,
        images=240,
        resolution="1024x1024",
    )
    assert hashes_in(KOHYA) == (("sshs_model_hash", "a" * 64), ("sshs_legacy_hash", "0123abcd"))


def test_trigger_words_are_the_stated_ones_and_tags_the_frequent_ones() -> None:
    assert trigger_words_in(KOHYA) == ("ohwx", "man")
    assert tags_in(KOHYA) == (("smile", 27), ("ohwx", 24), ('quote "it"', 2))


def test_what_isnt_there_isnt_known() -> None:
    assert training_in({}) is None
    assert training_in({"format": "pt", "ss_sd_model_name": "None"}) is None
    assert not trigger_words_in({})
    assert not tags_in({})
    assert not hashes_in({})


@pytest.mark.parametrize("value", ["None", "", "-1", "1e9", "NaN", "٣", "1" * 5000, "1.2.3"])
def test_numbers_that_cant_be_read_are_left_out(value: str) -> None:
    assert training_in({"ss_network_dim": value, "ss_steps": value, "ss_epoch": value}) is None


def test_only_so_many_tags_are_kept() -> None:
    many = json.dumps({"1_x": {f"tag {number}": number for number in range(1, 500)}})
    found = tags_in({"ss_tag_frequency": many})
    assert len(found) == MAX_TAGS
    assert found[0] == ("tag 499", 499)


@given(st.dictionaries(st.sampled_from(sorted(KOHYA)), st.text(max_size=100)))
def test_whatever_the_metadata_say_it_is_shown_in_single_lines(metadata: dict[str, str]) -> None:
    training = training_in(metadata)
    shown = [
        *trigger_words_in(metadata),
        *(tag for tag, _ in tags_in(metadata)),
        *(text for _, text in hashes_in(metadata)),
    ]
    shown += [training.base_model, training.base_version, training.module] if training else []
    assert not any("\n" in text or "\x1b" in text for text in shown)


@pytest.mark.parametrize("text", ['"' + '\\"' * 400_000, '"a":' * 200_000, '"a' * 400_000, '"a"' + " " * 900_000])
def test_tags_that_are_made_to_take_long_dont(text: str) -> None:
    assert len(tags_in({"ss_tag_frequency": text})) <= MAX_TAGS
