"""aria2's methods on downloads, on a queue whose downloads go as a test tells them."""

from __future__ import annotations

import base64

import pytest

from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.errors import NotFoundError
from anymatix_fetcher.queue.jobs import JobState
from anymatix_fetcher.queue.queue import QueueSettings
from tests.queue.fakes import SIZE
from tests.serve.aria2.rpc import NOBODY, URL, Rpc

# Adding ---------------------------------------------------------------------------------------------------


def test_a_download_from_its_address_to_its_file(rpc: Rpc) -> None:
    gid = rpc("addUri", [URL, "https://mirror.example/a.bin"], {"dir": "sub", "out": "x.bin", "split": "2"})
    assert rpc.status(gid) == "active"
    rpc.bench.turn()
    running = rpc.bench.runner.of(URL)
    settings = running.job.settings
    assert settings.output == rpc.bench.folder / "files" / "sub" / "x.bin"
    assert (settings.mirrors, settings.max_connections) == (("https://mirror.example/a.bin",), 2)
    running.store(500)
    found = rpc("tellStatus", gid)
    assert (found["status"], found["completedLength"], found["totalLength"]) == ("active", "500", str(SIZE))
    assert found["downloadSpeed"] == "100"
    assert rpc("getServers", gid)[0]["servers"][0]["downloadSpeed"] == "100"
    running.finish()
    rpc.bench.turn()
    found = rpc("tellStatus", gid)
    assert (found["status"], found["errorCode"], found["bitfield"]) == ("complete", "0", "80")
    assert found["files"][0]["path"] == str(rpc.bench.folder / "files" / "sub" / "x.bin")


def test_the_models_of_another_container_are_the_models_root(rpc: Rpc) -> None:
    gid = rpc.add(dir="/models/vae", out="x.bin")
    rpc.bench.turn()
    assert rpc.bench.runner.of(URL).job.settings.output == rpc.bench.folder / "models" / "vae" / "x.bin"
    (active,) = rpc("tellActive", ["gid", "files"])
    assert (active["gid"], active["files"][0]["path"]) == (gid, "/models/vae/x.bin")


def test_the_same_download_has_the_same_gid_and_an_ended_one_restarts(rpc: Rpc) -> None:
    gid = rpc.add()
    assert rpc.add() == gid
    rpc("pause", gid)
    assert rpc.add(pause="true") == gid
    assert rpc.status(gid) == "paused"
    assert rpc.add() == gid
    assert rpc.status(gid) == "active"
    rpc("remove", gid)
    assert rpc.status(gid) == "removed"
    assert rpc.add() == gid
    assert rpc.status(gid) == "active"


def test_a_client_may_choose_the_gid(rpc: Rpc) -> None:
    assert rpc.add("a", gid="00000000000000aa") == "00000000000000aa"
    assert "00000000000000aa" in rpc.error("addUri", ["https://example.org/b.bin"], {"gid": "00000000000000aa"})
    assert rpc("tellStatus", "00000000000000AA", ["gid"]) == {"gid": "00000000000000aa"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ([], "The parameter at 0 is required but missing."),
        (["x"], "The parameter at 0 has wrong type."),
        ([[]], "URI is not provided."),
        ([[3, None]], "URI is not provided."),
        ([["\ud800"]], "URI is not provided."),
        ([[URL], "x"], "The parameter at 1 has wrong type."),
        ([[URL], {}, "0"], "The parameter at 2 has wrong type."),
        (
            [[URL], {}, -1],
            "The integer parameter at 2 has invalid value: the value must be greater than or equal to 0.",
        ),
    ],
)
def test_an_invalid_download_is_refused_in_aria2s_words(rpc: Rpc, params: list[object], message: str) -> None:
    assert rpc.error("addUri", *params) == message
    assert rpc.bench.queue.jobs() == []


@pytest.mark.parametrize(
    "options",
    [{"dir": "/etc"}, {"out": "../../x"}, {"dir": "/models/../x"}, {"dir": "custom_nodes/x"}, {"header": "A\0: b"}],
)
def test_nothing_is_written_outside(rpc: Rpc, options: dict[str, object]) -> None:
    assert rpc.error("addUri", [URL], options)
    assert rpc.bench.queue.jobs() == []


def test_unknown_uris_are_refused(rpc: Rpc) -> None:
    for uri in ("magnet:?xt=urn:btih:0", "ftp://h.example/a", "nonsense:foo", "https://["):
        assert rpc.error("addUri", [uri])
    assert "BitTorrent" in rpc.error("addTorrent", "AAAA")


