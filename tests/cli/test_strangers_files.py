"""Files that other people may have written lead to none of the user's credentials, whatever verb reads them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.testing import Fault, Match, Origin
from tests.formats.files import safetensors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LARGE = 40_000_000
RATE = 4_000_000
"""So slow that the other places are worth asking."""
DEFAULT, MACHINE, HEADER = "DefaultPass1", "MachinePass2", "HeaderPass3"
ENGINES = ("curl", "threads")
META4 = '<metalink xmlns="urn:ietf:params:xml:ns:metalink">{}</metalink>'


class Web:
    """Two web servers of strangers, and a user with a netrc file; the second one's host is in it by name."""

    def __init__(self, first: Origin, second: Origin, folder: Path) -> None:
        self.first, self.second, self.folder = first, second, folder
        model = safetensors({"w": ("U8", (1000,))})
        for origin in (first, second):
            self.model = origin.add("/m.safetensors", data=model)
            self.large = origin.add("/large.bin", size=LARGE)
            origin.script(Fault.throttle(rate=RATE), when=Match(path="/large.bin"))
        first.add("/away.safetensors", data=model)
        first.script(Fault.redirect(location=second.url("/m.safetensors")), when=Match(path="/away.safetensors"))
        first.script(Fault.status(code=410), when=Match(path="/gone.safetensors"))
        self.gone = first.url("/gone.safetensors")
        self.urls = [first.url("/m.safetensors"), first.url("/away.safetensors")]
        self.second_url = second.url("/m.safetensors")

    def metalink(self) -> str:
        """Of a file that the first place doesn't have any more, so that the second one takes its part."""
        places = f"<url priority='1'>{self.gone}</url><url priority='2'>{self.second_url}</url>"
        digest = f"<hash type='sha-256'>{self.model.sha256()}</hash>"
        return META4.format(f"<file name='m.safetensors'>{digest}{places}</file>")

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def workflow(self) -> str:
        models = [
            {"name": f"{number}.safetensors", "url": url, "directory": "vae"} for number, url in enumerate(self.urls)
        ]
        return self.write("flow.json", json.dumps({"nodes": [], "links": [], "version": 0.4, "models": models}))

    def lock(self) -> str:
        entries = [
            f'[[file]]\nname = "{number}.safetensors"\nroot = "here"\nfolder = ""\nsources = ["{url}"]\n'
            for number, url in enumerate(self.urls)
        ]
        return self.write("anyfetch.lock", "version = 1\n" + "\n".join(entries))

    def authorizations(self) -> dict[str, set[str]]:
        """Who was sent which user's password."""
        found: dict[str, set[str]] = {}
        for name, origin in (("first", self.first), ("second", self.second)):
            sent = [one.headers.get("authorization") or "" for one in origin.seen()]
            found[name] = {base64.b64decode(text.partition(" ")[2]).decode() for text in sent if text}
        return found


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    home = tmp_path / "home"
    home.mkdir()
    netrc = home / ".netrc"
    netrc.write_text(f"machine 127.0.0.2 login alice password {MACHINE}\ndefault login bob password {DEFAULT}\n")
    netrc.chmod(0o600)
    monkeypatch.delenv("NETRC", raising=False)
    for name, folder in (("HOME", home), ("XDG_CACHE_HOME", home / "cache"), ("XDG_DATA_HOME", home / "data")):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.chdir(tmp_path)
    with Origin(seed=1) as first, Origin(seed=1, host="127.0.0.2") as second:
        yield Web(first, second, tmp_path)


FILES: dict[str, Callable[[Web], list[str]]] = {
    "workflow --dry-run": lambda web: ["workflow", "--dry-run", "--models", "models", web.workflow()],
    "workflow": lambda web: ["workflow", "--models", "models", web.workflow()],
    "lock a workflow": lambda web: ["lock", "-f", "other.lock", web.workflow()],
    "sync": lambda web: ["sync", "-f", web.lock()],
    "a list": lambda web: ["-i", web.write("list.txt", "\n".join(web.urls))],
    "a Metalink": lambda web: [web.write("m.meta4", web.metalink())],
    "a list with mirrors": lambda web: [
        *("-i", web.write("list.txt", f"{web.gone} {web.second_url} sha256:{web.model.sha256()}"))
    ],
}


