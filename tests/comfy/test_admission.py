"""Who may ask our routes."""

from __future__ import annotations

import pytest

from anymatix_fetcher.comfy.routes.admission import origins_of, refusal

JSON = {"Content-Type": "application/json"}
HOST = {"Host": "127.0.0.1:8188"}
OWN = {**HOST, "Origin": "http://127.0.0.1:8188", "Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize(
    "headers",
    [
        {**OWN, **JSON},
        {**HOST, **JSON},  # no browser
        {**HOST, "Content-Type": "application/json; charset=utf-8"},
        {"Host": "gpu.example.org", "Origin": "https://gpu.example.org", **JSON},  # a proxy ends TLS
        {"Host": "[::1]:8188", "Origin": "http://[::1]:8188", **JSON},
        {**HOST, "Sec-Fetch-Site": "none", **JSON},
    ],
)
def test_what_comes_from_the_page_itself_or_from_no_page_is_taken(headers: dict[str, str]) -> None:
    assert refusal("POST", headers, frozenset()) is None


@pytest.mark.parametrize(
    "headers",
    [
        {**HOST, "Origin": "http://evil.example"},
        {**HOST, "Origin": "http://127.0.0.1:8189"},
        {**HOST, "Origin": "null"},
        {**HOST, "Origin": "http://127.0.0.1:8188.evil.example"},
        {**HOST, "Origin": "http://127.0.0.1:99999999"},
        {**HOST, "Origin": "file://127.0.0.1:8188"},
        {**HOST, "Sec-Fetch-Site": "cross-site"},
        {**HOST, "Sec-Fetch-Site": "same-site"},
        {**HOST, "Origin": "http://127.0.0.1:8188", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:8188"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "GET"])
def test_what_comes_from_another_page_is_refused(method: str, headers: dict[str, str]) -> None:
    refused = refusal(method, {**headers, **JSON}, frozenset())
    assert refused is not None
    assert refused.status == 403
    assert "ANYFETCH_ALLOW_ORIGIN" in refused.message


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""]
)
def test_what_a_form_can_send_changes_nothing(kind: str) -> None:
    refused = refusal("POST", {**OWN, "Content-Type": kind}, frozenset())
    assert refused is not None
    assert refused.status == 415


def test_a_delete_has_neither_body_nor_type() -> None:
    assert refusal("DELETE", OWN, frozenset()) is None


def test_the_operator_lets_origins_in() -> None:
    allowed = origins_of({"ANYFETCH_ALLOW_ORIGIN": "https://a.example, https://B.example/"})
    for origin in ("https://a.example", "https://b.example"):
        assert refusal("POST", {**HOST, **JSON, "Origin": origin, "Sec-Fetch-Site": "cross-site"}, allowed) is None
    refused = refusal("POST", {**HOST, **JSON, "Origin": "https://c.example"}, allowed)
    assert refused is not None
    assert refused.status == 403
