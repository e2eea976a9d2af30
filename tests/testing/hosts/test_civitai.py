"""The stand-in for Civitai says and does what the real one does."""

from __future__ import annotations

import hashlib
import json
import re
import time
import zlib
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.testing.hosts import (
    CivitaiFile,
    CivitaiModel,
    CivitaiSettings,
    CivitaiSite,
    CivitaiVersion,
    Hosts,
    civitai,
    hosted,
)
from tests.testing.hosts.asking import Clock, Reply, ask, post, query_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.testing.hosts.civitai_catalog import Access

MODEL = hosted("epic.safetensors", 3_000_000)
FULL = hosted("epic full.ckpt", 2_000_000)
VAE = hosted("epic.vae.pt", 500_000)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
PATH = "/api/download/models/7"


def version(access: Access = "open", number: int = 7) -> CivitaiVersion:
    files = (
        CivitaiFile(number * 10, MODEL),
        CivitaiFile(number * 10 + 1, FULL, format="PickleTensor", size="full", fp="fp32", hashes=("SHA256",)),
        CivitaiFile(number * 10 + 2, VAE, kind="VAE", format="PickleTensor", size=None, fp=None),
    )
    return CivitaiVersion(number, "v1.0", files, access=access)


def site(settings: CivitaiSettings | None = None, access: Access = "open") -> Hosts:
    return Hosts(civitai([CivitaiModel(5, "Epic", (version(access), version(number=3)))], settings))


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with site() as running:
        yield running


def download(hosts: Hosts, query: str = "", **headers: str) -> Reply:
    return ask(hosts.urls["civitai"] + PATH + query, **headers)


# ---- The API (1.7) ----


def test_a_version_has_the_fields_of_the_api(hosts: Hosts) -> None:
    reply = ask(f"{hosts.urls['civitai']}/api/v1/model-versions/7")
    said = reply.json()
    fields = (
        "id",
        "modelId",
        "name",
        "baseModel",
        "air",
        "status",
        "trainedWords",
        "stats",
        "model",
        "files",
        "images",
    )
    assert all(field in said for field in fields)
    assert (said["id"], said["modelId"], said["model"]["type"]) == (7, 5, "Checkpoint")
    assert said["downloadUrl"] == hosts.urls["civitai"] + PATH
    assert "s-maxage=300" in reply.headers["cache-control"]
    first = said["files"][0]
    assert (first["id"], first["name"], first["type"], first["primary"]) == (70, "epic.safetensors", "Model", True)
    assert first["metadata"] == {"format": "SafeTensor", "size": "pruned", "fp": "fp16"}
    assert round(first["sizeKB"] * 1024) == MODEL.size
    assert first["downloadUrl"] == hosts.urls["civitai"] + PATH
    assert "primary" not in said["files"][1]
    assert said["files"][1]["downloadUrl"].endswith("?type=Model&format=PickleTensor&size=full&fp=fp32")


def test_the_hashes_are_those_of_the_bytes(hosts: Hosts) -> None:
    files = ask(f"{hosts.urls['civitai']}/api/v1/model-versions/7").json()["files"]
    data = MODEL.content.read(0, MODEL.size)
    hashes = files[0]["hashes"]
    assert hashes["SHA256"] == hashlib.sha256(data).hexdigest().upper()
    assert hashes["CRC32"] == f"{zlib.crc32(data):08X}"
    assert hashes["AutoV2"] == hashes["SHA256"][:10]
    assert hashes["AutoV1"] == hashlib.sha256(data[0x100000:0x110000]).hexdigest()[:8].upper()
    header = 8 + int.from_bytes(data[:8], "little")
    assert hashes["AutoV3"] == hashlib.sha256(data[header:]).hexdigest()[:12].upper()
    assert list(files[1]["hashes"]) == ["SHA256"]


def test_a_model_lists_its_versions_the_newest_first(hosts: Hosts) -> None:
    said = ask(f"{hosts.urls['civitai']}/api/v1/models/5").json()
    assert (said["id"], said["type"]) == (5, "Checkpoint")
    assert [one["id"] for one in said["modelVersions"]] == [7, 3]
    assert said["modelVersions"][0]["files"][0]["hashes"]["SHA256"] == MODEL.sha256.upper()


def test_what_there_isnt_is_404_with_an_error(hosts: Hosts) -> None:
    for path in ("models/6", "model-versions/6", "model-versions/by-hash/00"):
        reply = ask(f"{hosts.urls['civitai']}/api/v1/{path}")
        assert reply.status == 404
        assert reply.json()["error"]


@pytest.mark.parametrize("text", [MODEL.sha256, MODEL.sha256.upper(), MODEL.sha256[:10], VAE.civitai_hashes()["CRC32"]])
def test_any_hash_in_any_case_finds_the_oldest_version(hosts: Hosts, text: str) -> None:
    reply = ask(f"{hosts.urls['civitai']}/api/v1/model-versions/by-hash/{text}")
    assert reply.json()["id"] == 3
    assert "s-maxage=3600" in reply.headers["cache-control"]


