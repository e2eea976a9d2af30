"""The stand-in for the Hugging Face Hub says and does what the real one does."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.testing.content import GivenContent
from anymatix_fetcher.testing.hosts import HostedFile, Hosts, HubFile, HubRepo, HubSettings, hosted, huggingface
from tests.testing.hosts.asking import Clock, Reply, ask, query_of

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = b'{"model_type": "test"}\n'
MODEL = HubFile(hosted("model.safetensors", 1_500_000))
FILES = {
    "config.json": HubFile(HostedFile("config.json", GivenContent(CONFIG)), lfs=False),
    "model.safetensors": MODEL,
    "vae/deep/vae.safetensors": HubFile(hosted("vae.safetensors", 700_000)),
}
REPOS = (
    HubRepo("org/model", FILES, former_ids=("org/old", "bert"), branches=frozenset({"refs/pr/1", "v1"})),
    HubRepo("org/data", {"a.bin": HubFile(hosted("a.bin", 1000))}, kind="datasets"),
    HubRepo("org/gated", FILES, access="gated", readers=frozenset({"approved"})),
    HubRepo("org/private", FILES, access="private", readers=frozenset({"approved"})),
    HubRepo("org/disabled", FILES, access="disabled"),
    HubRepo("gpt2", FILES),
)
TOKENS = frozenset({"approved", "other"})
COMMIT = REPOS[0].commit


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with site() as running:
        yield running


def site(settings: HubSettings | None = None, clock: Clock | None = None) -> Hosts:
    return Hosts(huggingface(REPOS, settings or HubSettings(TOKENS)), clock=clock or Clock())


def get(hosts: Hosts, path: str, method: str = "GET", **headers: str) -> Reply:
    return ask(f"{hosts.urls['huggingface']}/{path}", method, **headers)


# ---- Files (2.1, 2.2) ----


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_large_file_is_redirected_with_its_digest_and_size(hosts: Hosts, method: str) -> None:
    reply = get(hosts, "org/model/resolve/main/model.safetensors?download=true", method)
    assert reply.status == 302
    assert reply.headers["x-repo-commit"] == COMMIT
    assert reply.headers["x-linked-size"] == str(MODEL.file.size)
    assert reply.headers["x-linked-etag"] == f'"{MODEL.file.sha256}"'
    assert reply.headers["accept-ranges"] == "bytes"
    assert (reply.headers["cache-control"], reply.headers["vary"]) == ("no-store", "Origin, Accept")
    assert "etag" not in reply.headers
    assert re.fullmatch("[0-9a-f]{64}", reply.headers["x-xet-hash"])
    assert f'/xet-read-token/{COMMIT}>; rel="xet-auth", <https://cas-server.xethub.hf.co/' in reply.headers["link"]
    assert reply.headers["link"].endswith('; rel="xet-reconstruction-info"')
    assert reply.location.startswith(hosts.urls["huggingface-cdn"] + "/xet-bridge-us/")
    assert hosts.urls["huggingface-cdn"] != hosts.urls["huggingface"]


def test_the_bridge_has_two_signatures_on_one_url() -> None:
    with site(HubSettings(bridge=True)) as hosts:
        check_the_bridge(hosts)


def check_the_bridge(hosts: Hosts) -> None:
    location = get(hosts, "org/model/resolve/main/model.safetensors").location
    fields = query_of(location)
    assert fields["X-Amz-Expires"] == "3600"
    policy = json.loads(base64.b64decode(fields["Policy"].translate(str.maketrans("-_~", "+=/"))))
    assert policy["Statement"][0]["Condition"]["DateLessThan"]["EpochTime"] == int(fields["Expires"])
    reply = ask(location, Range="bytes=10-19")
    assert (reply.status, reply.headers["content-range"]) == (206, f"bytes 10-19/{MODEL.file.size}")
    assert reply.body == MODEL.file.content.read(10, 20)
    named = "inline; filename*=UTF-8''model.safetensors; filename=\"model.safetensors\";"
    assert reply.headers["content-disposition"] == named
    changed = ask(location.replace("X-Amz-Signature=", "X-Amz-Signature=0"))
    assert (changed.status, "<Code>AccessDenied</Code>" in changed.text) == (403, True)
    assert ask(location, "HEAD").status == 403


def test_the_cdn_refuses_in_cloudfronts_words() -> None:
    clock = Clock()
    with site(clock=clock) as hosts:
        location = get(hosts, "org/model/resolve/main/model.safetensors").location
        assert "X-Amz" not in location
        head = ask(location, "HEAD")
        assert (head.status, head.headers["etag"]) == (200, f'"{MODEL.file.xet_hash}"')
        assert "Unknown Key" in ask(location.replace("Key-Pair-Id=0", "Key-Pair-Id=1")).text
        assert "Missing Key-Pair-Id" in ask(location.partition("&Key-Pair-Id")[0]).text
        assert ask(location.replace("Signature=", "Signature=AAAA")).status == 403
        assert ask(location.replace("/xet-bridge-us/", "/xet-bridge-us/other")).status == 403
        clock.now += 3600
        expired = ask(location)
        assert expired.status == 403
        assert "<Code>AccessDenied</Code><Message>Access denied</Message>" in expired.text


@pytest.mark.parametrize("bridge", [False, True])
def test_a_url_is_pinned_to_the_range_of_the_request_that_it_answered(bridge: bool) -> None:  # noqa: FBT001 - a case
    with site(HubSettings(bridge=bridge, pins_range=True)) as hosts:
        path = "org/model/resolve/main/model.safetensors"
        location = get(hosts, path, Range="bytes=0-99").location
        policy = json.loads(base64.b64decode(query_of(location)["Policy"].translate(str.maketrans("-_~", "+=/"))))
        assert policy["Statement"][0]["Condition"]["ByteRange"] == {"ExpectedHeader": "bytes=0-99"}
        reply = ask(location, Range="bytes=0-99")
        assert (reply.status, reply.body) == (206, MODEL.file.content.read(0, 100))
        for refused in (ask(location, Range="bytes=100-199"), ask(location, Range="bytes=0-98"), ask(location)):
            assert (refused.status, refused.headers["content-type"]) == (403, "text/plain")
            assert refused.text == "Auth failed: invalid range"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("settings", [HubSettings(pins_range=True), HubSettings(pins_range=False)])
def test_a_url_that_was_asked_for_without_a_range_takes_any(settings: HubSettings, method: str) -> None:
    fields = {} if settings.pins_range else {"Range": "bytes=0-99"}
    with site(settings) as hosts:
        location = get(hosts, "org/model/resolve/main/model.safetensors", method, **fields).location
        for asked_range in ("bytes=0-99", "bytes=700-799", "bytes=1499990-"):
            assert ask(location, Range=asked_range).status == 206
        assert ask(location).body == MODEL.file.content.read(0, MODEL.file.size)


def test_a_small_file_comes_from_the_hub_itself(hosts: Hosts) -> None:
    reply = get(hosts, "org/model/resolve/main/config.json")
    assert (reply.status, reply.body) == (200, CONFIG)
    blob = b"blob %d\0" % len(CONFIG) + CONFIG
    assert reply.headers["etag"] == f'"{hashlib.sha1(blob, usedforsecurity=False).hexdigest()}"'
    assert reply.headers["x-repo-commit"] == COMMIT


def test_a_small_file_may_come_by_way_of_the_cache_with_a_query_that_matters() -> None:
    with site(HubSettings(resolve_cache=True)) as hosts:
        reply = get(hosts, "org/model/resolve/main/config.json?download=true")
        assert reply.status == 307
        assert reply.location.startswith(
            f"/api/resolve-cache/models/org/model/{COMMIT}/config.json?download=true&etag="
        )
        assert get(hosts, reply.location[1:]).body == CONFIG
        assert get(hosts, reply.location[1:].partition("?")[0]).status == 404


def test_a_renamed_repository_is_redirected_relatively(hosts: Hosts) -> None:
    reply = get(hosts, "org/old/resolve/main/config.json")
    assert (reply.status, reply.location) == (307, "/org/model/resolve/main/config.json")
    assert get(hosts, "api/models/org/old").location == "/api/models/org/model"


def test_a_canonical_name_is_redirected_at_the_api_only(hosts: Hosts) -> None:
    assert get(hosts, "bert/resolve/main/config.json").body == CONFIG
    assert get(hosts, "api/models/bert").location == "/api/models/org/model"


@pytest.mark.parametrize("revision", ["main", "v1", "refs%2Fpr%2F1", COMMIT])
def test_a_revision_is_a_branch_a_tag_or_a_commit(hosts: Hosts, revision: str) -> None:
    assert get(hosts, f"org/model/resolve/{revision}/model.safetensors").status == 302


@pytest.mark.parametrize("path", ["datasets/org/data/resolve/main/a.bin", "gpt2/resolve/main/model.safetensors"])
def test_datasets_and_names_without_an_owner_are_known(hosts: Hosts, path: str) -> None:
    assert get(hosts, path).status == 302


def test_blob_is_a_page_and_raw_is_the_pointer(hosts: Hosts) -> None:
    page = get(hosts, "org/model/blob/main/model.safetensors")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    pointer = get(hosts, "org/model/raw/main/model.safetensors")
    assert pointer.text.startswith("version https://git-lfs.github.com/spec/v1\noid sha256:" + MODEL.file.sha256)
    assert get(hosts, "org/model/raw/main/config.json").body == CONFIG


# ---- Refusals and limits (2.4) ----


@pytest.mark.parametrize(
    ("path", "token", "status", "code"),
    [
        ("org/gated/resolve/main/model.safetensors", "", 401, "GatedRepo"),
        ("org/gated/resolve/main/model.safetensors", "other", 403, "GatedRepo"),
        ("org/private/resolve/main/model.safetensors", "other", 404, "RepoNotFound"),
        ("org/nothing/resolve/main/model.safetensors", "other", 404, "RepoNotFound"),
        ("api/models/org/private", "other", 404, "RepoNotFound"),
        ("org/model/resolve/v9/model.safetensors", "", 404, "RevisionNotFound"),
        ("org/model/resolve/main/nothing.bin", "", 404, "EntryNotFound"),
        ("api/models/org/model/tree/v9", "", 404, "RevisionNotFound"),
        ("api/models/org/model/tree/main/nothing", "", 404, "EntryNotFound"),
    ],
)
def test_refusals_have_a_code_and_a_message(hosts: Hosts, path: str, token: str, status: int, code: str) -> None:
    reply = get(hosts, path, **({"Authorization": f"Bearer {token}"} if token else {}))
    assert (reply.status, reply.headers["x-error-code"]) == (status, code)
    message = reply.headers["x-error-message"]
    assert message
    if path.startswith("api/"):
        assert reply.json() == {"error": message}
    else:
        assert (reply.headers["content-type"], reply.text) == ("text/plain; charset=utf-8", message)


def test_without_a_token_missing_private_and_mistyped_look_alike_and_so_does_a_wrong_token(hosts: Hosts) -> None:
    path = "org/{}/resolve/main/config.json"
    replies = [get(hosts, path.format(name)) for name in ("private", "nothing", "modle")]
    replies.append(get(hosts, path.format("model"), Authorization="Bearer bad"))
    for reply in replies:
        assert (reply.status, reply.text) == (401, "Invalid username or password.")
        assert reply.headers["content-type"].startswith("text/plain")
        assert reply.headers["www-authenticate"] == "Bearer"
        assert not {"x-error-code", "x-error-message"} & reply.headers.keys()
    assert len({tuple(sorted(reply.headers)) for reply in replies}) == 1
    said = get(hosts, "api/models/org/private")
    assert (said.status, said.json()) == (401, {"error": "Invalid username or password."})


def test_an_approved_token_opens_what_is_gated_or_private(hosts: Hosts) -> None:
    for repo in ("gated", "private"):
        reply = get(hosts, f"org/{repo}/resolve/main/model.safetensors", Authorization="Bearer approved")
        assert reply.status == 302


def test_a_private_repositorys_small_file_comes_at_once() -> None:
    with site(HubSettings(TOKENS, resolve_cache=True)) as hosts:
        assert get(hosts, "org/model/resolve/main/config.json").status == 307
        reply = get(hosts, "org/private/resolve/main/config.json", Authorization="Bearer approved")
        assert (reply.status, reply.body) == (200, CONFIG)


def test_a_file_of_tens_of_gigabytes_comes_in_ranges_only() -> None:
    with site(HubSettings(most_without_range=MODEL.file.size - 1)) as hosts:
        location = get(hosts, "org/model/resolve/main/model.safetensors").location
        assert ask(location).status == 400
        assert ask(location, Range="bytes=0-9").status == 206
        small = get(hosts, "org/model/resolve/main/vae/deep/vae.safetensors").location
        assert ask(small).status == 200


def test_every_success_tells_what_is_left(hosts: Hosts) -> None:
    for path, expected in {
        "org/model/resolve/main/model.safetensors": '"resolvers";r=2999;t=300',
        "org/model/resolve/main/config.json": '"resolvers";r=2998;t=300',
        "api/models/org/model": '"api";r=499;t=300',
    }.items():
        assert get(hosts, path).headers["ratelimit"] == expected


def test_a_disabled_repository_is_403(hosts: Hosts) -> None:
    reply = get(hosts, "org/disabled/resolve/main/config.json")
    assert (reply.status, reply.headers["x-error-message"]) == (403, "Access to this resource is disabled.")


def test_too_many_requests_are_429_until_the_window_ends() -> None:
    clock = Clock()
    with site(HubSettings(resolver_limit=2), clock) as hosts:
        path = "org/model/resolve/main/model.safetensors"
        assert get(hosts, path).headers["ratelimit"] == '"resolvers";r=1;t=300'
        assert get(hosts, path).status == 302
        clock.now += 245
        reply = get(hosts, path)
        assert (reply.status, reply.headers["ratelimit"]) == (429, '"resolvers";r=0;t=55')
        assert reply.headers["ratelimit-policy"] == '"fixed window";"resolvers";q=2;w=300'
        assert "html" in reply.headers["content-type"]
        assert get(hosts, "api/models/org/model").status == 200
        clock.now += 55
        assert get(hosts, path).status == 302


# ---- The API (2.5) ----


def entries(hosts: Hosts, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(hosts, f"api/models/org/model/tree/main{path}").json()
    return found


def test_the_tree_tells_sizes_and_digests(hosts: Hosts) -> None:
    by_path = {entry["path"]: entry for entry in entries(hosts, "?recursive=true")}
    assert list(by_path) == ["vae", "vae/deep", "config.json", "model.safetensors", "vae/deep/vae.safetensors"]
    model = by_path["model.safetensors"]
    assert (model["type"], model["size"]) == ("file", MODEL.file.size)
    assert model["lfs"] == {"oid": MODEL.file.sha256, "size": MODEL.file.size, "pointerSize": len(MODEL.pointer)}
    assert model["xetHash"] == MODEL.file.xet_hash
    assert "lfs" not in by_path["config.json"]
    assert by_path["vae"]["type"] == "directory"


def test_the_tree_lists_one_folder_or_all_below(hosts: Hosts) -> None:
    assert [entry["path"] for entry in entries(hosts, "")] == ["vae", "config.json", "model.safetensors"]
    assert [entry["path"] for entry in entries(hosts, "/vae")] == ["vae/deep"]
    below = [entry["path"] for entry in entries(hosts, "/vae?recursive=true&expand=true")]
    assert below == ["vae/deep", "vae/deep/vae.safetensors"]


def test_the_tree_has_pages() -> None:
    with site(HubSettings(page_entries=2)) as hosts:
        url, found = f"{hosts.urls['huggingface']}/api/models/org/model/tree/main?recursive=true", []
        for _ in range(3):
            reply = ask(url)
            found += [entry["path"] for entry in reply.json()]
            link = re.fullmatch('<(.*)>; rel="next"', reply.headers.get("link", ""))
            url = link[1] if link else ""
        assert url == ""
        assert len(found) == len(set(found)) == 5


def test_the_repository_describes_itself(hosts: Hosts) -> None:
    said = get(hosts, "api/models/org/model?blobs=true").json()
    assert (said["id"], said["sha"], said["gated"], said["private"]) == ("org/model", COMMIT, False, False)
    sizes = {one["rfilename"]: one["size"] for one in said["siblings"]}
    assert sizes["model.safetensors"] == MODEL.file.size
    assert get(hosts, "api/models/org/model/revision/v1").json()["sha"] == COMMIT
    assert get(hosts, "api/models/org/gated").json()["gated"] == "manual"
