"""Sidecars that came with files may say anything: no verb ends in a traceback, and nothing outside is touched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anymatix_fetcher import verify
from anymatix_fetcher.errors import FetchError, NotFoundError
from anymatix_fetcher.verbs.ls import list_models
from anymatix_fetcher.verbs.remove import plan, remove_planned
from tests.mutations import as_bytes, mutated
from tests.verbs.models import content, digest, model

if TYPE_CHECKING:
    from pathlib import Path

DATA = content(3000)
URL = "https://example.org/x.safetensors"
SOUND = {
    "url": URL,
    "file_name": "x.safetensors",
    "file_size": len(DATA),
    "name": "x.safetensors",
    "data": {"id": 7, "files": [{"name": "x.safetensors"}]},
    "sha256": digest(DATA).hex,
    "anyfetch": {
        "version": 1,
        "source": "civitai:7",
        "identities": ["0" * 64],
        "type": "lora",
        "digests": {"sha256": digest(DATA).hex, "md5": "0" * 32},
        "verified": "sha256",
        "verified_at": 1.8e9,
        "mtime_ns": 1,
    },
}
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@QUICK
@given(document=mutated(SOUND), accept=st.booleans())
def test_whatever_a_sidecar_says_every_verb_ends_in_a_sentence(
    tmp_path: Path, *, document: object, accept: bool
) -> None:
    outside = model(tmp_path / "outside.safetensors", b"mine")
    folder = tmp_path / "models" / "loras"
    path = model(folder / "x.safetensors", DATA)
    for old in folder.glob("*.json"):
        old.unlink()
    (folder / f"{'0' * 64}.json").write_bytes(as_bytes(document))
    list_models(models=folder.parent)
    for found in verify(models=folder.parent, repair=not accept, accept=accept):
        json.dumps(str(found.error))
        assert found.path.is_relative_to(folder)
    try:
        remove_planned([one for one in plan([URL], models=folder.parent) if one.folder == folder], models=folder.parent)
    except (NotFoundError, FetchError) as error:
        assert error.message.isprintable()  # noqa: PT017 - it may be raised, or not
    assert outside.read_bytes() == b"mine"
    assert not path.exists() or path.read_bytes() == DATA
    assert {one.name for one in tmp_path.iterdir()} == {"outside.safetensors", "models"}
