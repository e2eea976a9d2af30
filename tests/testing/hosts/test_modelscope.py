"""The stand-in for ModelScope says and does what the real one does."""

from __future__ import annotations

import http.client
import re

import pytest

from anymatix_fetcher.testing.hosts import Hosts, ModelScopeRepo, ModelScopeSettings, hosted, modelscope
from tests.testing.hosts.asking import Clock, ask

MODEL = hosted("model.safetensors", 400_000)
VAE = hosted("vae.safetensors", 2000)
FILES = {"model.safetensors": MODEL, "sub/vae.safetensors": VAE}
SMALL = frozenset({"sub/vae.safetensors"})
REPOS = (ModelScopeRepo("org/model", FILES, small=SMALL), ModelScopeRepo("org/private", FILES, private=True))
LIST = "/api/v1/models/org/model/repo/files?Revision=master"


def site(listed_at_most: int = 100, clock: Clock | None = None, *, refuses_revisions: bool = False) -> Hosts:
    settings = ModelScopeSettings(
        frozenset({"good"}), listed_at_most=listed_at_most, refuses_revisions=refuses_revisions
    )
    return Hosts(modelscope(REPOS, settings), clock=clock or Clock())


def test_the_list_tells_sizes_and_digests() -> None:
    with site() as hosts:
        url = hosts.variables["MODELSCOPE_ENDPOINT"] + LIST
        said = ask(f"{url}&Recursive=true").json()
        assert (said["Code"], said["Success"]) == (200, True)
        files = {one["Path"]: one for one in said["Data"]["Files"]}
        assert {path: one["Type"] for path, one in files.items()} == {"sub": "tree"} | dict.fromkeys(FILES, "blob")
        assert files["model.safetensors"]["Sha256"] == MODEL.sha256
        assert files["model.safetensors"]["Size"] == MODEL.size
        assert [one["Path"] for one in ask(url).json()["Data"]["Files"]] == ["sub", "model.safetensors"]
        assert [one["Path"] for one in ask(f"{url}&Root=sub").json()["Data"]["Files"]] == ["sub/vae.safetensors"]


def test_a_long_list_is_cut_in_silence() -> None:
    with site(listed_at_most=1) as hosts:
        said = ask(f"{hosts.urls['modelscope']}{LIST}&Recursive=true").json()
        assert (said["Success"], len(said["Data"]["Files"])) == (True, 1)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/models/org/model/repo?Revision=master&FilePath=sub%2Fvae.safetensors",
        "/models/org/model/resolve/master/sub/vae.safetensors",
    ],
)
def test_the_site_sends_parts_as_200_with_their_label(path: str) -> None:
    with site() as hosts:
        url = hosts.urls["modelscope"] + path
        reply = ask(url, Range="bytes=100-199")
        assert (reply.status, reply.headers["content-range"]) == (200, "bytes 100-199/2000")
        assert (reply.body, reply.headers["content-length"]) == (VAE.content.read(100, 200), "100")
        assert ask(url).body == VAE.content.read(0, 2000)


@pytest.mark.parametrize(("asked", "stated"), [("bytes=1500-", 2000), ("bytes=0-8388607", 8_388_608)])
def test_a_part_past_the_end_has_a_wrong_length(asked: str, stated: int) -> None:
    with site() as hosts:
        url = f"{hosts.urls['modelscope']}/models/org/model/resolve/master/sub/vae.safetensors"
        with pytest.raises(http.client.IncompleteRead) as short:
            ask(url, Range=asked)
        sent = len(short.value.partial)
        assert sent + (short.value.expected or 0) == stated
        assert short.value.partial == VAE.content.read(2000 - sent, 2000)


def test_a_large_file_is_redirected_to_a_cdn_that_knows_ranges() -> None:
    clock = Clock()
    with site(clock=clock) as hosts:
        reply = ask(f"{hosts.urls['modelscope']}/models/org/model/resolve/master/model.safetensors")
        assert (reply.status, reply.headers["x-linked-etag"]) == (302, f'"{MODEL.sha256}"')
        assert re.search(r"\?auth_key=[0-9]{10}-[0-9a-f]{32}-0-[0-9a-f]{32}$", reply.location)
        part = ask(reply.location, Range="bytes=10-19")
        assert (part.status, part.body) == (206, MODEL.content.read(10, 20))
        assert ask(reply.location.replace("-0-", "-1-")).status == 403
        clock.now += 3600
        expired = ask(reply.location)
        assert (expired.status, expired.headers["x-tengine-error"]) == (403, "denied by req auth: expired timestamp")
        direct = f"{hosts.urls['modelscope']}/api/v1/models/org/model/repo?Revision=master&FilePath=model.safetensors"
        assert ask(direct, Range="bytes=0-99").status == 200


def test_a_private_model_wants_the_token_as_a_cookie_or_a_bearer() -> None:
    with site() as hosts:
        url = f"{hosts.urls['modelscope']}/models/org/private/resolve/master/model.safetensors"
        assert (ask(url).status, ask(url).json()["Code"]) == (404, 10010200001)
        assert ask(url, Cookie="m_session_id=bad").status == 404
        assert ask(url, Cookie="a=b; m_session_id=good").status == 302
        assert ask(url, Authorization="Bearer good").status == 302


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/models/org/model/resolve/master/nothing.bin", 200, 10990101007),
        ("/api/v1/models/org/model/repo?FilePath=nothing.bin", 200, 10990101007),
        ("/models/org/model/resolve/v9/model.safetensors", 404, 10990101004),
        ("/api/v1/models/no/body/repo/files", 404, 10010205001),
        ("/else", 404, 10010205001),
    ],
)
def test_what_there_isnt_is_told_in_json_by_a_number(path: str, status: int, code: int) -> None:
    with site() as hosts:
        reply = ask(hosts.urls["modelscope"] + path)
        said = reply.json()
        assert (reply.status, said["Code"], said["Success"]) == (status, code, False)


def test_an_unknown_revision_has_a_list_without_files_or_none() -> None:
    path = "/api/v1/models/org/model/repo/files?Revision=v9"
    with site() as hosts:
        reply = ask(hosts.urls["modelscope"] + path)
        assert (reply.status, reply.json()["Data"]["Files"]) == (200, None)
    with site(refuses_revisions=True) as hosts:
        reply = ask(hosts.urls["modelscope"] + path)
        assert (reply.status, reply.json()["Code"]) == (404, 10990101004)
