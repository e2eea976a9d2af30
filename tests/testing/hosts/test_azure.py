"""Azure's signatures and GitHub's token: only what was signed is valid, and only until the first of them expires."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.testing.hosts import azure

KEY = b"key"
PATH = "/asset/1"
NOW = 1_000_000.0


def signed(**more: str) -> dict[str, str]:
    fields = {"sp": "r", "se": azure.stamp(NOW + 3600), "ske": azure.stamp(NOW + 7200), **more}
    return {**fields, "sig": azure.sign(PATH, fields, KEY)}


def test_the_earliest_moment_counts() -> None:
    assert azure.check(PATH, signed(), KEY, now=NOW + 3600) == "valid"
    assert azure.check(PATH, signed(), KEY, now=NOW + 3601) == "expired"
    assert azure.check(PATH, signed(ske=azure.stamp(NOW)), KEY, now=NOW + 1) == "expired"
    token = azure.jwt({"exp": NOW + 300}, KEY)
    assert azure.check(PATH, signed(jwt=token), KEY, now=NOW + 300) == "valid"
    assert azure.check(PATH, signed(jwt=token), KEY, now=NOW + 301) == "token expired"


@pytest.mark.parametrize("token", ["", "a.b.c", azure.jwt({"exp": NOW * 2}, b"another key")])
def test_a_token_of_somebody_else_is_refused(token: str) -> None:
    assert azure.check(PATH, signed(jwt=token), KEY, now=NOW) == "mismatch"


@given(st.sampled_from(["sp", "se", "ske", "sig"]), st.text())
def test_any_other_value_is_refused(name: str, value: str) -> None:
    fields = signed()
    assert (azure.check(PATH, {**fields, name: value}, KEY, now=NOW) == "valid") == (fields[name] == value)


def test_another_path_or_none_is_refused() -> None:
    assert azure.check("/asset/2", signed(), KEY, now=NOW) == "mismatch"
    assert azure.check(PATH, {}, KEY, now=NOW) == "missing"
