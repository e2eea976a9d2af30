from __future__ import annotations

import pickle

import pytest

from anymatix_fetcher.formats.pickles import holds_pickle, is_pickle, may_be_pickle


@pytest.mark.parametrize("name", ["a.ckpt", "A.PT", "b.pth", "pytorch_model.bin", "c.pkl", "d.pt2"])
def test_names_of_pickles_are_known(name: str) -> None:
    assert may_be_pickle(name)


@pytest.mark.parametrize("name", ["a.safetensors", "b.gguf", "c.onnx", "ckpt", "pt.txt"])
def test_other_names_arent_taken_for_pickles(name: str) -> None:
    assert not may_be_pickle(name)


def test_the_mark_of_a_pickle_is_its_protocol() -> None:
    assert is_pickle(pickle.dumps([1]))
    assert not is_pickle(b"\x80\x09abc")
    assert not is_pickle(b"\x80")


def test_an_archive_with_a_pickle_in_it_holds_one() -> None:
    assert holds_pickle(("archive/data.pkl", "archive/data/0"))
    assert holds_pickle(("DATA.PKL",))
    assert not holds_pickle(("model_index.json", "unet/model.safetensors"))
    assert not holds_pickle(())
