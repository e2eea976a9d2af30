"""Secrets planted wherever they may come from, servers that see every request, and what must hold of both."""

from __future__ import annotations

import base64
import os
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, quote, urlsplit

from anymatix_fetcher.testing import Fault, Match, Origin
from anymatix_fetcher.testing.hosts import (
    CivitaiFile,
    CivitaiModel,
    CivitaiSettings,
    CivitaiVersion,
    GitHubAsset,
    GitHubRelease,
    GitHubSettings,
    Hosts,
    HubFile,
    HubRepo,
    HubSettings,
    ModelScopeRepo,
    ModelScopeSettings,
    civitai,
    github,
    hosted,
    huggingface,
    modelscope,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    import pytest

    from anymatix_fetcher.testing.hosts import Host

SIZE = 300_000
SLOW_SIZE, SLOW_RATE = 30_000_000, 5_000_000
"""Of the file whose address lives one second: it has to be renewed, and leads to another store then."""
LARGE_SIZE, LARGE_RATE = 40_000_000, 4_000_000
"""Of the file that is worth asking a mirror for."""

PLANTED = {
    "civitai": "civ+planted/0123456789==",
    "pasted": "pasted-planted-abcdef",
    "huggingface": "hf_planted0123456789",
    "github": "ghp_planted0123456789",
    "modelscope": "ms-planted-0123456789",
    "netrc": "netrc-planted-55aa",
    "userinfo": "user:planted@pass/word",
    "query": "query-planted+sig/9=",
    "authorization": "header-planted-77ff",
    "api-key": "apikey-planted-88ee",
    "mirror": "mirror-planted-66bb",
}
HOMES = {
    "civitai": {"civitai"},
    "pasted": {"civitai"},
    "huggingface": {"huggingface"},
    "github": {"github-api"},
    "modelscope": {"modelscope"},
    "netrc": {"netrc:origin"},
    "userinfo": {"direct:origin"},
    "query": {"direct:origin"},
    "authorization": {"direct:origin"},
    "api-key": {"direct:origin"},
    "mirror": {"mirror:origin"},
}
"""The listeners that may see each of them; what comes by HTTP to any other one is a leak."""

_VARIABLES = {"civitai": "CIVITAI_API_TOKEN", "github": "GITHUB_TOKEN", "modelscope": "MODELSCOPE_API_TOKEN"}
_SIGNING = re.compile("sig|token|jwt|policy|credential|authorization", re.IGNORECASE)
_SHORTEST_SIGNATURE = 24
_END_BYTES = 200_000


class World:
    """Stand-ins for the services and three web servers, with the user's surroundings that lead there.

    Args:
        folder: Everything that is written lies below it: the home folder, the cache, the downloads.
        monkeypatch: Sets the environment.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.downloads, self.cache = folder / "home", folder / "downloads", folder / "cache"
        self.told: list[str] = []
        self._folder = folder
        self._monkeypatch = monkeypatch
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.hosts = self._stack.enter_context(Hosts(*_services()))
        self.direct = self._stack.enter_context(Origin(seed=1))
        self.netrc = self._stack.enter_context(Origin(seed=1, host="127.0.0.2"))
        self.mirror = self._stack.enter_context(Origin(seed=1, host="127.0.0.3"))
        self.direct.sign("/direct.bin", ttl_seconds=60, size=SIZE)
        self.netrc.sign("/netrc.bin", ttl_seconds=60, size=SIZE)
        for origin in (self.direct, self.mirror):
            self.same_sha256 = origin.add("/same.bin", size=LARGE_SIZE).sha256()
            origin.script(Fault.throttle(rate=LARGE_RATE), when=Match(path="/same.bin"))
        self._set_surroundings()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _set_surroundings(self) -> None:
        for folder in (self.home, self.downloads, self.cache):
            folder.mkdir()
        token, netrc = self.home / "hf-token", self.home / "netrc"
        token.write_text(PLANTED["huggingface"] + "\n")
        netrc.write_text(f"machine 127.0.0.2 login somebody password {PLANTED['netrc']}\n")
        netrc.chmod(0o600)
        self.given = {token, netrc}
        values = {
            **self.hosts.variables,
            **{variable: PLANTED[service] for service, variable in _VARIABLES.items()},
            "HF_TOKEN_PATH": str(token),
            "NETRC": str(netrc),
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.cache),
            "XDG_DATA_HOME": str(self.home / "data"),
        }
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "CIVITAI_TOKEN", "CIVITAI_API_KEY", "GH_TOKEN"):
            self._monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            self._monkeypatch.setenv(name, value)

    # What may be asked for --------------------------------------------------------------------------------

    @property
    def references(self) -> tuple[str, ...]:
        """One for each secret but those of headers; all can be fetched."""
        direct = urlsplit(self.direct.url("/direct.bin"))
        password, query = quote(PLANTED["userinfo"], safe=""), quote(PLANTED["query"], safe="")
        return (
            "civitai:7",
            f"{self.hosts.urls['civitai']}/api/download/models/8?token={PLANTED['pasted']}&format=SafeTensor",
            "hf:anymatix/gated/hub.safetensors",
            "github:anymatix/hidden@v1.0/weights.safetensors",
            "modelscope:anymatix/model/scope.safetensors",
            f"http://somebody:{password}@{direct.netloc}{direct.path}?sig={query}",
            self.netrc.url("/netrc.bin"),
        )

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """For :attr:`direct` alone."""
        return (("Authorization", f"Bearer {PLANTED['authorization']}"), ("X-Api-Key", PLANTED["api-key"]))

    @property
    def mirrors(self) -> tuple[str, ...]:
        """Another place of ``/same.bin``."""
        return (f"{self.mirror.url('/same.bin')}?key={PLANTED['mirror']}",)

    # What was seen ----------------------------------------------------------------------------------------

    def seen(self) -> Iterator[tuple[str, str]]:
        """Every request: to which listener, and all that it said."""
        requests = [(one.listener, one) for one in self.hosts.seen()]
        for name, origin in (("direct", self.direct), ("netrc", self.netrc), ("mirror", self.mirror)):
            requests += [(f"{name}:{one.listener}", one) for one in origin.seen()]
        for listener, one in requests:
            yield listener, "\n".join((one.target, *one.headers.values()))

    def signatures(self) -> dict[str, str]:
        """Everything long in the signed queries that stores were asked with, and whose it is."""
        stores = [
            (listener, text.partition("\n")[0])
            for listener, text in self.seen()
            if listener.endswith((":target", "-r2", "-b2", "-cdn", "-assets"))
        ]
        return {
            value: listener
            for listener, target in stores
            for name, value in parse_qsl(urlsplit(target).query)
            if len(value) >= _SHORTEST_SIGNATURE and _SIGNING.search(name)
        }

    def check_requests(self, *expected: str) -> None:
        """Every secret was seen at home only; the ``expected`` ones really were, or this would prove nothing."""
        homes = {PLANTED[name]: HOMES[name] for name in PLANTED}
        homes |= {signature: {listener} for signature, listener in self.signatures().items()}
        requests = list(self.seen())
        for secret, allowed in homes.items():
            found = {listener for listener, text in requests if _holds(text, secret)}
            assert found <= allowed, f"{secret} was sent to {found - allowed}"
        for name in expected:
            assert any(_holds(text, PLANTED[name]) for _, text in requests), f"{name} was never sent"

    def check_told(self, *texts: str) -> None:
        """No secret and no signature stands in what was told."""
        text = "\n".join((*self.told, *texts))
        for secret in (*PLANTED.values(), *self.signatures()):
            at = next((text.find(form) for form in forms(secret) if form in text), -1)
            assert at < 0, f"{secret} was told: ...{text[max(0, at - 200) : at + 100]}"

    def check_files(self) -> None:
        """No secret and no signature stands in any file that was written; may be called while it goes on.

        Of long files the ends are looked at: what is between them is payload, which digests prove.
        """
        secrets = (*PLANTED.values(), *self.signatures())
        wanted = [(secret, form.encode()) for secret in secrets for form in forms(secret)]
        for path in self._folder.rglob("*"):
            if path in self.given or not path.is_file():
                continue
            try:
                content = str(path).encode() + _ends_of(path)
            except FileNotFoundError:
                continue  # published meanwhile
            for secret, form in wanted:
                assert form not in content, f"{secret} stands in {path}"
            if os.name == "posix" and not path.is_relative_to(self.downloads):
                assert not path.stat().st_mode & 0o077, f"others may read {path}"

    def tell(self, *values: object) -> None:
        """Notes what a caller is given, as it would be logged: exceptions with everything in their chain."""
        for value in values:
            self.told.append(f"{value}\n{value!r}")
            if isinstance(value, BaseException):
                self.told.append(str(vars(value)))
                self.tell(*(one for one in (value.__cause__, value.__context__) if one is not None))


def forms(secret: str) -> Iterable[str]:
    """The secret as it may be met: as it is, percent-encoded, and in the middle of something in base64."""
    yield secret
    yield quote(secret, safe="")
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret.encode()).decode()
        yield encoded[(0, 2, 3)[before] : -4]


def _ends_of(path: Path) -> bytes:
    with path.open("rb") as file:
        first = file.read(_END_BYTES)
        file.seek(max(0, path.stat().st_size - _END_BYTES))
        return first + b"\n" + file.read()


def _holds(text: str, secret: str) -> bool:
    return any(form in text for form in forms(secret))


def _services() -> tuple[Host, ...]:
    slow = CivitaiFile(70, hosted("slow.safetensors", SLOW_SIZE))
    quick = CivitaiFile(80, hosted("quick.safetensors", SIZE))
    models = [
        CivitaiModel(5, "Slow", (CivitaiVersion(7, "v1", (slow,)),)),
        CivitaiModel(6, "Quick", (CivitaiVersion(8, "v1", (quick,)),)),
    ]
    allowed = frozenset({PLANTED["civitai"], PLANTED["pasted"]})
    made = CivitaiSettings(
        tokens=allowed, token_required=True, url_seconds=1, b2_seconds=1, b2_after=1, bytes_per_second=SLOW_RATE
    )
    hub = HubRepo(
        "anymatix/gated",
        {"hub.safetensors": HubFile(hosted("hub.safetensors", SIZE))},
        access="gated",
        readers=frozenset({PLANTED["huggingface"]}),
    )
    asset = GitHubAsset(1, hosted("weights.safetensors", SIZE))
    release = GitHubRelease("anymatix/hidden", "v1.0", (asset,), private=True)
    scope = ModelScopeRepo("anymatix/model", {"scope.safetensors": hosted("scope.safetensors", SIZE)})
    return (
        civitai(models, made),
        huggingface([hub], HubSettings(frozenset({PLANTED["huggingface"]}))),
        github([release], GitHubSettings(frozenset({PLANTED["github"]}))),
        modelscope([scope], ModelScopeSettings(frozenset({PLANTED["modelscope"]}))),
    )
