"""The stand-in for Google Drive says and does what the real one does."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from anymatix_fetcher.testing.hosts import GoogleDriveSettings, Hosts, googledrive, hosted
from tests.testing.hosts.asking import ask

LARGE, SMALL = hosted("large.safetensors", 300_000), hosted("small.safetensors", 1000)
SETTINGS = GoogleDriveSettings(scanned_bytes=100_000, exhausted=frozenset({"worn"}))


def site() -> Hosts:
    return Hosts(googledrive({"big": LARGE, "tiny": SMALL, "worn": SMALL}, SETTINGS))


def test_a_large_file_comes_after_a_form_that_leads_to_another_origin() -> None:
    with site() as hosts:
        reply = ask(f"{hosts.urls['googledrive']}/uc?id=big&export=download")
        assert (reply.status, "content-disposition" in reply.headers) == (200, False)
        action = re.search('<form id="download-form" action="([^"]*)"', reply.text)
        fields = re.findall('<input type="hidden" name="([^"]*)" value="([^"]*)">', reply.text)
        assert action is not None
        assert action[1] == f"{hosts.urls['googledrive-usercontent']}/download"
        assert [name for name, _ in fields] == ["id", "export", "confirm", "uuid", "at"]
        file = ask(f"{action[1]}?{urlencode(fields)}", Range="bytes=1-3")
        assert (file.status, file.body) == (206, LARGE.content.read(1, 4))
        assert file.headers["content-disposition"] == 'attachment; filename="large.safetensors"'
        again = ask(f"{action[1]}?id=big&export=download&confirm=t")
        assert "download-form" in again.text


def test_a_small_file_comes_by_a_redirect() -> None:
    with site() as hosts:
        reply = ask(f"{hosts.urls['googledrive']}/uc?id=tiny&export=download")
        assert reply.status == 303
        assert ask(reply.location).body == SMALL.content.read(0, SMALL.size)


def test_a_used_up_quota_is_a_page() -> None:
    with site() as hosts:
        reply = ask(f"{hosts.urls['googledrive']}/uc?id=worn&export=download")
        assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "Too many users have viewed or downloaded this file recently" in reply.text


def test_an_unknown_file_is_404() -> None:
    with site() as hosts:
        assert ask(f"{hosts.urls['googledrive']}/uc?id=none&export=download").status == 404
        assert ask(f"{hosts.urls['googledrive-usercontent']}/download?id=none").status == 404
