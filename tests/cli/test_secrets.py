"""What the command line prints, at its most talkative, holds no secret: neither when it works nor when it fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.cli.options.network import Network
from anymatix_fetcher.testing import Fault, Match
from anymatix_fetcher.transports.proxies import PROXY_VARIABLES
from tests.engine.planted import PLANTED, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TALKATIVE = ("-v", "-v", "--json")
HEADERS = ("-H", f"Authorization: Bearer {PLANTED['authorization']}", "-H", f"X-Api-Key: {PLANTED['api-key']}")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    with World(tmp_path, monkeypatch) as running:
        yield running
        running.check_requests()
        running.check_files()
        printed = capsys.readouterr()
        assert printed.err
        running.check_told(printed.out, printed.err)


@pytest.mark.parametrize("engine", ["curl", "threads"])
@pytest.mark.parametrize("progress", ["json", "auto", "bar"])
def test_downloads(world: World, engine: str, progress: str) -> None:
    options = ("--engine", engine, "--progress", progress, "-d", str(world.downloads))
    assert main([*TALKATIVE, *options, *world.references[1:]]) == 0
    assert main([*TALKATIVE, *options, *HEADERS, "--overwrite", world.direct.url("/direct.bin")]) == 0
    world.check_requests(*PLANTED.keys() - {"civitai", "mirror"})


def test_refusals_that_repeat_what_was_sent_to_others(world: World) -> None:
    # Of the netrc file the transport alone knows, and what another command was given is unknown to this one.
    unknown = {"netrc", "pasted", "userinfo"}
    for origin, names in (
        (world.direct, PLANTED.keys() - unknown - {"mirror"}),
        (world.mirror, PLANTED.keys() - unknown),
    ):
        said = json.dumps({"error": " or ".join(PLANTED[name] for name in sorted(names))})
        origin.script(Fault.status(code=403, text=said), when=Match(path="/refused.bin"))
    reference = f"{world.direct.url('/refused.bin')}?sig={quote(PLANTED['query'], safe='')}"
    proxy = ("--proxy", f"http://me:{quote(PLANTED['userinfo'], safe='')}@127.0.0.1:1")
    mirror = ("--mirror", f"{world.mirror.url('/refused.bin')}?key={PLANTED['mirror']}")
    directory = ("-d", str(world.downloads))
    assert main([*TALKATIVE, *mirror, *directory, *HEADERS, reference]) == 4
    assert main(["resolve", *TALKATIVE, *HEADERS, reference]) == 4
    assert main([*TALKATIVE, *proxy, *directory, *HEADERS, reference]) == 5


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_resolving(world: World, as_json: list[str]) -> None:
    for reference in world.references:
        assert main(["resolve", "-v", "-v", *as_json, reference]) == 0
    assert main(["resolve", "-v", "-v", *as_json, *HEADERS, world.direct.url("/direct.bin")]) == 0
    assert main(["resolve", "-v", "-v", *as_json, "civitai:999"]) == 3
    world.check_requests(*PLANTED.keys() - {"mirror"})


def test_a_workflow(world: World, tmp_path: Path) -> None:
    urls = (world.references[1], world.references[5], world.netrc.url("/netrc.bin"))
    names = ("quick.safetensors", "direct.bin", "netrc.bin")
    models = [{"name": name, "url": url, "directory": "vae"} for name, url in zip(names, urls, strict=True)]
    graph = {"nodes": [], "links": [], "version": 0.4, "models": models}
    (world.downloads / "flow.json").write_text(json.dumps({**graph, "models": []}))
    flow = tmp_path / "home" / "netrc.json"
    flow.write_text(json.dumps(graph))
    world.given.add(flow)
    common = ("-v", "-v", "--models", str(world.downloads / "models"), str(flow))
    assert main(["workflow", "--dry-run", *common]) == 0
    assert main(["workflow", "--dry-run", "--json", *common]) == 0
    assert main(["workflow", "--progress", "json", "--json", *common]) == 0
    world.check_requests("pasted", "userinfo", "query", "netrc")


@pytest.mark.parametrize(
    "arguments",
    [
        ["-H", f"Authorization {PLANTED['authorization']}", "https://h.example/x"],
        ["-H", f"X-Api-Key: {PLANTED['api-key']}\nX: y", "https://h.example/x"],
        ["--proxy", f"ftp://me:{quote(PLANTED['userinfo'])}@h.example", "https://h.example/x"],
        ["--mirror", f"https://me:{quote(PLANTED['userinfo'], safe='')}@h.example:99999/", "https://h.example/x"],
        ["--resume-with", "model.part", f"https://me:{PLANTED['api-key']}@h.example/x?token={PLANTED['query']}"],
        [f"https://me:{quote(PLANTED['userinfo'], safe='')}@h.example:99999/x?token={PLANTED['query']}"],
        [f"ftp://me:{PLANTED['api-key']}@h.example/x?token={PLANTED['query']}"],
        [f"--token={PLANTED['api-key']}", "civitai:7"],
        ["login", f"https://me:{PLANTED['api-key']}@civitai.com"],
        ["auth", f"https://me:{PLANTED['api-key']}@civitai.com"],
        ["auth", "--json"],
    ],
)
@pytest.mark.usefixtures("world")
def test_what_is_typed_wrong_isnt_repeated(arguments: list[str]) -> None:
    main(arguments)
    main(["-v", "-v", "no:reference"])


@pytest.mark.parametrize("variable", PROXY_VARIABLES)
@pytest.mark.parametrize("proxy", ["http://me:p%40ss-word1@127.0.0.1:1", "me:p%40ss-word1@127.0.0.1:1"])
def test_the_password_of_a_proxy_is_known_from_every_variable(
    proxy: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, proxy)
    assert {"p%40ss-word1", "p@ss-word1", "me:p@ss-word1"} <= set(Network().secrets(()))
