from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.workflows.anymatix import CHATTERBOX_FILES, FOLDERS, AnymatixWish, wishes_of
from anymatix_fetcher.workflows.needs import NodeName
from anymatix_fetcher.workflows.nodes import Node

URL = "https://civitai.com/api/download/models/1?type=Model"
FETCHER = NodeName("1", "AnymatixFetcher")


def wishes(*values: object, kind: str = "AnymatixFetcher") -> list[AnymatixWish]:
    return list(wishes_of(Node(NodeName("1", kind), values=values)))


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_dictionary_stands_for_a_file_in_its_types_folder(kind: str) -> None:
    assert wishes({"url": URL, "type": kind, "auth": "token=SECRET"}) == [AnymatixWish(URL, FOLDERS[kind])]


def test_dictionaries_are_found_in_inputs_and_deep_inside_of_other_nodes_values() -> None:
    lora = {"url": URL, "type": "lora", "auth": ""}
    node = Node(NodeName("1", "Other"), values=([{"deep": [lora, None]}],), inputs={"model": lora})
    assert list(wishes_of(node)) == [AnymatixWish(URL, "loras"), AnymatixWish(URL, "loras")]


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://h.example/m?token=SECRET", "https://h.example/m"),
        ("https://h.example/m?Token=SECRET&type=Model", "https://h.example/m?type=Model"),
        ("https://h.example/m?type=Model&token=SECRET", "https://h.example/m?type=Model"),
        ("https://h.example/m?type=Model&token=SECRET&x=1", "https://h.example/m?type=Model&x=1"),
        ("https://h.example/m?mytoken=1", "https://h.example/m?mytoken=1"),
    ],
)
def test_a_token_in_the_address_isnt_kept(address: str, kept: str) -> None:
    assert wishes({"url": address, "type": "vae"}) == [AnymatixWish(kept, "vae")]
    assert wishes(address, "token=SECRET", kind="AnymatixCheckpointFetcher") == [AnymatixWish(kept, "checkpoints")]


def test_a_wish_doesnt_show_its_address_nor_a_node_its_values() -> None:
    node = Node(FETCHER, values=({"url": "https://h.example/m?sig=SECRET", "type": "vae", "auth": "SECRET"},))
    assert "SECRET" not in repr(node)
    assert "SECRET" not in repr(list(wishes_of(node)))


def test_a_digest_instead_of_an_address_is_a_digest() -> None:
    digest = "ab" * 32
    assert wishes({"url": f"sha256://{digest}", "type": "lora"}) == [
        AnymatixWish("", "loras", digest=Digest("sha256", digest))
    ]
    with pytest.raises(ValueError, match="not a sha256 digest"):
        wishes({"url": "sha256://00", "type": "lora"})


def test_a_voice_pack_is_several_files_of_one_repository() -> None:
    found = wishes({"url": "https://huggingface.co/a/b/", "type": "chatterbox_model_pack"})
    assert [wish.name for wish in found] == list(CHATTERBOX_FILES)
    assert {wish.folder for wish in found} == {"tts/chatterbox/resembleai_default_voice"}
    assert found[0].address == "https://huggingface.co/a/b/resolve/main/ve.safetensors"


def test_an_annotators_file_lies_in_its_repositorys_folder() -> None:
    address = "https://huggingface.co/yzd-v/DWPose/resolve/main/sub/yolox_l.onnx?download=true"
    assert wishes({"url": address, "type": "dwpose_aux"}) == [
        AnymatixWish(address, "annotator_ckpts/yzd-v/DWPose", "yolox_l.onnx")
    ]
    with pytest.raises(ValueError, match="in a repository"):
        wishes({"url": "https://h.example/x.onnx", "type": "dwpose_aux"})


def test_an_unknown_type_is_an_error_for_the_fetcher_and_nothing_for_others() -> None:
    with pytest.raises(ValueError, match="type isn't known"):
        wishes({"url": URL, "type": "new"})
    assert wishes({"url": URL, "type": "output"}, kind="VHS_VideoCombine") == []
    assert wishes({"url": "", "type": "vae"}, {"url": 1, "type": "vae"}, {"url": URL}) == []
