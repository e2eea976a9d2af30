"""The transport contract: proxies from the settings and from the environment, and who sees whose credentials."""

from __future__ import annotations

import os
import random
import socket
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, TypeAlias

import pytest

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.transports.base import NetworkSettings
from tests.contracts.transport import Conversation, TransportContract
from tests.servers.proxies import HttpProxy, SocksProxy
from tests.servers.scripted import Close, ReadRequest, ScriptedServer, Send, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anymatix_fetcher.transports.base import Transport
    from tests.servers.tls_material import TlsMaterial

    OpenTransport: TypeAlias = Callable[[NetworkSettings], Transport]
    OpenConversation: TypeAlias = Callable[[str | None], Conversation]

BODY = random.Random(3).randbytes(300_000)
SCRIPT = [ReadRequest(), Send(answer(BODY)), Close()]
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class ProxyContract(TransportContract):
    @pytest.fixture(autouse=True)
    def _no_proxy_in_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)

    @pytest.fixture
    def through(self, open_transport: OpenTransport, tls_material: TlsMaterial) -> Iterator[OpenConversation]:
        """Opens a conversation by a proxy setting; all are closed at the end."""
        with ExitStack() as stack:

            def conversation(proxy: str | None) -> Conversation:
                settings = NetworkSettings(proxy=proxy, ca_file=tls_material.authority, user_agent="contract")
                return Conversation(stack.enter_context(closing(open_transport(settings))))

            yield conversation

    def test_a_plain_request_is_forwarded_and_the_origin_sees_no_proxy_credentials(
        self, through: OpenConversation
    ) -> None:
        with HttpProxy(user="me", password="canary") as proxy, ScriptedServer(SCRIPT) as server:
            talk = through(proxy.url("me:canary"))
            target = "/a%2fb/../c?sig=%2f"
            assert bytes(talk.store(talk.start(server.url(target))).data) == BODY
            assert proxy.heads[0].startswith(f"GET {server.url(target)} HTTP/1.1\r\n".encode())
            request = server.requests[0]
        assert b"proxy" not in request.lower()
        assert b"canary" not in request

    def test_a_tls_request_is_tunnelled_and_the_proxy_sees_nothing_of_it(
        self, through: OpenConversation, tls_material: TlsMaterial
    ) -> None:
        with (
            HttpProxy(user="me", password="canary") as proxy,
            ScriptedServer(SCRIPT, tls=tls_material.server_context()) as server,
        ):
            talk = through(proxy.url("me:canary"))
            own = Headers((("Authorization", "Bearer origin-secret"),))
            exchange = talk.start(server.url("/a%2fb?secret"), headers=own)
            assert bytes(talk.store(exchange).data) == BODY
            assert talk.head(exchange).head.headers.get("X-Proxy") is None
            tunnel, request = proxy.heads[0], server.requests[0]
        assert tunnel.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n".encode())
        assert b"secret" not in tunnel
        assert request.startswith(b"GET /a%2fb?secret HTTP/1.1\r\n")
        assert b"proxy" not in request.lower()

    def test_a_proxy_may_be_reached_over_tls(self, through: OpenConversation, tls_material: TlsMaterial) -> None:
        with (
            HttpProxy(tls=tls_material.server_context()) as proxy,
            ScriptedServer(SCRIPT) as server,
        ):
            talk = through(proxy.url())
            assert bytes(talk.store(talk.start(server.url())).data) == BODY
            assert len(proxy.heads) == 1

    @pytest.mark.parametrize("secure", [False, True])
    def test_wrong_proxy_credentials_are_a_proxy_failure(
        self, through: OpenConversation, tls_material: TlsMaterial, *, secure: bool
    ) -> None:
        context = tls_material.server_context() if secure else None
        with HttpProxy(user="me", password="right") as proxy, ScriptedServer(SCRIPT, tls=context) as server:
            talk = through(proxy.url("me:canary"))
            failure = talk.failure(talk.start(server.url()))
            assert server.connections == 0
        assert failure.kind is FailureKind.PROXY
        assert "407" in str(failure)
        assert "canary" not in str(failure)

    def test_a_refused_tunnel_is_a_proxy_failure(self, through: OpenConversation, tls_material: TlsMaterial) -> None:
        with (
            HttpProxy(refusal="403 Forbidden") as proxy,
            ScriptedServer(SCRIPT, tls=tls_material.server_context()) as server,
        ):
            talk = through(proxy.url())
            failure = talk.failure(talk.start(server.url()))
        assert failure.kind is FailureKind.PROXY
        assert "403" in str(failure)

    @pytest.mark.parametrize("scheme", ["http", "socks5h"])
    def test_a_proxy_that_is_not_there_is_a_proxy_failure(self, through: OpenConversation, scheme: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        talk = through(f"{scheme}://me:canary@127.0.0.1:{port}")
        failure = talk.failure(talk.start("http://origin.test/"))
        assert failure.kind is FailureKind.PROXY
        assert "canary" not in str(failure)

    def test_a_proxy_whose_name_has_no_address_is_a_proxy_failure(self, through: OpenConversation) -> None:
        talk = through("http://no-such-proxy.invalid:3128")
        assert talk.failure(talk.start("http://origin.test/")).kind is FailureKind.PROXY

    def test_socks5h_lets_the_proxy_resolve_names(self, through: OpenConversation) -> None:
        with SocksProxy(user="me", password="canary") as proxy, ScriptedServer(SCRIPT) as server:
            talk = through(proxy.url("me:canary"))
            assert bytes(talk.store(talk.start(f"http://origin.test:{server.port}/a%2fb")).data) == BODY
            assert proxy.asked == ["origin.test"]
            assert server.requests[0].startswith(b"GET /a%2fb HTTP/1.1\r\n")

    def test_socks5_resolves_names_here(self, through: OpenConversation) -> None:
        with SocksProxy() as proxy, ScriptedServer(SCRIPT) as server:
            talk = through(proxy.url().replace("socks5h", "socks5"))
            assert bytes(talk.store(talk.start(server.url())).data) == BODY
            assert proxy.asked == ["127.0.0.1"]
            failure = talk.failure(talk.start("http://no-such-host.invalid/"))
        assert failure.kind in {FailureKind.RESOLVE, FailureKind.PROXY}

    def test_wrong_socks_credentials_are_a_proxy_failure(self, through: OpenConversation) -> None:
        with SocksProxy(user="me", password="right") as proxy, ScriptedServer(SCRIPT) as server:
            talk = through(proxy.url("me:canary"))
            failure = talk.failure(talk.start(server.url()))
        assert failure.kind is FailureKind.PROXY
        assert "canary" not in str(failure)

    @pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
    def test_the_environments_proxy_is_used(
        self, through: OpenConversation, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        with HttpProxy() as proxy, ScriptedServer(SCRIPT) as server:
            monkeypatch.setenv(variable, proxy.url())
            talk = through(None)
            assert bytes(talk.store(talk.start(server.url())).data) == BODY
            assert len(proxy.heads) == 1

    def test_the_environments_proxy_for_tls_is_used(
        self, through: OpenConversation, monkeypatch: pytest.MonkeyPatch, tls_material: TlsMaterial
    ) -> None:
        with HttpProxy() as proxy, ScriptedServer(SCRIPT, tls=tls_material.server_context()) as server:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url())
            talk = through(None)
            assert bytes(talk.store(talk.start(server.url())).data) == BODY
            assert len(proxy.heads) == 1

    @pytest.mark.skipif(os.name == "nt", reason="Windows knows no case in the names of variables")
    def test_http_proxy_in_capitals_is_ignored_below_a_web_server(
        self, through: OpenConversation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with HttpProxy() as proxy, ScriptedServer(SCRIPT) as server:
            monkeypatch.setenv("HTTP_PROXY", proxy.url())
            monkeypatch.setenv("REQUEST_METHOD", "GET")
            talk = through(None)
            talk.store(talk.start(server.url()))
            assert proxy.heads == []

    @pytest.mark.parametrize(
        ("exception", "is_excepted"),
        [
            ("127.0.0.1", True),
            ("*", True),
            ("10.0.0.0/8,127.0.0.0/8", True),
            ("0.0.0.0/0", True),
            ("127.0.0.1:{port}", True),
            ("127.0.0.1:1", False),
            ("", False),
        ],
    )
    def test_no_proxy_makes_exceptions(
        self, through: OpenConversation, monkeypatch: pytest.MonkeyPatch, exception: str, *, is_excepted: bool
    ) -> None:
        with HttpProxy() as proxy, ScriptedServer(SCRIPT) as server:
            monkeypatch.setenv("http_proxy", proxy.url())
            monkeypatch.setenv("NO_PROXY", exception.format(port=server.port))
            talk = through(None)
            talk.store(talk.start(server.url()))
            assert bool(proxy.heads) != is_excepted

    def test_of_a_proxys_password_only_the_last_at_sign_is_the_end(self, through: OpenConversation) -> None:
        with HttpProxy(user="u", password="p@ss") as proxy, ScriptedServer(SCRIPT) as server:
            talk = through(proxy.url("u:p@ss"))
            assert bytes(talk.store(talk.start(server.url())).data) == BODY
            assert len(proxy.heads) == 1

    def test_no_proxy_makes_no_exception_from_a_proxy_that_was_asked_for(
        self, through: OpenConversation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with HttpProxy() as proxy, ScriptedServer(SCRIPT) as server:
            monkeypatch.setenv("NO_PROXY", "*")
            talk = through(proxy.url())
            talk.store(talk.start(server.url()))
            assert len(proxy.heads) == 1

    def test_an_empty_setting_turns_the_environments_proxy_off(
        self, through: OpenConversation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with HttpProxy() as proxy, ScriptedServer(SCRIPT) as server:
            monkeypatch.setenv("http_proxy", proxy.url())
            talk = through("")
            talk.store(talk.start(server.url()))
            assert proxy.heads == []

    def test_without_a_proxy_a_407_is_the_origins_own(self, through: OpenConversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(status="407 Odd")), Close()]) as server:
            talk = through("")
            assert talk.head(talk.start(server.url())).head.status == 407
