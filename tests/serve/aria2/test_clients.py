"""aria2's own clients, unchanged: aria2p with its command line, aioaria2 over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import aioaria2
import aria2p
import pytest

from tests.queue.fakes import until
from tests.serve.served import SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.testing import Origin
    from tests.serve.aria2.serving import Served

BYTES = 3_000_000


@pytest.fixture
def api(server: Served) -> aria2p.API:
    return aria2p.API(aria2p.Client(host="http://127.0.0.1", port=server.port, secret=SECRET))


def finished(download: aria2p.Download) -> None:
    def is_over() -> bool:
        download.update()
        return bool(download.is_complete or download.has_failed or download.is_removed)

    until(is_over)


# aria2p ---------------------------------------------------------------------------------------------------


def test_aria2p_downloads_and_is_notified(server: Served, origin: Origin, api: aria2p.API) -> None:
    file = origin.add("/a.bin", size=BYTES)
    told: list[tuple[str, str]] = []
    api.listen_to_notifications(
        threaded=True,
        on_download_start=lambda _, gid: told.append(("start", gid)),
        on_download_complete=lambda _, gid: told.append(("complete", gid)),
        timeout=1,
    )
    until(lambda: bool(server.endpoint._clients))
    download = api.add_uris([file.url], options={"dir": str(server.files / "sub"), "out": "b.bin"})
    finished(download)
    assert download.is_complete
    assert (download.total_length, download.completed_length, download.progress) == (BYTES, BYTES, 100.0)
    assert [str(one.path) for one in download.files] == [str(server.files / "sub" / "b.bin")]
    assert (server.files / "sub" / "b.bin").read_bytes() == file.read()
    until(lambda: told == [("start", download.gid), ("complete", download.gid)])
    (listed,) = api.get_downloads()
    assert (listed.gid, listed.name, listed.is_metadata) == (download.gid, "b.bin", False)
    assert listed.dir == server.files / "sub"
    api.stop_listening()


def test_aria2p_pauses_moves_and_removes(server: Served, origin: Origin, api: aria2p.API) -> None:
    api.client.change_global_option({"max-concurrent-downloads": "1", "max-overall-download-limit": "500K"})
    files = [origin.add(f"/{name}.bin", size=BYTES) for name in "abc"]
    downloads = [api.add_uris([file.url]) for file in files]
    first = downloads[0]
    until(lambda: api.get_download(first.gid).completed_length > 0)
    assert [api.get_download(one.gid).status for one in downloads] == ["active", "waiting", "waiting"]
    assert api.move_to_top(downloads[2]) == 0
    assert first.pause()
    until(lambda: api.get_download(downloads[2].gid).is_active)
    assert api.get_download(first.gid).is_paused
    assert api.pause_all()
    assert {one.status for one in api.get_downloads()} == {"paused"}
    assert api.get_stats().num_waiting == 3
    assert api.remove([downloads[1]], force=True, files=True) == [True]
    assert {one.gid for one in api.get_downloads()} == {first.gid, downloads[2].gid}
    assert api.set_global_options({"max-overall-download-limit": "0"})
    assert api.resume_all()
    for download, file in ((first, files[0]), (downloads[2], files[2])):
        finished(download)
        assert (server.files / file.path.lstrip("/")).read_bytes() == file.read()
    assert api.purge()
    assert api.get_downloads() == []


def test_aria2p_is_told_of_errors(server: Served, origin: Origin, api: aria2p.API) -> None:
    download = api.add_uris([origin.url("/none.bin")])
    finished(download)
    assert (download.has_failed, download.error_code) == (True, "3")
    assert "404" in (download.error_message or "")
    with pytest.raises(aria2p.ClientException, match="is not found"):
        api.get_download("0000000000000001")
    stranger = aria2p.Client(host="http://127.0.0.1", port=server.port, secret="wrong")
    with pytest.raises(aria2p.ClientException, match="Unauthorized"):
        stranger.get_version()


def test_aria2p_changes_options_and_addresses(server: Served, origin: Origin, api: aria2p.API) -> None:
    file = origin.add("/a.bin", size=BYTES)
    stale = origin.url("/gone.bin")
    download = api.add_uris([stale], options={"pause": "true", "out": "x.bin", "max-download-limit": "100K"})
    assert api.client.change_uri(download.gid, 1, [stale], [file.url]) == [1, 1]
    assert api.get_options([download])[0].max_download_limit == 100 << 10
    assert api.set_options({"max-download-limit": "0", "out": "y.bin"}, [download]) == [True]
    assert api.resume([download]) == [True]
    finished(download)
    assert (server.files / "y.bin").read_bytes() == file.read()
    client: Any = api.client  # some of its types are narrower than what it does
    (version,), (active,) = client.multicall2([("aria2.getVersion", []), ("aria2.tellActive", [["gid"]])])
    assert (version["version"], active) == ("1.37.0", [])
    batch = client.batch_call([("aria2.getVersion", [], 1), ("aria2.tellStatus", [download.gid, ["gid"]], 2)])
    assert batch[1] == {"gid": download.gid}


def test_aria2ps_command_line(server: Served, origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/a.bin", size=BYTES)

    def aria2p_command(*arguments: str) -> str:
        common = ["-m", "aria2p", "-p", str(server.port), "-s", SECRET, "-H", "http://127.0.0.1"]
        done = subprocess.run(
            [sys.executable, *common, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "HOME": str(tmp_path)},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    aria2p_command("add", file.url, "-o", "out=cli.bin")
    until((server.files / "cli.bin").exists)
    assert (server.files / "cli.bin").read_bytes() == file.read()
    assert "complete" in aria2p_command("show")
    assert '"version": "1.37.0"' in aria2p_command("call", "getVersion")
    aria2p_command("pause", "--all")
    aria2p_command("resume", "--all")
    aria2p_command("purge")
    assert "complete" not in aria2p_command("show")


# aioaria2 -------------------------------------------------------------------------------------------------


def test_aioaria2_over_http(server: Served, origin: Origin) -> None:
    file = origin.add("/a.bin", size=BYTES)

    async def run() -> None:
        async with aioaria2.Aria2HttpClient(f"http://127.0.0.1:{server.port}/jsonrpc", token=SECRET) as client:
            assert "aria2.addUri" in await client.listMethods()
            assert "aria2.onDownloadStart" in await client.listNotifications()
            gid = await client.addUri([file.url], options={"out": "h.bin"})
            await asyncio.to_thread(server.until, gid, "complete")
            found: Any = await client.tellStatus(gid, ["status", "totalLength"])
            assert found == {"status": "complete", "totalLength": str(BYTES)}
            entries = [{"methodName": "aria2.tellStatus", "params": [gid, ["gid"]]}, {"methodName": "aria2.getVersion"}]
            first, second = await client.multicall(entries)
            assert (first, second[0]["version"]) == ([{"gid": gid}], "1.37.0")
            with pytest.raises(aioaria2.exceptions.Aria2rpcException, match="Invalid GID zz"):
                await client.tellStatus("zz")

    asyncio.run(run())
    assert (server.files / "h.bin").read_bytes() == file.read()


def test_aioaria2_over_a_socket(server: Served, origin: Origin) -> None:
    file = origin.add("/a.bin", size=BYTES)

    async def run() -> None:
        client = await aioaria2.Aria2WebsocketClient.new(f"http://127.0.0.1:{server.port}/jsonrpc", token=SECRET)
        over = asyncio.Event()
        told: list[str] = []

        async def note(_client: object, message: dict[str, Any]) -> None:
            told.append(message["method"])
            if message["method"] == "aria2.onDownloadComplete":
                over.set()

        client.onDownloadStart(note)
        client.onDownloadComplete(note)
        gid = await client.addUri([file.url], options={"out": "w.bin"})
        await asyncio.wait_for(over.wait(), 60)
        assert told == ["aria2.onDownloadStart", "aria2.onDownloadComplete"]
        assert (await client.tellStatus(gid, ["status"])) == {"status": "complete"}
        assert await client.shutdown() == "OK"
        await client.close()

    asyncio.run(run())
    assert (server.files / "w.bin").read_bytes() == file.read()
    assert server.stopped.is_set()
