from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.removal import Removal
from anymatix_fetcher.library.removing import carry_out, plan_removal, plan_removal_of_model
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.library.first_fetcher import BASE, TOKEN, leave

if TYPE_CHECKING:
    from pathlib import Path

DISK = OsDisk()


def test_removing_a_reference_takes_its_model_and_sidecar_and_nothing_else(tmp_path: Path) -> None:
    model, sidecar = leave(tmp_path, auth=TOKEN, by_content=False)
    other, others = leave(tmp_path, url="https://h.example/other", content=b"other")
    plan = plan_removal(tmp_path, BASE, DISK)
    assert (plan.models, plan.sidecars) == ((model.name,), (sidecar.name,))
    carry_out(plan, tmp_path, DISK)
    assert sorted(tmp_path.iterdir()) == sorted([other, others])


def test_a_shared_model_goes_with_the_last_reference_to_it(tmp_path: Path) -> None:
    second = "https://huggingface.co/o/r/resolve/main/dream.safetensors"
    model, _ = leave(tmp_path)
    leave(tmp_path, url=second)
    carry_out(plan_removal(tmp_path, BASE, DISK), tmp_path, DISK)
    assert model.exists()
    carry_out(plan_removal(tmp_path, second, DISK), tmp_path, DISK)
    assert list(tmp_path.iterdir()) == []


def test_removing_a_file_takes_every_sidecar_that_names_it(tmp_path: Path) -> None:
    model, _ = leave(tmp_path)
    leave(tmp_path, auth=TOKEN)
    carry_out(plan_removal_of_model(model, DISK), tmp_path, DISK)
    assert list(tmp_path.iterdir()) == []


def test_what_is_gone_already_is_no_trouble(tmp_path: Path) -> None:
    model, _ = leave(tmp_path)
    plan = plan_removal(tmp_path, BASE, DISK)
    model.unlink()
    carry_out(plan, tmp_path, DISK)
    assert list(tmp_path.iterdir()) == []


def test_what_cant_be_removed_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "x.pt").mkdir()
    with pytest.raises(StorageError, match="can't be removed") as caught:
        carry_out(Removal((), ("x.pt",), ()), tmp_path, DISK)
    assert caught.value.hint
