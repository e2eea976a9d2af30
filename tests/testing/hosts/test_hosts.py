"""All stand-ins together: origins, variables, rules, and one ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.options import testhosts
from anymatix_fetcher.testing import Fault, Match
from anymatix_fetcher.testing.hosts import TOKEN, EverythingSettings, Hosts, everything
from tests.testing.hosts.asking import ask

if TYPE_CHECKING:
    from tests.servers.tls_material import TlsMaterial

SMALL = EverythingSettings(size=1_000_000, bytes_per_second=None)


def test_every_site_is_an_origin_of_its_own() -> None:
    with Hosts(*everything(SMALL)) as hosts:
        assert len(set(hosts.urls.values())) == len(hosts.urls) == 17
        assert hosts.variables == {
            "CIVITAI_ENDPOINT": hosts.urls["civitai"],
            "HF_ENDPOINT": hosts.urls["huggingface"],
            "GITHUB_ENDPOINT": hosts.urls["github"],
            "GITHUB_API_ENDPOINT": hosts.urls["github-api"],
            "MODELSCOPE_ENDPOINT": hosts.urls["modelscope"],
            "GDRIVE_ENDPOINT": hosts.urls["googledrive"],
            "DROPBOX_ENDPOINT": hosts.urls["dropbox"],
            "ZENODO_ENDPOINT": hosts.urls["zenodo"],
            "OLLAMA_ENDPOINT": hosts.urls["ollama"],
        }


def test_the_ledger_tells_whom_was_asked_what_and_with_which_fields() -> None:
    with Hosts(*everything(SMALL)) as hosts:
        url = f"{hosts.urls['civitai']}/api/download/models/128713"
        assert ask(url).status == 401
        location = ask(url, Authorization=f"Bearer {TOKEN}").location
        ask(location, Range="bytes=0-99")
        ask(location, Range="bytes=100-299")
    ledger = hosts.ledger()
    assert (ledger.requests("civitai"), ledger.requests("civitai-r2"), ledger.requests("github")) == (2, 2, 0)
    assert ledger.signed == {"civitai": 1}
    file = ledger.file("civitai:128713/detail.safetensors")
    assert (file.ranges, file.bytes_sent) == (((0, 100), (100, 300)), 300)
    assert [one.status for one in hosts.seen("civitai")] == [401, 307]
    assert "authorization" in hosts.seen("civitai")[1].headers
    assert all("authorization" not in one.headers for one in hosts.seen("civitai-r2"))
    assert len(hosts.seen()) == 4


def test_rules_concern_sites_as_origins_and_stores_as_targets() -> None:
    with Hosts(*everything(SMALL)) as hosts:
        url = f"{hosts.urls['huggingface']}/anymatix/model/resolve/main/model.safetensors"
        hosts.script(Fault.status(503, retry_after="2"), when=Match(at="origin", request=1))
        hosts.script("truncate:after=1000,at=target,request=1")
        assert (ask(url).status, ask(f"{hosts.urls['civitai']}/api/v1/models/25694").status) == (503, 200)
        location = ask(url).location
        with pytest.raises(Exception, match="IncompleteRead"):
            ask(location)
        assert len(ask(location).body) == 1_000_000


def test_the_account_is_read_over_http_too() -> None:
    with Hosts(*everything(SMALL)) as hosts:
        ask(f"{hosts.urls['civitai']}/api/v1/models/25694")
        assert ask(f"{hosts.urls['github']}/_ledger").json()["origins"] == {"civitai": 1}
        path = "/_sha256/records/123456/files/zenodo.safetensors"
        assert len(ask(hosts.urls["zenodo"] + path).text) == 64


@pytest.mark.parametrize(("pins_range", "status"), [(True, 403), (False, 206)])
def test_the_command_pins_the_hubs_urls_where_it_is_told_to(*, pins_range: bool, status: int) -> None:
    running = testhosts.hosts(
        address=None,
        first_port=None,
        seed=None,
        url_seconds=None,
        bytes_per_second=None,
        pins_range=pins_range,
        tls=None,
    )
    with running as hosts:
        url = f"{hosts.urls['huggingface']}/anymatix/model/resolve/main/model.safetensors"
        location = ask(url, Range="bytes=0-99").location
        assert ask(location, Range="bytes=0-99").status == 206
        assert ask(location, Range="bytes=100-199").status == status


def test_hosts_speak_tls_and_have_fixed_ports_where_asked_to(tls_material: TlsMaterial) -> None:
    with Hosts(*everything(SMALL), tls=tls_material.server_context()) as hosts:
        assert all(url.startswith("https://127.0.0.1:") for url in hosts.urls.values())
    with pytest.raises(RuntimeError, match="already started"):
        hosts.start()
    hosts.close()