def test_many_hashes_are_asked_for_at_once(hosts: Hosts) -> None:
    url = f"{hosts.urls['civitai']}/api/v1/model-versions/by-hash"
    body = f'["{MODEL.sha256}", "{"0" * 64}"]'.encode()
    assert [one["id"] for one in post(url, body).json()] == [7, 3]
    numbers = post(f"{url}/ids", body).json()
    assert numbers[0] == {"modelVersionId": 7, "modelId": 5, "hash": MODEL.sha256.upper()}
    assert [one["modelVersionId"] for one in numbers] == [7, 3]
    assert post(url, b"no JSON").status == 400
    assert post(url, json.dumps([f"{number:064x}" for number in range(101)]).encode()).status == 400


def test_an_archived_version_tells_of_no_files() -> None:
    with site(access="archived") as hosts:
        version = ask(f"{hosts.urls['civitai']}/api/v1/model-versions/7").json()
        (of_model, *_) = ask(f"{hosts.urls['civitai']}/api/v1/models/5").json()["modelVersions"]
        for said in (version, of_model):
            assert not {"files", "downloadUrl", "availability"} & said.keys()


# ---- The redirect (1.3) ----


def test_a_download_is_redirected_to_r2_and_may_not_be_stored(hosts: Hosts) -> None:
    reply = download(hosts)
    assert reply.status == 307
    assert reply.headers["cache-control"] == "no-store, max-age=0"
    assert reply.location.startswith(hosts.urls["civitai-r2"] + "/civitai-delivery-worker-prod/")
    assert hosts.urls["civitai-r2"] != hosts.urls["civitai"]
    fields = query_of(reply.location)
    assert fields["X-Amz-Expires"] == "86400"
    assert fields["X-Amz-SignedHeaders"] == "host"
    assert re.fullmatch(r"\w{32}/\d{8}/us-east-1/s3/aws4_request", fields["X-Amz-Credential"])
    whole = ask(reply.location)
    assert whole.status == 200
    assert whole.body == MODEL.content.read(0, MODEL.size)
    assert whole.headers["content-disposition"] == 'attachment; filename="epic.safetensors"'
    part = ask(reply.location, Range="bytes=0-0")
    assert (part.status, part.headers["content-range"], len(part.body)) == (206, f"bytes 0-0/{MODEL.size}", 1)


def test_r2_becomes_backblaze_after_some_redirects_and_the_bytes_stay() -> None:
    with site(CivitaiSettings(b2_after=2)) as hosts:
        first, second, third = (download(hosts).location for _ in range(3))
        assert first.startswith(hosts.urls["civitai-r2"])
        assert second.startswith(hosts.urls["civitai-r2"])
        assert third.startswith(hosts.urls["civitai-b2"] + "/file/civitai-modelfiles/model/")
        assert re.fullmatch(r"3_\d{14}_\w{24}_004_\d{14}_0042_dnld", query_of(third)["Authorization"])
        old, new = ask(second, Range="bytes=5-9"), ask(third, Range="bytes=5-9")
        assert (old.status, new.status) == (206, 206)
        assert old.body == new.body == MODEL.content.read(5, 10)
        assert old.headers["etag"] != new.headers["etag"]
        assert "content-disposition" not in new.headers
    assert hosts.ledger().file("civitai:7/epic.safetensors").bytes_sent == 10


# ---- Which file (1.1) ----


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "epic.safetensors"),
        ("?fileId=71", "epic%20full.ckpt"),
        ("?type=Model&format=PickleTensor&size=full&fp=fp32", "epic%20full.ckpt"),
        ("?type=VAE", "epic.vae.pt"),
    ],
)
def test_parameters_pick_the_file(hosts: Hosts, query: str, name: str) -> None:
    assert f"/{name}?" in download(hosts, query).location


def test_parameters_that_fit_to_no_file_are_404(hosts: Hosts) -> None:
    assert download(hosts, "?type=VAE&fp=fp32").status == 404
    assert download(hosts, "?fileId=1").json() == {"error": "File not found"}


def test_a_query_by_metadata_may_fail_where_the_number_works() -> None:
    with site(CivitaiSettings(mismatches=True)) as hosts:
        assert download(hosts, "?type=Model&format=PickleTensor&size=full&fp=fp32").status == 404
        assert download(hosts, "?fileId=71").status == 307


def test_an_unknown_value_is_400(hosts: Hosts) -> None:
    assert download(hosts, "?format=Zip").status == 400


# ---- Tokens (1.2) and refusals (1.6) ----


