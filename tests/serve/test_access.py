from __future__ import annotations

import asyncio

import pytest

from anymatix_fetcher.serve.access import Access, Penalty, bearer_of, own_origins
from tests.serve.served import SECRET, Client

HERE = ("127.0.0.1", 6800)
ALLOWED = "https://models.example.org"
RULES = Access("secret", frozenset({ALLOWED}))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "127.0.0.1:6800"},
        {"Host": "localhost:6800"},
        {"Host": "LOCALHOST."},
        {"Host": "[::1]:6800"},
        {"Host": "192.168.1.7:9000"},
        {"Host": "models.example.org"},
        {"Host": "127.0.0.1:6800", "Origin": "http://127.0.0.1:6800"},
        {"Host": "127.0.0.1:6800", "Origin": "http://localhost:6800", "Sec-Fetch-Site": "same-site"},
        {"Host": "127.0.0.1:6800", "Origin": ALLOWED, "Sec-Fetch-Site": "cross-site"},
        {"Host": "127.0.0.1:6800", "Sec-Fetch-Site": "none"},
        {"Host": "127.0.0.1:6800", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_programs_and_our_own_page_may_ask(headers: dict[str, str]) -> None:
    assert RULES.refusal(headers, HERE) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:6800"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": ""},
        {"Host": "["},
        {"Host": "127.0.0.1:6800", "Origin": "http://evil.example"},
        {"Host": "127.0.0.1:6800", "Origin": "null"},
        {"Host": "127.0.0.1:6800", "Origin": ""},
        {"Host": "127.0.0.1:6800", "Origin": "http://127.0.0.1:6801"},
        {"Host": "127.0.0.1:6800", "Origin": "https://127.0.0.1:6800"},
        {"Host": "127.0.0.1:6800", "Origin": "http://127.0.0.1:6800.evil.example"},
        {"Host": "192.168.1.7:6800", "Origin": "http://192.168.1.7:6800"},
        {"Host": "127.0.0.1:6800", "Origin": f"{ALLOWED}.evil.example"},
        {"Host": "127.0.0.1:6800", "Sec-Fetch-Site": "cross-site"},
        {"Host": "127.0.0.1:6800", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_others_may_not(headers: dict[str, str]) -> None:
    assert RULES.refusal(headers, HERE)


def test_its_own_origin_is_where_it_was_asked_and_not_what_host_says() -> None:
    assert own_origins(("192.168.1.7", 80)) == {"http://192.168.1.7"}
    assert own_origins(("::ffff:10.0.0.1", 6800)) == {"http://10.0.0.1:6800"}
    assert own_origins(("::1", 1)) == {"http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"}
    assert own_origins(None) == frozenset()


def test_the_secret_is_compared_as_a_whole() -> None:
    assert RULES.knows_secret("secret")
    assert not any(map(RULES.knows_secret, [None, "", "secre", "secret ", "Secret", "\udc80"]))
    assert Access(None).knows_secret(None)
    assert "secret" not in repr(RULES).replace("knows_secret", "")


def test_a_bearer_is_read_as_rfc_6750_writes_it() -> None:
    assert bearer_of({"Authorization": "bearer abc"}) == "abc"
    assert [bearer_of({"Authorization": text}) for text in ("Basic abc", "Bearer", "", "Bearer ")] == [None] * 4


def test_wrong_secrets_wait_for_each_other_and_too_many_are_sent_away() -> None:
    async def guess() -> tuple[int, float]:
        loop, penalty = asyncio.get_running_loop(), Penalty(0.01)
        began = loop.time()
        served = await asyncio.gather(*(penalty.serve() for _ in range(40)))
        return sum(served), loop.time() - began

    count, seconds = asyncio.run(guess())
    assert count == 32
    assert seconds >= 0.01 * 32


# Through the wire -----------------------------------------------------------------------------------------

EVERYWHERE = ("/", "/page/index.html", "/healthz", "/metrics", "/jsonrpc", "/api/v1/jobs", "/api/v1/events", "/nowhere")


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE", "HEAD"])
def test_no_path_and_no_method_answers_a_page_of_another_origin(client: Client, path: str, method: str) -> None:
    answered = client.ask(method, path, b"{}", headers={"Origin": "http://evil.example", "Content-Type": "text/plain"})
    assert answered.status == 403
    assert "Access-Control-Allow-Origin" not in answered.headers


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/openapi.json", "/api/v1/nothing", "/nowhere", "/metrics"])
def test_nothing_is_told_without_the_secret(client: Client, path: str) -> None:
    answered = Client(client.port, None).get(path)
    assert (answered.status, answered.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert Client(client.port, SECRET + "x").get(path).status == 401


@pytest.mark.parametrize("path", ["/", "/page/index.html", "/healthz"])
def test_the_page_and_the_health_need_no_secret(client: Client, path: str) -> None:
    assert Client(client.port, None).get(path).status == 200


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/jobs", "/nowhere"])
def test_every_answer_says_how_little_it_may_be_used_for(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert "aiohttp" not in headers["Server"]
