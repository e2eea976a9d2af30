from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.failures import Failure, FailureKind


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (Failure(FailureKind.RESOLVE, "the host's name wasn't resolved"), "the host's name wasn't resolved"),
        (Failure(FailureKind.CONNECT), "not connected"),
        (Failure(FailureKind.TLS, "the certificate has expired"), "the certificate has expired"),
        (Failure(FailureKind.PROTOCOL, "a field is too long"), "not HTTP: a field is too long"),
    ],
)
def test_a_failure_is_told_once(failure: Failure, text: str) -> None:
    assert str(failure) == text