def test_a_token_is_taken_from_the_header_or_the_query() -> None:
    with site(CivitaiSettings(tokens=frozenset({"good"}), token_required=True)) as hosts:
        for reply in (download(hosts), download(hosts, "?token=bad"), download(hosts, Authorization="Bearer bad")):
            assert reply.status == 401
            assert reply.json()["error"] == "Unauthorized"
            assert "logged in" in reply.json()["message"]
        assert download(hosts, "?token=good").status == 307
        assert download(hosts, Authorization="Bearer good").status == 307
        assert download(hosts, "?token=good", Authorization="Bearer bad").status == 401


def test_a_browser_is_sent_to_a_page_that_looks_like_success() -> None:
    with site(access="token") as hosts:
        reply = download(hosts, User_Agent=BROWSER)
        assert reply.location == f"/login?returnUrl={PATH}&reason=download-auth"
        login = ask(hosts.urls["civitai"] + reply.location)
        assert (login.status, login.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_early_access_names_its_deadline() -> None:
    with site(access="early") as hosts:
        reply = download(hosts)
        assert reply.status == 403
        assert reply.json()["error"] == "Early Access"
        assert reply.json()["deadline"].startswith("2030-01-01T")
        assert download(hosts, User_Agent=BROWSER).location == "/model-versions/7"


@pytest.mark.parametrize(
    ("access", "status", "words"),
    [
        ("archived", 410, "Model archived, not available for download"),
        ("disabled", 401, "has disabled downloads on this file"),
        ("forbidden", 403, "You do not have access to download this file"),
        ("broken", 500, "Error getting file"),
    ],
)
def test_refusals_say_why(access: Access, status: int, words: str) -> None:
    with site(access=access) as hosts:
        reply = download(hosts)
        assert reply.status == status
        assert words in reply.text
        assert reply.headers["content-type"].startswith("application/json")


def test_the_daily_limit_counts_redirects_and_head_too() -> None:
    host = civitai([CivitaiModel(5, "Epic", (version(),))], CivitaiSettings(daily_limit=2))
    clock = Clock()
    with Hosts(host, clock=clock) as hosts:
        url = hosts.urls["civitai"] + PATH
        assert [ask(url, "HEAD").status, ask(url).status, ask(url).status] == [307, 307, 429]
        assert "unusual amount of downloading" in ask(url).json()["error"]
        assert hosts.ledger().signed["civitai"] == 2
        clock.now += 86_400
        assert ask(url).status == 307
    download_handler = host.sites["civitai"]
    assert isinstance(download_handler, CivitaiSite)
    assert (download_handler.counts.hits, download_handler.counts.downloads) == (5, 3)


def test_a_store_that_cant_be_asked_is_404_once() -> None:
    with site(CivitaiSettings(failures=1)) as hosts:
        reply = download(hosts)
        assert (reply.status, reply.headers["cache-control"]) == (404, "private, no-store")
        assert download(hosts).status == 307


# ---- The stores (1.4, 1.5, 4) ----


def test_a_signature_for_get_doesnt_open_head(hosts: Hosts) -> None:
    reply = ask(download(hosts).location, "HEAD")
    assert (reply.status, reply.headers["content-type"]) == (403, "application/xml")
    assert "SignatureDoesNotMatch" in ask(download(hosts).location + "&x=1").text


def test_an_authorization_that_follows_the_redirect_is_400(hosts: Hosts) -> None:
    reply = ask(download(hosts).location, Authorization="Bearer good")
    assert reply.status == 400
    assert "<Code>InvalidRequest</Code><Message>Missing x-amz-content-sha256</Message>" in reply.text


def test_an_expired_url_is_refused_in_each_stores_words() -> None:
    clock = Clock()
    host = civitai([CivitaiModel(5, "Epic", (version(),))], CivitaiSettings(b2_after=1))
    with Hosts(host, clock=clock) as hosts:
        r2, b2 = download(hosts).location, download(hosts).location
        clock.now += 3600
        assert ask(b2, Range="bytes=0-0").status == 206
        clock.now += 1
        refused = ask(b2, Range="bytes=0-0")
        assert refused.status == 401
        assert refused.json() == {"code": "expired_auth_token", "message": "", "status": 401}
        assert ask(r2, Range="bytes=0-0").status == 206
        clock.now += 82_800
        expired = ask(r2, Range="bytes=0-0")
        assert expired.status == 403
        assert "<Code>ExpiredRequest</Code>" in expired.text


def test_backblaze_knows_a_wrong_authorization_from_none() -> None:
    with site(CivitaiSettings(b2_after=0)) as hosts:
        location = download(hosts).location
        assert ask(location, "HEAD").status == 200
        assert ask(location.replace("_004_2", "_004_3")).json()["code"] == "bad_auth_token"
        assert ask(location.partition("?")[0]).json()["code"] == "unauthorized"


def test_a_connection_gets_no_more_than_its_rate() -> None:
    with site(CivitaiSettings(bytes_per_second=4_000_000)) as hosts:
        location = download(hosts).location
        begin = time.monotonic()
        assert len(ask(location).body) == MODEL.size
        assert time.monotonic() - begin > 0.5