@pytest.mark.parametrize("arguments", FILES.values(), ids=FILES)
def test_what_a_file_names_gets_no_default_login_and_no_mirror_any(
    web: Web, arguments: Callable[[Web], list[str]]
) -> None:
    assert main(arguments(web)) == 0
    assert web.first.seen()
    assert web.second.seen()
    assert web.authorizations() == {"first": set(), "second": set()}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_mirror_that_a_server_names_gets_no_login(web: Web, engine: str) -> None:
    web.first.add("/x.meta4", data=web.metalink().encode())
    assert main(["--engine", engine, web.first.url("/x.meta4")]) == 0
    assert web.second.seen()
    # The user has typed the first one's address.
    assert web.authorizations() == {"first": {f"bob:{DEFAULT}"}, "second": set()}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_mirror_of_a_link_field_and_a_redirects_target_get_no_login(web: Web, engine: str) -> None:
    link = f"<{web.second.url('/large.bin')}>; rel=duplicate; pri=1"
    web.first.add("/large.bin", size=LARGE, headers={"Link": link})
    digest = web.large.sha256()
    assert main(["--engine", engine, "-c", "2", "--sha256", digest, web.first.url("/large.bin")]) == 0
    assert web.second.seen()
    assert main(["--engine", engine, web.first.url("/away.safetensors")]) == 0
    assert web.authorizations() == {"first": {f"bob:{DEFAULT}"}, "second": set()}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_host_that_the_user_keeps_a_login_for_gets_it_and_so_does_a_typed_mirror(web: Web, engine: str) -> None:
    assert main(["--engine", engine, "-i", web.write("list.txt", web.second_url)]) == 0
    assert web.authorizations() == {"first": set(), "second": {f"alice:{MACHINE}"}}
    assert main(["--engine", engine, "-o", "other.safetensors", "--mirror", web.second_url, web.gone]) == 0
    assert web.authorizations() == {"first": {f"bob:{DEFAULT}"}, "second": {f"alice:{MACHINE}"}}


@pytest.mark.parametrize("arguments", FILES.values(), ids=FILES)
def test_header_options_are_refused_where_a_file_names_the_hosts(
    web: Web, arguments: Callable[[Web], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments(web), "-H", f"X-Key: {HEADER}"]) == 2
    assert not web.first.seen()
    printed = capsys.readouterr()
    assert "-H can't be used here" in printed.err
    assert HEADER not in printed.err + printed.out


def test_a_repair_asks_where_a_sidecar_says_without_a_login(web: Web) -> None:
    assert main(["-t", "vae", "--models", "models", "-i", web.write("list.txt", web.urls[0])]) == 0
    (model,) = (web.folder / "models" / "vae").glob("*.safetensors")
    model.write_bytes(model.read_bytes()[:-1] + b"b")
    before = len(web.first.seen())
    assert main(["verify", "--models", "models", "--repair"]) == 0
    assert len(web.first.seen()) > before
    assert web.authorizations() == {"first": set(), "second": set()}
    assert main(["verify", "--models", "models", "--repair", "-H", f"X-Key: {HEADER}"]) == 2


@pytest.mark.parametrize(
    ("netrc", "told"),
    [
        ("machine h.example login a password b\n", ".netrc has no entry for 127.0.0.1."),
        (f"machine 127.0.0.1 login a password {MACHINE} nonsense\n", ".netrc can't be parsed: see line 2."),
        ("", ".netrc has no entry for 127.0.0.1."),
        (None, ""),
    ],
)
def test_a_refusal_says_what_the_netrc_file_has_for_the_host(
    web: Web, netrc: str | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = web.folder / "home" / ".netrc"
    if netrc is None:
        path.unlink()
    else:
        path.write_text(netrc)
    web.first.script(Fault.header(name="WWW-Authenticate", value="Basic realm=x"), when=Match(path="/m.safetensors"))
    web.first.script(Fault.status(code=401), when=Match(path="/m.safetensors"))
    assert main([web.urls[0]]) == 4
    printed = capsys.readouterr().err
    assert told in printed
    assert ("has no entry" in printed or "can't be parsed" in printed) == bool(told)
    assert MACHINE not in printed


@pytest.mark.parametrize("arguments", [[], ["--dry-run"], ["--progress", "json"]])
def test_a_locks_passwords_and_queries_are_printed_by_no_form_of_sync(
    web: Web, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    private = web.urls[0].replace("://", "://me:LockPassword1@") + "?token=LockSecret123&fileId=7"
    web.urls = [private, f"{web.gone}?token=LockSecret456"]
    web.lock()
    for options in ([], ["--json"]):
        main(["sync", "-v", "-v", *arguments, *options])
    main(["lock", "--json", web.urls[0]])
    printed = capsys.readouterr()
    assert "m.safetensors" in printed.out + printed.err
    assert "gone.safetensors" in printed.out + printed.err
    for secret in ("LockPassword1", "LockSecret123", "LockSecret456"):
        assert secret not in printed.out + printed.err
