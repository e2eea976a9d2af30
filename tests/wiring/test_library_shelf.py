from __future__ import annotations

from pathlib import Path

import pytest

from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.core.values.resource import About, Resource
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.settings import Settings
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.names import Naming
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.verbs.settings import settings_of
from anymatix_fetcher.wiring.library_search import LateIndex
from anymatix_fetcher.wiring.library_shelf import LibraryShelf

URL = "https://host/a.bin"
RESOURCE = Resource(
    Url.parse(URL), reference=URL, folder=(SafeName("unet"),), about=About(title="ann/dream", type="VAE")
)
NAME = SafeName("a.bin")


@pytest.fixture
def shelf(tmp_path: Path) -> LibraryShelf:
    disk = OsDisk()
    return LibraryShelf(
        disk, LateIndex(tmp_path / "index.sqlite", disk, (), lambda: 0.0), environment={}, current=lambda: tmp_path,
        home=tmp_path / "home", wall_clock=lambda: 0.0,
    )  # fmt: skip


def test_a_plain_download_goes_where_it_is_told_and_looks_for_no_models_root(
    tmp_path: Path, shelf: LibraryShelf
) -> None:
    place = shelf.place(Settings(directory=Path("d")), RESOURCE)
    assert place.working(NAME) == tmp_path / "d/unet/a.bin"
    assert not place.has_sidecar
    assert shelf.place(Settings(output=Path("x")), RESOURCE).working(NAME) == tmp_path / "x"
    assert list(tmp_path.iterdir()) == []


def test_a_type_goes_below_the_models_root_with_the_folders_of_a_repository(
    tmp_path: Path, shelf: LibraryShelf
) -> None:
    place = shelf.place(Settings(type="diffusers", directory=Path("ignored")), RESOURCE)
    assert place.working(NAME) == tmp_path / "models" / "diffusers" / "unet" / NAME
    assert (place.type, place.has_sidecar, place.note) == ("diffusers", True, "")


def test_auto_takes_the_sources_word(tmp_path: Path, shelf: LibraryShelf) -> None:
    place = shelf.place(Settings(type="auto", models=tmp_path / "m"), RESOURCE)
    assert place.folder == tmp_path / "m" / "vae"
    assert place.note
    assert shelf.place(Settings(type="auto", output=Path("x")), RESOURCE).type == "vae"


def test_more_folders_come_from_extra_paths(tmp_path: Path, shelf: LibraryShelf) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(f"mine:\n  base_path: {tmp_path}/more\n  is_default: true\n  loras: l\n")
    place = shelf.place(Settings(type="lora", extra_paths=(extra,)), RESOURCE)
    assert place.folder == tmp_path / "more" / "l"


def test_a_sidecar_lies_below_models_roots_that_are_named_and_where_it_is_asked_for(
    tmp_path: Path, shelf: LibraryShelf
) -> None:
    models = tmp_path / "m"
    assert shelf.place(Settings(models=models, directory=models / "loras"), RESOURCE).has_sidecar
    assert shelf.place(Settings(models=models, output=models / "x"), RESOURCE).has_sidecar
    assert shelf.place(Settings(naming=Naming.ANYMATIX), RESOURCE).has_sidecar
    assert shelf.place(Settings(sidecar=True), RESOURCE).has_sidecar
    assert not shelf.place(Settings(models=models, directory=tmp_path), RESOURCE).has_sidecar
    assert not shelf.place(Settings(type="lora", output=tmp_path / "x"), RESOURCE).has_sidecar


def test_templates_know_what_the_source_says(tmp_path: Path, shelf: LibraryShelf) -> None:
    place = shelf.place(Settings(type="auto", folder="{type}/{author}/{model}/{host}"), RESOURCE)
    assert place.working(NAME) == tmp_path / "models/vae/vae/ann/dream/host/unet/a.bin"
    with pytest.raises(ReferenceSyntaxError):
        shelf.place(Settings(folder="../x"), RESOURCE)


def test_only_a_hash_is_looked_for_here(shelf: LibraryShelf) -> None:
    assert shelf.recall(Job(URL, Settings()), lambda _: None) is None
    assert shelf.recall(Job(f"sha256://{'ab' * 32}", Settings()), lambda _: None) is not None


def test_keywords_are_read_as_people_write_them() -> None:
    settings = settings_of(
        type="lora", models="m", extra_paths=["x.yaml"], naming="anymatix", folder="{name}", links=False
    )
    assert (settings.models, settings.extra_paths, settings.naming) == (Path("m"), (Path("x.yaml"),), Naming.ANYMATIX)
    assert not settings.links
    with pytest.raises(ReferenceSyntaxError):
        settings_of(naming="odd")
    with pytest.raises(ReferenceSyntaxError):
        settings_of(type="lora", directory="x")
