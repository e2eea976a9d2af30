"""Models that the first fetcher's app sends: whole, broken off and gone on with, wrong, and where they may not go."""

from __future__ import annotations

import hashlib
import pickle
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from tests.comfy.site import Site, site
from tests.serve.served import Answered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 5000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
FIELDS = {"hash": DIGEST, "extension": "safetensors", "folder_paths_key": "loras"}
BOUNDARY = "----a-boundary"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as found:
        yield found


def form(fields: dict[str, str], content: bytes | None = CONTENT) -> bytes:
    """What the app posts: the fields, and then the file."""
    parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
    parts += [] if content is None else [('name="file"; filename="m"', content)]
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; %s\r\n\r\n"
    return b"".join((head % name).encode() + value + b"\r\n" for name, value in parts) + f"--{BOUNDARY}--\r\n".encode()


def post(here: Site, body: bytes, headers: dict[str, str] | None = None) -> Answered:
    connection = HTTPConnection("127.0.0.1", here.port, timeout=30)
    try:
        connection.putrequest("POST", "/anymatix/uploadAsset")
        connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
        connection.putheader("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Answered(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def test_a_model_is_kept_under_its_digest(here: Site, tmp_path: Path) -> None:
    loras = tmp_path / "models" / "loras"
    answered = post(here, form(FIELDS))
    assert (answered.status, answered.content) == (200, b"Upload successful")
    assert {path.name: path.read_bytes() for path in loras.iterdir()} == {f"{DIGEST}.safetensors": CONTENT}
    exists = f"/anymatix/hashedModelAssetExists?hash={DIGEST}&folder_paths_key=loras&extension=safetensors"
    assert here.ask("GET", exists).json == {"exists": True}
    assert post(here, form(FIELDS)).status == 200


def test_what_has_arrived_is_gone_on_with(here: Site, tmp_path: Path) -> None:
    loras = tmp_path / "models" / "loras"
    (loras / f"{DIGEST}.safetensors.tmp").write_bytes(CONTENT[:1000])
    told = post(here, form({**FIELDS, "resume": "999"}, b"x"))
    assert (told.status, told.headers["X-Resume-Offset"]) == (500, "1000")
    assert post(here, form({**FIELDS, "resume": "1000"}, CONTENT[1000:])).status == 200
    assert (loras / f"{DIGEST}.safetensors").read_bytes() == CONTENT
    again = post(here, form({**FIELDS, "resume": "1000"}, b"x"))
    assert (again.status, again.headers["X-Resume-Offset"]) == (500, "0")


def test_another_content_is_not_kept(here: Site, tmp_path: Path) -> None:
    answered = post(here, form(FIELDS, CONTENT[:-1]))
    assert (answered.status, answered.content[:24]) == (400, b"Hash verification failed")
    assert list((tmp_path / "models" / "loras").iterdir()) == []


class Harm:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("1",)


def test_a_pickle_that_runs_code_is_not_kept(here: Site, tmp_path: Path) -> None:
    content = pickle.dumps(Harm())
    fields = {**FIELDS, "hash": hashlib.sha256(content).hexdigest(), "extension": "ckpt"}
    answered = post(here, form(fields, content))
    assert (answered.status, b"eval" in answered.content) == (400, True)
    assert list((tmp_path / "models" / "loras").iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"hash": ""},
        {"hash": "../../x"},
        {"hash": f"../{DIGEST}"},
        {"extension": ""},
        {"extension": "py"},
        {"extension": "safetensors/../../x.py"},
        {"folder_paths_key": ""},
        {"folder_paths_key": "nothing"},
        {"folder_paths_key": "custom_nodes"},
        {"folder_paths_key": "configs"},
        {"resume": "9" * 2000},
    ],
)
def test_only_models_of_known_types_are_taken(here: Site, tmp_path: Path, change: dict[str, str]) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert post(here, form({**FIELDS, **change}, b"x")).status == 400
    assert sorted(tmp_path.rglob("*")) == before


def test_a_form_without_a_file_says_what_is_missing(here: Site) -> None:
    assert post(here, form(FIELDS, None)).content == b"Missing required fields: hash, extension, and file"


def test_nothing_is_written_through_a_link(here: Site, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    (tmp_path / "models" / "loras" / f"{DIGEST}.safetensors.tmp").symlink_to(outside)
    assert post(here, form(FIELDS, b"x")).status == 500
    assert outside.read_bytes() == b"mine"


def test_a_page_of_another_site_sends_nothing(here: Site, tmp_path: Path) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert post(here, form(FIELDS, b"x"), headers=headers).status == 403
    assert list((tmp_path / "models" / "loras").iterdir()) == []