def test_a_metalink_has_files_with_mirrors_and_digests(rpc: Rpc) -> None:
    text = (
        '<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="sub/m.bin"><size>3</size>'
        f'<hash type="sha-256">{"ab" * 32}</hash><url priority="2">https://b.example/m</url>'
        '<url priority="1">https://a.example/m</url></file><file name="n.bin"><url>https://c.example/n</url></file>'
        "</metalink>"
    )
    gids = rpc("addMetalink", base64.b64encode(text.encode()).decode(), {"dir": "d", "header": ["A: hush"]})
    jobs = [rpc.bench.queue.get(gid) for gid in gids]
    assert [(job.wanted.reference, job.wanted.output) for job in jobs] == [
        ("https://a.example/m", "sub/m.bin"),
        ("https://c.example/n", "n.bin"),
    ]
    assert jobs[0].wanted.mirrors == ("https://b.example/m",)
    assert jobs[0].wanted.digests == (f"sha256:{'ab' * 32}",)
    assert {(job.wanted.headers, job.wanted.author) for job in jobs} == {((), Author.FILE)}
    for broken in ("AAAA", "A", "!!", base64.b64encode(b"<x/>").decode()):
        assert rpc.error("addMetalink", broken)


# Pausing, removing ----------------------------------------------------------------------------------------


def test_pause_and_unpause(rpc: Rpc) -> None:
    gid = rpc.add()
    rpc.bench.turn()
    assert rpc("pause", gid) == gid
    assert rpc.status(gid) == "paused"
    assert rpc.error("forcePause", gid) == f"GID#{gid} cannot be paused now"
    assert rpc("unpause", gid) == gid
    assert rpc.error("unpause", gid) == f"GID#{gid} cannot be unpaused now"
    assert (rpc("forcePauseAll"), rpc.status(gid)) == ("OK", "paused")
    assert (rpc("unpauseAll"), rpc.status(gid)) == ("OK", "active")


def test_removing_keeps_the_result_until_it_is_removed(rpc: Rpc) -> None:
    gid = rpc.add()
    rpc.bench.turn()
    assert rpc.error("removeDownloadResult", gid) == f"Could not remove download result of GID#{gid}"
    assert rpc("remove", gid) == gid
    assert rpc.error("forceRemove", gid) == f"Active Download not found for GID#{gid}"
    (stopped,) = rpc("tellStopped", -1, 10, ["gid", "status", "errorCode"])
    assert stopped == {"gid": gid, "status": "removed", "errorCode": "31"}
    assert rpc("removeDownloadResult", gid) == "OK"
    assert rpc.error("tellStatus", gid) == f"GID {gid} is not found"
    rpc("remove", rpc.add("b"))
    rpc.add("c")
    assert rpc("purgeDownloadResult") == "OK"
    assert rpc("tellStopped", 0, 10) == []
    assert len(rpc("tellActive")) == 1


def test_a_failure_is_told_with_its_number_and_its_hint(rpc: Rpc) -> None:
    gid = rpc.add()
    rpc.bench.turn()
    rpc.bench.runner.of(URL).fail(NotFoundError("there is no such file", hint="Check the address."))
    rpc.bench.turn()
    found = rpc("tellStatus", gid, ["status", "errorCode", "errorMessage"])
    assert found == {"status": "error", "errorCode": "3", "errorMessage": "there is no such file. Check the address."}


@pytest.mark.parametrize(
    "method",
    [
        *("tellStatus", "remove", "forceRemove", "pause", "unpause", "forcePause", "removeDownloadResult"),
        *("getOption", "getFiles", "getUris", "getServers", "getPeers"),
    ],
)
def test_an_unknown_gid_is_refused(rpc: Rpc, method: str) -> None:
    assert rpc.error(method, NOBODY) == f"GID {NOBODY} is not found"
    assert rpc.error(method, "zz") == "Invalid GID zz"
    assert rpc.error(method, "") == "Invalid GID "
    assert rpc.error(method, 3) == "The parameter at 0 has wrong type."


def test_an_unambiguous_gid_prefix_is_accepted(rpc: Rpc) -> None:
    rpc.add("a", gid="00000000000000aa")
    rpc.add("b", gid="0000000000000baa")
    assert rpc.error("tellStatus", "0000000000000") == "GID 0000000000000 is not unique"
    assert rpc("tellStatus", "0000000000000b", ["gid"]) == {"gid": "0000000000000baa"}


# Order ----------------------------------------------------------------------------------------------------


def test_positions_count_waiting_downloads(rpc: Rpc) -> None:
    rpc("changeGlobalOption", {"max-concurrent-downloads": "1"})
    first = rpc.add("first")
    rpc.bench.turn()
    a, b, c, d = (rpc.add(name) for name in "abcd")
    assert rpc.waiting() == [a, b, c, d]
    steps: list[tuple[int, str, int, list[str]]] = [
        (0, "POS_SET", 0, [d, a, b, c]),
        (1, "POS_CUR", 1, [a, d, b, c]),
        (-1, "POS_END", 2, [a, b, d, c]),
        (-9, "POS_CUR", 0, [d, a, b, c]),
        (99, "POS_SET", 3, [a, b, c, d]),
        (-1, "POS_SET", 0, [d, a, b, c]),
    ]
    for offset, how, expected, order in steps:
        assert rpc("changePosition", d, offset, how) == expected
        assert rpc.waiting() == order
    assert rpc.error("changePosition", first, 0, "POS_SET") == f"GID#{first} not found in the waiting queue."
    assert rpc.error("changePosition", d, 0, "POS_X") == "Illegal argument."
    assert rpc.error("changePosition", d, "0", "POS_SET") == "The parameter at 1 has wrong type."
    e = rpc("addUri", ["https://example.org/e.bin"], {}, 1)
    assert rpc.waiting() == [d, e, a, b, c]
    rpc.bench.runner.of("https://example.org/first.bin").finish()
    rpc.bench.turn()
    assert rpc.waiting() == [e, a, b, c]


