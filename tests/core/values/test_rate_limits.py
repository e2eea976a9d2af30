from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.rate_limits import RateLimit

field_text = st.text(alphabet=st.characters(max_codepoint=255), max_size=60)
field_like = st.text(alphabet='bytes =,;:/*-"0123456789WGMTrtSunNov\t', max_size=40)
any_text = field_text | field_like | st.text(max_size=60)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"RateLimit": '"resolvers";r=0;t=55'}, RateLimit(0, 55.0)),
        ({"RateLimit": '"api";r=489;t=189'}, RateLimit(489, 189.0)),
        ({"RateLimit": 'default; r=7 ; t="3"'}, RateLimit(7, 3.0)),
        ({"RateLimit": '"a";r=9;t=10, "b";r=0;t=7;pk=:dHJpYWw=:, "c";r=0;t=60'}, RateLimit(0, 60.0)),
        ({"RateLimit": '"odd, name;r=5";r=0;t=8'}, RateLimit(0, 8.0)),
        ({"RateLimit": "limit=100, remaining=0, reset=55"}, RateLimit(0, 55.0)),
        ({"RateLimit": "limit=100,remaining=3,reset=5"}, RateLimit(3, 5.0)),
        ({"RateLimit": '"a";t=5'}, RateLimit(None, 5.0)),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "30"}, RateLimit(0, 30.0)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700000000"}, RateLimit(0, None)),
        ({"RateLimit": '"a";r=-1;t=-5'}, None),
        ({"RateLimit": "nonsense"}, None),
        ({"RateLimit": ""}, None),
        ({}, None),
    ],
)
def test_the_tightest_of_the_stated_quotas_counts(fields: dict[str, str], expected: RateLimit | None) -> None:
    assert RateLimit.parse(Headers(tuple(fields.items()))) == expected


@given(any_text | st.text(alphabet='"a;r=0t,5 \\', max_size=60))
def test_no_text_makes_the_reading_of_a_quota_raise(text: str) -> None:
    found = RateLimit.parse(Headers.of(ratelimit=text))
    assert found is None or (found.remaining or 0) >= 0
