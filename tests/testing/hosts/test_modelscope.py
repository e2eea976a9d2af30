"""The stand-in for ModelScope says and does what the real one does."""

from __future__ import annotations

import pytest

from anymatix_fetcher.testing.hosts import Hosts, ModelScopeRepo, ModelScopeSettings, hosted, modelscope
from tests.testing.hosts.asking import ask

MODEL = hosted("model.safetensors", 400_000)
VAE = hosted("vae.safetensors", 2000)
FILES = {"model.safetensors": MODEL, "sub/vae.safetensors": VAE}
REPOS = (ModelScopeRepo("org/model", FILES), ModelScopeRepo("org/private", FILES, private=True))
LIST = "/api/v1/models/org/model/repo/files?Revision=master"


def site(listed_at_most: int = 100) -> Hosts:
    return Hosts(modelscope(REPOS, ModelScopeSettings(frozenset({"good"}), listed_at_most=listed_at_most)))


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
def test_a_file_has_two_addresses(path: str) -> None:
    with site() as hosts:
        reply = ask(hosts.urls["modelscope"] + path, Range="bytes=0-99")
        assert (reply.status, reply.body) == (206, VAE.content.read(0, 100))


def test_a_private_model_wants_the_token_as_a_cookie_or_a_bearer() -> None:
    with site() as hosts:
        url = f"{hosts.urls['modelscope']}/models/org/private/resolve/master/model.safetensors"
        assert ask(url).json()["Success"] is False
        assert ask(url, Cookie="m_session_id=bad").status == 404
        assert ask(url, Cookie="a=b; m_session_id=good").status == 200
        assert ask(url, Authorization="Bearer good").status == 200


def test_what_there_isnt_is_an_error_in_json() -> None:
    with site() as hosts:
        for path in ("/models/org/model/resolve/v9/model.safetensors", "/api/v1/models/no/body/repo/files", "/else"):
            reply = ask(hosts.urls["modelscope"] + path)
            assert (reply.status, reply.json()["Success"]) == (404, False)