def test_a_setting_reports_waiting_as_active(rpc: Rpc) -> None:
    rpc("changeGlobalOption", {"max-concurrent-downloads": 1})
    rpc.add("a")
    rpc.bench.turn()
    gid = rpc.add("b")
    assert rpc.status(gid) == "waiting"
    stat = rpc("getGlobalStat")
    assert (stat["numActive"], stat["numWaiting"], stat["numStopped"]) == ("1", "1", "0")
    rpc("changeGlobalOption", {"rpc-always-active": "true"})
    assert rpc.bench.queue.settings == QueueSettings(max_downloads=1, rpc_always_active=True)
    assert rpc.status(gid) == "active"
    assert [one["gid"] for one in rpc("tellActive", ["gid"])][1:] == [gid]
    assert rpc("tellWaiting", 0, 10) == []
    assert rpc("getGlobalStat")["numActive"] == "2"
    assert rpc("getGlobalOption")["rpc-always-active"] == "true"


# Addresses and options ------------------------------------------------------------------------------------


def test_uris_are_removed_and_added(rpc: Rpc) -> None:
    m, n, o = (f"https://{name}.example/a.bin" for name in "mno")
    gid = rpc("addUri", [URL, m], {"pause": "true"})
    assert rpc("changeUri", gid, 1, [m], [n, o]) == [1, 2]
    assert [one["uri"] for one in rpc("getUris", gid)] == [URL, n, o]
    assert rpc("changeUri", gid, 1, [URL, "https://unknown.example"], [m], 1) == [1, 1]
    wanted = rpc.bench.queue.get(gid).wanted
    assert (wanted.reference, wanted.mirrors, wanted.take_over) == (n, (m, o), True)
    assert rpc.error("changeUri", gid, 2, [], []) == "fileIndex is out of range"
    assert "greater than or equal to 1" in rpc.error("changeUri", gid, 0, [], [])
    assert rpc.error("changeUri", gid, 1, [m, n, o], []) == f"GID#{gid} would have no URI left"
    assert rpc.error("changeUri", gid, 1, [], ["nonsense:x"], 0)
    rpc("remove", gid)
    assert rpc.error("changeUri", gid, 1, [], []) == f"Cannot remove URIs from GID#{gid}"
    assert rpc.error("getUris", gid) == f"No URI data is available for GID#{gid}"


def test_options_of_a_download_are_applied_and_reported(rpc: Rpc) -> None:
    gid = rpc.add(pause="true", dir="a", **{"http-user": "me", "bt-tracker": "x"})
    assert rpc("changeOption", gid, {"out": "y.bin", "max-download-limit": "1K", "file-allocation": "trunc"}) == "OK"
    job = rpc.bench.queue.get(gid)
    assert job.path == str(rpc.bench.folder / "files" / "a" / "y.bin")
    assert (job.wanted.limit_rate, job.state) == (1024.0, JobState.PAUSED)
    found = rpc("getOption", gid)
    expected = {"out": "y.bin", "max-download-limit": "1024", "file-allocation": "trunc", "bt-tracker": "x"}
    assert expected.items() <= found.items()
    rpc("changeOption", gid, {"referer": "https://page.example/"})
    assert dict(rpc.bench.queue.get(gid).wanted.headers).keys() == {"Authorization", "Referer"}
    assert rpc.error("changeOption", gid, {"dir": "/etc"})
    rpc("remove", gid)
    assert rpc.error("changeOption", gid, {}) == f"Cannot change option for GID#{gid}"


def test_global_options_apply_to_later_downloads(rpc: Rpc) -> None:
    options = {"max-overall-download-limit": "1M", "max-concurrent-downloads": "7", "dir": "d", "user-agent": "U/1"}
    assert rpc("changeGlobalOption", {**options, "header": ["Cookie: hushhush"], "nonsense": "1"}) == "OK"
    assert rpc.bench.queue.settings == QueueSettings(limit_rate=1048576.0, max_downloads=7)
    found = rpc("getGlobalOption")
    assert (found["max-overall-download-limit"], found["max-concurrent-downloads"]) == ("1048576", "7")
    assert (found["dir"], found["user-agent"], "hushhush" in str(found)) == ("d", "U/1", False)
    wanted = rpc.bench.queue.get(rpc.add(out="x")).wanted
    assert (wanted.directory, wanted.headers) == ("d", (("Cookie", "hushhush"), ("User-Agent", "U/1")))
    rpc("changeGlobalOption", {"max-overall-download-limit": "0"})
    assert rpc.bench.queue.settings.limit_rate is None
    assert "max-concurrent-downloads" in rpc.error("changeGlobalOption", {"max-concurrent-downloads": "0"})
    assert rpc.bench.queue.settings.max_downloads == 7
