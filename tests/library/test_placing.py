from __future__ import annotations

from pathlib import Path

import pytest

from anymatix_fetcher.core.values.filenames import MAX_NAME_BYTES, SafeName
from anymatix_fetcher.errors import ReferenceSyntaxError, StorageError
from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.library.names import Naming
from anymatix_fetcher.library.placing import Placement, chosen_folder
from anymatix_fetcher.library.templates import Template
from anymatix_fetcher.library.types import ModelType

NAME = SafeName("dream.safetensors")
SHA256 = "ab" * 32
MARK = "0123456789abcdef"
FOLDER = Path("/m/loras")
FOLDERS = comfyui_folders(Path("/m"))


def test_a_plain_name_is_the_same_before_and_after() -> None:
    place = Placement(FOLDER)
    assert place.working(NAME) == place.final(NAME, None) == place.final(NAME, SHA256) == FOLDER / NAME


def test_a_name_by_content_comes_with_the_content() -> None:
    place = Placement(FOLDER, naming=Naming.ANYMATIX, mark=MARK)
    assert place.working(NAME) == FOLDER / f"dream-{MARK}.safetensors"
    assert place.final(NAME, None) is None
    assert place.final(NAME, SHA256) == FOLDER / f"dream_{SHA256}.safetensors"


@pytest.mark.parametrize("name", ["x" * (MAX_NAME_BYTES - 5) + ".gguf", "model", "\u00fc" * 100 + ".pt"])
def test_long_names_stay_short_enough(name: str) -> None:
    place = Placement(FOLDER, naming=Naming.ANYMATIX, mark=MARK)
    final = place.final(SafeName(name), SHA256)
    assert final is not None
    assert max(len(path.name.encode()) for path in (final, place.working(SafeName(name)))) <= MAX_NAME_BYTES


def test_an_exact_destination_outranks_everything() -> None:
    place = Placement(FOLDER, exact=Path("/x/y.bin"), naming=Naming.ANYMATIX, mark=MARK, below=(SafeName("sub"),))
    assert not place.is_named_by_content
    assert place.working(NAME) == place.final(NAME, SHA256) == Path("/x/y.bin")


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("{base_model}", "SDXL 1.0/sub/dream.safetensors"),
        ("{base_model}/{name}", "SDXL 1.0/sub/dream.safetensors"),
        ("x/{name} by {author}", "x/sub/dream by me.safetensors"),
        ("{version}/y", "y/sub/dream.safetensors"),
    ],
)
def test_templates_come_before_the_folders_of_a_repository(tmp_path: Path, template: str, path: str) -> None:
    facts = {"base_model": "SDXL 1.0", "author": "me"}
    place = Placement(tmp_path, template=Template.parse(template), facts=facts, below=(SafeName("sub"),))
    assert place.working(NAME) == tmp_path / path


def test_no_folder_of_a_template_leads_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x").symlink_to(tmp_path)
    with pytest.raises(StorageError):
        Placement(tmp_path / "in", template=Template.parse("x")).working(NAME)


@pytest.mark.parametrize("word", ["LoRA", "loras", "lycoris"])
def test_a_word_leads_to_a_folder_without_a_guess(word: str) -> None:
    assert chosen_folder(FOLDERS, word, "Checkpoint") == (FOLDER, ModelType.LORA, "")


def test_the_sources_word_is_a_guess_and_is_said() -> None:
    folder, model_type, note = chosen_folder(FOLDERS, "auto", "LoCon")
    assert (folder, model_type) == (FOLDER, ModelType.LORA)
    assert "'LoCon'" in note
    assert str(FOLDER) in note


@pytest.mark.parametrize("stated", ["", "text-to-image", "custom_nodes"])
def test_what_the_source_does_not_say_has_to_be_named(stated: str) -> None:
    with pytest.raises(ReferenceSyntaxError) as caught:
        chosen_folder(FOLDERS, "auto", stated)
    assert "--type" in caught.value.hint
