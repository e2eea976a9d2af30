"""The stand-in for Dropbox says and does what the real one does."""

from __future__ import annotations

from anymatix_fetcher.testing.hosts import DropboxLink, Hosts, dropbox, hosted
from tests.testing.hosts.asking import ask

FILE = hosted("weights.bin", 5000)
LINK = "/scl/fi/abc/weights.bin?rlkey=k3y"


def test_a_link_is_a_page_with_dl_0_and_a_file_on_another_origin_with_dl_1() -> None:
    with Hosts(dropbox([DropboxLink("abc", "k3y", FILE)])) as hosts:
        url = hosts.urls["dropbox"] + LINK
        assert ask(f"{url}&dl=0").headers["content-type"] == "text/html; charset=utf-8"
        reply = ask(f"{url}&dl=1")
        assert reply.status == 302
        assert reply.location.startswith(hosts.urls["dropbox-content"])
        part = ask(reply.location, Range="bytes=100-199")
        assert (part.status, part.body) == (206, FILE.content.read(100, 200))
        assert 'filename="weights.bin"' in part.headers["content-disposition"]
        assert ask(hosts.urls["dropbox"] + "/scl/fi/abc/weights.bin?rlkey=bad&dl=1").status == 404
