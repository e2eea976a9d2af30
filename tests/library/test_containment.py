from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.filenames import SafeName
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.containment import inside

if TYPE_CHECKING:
    from pathlib import Path

PARTS = (SafeName("SDXL"), SafeName("x.safetensors"))


def test_a_path_below_its_folder_is_given_whether_it_is_there_or_not(tmp_path: Path) -> None:
    assert inside(tmp_path, PARTS) == tmp_path / "SDXL" / "x.safetensors"


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "loras").symlink_to("disk")
    assert inside(tmp_path / "loras", PARTS) == tmp_path / "loras" / "SDXL" / "x.safetensors"


def test_a_link_that_stays_inside_may_be_followed(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "SDXL").symlink_to("other")
    assert inside(tmp_path, PARTS) == tmp_path / "SDXL" / "x.safetensors"


@pytest.mark.parametrize("link", ["SDXL", "SDXL/x.safetensors"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, link: str) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "loras"
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(tmp_path / "outside")
    with pytest.raises(StorageError, match="leads out of"):
        inside(root, PARTS)


def test_links_that_lead_to_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "SDXL").symlink_to("SDXL")
    with pytest.raises(StorageError):
        inside(tmp_path, PARTS)
