from __future__ import annotations

from pathlib import Path

import pytest

from anymatix_fetcher.library.identity import part_of
from anymatix_fetcher.library.removal import Removal, removal_of_model, removal_of_reference
from anymatix_fetcher.library.sidecar_format import Provenance, Record
from anymatix_fetcher.library.sidecars import Sidecar
from tests.library.first_fetcher import BASE, TOKEN, hexed

OTHER = "https://huggingface.co/o/r/resolve/main/dream.safetensors"
MODEL = f"dream_{'ab' * 32}.safetensors"
BASE_SIDECAR = f"{hexed(BASE)}.json"
TOKEN_SIDECAR = f"{hexed(f'{BASE}?{TOKEN}')}.json"
OTHER_SIDECAR = f"{hexed(OTHER)}.json"


@pytest.mark.parametrize("reference", [BASE, f"{BASE}?{TOKEN}", f"{BASE}?token=ANOTHER", f"{BASE}?zugang=x"])
@pytest.mark.parametrize("sidecar", [BASE_SIDECAR, TOKEN_SIDECAR])
def test_the_sidecar_and_its_model_go(sidecar: str, reference: str) -> None:
    records = {sidecar: Record(url=BASE, file_name=MODEL)}
    assert removal_of_reference(reference, records, [sidecar, MODEL]) == Removal((sidecar,), (MODEL,), ())


def test_a_model_stays_while_another_sidecar_names_it() -> None:
    records = {BASE_SIDECAR: Record(url=BASE, file_name=MODEL), OTHER_SIDECAR: Record(url=OTHER, file_name=MODEL)}
    found = removal_of_reference(BASE, records, [MODEL, *records])
    assert found == Removal((BASE_SIDECAR,), (), (MODEL,))


def test_so_does_one_that_carries_the_urls_hash() -> None:
    model = f"dream_{hexed(BASE)}.safetensors"
    records = {OTHER_SIDECAR: Record(url=OTHER, file_name=model)}
    assert removal_of_reference(BASE, records, [model, *records]) == Removal((), (), (model,))


@pytest.mark.parametrize("url", [BASE, f"{BASE}?{TOKEN}"])
def test_a_model_that_carries_the_urls_hash_goes_without_a_sidecar(url: str) -> None:
    model = f"dream_{hexed(url)}.safetensors"
    assert removal_of_reference(url, {}, [model, "other.safetensors"]) == Removal((), (model,), ())


def test_all_sidecars_of_the_reference_go_and_their_model_with_them() -> None:
    records = {name: Record(url=BASE, file_name=MODEL) for name in (BASE_SIDECAR, TOKEN_SIDECAR)}
    found = removal_of_reference(BASE, records, [MODEL, *records])
    assert found == Removal(tuple(sorted(records)), (MODEL,), ())


def test_a_sidecar_of_ours_belongs_to_the_references_it_was_written_for() -> None:
    own = Provenance(identities=(hexed(f"{BASE}?model=1"), hexed("civitai:1")))
    records = {"00.json": Record(url=BASE, file_name=MODEL, own=own)}
    assert removal_of_reference(f"{BASE}?model=2", records, [MODEL]).sidecars == ()
    assert removal_of_reference("civitai:1", records, [MODEL]).models == (MODEL,)


def test_a_reference_of_several_files_is_known_by_each_of_them_and_means_none_alone() -> None:
    own = Provenance(identities=(hexed(BASE), part_of("hf:o/r")))
    records = {name: Record(url=BASE, file_name=MODEL, own=own) for name in (BASE_SIDECAR, OTHER_SIDECAR)}
    assert removal_of_reference("hf:o/r", records, [MODEL, *records]).sidecars == tuple(sorted(records))
    assert removal_of_reference("hf:o/r?token=x", records, [MODEL, *records]).models == (MODEL,)
    assert removal_of_reference("hf:o/r2", records, [MODEL, *records]) == Removal((), (), ())
    assert not Sidecar(Path(BASE_SIDECAR), records[BASE_SIDECAR]).says("hf:o/r")


def test_a_model_that_is_gone_is_not_named() -> None:
    records = {BASE_SIDECAR: Record(url=BASE, file_name=MODEL)}
    assert removal_of_reference(BASE, records, list(records)) == Removal((BASE_SIDECAR,), (), ())


def test_a_longer_url_is_another_one() -> None:
    records = {OTHER_SIDECAR: Record(url=f"{BASE}7", file_name=MODEL)}
    assert removal_of_reference(BASE, records, [MODEL, *records]) == Removal((), (), ())
    assert removal_of_reference(f"{BASE}78", records, [MODEL, *records]) == Removal((), (), ())


def test_a_model_goes_with_everything_that_names_it() -> None:
    records = {BASE_SIDECAR: Record(file_name=MODEL), OTHER_SIDECAR: Record(file_name="other.pt")}
    assert removal_of_model(MODEL, records, [MODEL, "other.pt"]) == Removal((BASE_SIDECAR,), (MODEL,), ())
