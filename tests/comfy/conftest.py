"""One ComfyUI's modules, one child and one origin for the tests of the nodes: a child takes a second to start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.comfy.folders import child as real_child
from anymatix_fetcher.testing import Origin
from tests.comfy.standin.comfyui import ComfyUI, installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Surroundings:
    """What nodes run in.

    Args:
        comfyui: The stand-in's modules.
        origin: Serves models.
        base: ComfyUI's folder.
        state: The child's state folder.
    """

    comfyui: ComfyUI
    origin: Origin
    base: Path
    state: Path

    def folder(self, name: str) -> Path:
        """Where new files of a folder's name go."""
        return self.base / "models" / name


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    base = tmp_path_factory.mktemp("comfyui")
    state = base / "state"
    with pytest.MonkeyPatch.context() as patch, installed(base) as comfyui, Origin(seed=5) as origin:
        for variable in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(variable, str(base / "home"))
        patch.setenv("ANYFETCH_STATE", str(state))
        patch.delenv("ANYFETCH_SECRET", raising=False)
        patch.delenv("AUX_ANNOTATOR_CKPTS_PATH", raising=False)
        yield Surroundings(comfyui, origin, base, state)
        real_child.stop()
