from __future__ import annotations

import pytest

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.verbs.settings import settings_of

FIELDS = (("Authorization", "Bearer SECRET"), ("X-Api-Key", "k"))


def test_headers_are_given_as_a_mapping_or_as_pairs() -> None:
    assert settings_of(headers=dict(FIELDS)).headers == FIELDS
    assert settings_of(headers=list(FIELDS)).headers == FIELDS
    assert settings_of().headers == settings_of(headers={}).headers == ()


@pytest.mark.parametrize(
    "headers",
    [
        "Authorization: Bearer SECRET",
        ["Authorization: Bearer SECRET"],
        [("Authorization", "Bearer", "SECRET")],
        {"Authorization": b"SECRET"},
        {"Author ization": "SECRET"},
        {"": "SECRET"},
        {"X-Key": "SECRET\r\nX-Other: SECRET"},
        7,
        None,
    ],
)
def test_anything_else_is_refused_without_repeating_it(headers: object) -> None:
    with pytest.raises(ReferenceSyntaxError, match="headers can't be sent") as refusal:
        settings_of(headers=headers)  # type: ignore[arg-type] # what callers do without a type checker
    assert "SECRET" not in f"{refusal.value!r} {refusal.value.hint}"
    assert "{'Name': 'value'}" in refusal.value.hint
