from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.library.adopt import Foundling, plan_adoption
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
        counts, plan = all_of(plan_adoption(comfyui_folders(tmp_path), index, OsDisk()))
    assert counts == [1, 2, 3, 4, 5]
    assert plan.models == 3
    assert plan.foundlings == (
        Foundling(plain, "loras", 3, (digest,), None),
        Foundling(hashed, "diffusion_models", 3, (), "ab" * 32),
    )
