"""Backblaze's authorizations: only what was given out is valid, and only until it expires."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.testing.hosts.backblaze import authorize, check

KEY = b"key"
NOW = 1_772_600_767.5
VALUE = authorize("/file/a", KEY, now=NOW, life_seconds=3600)


def test_the_value_tells_both_moments() -> None:
    assert VALUE.startswith("3_20260304050607_")
    assert VALUE.endswith("_004_20260304060607_0042_dnld")


def test_it_opens_its_file_until_it_expires() -> None:
    assert check("/file/a", VALUE, KEY, now=NOW + 3599) == "valid"
    assert check("/file/a", VALUE, KEY, now=NOW + 3600) == "expired"
    assert check("/file/b", VALUE, KEY, now=NOW) == "bad"
    assert check("/file/a", None, KEY, now=NOW) == "missing"


@given(st.one_of(st.text(), st.text("0123456789_", min_size=14).map(lambda text: f"3_{text}_dnld")))
def test_anything_else_is_bad(value: str) -> None:
    assert check("/file/a", value, KEY, now=NOW) == "bad"
