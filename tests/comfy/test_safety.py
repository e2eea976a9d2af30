"""What pages of other sites, addresses of the own network and authors of workflows can't do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.resource import Author
from tests.comfy.site import JSON, URL, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANGES = [
    ("POST", "/api/assets/download", {"source_url": URL, "tags": ["models", "model_type:vae"]}),
    ("POST", "/anymatix/download", {"url": URL, "name": "m.safetensors", "directory": "vae"}),
    ("POST", "/api/anymatix/api/v1/jobs", {"references": [URL]}),
    ("PATCH", "/anymatix/api/v1/settings", {"max_downloads": 1}),
    ("DELETE", "/anymatix/api/v1/jobs/0123456789abcdef", None),
    ("POST", "/anymatix/delete_resource", {"url": URL}),
    ("POST", "/anymatix/uploadAsset", {"hash": "0" * 64}),
    ("DELETE", "/api/tasks/7c0b1a52-9a1e-5d3c-8f67-1d2f3a4b5c6d", None),
]


@pytest.fixture(params=["", "*"])
def here(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """With and without ``--enable-cors-header``."""
    with site(tmp_path, cors=request.param) as found:
        yield found


def test_pages_of_other_sites_change_nothing(here: Site) -> None:
    settings = here.bench.queue.settings
    for method, path, body in CHANGES:
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            assert here.ask(method, path, body, headers).status == 403
        if body is not None:
            plain = {"Origin": f"http://127.0.0.1:{here.port}", "Content-Type": "text/plain"}
            assert here.ask(method, path, body, plain).status == 415
    assert here.bench.queue.jobs() == []
    assert here.bench.queue.settings == settings


def test_what_comes_from_no_page_is_taken(here: Site) -> None:
    method, path, body = CHANGES[0]
    assert here.ask(method, path, body, JSON).status == 202


def test_the_operator_lets_an_origin_in(tmp_path: Path) -> None:
    origin = "https://studio.example"
    method, path, body = CHANGES[1]
    with site(tmp_path, {"ANYFETCH_ALLOW_ORIGIN": origin}, cors="*") as found:
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        assert found.ask(method, path, body, headers).status == 202


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "169.254.169.254", "10.0.0.7", "100.64.0.1", "[::1]:8000", "localhost"]
)
def test_addresses_of_the_own_network_are_refused(tmp_path: Path, host: str) -> None:
    url = f"http://{host}/m.safetensors"
    asked: list[tuple[str, str, object]] = [
        ("POST", "/api/assets/download", {"source_url": url, "tags": ["models", "model_type:vae"]}),
        ("POST", "/anymatix/download", {"url": url, "name": "m.safetensors", "directory": "vae"}),
        ("POST", "/anymatix/api/v1/jobs", {"references": [url]}),
        ("POST", "/anymatix/api/v1/jobs", {"references": [URL], "mirrors": [url]}),
        ("POST", "/anymatix/api/v1/resolve", {"reference": url}),
        (
            "POST",
            "/anymatix/api/v1/workflow",
            {"workflow": {"models": [{"url": url, "name": "m", "directory": "vae"}]}},
        ),
        ("PATCH", "/anymatix/api/v1/jobs/0123456789abcdef", {"reference": url}),
    ]
    with site(tmp_path) as found:
        for method, path, body in asked:
            answered = found.ask(method, path, body)
            assert (answered.status, answered.error["code"]) == (403, "PRIVATE_ADDRESS"), path
            assert "ANYFETCH_ALLOW_PRIVATE" in answered.error["hint"]
        assert found.bench.queue.jobs() == []


def test_what_is_looked_up_here_may_lead_nowhere_else_later(tmp_path: Path) -> None:
    with site(tmp_path) as found:
        found.download()
        found.ask("POST", "/anymatix/api/v1/jobs", {"references": [URL + "?2"]})
        assert [job.wanted.public_only for job in found.bench.queue.jobs()] == [True, True]
        found.bench.turn()
        assert found.bench.runner.of(URL).job.public_only


def test_the_operator_allows_the_own_network(tmp_path: Path) -> None:
    with site(tmp_path, {"ANYFETCH_ALLOW_PRIVATE": "1"}) as found:
        assert found.download(url="http://127.0.0.1:8000/m.safetensors").status == 202
        assert [job.wanted.public_only for job in found.bench.queue.jobs()] == [False]


def test_an_author_of_a_workflow_doesnt_choose_who_gets_a_token(tmp_path: Path) -> None:
    with site(tmp_path) as found:
        found.download()
        found.ask("POST", "/anymatix/download", {"url": URL + "?2", "name": "n.safetensors", "directory": "vae"})
        found.ask("POST", "/anymatix/api/v1/jobs", {"references": [URL + "?3"]})
        authors = {job.wanted.reference: job.wanted.author for job in found.bench.queue.jobs()}
    assert authors == {URL: Author.FILE, URL + "?2": Author.FILE, URL + "?3": Author.USER}


def test_a_token_in_an_address_comes_back_nowhere(tmp_path: Path) -> None:
    token = "planted-0123456789"
    url = f"https://civitai.invalid/api/download/models/1?token={token}"
    with site(tmp_path) as found:
        accepted = found.download(url=url)
        event = found.told("asset_download")
        assert event["task_id"] == accepted.json["task_id"]
        found.bench.turn()
        told = found.told("anymatix_jobs")
        listed = found.ask("GET", "/anymatix/api/v1/jobs")
        task = found.ask("GET", f"/api/tasks/{accepted.json['task_id']}")
        seen = [accepted.content, str(event).encode(), str(told).encode(), listed.content, task.content]
        assert all(token.encode() not in one for one in seen)
    assert all(token.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
