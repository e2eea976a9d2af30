"""Sidecars that others have written, with anything in them: every verb that reads them says something, and goes on."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.cli.main import main
from tests.verbs.models import arrived, content

if TYPE_CHECKING:
    from pathlib import Path

Streams = pytest.CaptureFixture[str]
DATA = content(1000)
URL = "https://civitai.com/api/download/models/143906"

STRANGE: tuple[Any, ...] = (
    None, True, -1, 10**30, 1.5, 1e308, "", "\ud800", "\x1b[31m\0\n", "a" * 100_000, "../../x", "http://[::1", "https://u:p@h/\ud800",
    [], {}, [[]], ["\ud800"], {"sha256": 5}, {"sha256": "ab" * 32}, {"md5": "zz"}, "9" * 5000,
)  # fmt: skip
FIELDS = (
    *("url", "file_name", "file_size", "name", "data", "sha256", "anyfetch", "other"),
    *(("anyfetch", field) for field in ("version", "source", "identities", "type", "digests", "verified")),
    *(("anyfetch", field) for field in ("verified_at", "mtime_ns")),
)
RAW = (
    b'{"data":' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"data":' + b'{"a":' * 800 + b"1" + b"}" * 801,
    b'{"file_size":' + b"9" * 4000 + b"}",
    b'{"data":{"x":NaN,"y":1e400}}',
    b"\xff\xfe{",
)


@pytest.fixture
def sidecar(tmp_path: Path) -> Path:
    model = arrived(tmp_path / "loras" / "m.safetensors", DATA, URL)
    return model.with_name(f"{sha256(URL.encode()).hexdigest()}.json")


def look(root: Path, capsys: Streams) -> None:
    """Every verb that reads sidecars and asks nobody."""
    model = str(root / "loras" / "m.safetensors")
    for arguments in (
        ("ls",),
        ("ls", "--json"),
        ("verify", "-q"),
        ("verify", "--json", "--repair"),
        ("ls",),
        ("dedupe", "--dry-run"),
        ("rm", "--dry-run", URL),
        ("rm", "--dry-run", model),
        ("-q", f"sha256://{sha256(DATA).hexdigest()}"),
    ):
        code = main([*arguments, "--models", str(root)])
        out, err = capsys.readouterr()
        assert code in {0, 3, 6}, (arguments, err)
        assert "bug" not in err
        assert len(out) + len(err) < 20_000
        assert "\x1b" not in out
    assert (root / "loras" / "m.safetensors").read_bytes() == DATA


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_any_value_in_any_field_is_borne(
    tmp_path: Path, capsys: Streams, sidecar: Path, field: str | tuple[str, str]
) -> None:
    right = sidecar.read_bytes()
    for value in STRANGE:
        fields: dict[str, Any] = json.loads(right)
        if isinstance(field, str):
            fields[field] = value
        else:
            fields[field[0]][field[1]] = value
        sidecar.write_text(json.dumps(fields))
        look(tmp_path, capsys)


@pytest.mark.parametrize("raw", RAW, ids=lambda raw: raw[:16].decode("latin-1"))
def test_any_json_and_what_is_none_is_borne(tmp_path: Path, capsys: Streams, sidecar: Path, raw: bytes) -> None:
    sidecar.write_bytes(raw)
    look(tmp_path, capsys)
