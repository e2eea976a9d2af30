from __future__ import annotations

import os
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.adopt import Foundling, plan_adoption
from anymatix_fetcher.library.catalog import Catalog
from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.library.first_fetcher import hexed, leave
from tests.library.steps import all_of

if TYPE_CHECKING:
    from pathlib import Path


def test_models_that_no_sidecar_names_are_planned_with_what_is_known_of_them(tmp_path: Path) -> None:
    leave(tmp_path / "loras")
    plain = tmp_path / "loras" / "sub" / "plain.safetensors"
    hashed = tmp_path / "unet" / f"big_{'ab' * 32}.gguf"
    for path in (plain, hashed, tmp_path / "loras" / "readme.txt"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"abc")
    digest = Digest("sha256", hexed(b"abc"))
    with Index() as index:
        index.add(plain, [digest])
        counts, plan = all_of(plan_adoption(comfyui_folders(tmp_path), index, Catalog(index, OsDisk())))
    assert counts == [1, 2, 3, 4, 5]
    assert plan.models == 3
    assert plan.foundlings == (
        Foundling(plain, "loras", 3, (digest,), None),
        Foundling(hashed, "diffusion_models", 3, (), "ab" * 32),
    )


def test_a_file_with_several_names_is_one_and_has_a_sidecar_where_one_of_them_has(tmp_path: Path) -> None:
    named, _ = leave(tmp_path / "loras")
    os.link(named, tmp_path / "loras" / "also.safetensors")
    plain = tmp_path / "vae" / "plain.safetensors"
    plain.parent.mkdir()
    plain.write_bytes(b"abc")
    (tmp_path / "loras" / "a.safetensors").symlink_to(plain)
    os.link(plain, tmp_path / "vae" / "second.safetensors")
    digest = Digest("sha256", hexed(b"abc"))
    with Index() as index:
        index.add(tmp_path / "vae" / "second.safetensors", [digest])
        _, plan = all_of(plan_adoption(comfyui_folders(tmp_path), index, Catalog(index, OsDisk())))
    assert (plan.models, plan.foundlings) == (2, (Foundling(plain, "vae", 3, (digest,), None),))
